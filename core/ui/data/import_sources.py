"""The two ways to bring chats in: a file and pasted text."""

from hashlib import sha256
from io import BytesIO

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView
from core.errors import InputError
from core.services.datasets import ColumnError, import_text, prepare_reader
from core.services.datasets.import_types import BY_NAME, PASTED_NAME
from core.ui import navigation, state
from core.ui.data.import_preview import (
    cached_preview,
    draw_notes,
    draw_preview_rows,
    draw_preview_summary,
    draw_rejected_rows,
)
from core.ui.data.import_report import finish_import, forget_report, import_round
from core.ui.data.import_target import choose_target_dataset, draw_import
from core.ui.data.reading_choices import chosen_columns
from core.ui.data.reading_decisions import draw_columns, draw_decisions
from core.ui.metrics import fact_table
from core.ui.notices import show_error
from core.ui.uploader import draw_uploader

_TEXT_NAMES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".log", ".md", ".dat")

_READABLE = {
    "群聊和标注": "train.json、test_data.json 和同样写法的 JSON、JSONL；带标注的，标注会成为评分的对照",
    "表格": "CSV 和 Excel：一行一条群聊（有一列是聊天文本），或一行一条消息（有发言人和内容两列）",
    "聊天记录": "TXT：微信、QQ、企业微信等导出的聊天，或「名字：内容」这样的一段",
    "压缩包": "ZIP：装着上面这些文件，一次全部导入",
    "提交文件": "别人或别的模型填好的结果：附到已有的数据集，成为一个抽取任务，可以评分、对比、审阅",
    "编码": "UTF-8、UTF-16 和 GBK 都能读，自动认出",
}
"""What the page says can be read, before a file is chosen."""


def draw_upload(available: list[DatasetView], form: str) -> None:
    """Upload a file, look at its preview, import it; a new dataset gets the form of this reference."""
    uploaded = draw_uploader("群聊、标注或提交文件", key=f"import-file-{import_round()}", on_change=forget_report)
    if uploaded is None:
        prepare_reader()
        st.caption("先预览，确认后才入库：哪些能导入、哪些不能、怎么认出来的，都会先列出来。")
        st.subheader("可以导入什么")
        fact_table(_READABLE)
        return
    file_id, name = uploaded.file_id, uploaded.name
    chosen = chosen_columns(file_id)
    # Containers keep places: whatever comes and goes above the box of columns, it stays the same box, and open.
    reading, summary, decisions = st.container(), st.container(), st.container()
    try:
        with reading:
            previewed = cached_preview(file_id, uploaded, name, chosen, form)
    except ColumnError as error:
        st.session_state[_pointing_key(file_id)] = True
        with summary:
            show_error(error)
        with decisions:
            draw_decisions(
                file_id, chosen, None, may_be_text=_may_be_text(name), sheet=error.sheet, sheets=error.sheets
            )
        with _columns_box(file_id):
            draw_columns(file_id, error.columns, chosen)
        return
    except InputError as error:
        show_error(error)
        if "导出的记录表" in error.message:
            st.page_link(navigation.EXPORTS, label="去「导出」页带回改过的表格", icon=":material/arrow_forward:")
        draw_decisions(file_id, chosen, None, may_be_text=_may_be_text(name))
        return
    with summary:
        draw_preview_summary(previewed)
    with decisions:
        draw_decisions(file_id, chosen, previewed)
    if previewed.columns:
        with _columns_box(file_id):
            draw_columns(file_id, previewed.columns, chosen, previewed)
    if previewed.good:
        draw_import(uploaded, previewed, chosen, available, form)
    else:
        draw_rejected_rows(previewed.rejected, accepted=0)
    draw_notes(previewed)
    draw_preview_rows(previewed, form)


def _columns_box(file_id: str) -> DeltaGenerator:
    """The box of columns: open for a file that has not been read without pointing at them, until it is closed.

    It has one title, whatever columns are used: with another one it would be another box, closed.
    """
    pointing = bool(st.session_state.get(_pointing_key(file_id)))
    return st.expander("列的对应", expanded=pointing, icon=":material/table:")


def _pointing_key(file_id: str) -> str:
    return f"shiyao.import.pointing-{file_id}"


def _may_be_text(name: str) -> bool:
    """Whether a file is a text by its name, so that format and encoding can be chosen."""
    return name.lower().endswith(_TEXT_NAMES)


def draw_paste(available: list[DatasetView], form: str) -> None:
    """Paste a chat, look at how it is read, import it behind the last chat of its dataset; a new one gets this form."""
    key = f"paste-{import_round()}"
    text = st.text_area(
        "聊天内容", height=320, placeholder="林木1：你好，想了解一下价格\n客服小何：您好……", key=f"import-{key}"
    )
    target, split, confirmed = choose_target_dataset(available, "粘贴的群聊", key)
    if confirmed:
        finish_import(
            import_text(
                state.store(),
                text,
                dataset=target,
                split=split,
                form_name=form if split else None,
                who=state.reviewer(),
            )
        )
    if text.strip():
        data = text.encode("utf-8", "replace")
        try:
            previewed = cached_preview(sha256(data).hexdigest(), BytesIO(data), PASTED_NAME, BY_NAME, form)
        except InputError as error:
            show_error(error)
            return
        draw_preview_summary(previewed)
        draw_rejected_rows(previewed.rejected, accepted=previewed.good)
        draw_notes(previewed)
        draw_preview_rows(previewed, form)
