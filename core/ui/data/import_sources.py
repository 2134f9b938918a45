"""The two ways to bring chats in: a file and pasted text."""

import streamlit as st

from core.adapters.store import DatasetView
from core.errors import InputError
from core.services.datasets import ColumnError, import_text, prepare_reader
from core.ui import state
from core.ui.data.import_preview import cached_preview, draw_preview_rows, draw_preview_summary
from core.ui.data.import_report import finish_import, forget_report, import_round
from core.ui.data.import_target import (
    choose_columns,
    choose_encoding,
    choose_sheet,
    choose_target_dataset,
    chosen_columns,
    draw_import,
)
from core.ui.data.kept_mappings import keep_mapping, offer_mapping
from core.ui.notices import show_error
from core.ui.uploader import draw_uploader


def draw_upload(available: list[DatasetView]) -> None:
    """Upload a file, look at its preview, import it."""
    uploaded = draw_uploader("群聊、标注或提交文件", key=f"import-file-{import_round()}", on_change=forget_report)
    if uploaded is None:
        prepare_reader()
        st.caption(
            "可以是 train.json / test_data.json、JSONL、带聊天文本列的 CSV 或 Excel、一段聊天的 TXT、"
            "一行一条消息的导出，或装着这些文件的 ZIP，也可以是提交文件；"
            "UTF-8、UTF-16 和 GBK 都能读。先预览，确认后才入库。"
        )
        return
    file_id, name = uploaded.file_id, uploaded.name
    chosen = chosen_columns(file_id)
    try:
        previewed = cached_preview(file_id, uploaded, name, chosen)
    except ColumnError as error:
        show_error(error)
        if chosen.sheet:
            choose_sheet(file_id, (chosen.sheet,), "其他工作表")
        if chosen.encoding:
            choose_encoding(file_id, "")
        choose_columns(file_id, error.columns, text_known=False)
        offer_mapping(file_id, error.columns, chosen)
        return
    except InputError as error:
        show_error(error)
        if chosen.encoding or "编码" in error.message or "字节" in error.message:
            choose_encoding(file_id, "")
        return
    if len(previewed.reading.sheets) > 1:
        choose_sheet(file_id, previewed.reading.sheets, previewed.reading.sheet)
    if previewed.columns:
        with st.expander("列的对应", icon=":material/table:"):
            choose_columns(file_id, previewed.columns, text_known=True)
            keep_mapping(file_id, previewed, chosen, offer_mapping(file_id, previewed.columns, chosen))
    draw_preview_summary(previewed)
    if previewed.encoding:
        with st.expander("文字编码", icon=":material/translate:"):
            choose_encoding(file_id, previewed.encoding)
    if previewed.good:
        draw_import(uploaded, previewed, chosen, available)
    draw_preview_rows(previewed)


def draw_paste(available: list[DatasetView]) -> None:
    """Paste one chat; it is added after the last chat of its dataset."""
    key = f"paste-{import_round()}"
    text = st.text_area(
        "聊天内容", height=320, placeholder="林木1：你好，想了解一下价格\n客服小何：您好……", key=f"import-{key}"
    )
    target, split, confirmed = choose_target_dataset(available, "粘贴的群聊", key)
    if confirmed:
        finish_import(import_text(state.store(), text, dataset=target, split=split))
