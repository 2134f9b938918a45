"""Where imported chats or forms go: columns of the file, dataset, and the import itself."""

from pathlib import Path
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import RunKind
from core.services.datasets import (
    BY_POSITION,
    FileKind,
    ImportPreview,
    ImportProgress,
    TableColumns,
    import_chats,
    import_run,
)
from core.ui import state
from core.ui.data.import_report import finish_import
from core.ui.markdown import escape_markdown

_CHATS, _FORMS = "导入群聊和标注", "只把标注附到已有的数据集"
_MESSAGE_PARTS = {"sender": "发送人列", "time": "时间列", "room": "群聊或会话列", "side": "收发方列"}
# Only a kept mapping points at these.
_KEPT_PARTS = ("session", "sender_id")
_ENCODINGS = {"utf-8": "UTF-8", "gb18030": "GBK / GB18030", "big5": "Big5（繁体）", "utf-16": "UTF-16"}
_LONGEST_PAUSE = 100_000
SPLIT_TITLES = {"train": "训练", "test": "测试", "other": "其他"}
_KIND_TITLES = {RunKind.IMPORT: "抽取结果", RunKind.LABELS: "标注（人工填写）"}


def column_key(kind: str, file_id: str) -> str:
    """Widget key of a column choice; it belongs to one file."""
    return f"import-column-{kind}-{file_id}"


def chosen_columns(file_id: str) -> TableColumns:
    """Columns chosen for a file so far; empty names where the importer is to guess."""
    parts = ("text", "index", "sheet", "encoding", *_MESSAGE_PARTS, *_KEPT_PARTS)
    chosen = {part: st.session_state.get(column_key(part, file_id), "") for part in parts}
    return TableColumns(**chosen, pause_minutes=int(st.session_state.get(column_key("pause", file_id), 0)))


def choose_sheet(file_id: str, sheets: tuple[str, ...], read: str) -> None:
    """Select box for the sheet of an Excel file with several; :func:`chosen_columns` reads it at the next run."""
    st.selectbox(
        f"工作表（共 {len(sheets)} 个，只导入一个）",
        ["", *sheets],
        format_func=lambda name: name or f"自动：{read}",
        key=column_key("sheet", file_id),
        width=420,
    )


def choose_encoding(file_id: str, detected: str) -> None:
    """Select box for the encoding of a text; :func:`chosen_columns` reads it at the next run."""
    st.selectbox(
        "文字编码",
        ["", *_ENCODINGS],
        format_func=lambda name: _ENCODINGS.get(name, f"自动识别：{detected or '认不出'}"),
        key=column_key("encoding", file_id),
        width=320,
    )


def choose_columns(file_id: str, names: tuple[str, ...], *, text_known: bool) -> None:
    """Select boxes for the columns of a table; :func:`chosen_columns` reads them at the next run.

    Args:
        file_id: of the upload.
        names: the table's columns.
        text_known: whether the text column was recognised.
    """
    left, right = st.columns(2)
    left.selectbox(
        "聊天文本列",
        ["", *names],
        format_func=lambda name: name or ("自动识别" if text_known else "请选择"),
        key=column_key("text", file_id),
    )
    right.selectbox(
        "编号列",
        ["", BY_POSITION, *names],
        format_func=lambda name: {"": "自动识别", BY_POSITION: "没有，按行编号"}.get(name, name),
        key=column_key("index", file_id),
    )
    st.caption("一行是一条消息的表格会按会话、群聊合成群聊；认错了列，可以在这里指明。")
    for place, (part, title) in zip(st.columns(len(_MESSAGE_PARTS)), _MESSAGE_PARTS.items(), strict=True):
        place.selectbox(title, ["", *names], format_func=lambda name: name or "自动识别", key=column_key(part, file_id))
    st.number_input(
        "停顿超过多少分钟算另一条群聊（0：不分）",
        min_value=0,
        max_value=_LONGEST_PAUSE,
        step=30,
        key=column_key("pause", file_id),
        width=320,
    )


def choose_target_dataset(available: list[DatasetView], suggested: str, key: str) -> tuple[str, str | None, bool]:
    """Boxes for the dataset to import into, a new or an existing one, and the import button.

    Returns:
        Name, split (``None`` for an existing dataset), and whether the button was pressed.
    """
    left, right, end = st.columns([5, 2, 1], vertical_alignment="bottom")
    names = [dataset.name for dataset in available]
    name = left.selectbox(
        "数据集（选已有的，或输入新名称）",
        [suggested, *(name for name in names if name != suggested)],
        accept_new_options=True,
        key=f"import-name-{key}",
    )
    existing = next((dataset for dataset in available if dataset.name == name), None)
    guessed = next((split for split in ("train", "test") if split in suggested.lower()), "other")
    split = right.selectbox(
        "用途",
        list(SPLIT_TITLES),
        index=list(SPLIT_TITLES).index(existing.split if existing else guessed),
        format_func=lambda value: SPLIT_TITLES[value],
        disabled=existing is not None,
        key=f"import-split-{key}-{existing.id if existing else ''}",
    )
    return name or "", None if existing else split, _import_button(end, name or "")


def _import_button(place: Any, name: str) -> bool:
    """The main button; disabled without a name."""
    return bool(place.button("导入", type="primary", disabled=not name.strip(), width="stretch"))


def _progress_bar(text: str) -> Any:
    """A callback that moves a progress bar."""
    bar = st.progress(0.0, text=escape_markdown(text))

    def update(now: ImportProgress) -> None:
        bar.progress(now.share, text=f"{escape_markdown(text)}，已读 {now.rows:d} 条")

    return update


def draw_import(uploaded: Any, previewed: ImportPreview, chosen: TableColumns, available: list[DatasetView]) -> None:
    """Draw where a file goes, and import it there when the button is pressed."""
    whole = previewed.kind is FileKind.CHATS
    if whole and previewed.labels and available:
        whole = st.segmented_control("做什么", [_CHATS, _FORMS], default=_CHATS, required=True) == _CHATS
    if whole:
        target, split, confirmed = choose_target_dataset(available, Path(uploaded.name).stem, uploaded.file_id)
        if confirmed:
            finish_import(
                import_chats(
                    state.store(),
                    uploaded,
                    filename=uploaded.name,
                    dataset=target,
                    split=split,
                    columns=chosen,
                    on_progress=_progress_bar("正在导入"),
                )
            )
    else:
        _draw_attach(uploaded, previewed, chosen, available)


def _draw_attach(uploaded: Any, previewed: ImportPreview, chosen: TableColumns, available: list[DatasetView]) -> None:
    """Attach the file's forms to a dataset that holds their chats already."""
    if not available:
        st.info("这个文件里只有结果，没有聊天文本。请先导入它所属的群聊。", icon=":material/info:")
        return
    left, middle, right, end = st.columns([5, 5, 3, 2], vertical_alignment="bottom")
    target = left.selectbox(
        "附到数据集", available, format_func=lambda d: f"{d.name} · {d.chats} 条群聊", key="import-attach-dataset"
    )
    run = middle.text_input("抽取任务名称", Path(uploaded.name).stem, key=f"import-run-{uploaded.file_id}")
    kind = right.selectbox(
        "是什么",
        list(_KIND_TITLES),
        index=list(_KIND_TITLES).index(RunKind.LABELS if previewed.kind is FileKind.CHATS else RunKind.IMPORT),
        format_func=lambda value: _KIND_TITLES[value],
        key=f"import-kind-{uploaded.file_id}",
    )
    if _import_button(end, run):
        finish_import(
            import_run(
                state.store(),
                uploaded,
                filename=uploaded.name,
                dataset=target.id,
                run=run,
                kind=kind,
                columns=chosen,
                on_progress=_progress_bar("正在导入"),
            )
        )
