"""How a file is read, to decide upon: format, encoding, sheet, joining, pause, columns."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.services.datasets import BY_POSITION, ImportPreview, TableColumns
from core.ui.data.kept_mappings import keep_mapping, offer_mapping
from core.ui.data.reading_choices import forget_choices, widget_key
from core.ui.markdown import Markdown

COLUMN_TITLES = {
    "sender": "发送人列",
    "time": "时间列",
    "side": "收发方列",
    "room": "群聊或会话列",
    "session": "会话编号列",
    "sender_id": "发送人编号列",
}
"""What a person calls the columns of a table of messages."""
_ENCODINGS = {"utf-8": "UTF-8", "gb18030": "GBK / GB18030", "big5": "Big5（繁体）", "utf-16": "UTF-16"}
_FORMATS = ("JSON", "JSONL", "CSV", "TXT")
_JOINS = {
    "session": "按会话",
    "room": "按群聊或聊天对象",
    "pause": "按停顿分开",
    "none": "全部合成一条",
    "row": "不合并，一行就是一条群聊",
}
_LONGEST_PAUSE = 100_000
_HOUR = 60


def draw_decisions(
    file_id: str,
    chosen: TableColumns,
    previewed: ImportPreview | None,
    *,
    may_be_text: bool = False,
    sheet: str = "",
    sheets: Sequence[str] = (),
) -> None:
    """Draw what a person can decide about reading a file; the next run of the page reads it.

    Args:
        file_id: of the upload.
        chosen: what was decided so far.
        previewed: what came of it; ``None`` where the file cannot be read so.
        may_be_text: whether a file that cannot be read could be a text of another format or encoding.
        sheet: the sheet that was looked at, of a file that cannot be read so.
        sheets: all sheets of that file.
    """
    boxes: list[Callable[[], None]] = []
    if chosen.format or (previewed.format in _FORMATS if previewed else may_be_text):
        boxes.append(lambda: _draw_format(file_id, str(previewed.format) if previewed else ""))
    if chosen.encoding or (previewed.encoding if previewed else may_be_text):
        boxes.append(lambda: _draw_encoding(file_id, previewed.encoding if previewed else ""))
    if previewed:
        sheet, sheets = previewed.reading.sheet, previewed.reading.sheets
    if chosen.sheet or len(sheets) > 1:
        boxes.append(lambda: _draw_sheet(file_id, chosen.sheet, sheet, sheets))
    if chosen.join or chosen.pause_minutes or (previewed and previewed.reading.joined):
        boxes.append(lambda: _draw_joining(file_id, previewed))
        boxes.append(lambda: _draw_pause(file_id, chosen, previewed))
    if boxes:
        for place, draw in zip(st.columns(max(len(boxes), 3), vertical_alignment="bottom"), boxes, strict=False):
            with place:
                draw()
    if chosen.swap_sides or (previewed and "side" in previewed.reading.columns):
        _draw_swapping(file_id)
    if previewed and previewed.reading.pauses:
        effects = " · ".join(f"{_span(minutes)} {chats:,} 条" for minutes, chats in previewed.reading.pauses)
        st.caption(f"按停顿分开的话，停顿超过多久算另一条、会有几条群聊：{effects}")
    if chosen != TableColumns():
        st.button(
            "都改回自动识别",
            key=f"import-forget-{file_id}",
            icon=":material/undo:",
            type="tertiary",
            on_click=forget_choices,
            args=(file_id,),
        )


def _span(minutes: int) -> Markdown:
    if minutes < _HOUR:
        return f"{minutes:d} 分钟"
    return f"{minutes // _HOUR:d} 小时" if minutes < 24 * _HOUR else f"{minutes // (24 * _HOUR):d} 天"


def _automatic(detected: str) -> str:
    """The choice that leaves it to the reader, with what he found; a file that is refused tells nothing."""
    return f"自动：{detected}" if detected else "自动"


def _draw_format(file_id: str, detected: str) -> None:
    st.selectbox(
        "格式",
        ["", *_FORMATS],
        format_func=lambda name: name or _automatic(detected),
        key=widget_key(file_id, "format"),
    )


def _draw_encoding(file_id: str, detected: str) -> None:
    st.selectbox(
        "文字编码",
        ["", *_ENCODINGS],
        format_func=lambda name: _ENCODINGS.get(name, _automatic(detected)),
        key=widget_key(file_id, "encoding"),
    )


def _draw_sheet(file_id: str, chosen: str, read: str, sheets: Sequence[str]) -> None:
    st.selectbox(
        f"工作表（共 {len(sheets):,} 个，只导入一个）" if sheets else "工作表",
        _options(chosen, sheets),
        format_func=lambda name: name or (f"自动：{read}" if read and not chosen else "自动"),
        key=widget_key(file_id, "sheet"),
    )


def _draw_joining(file_id: str, previewed: ImportPreview | None) -> None:
    joined = previewed.reading.joined if previewed else None
    st.selectbox(
        "消息怎样合成群聊",
        ["", *_JOINS],
        format_func=lambda name: _JOINS.get(name, f"自动：{_JOINS[joined or 'row']}"),
        key=widget_key(file_id, "join"),
    )


def _draw_pause(file_id: str, chosen: TableColumns, previewed: ImportPreview | None) -> None:
    by_session = previewed is not None and previewed.reading.joined == "session"
    st.number_input(
        "停顿超过多少分钟算另一条群聊（0：不分）",
        min_value=0,
        max_value=_LONGEST_PAUSE,
        step=30,
        disabled=chosen.join in ("none", "row") or by_session,
        help="一次会话不会被停顿分开；要分开，请选「按停顿分开」" if by_session else None,
        key=widget_key(file_id, "pause_minutes", 0),
    )


def _draw_swapping(file_id: str) -> None:
    st.checkbox(
        "对调客户和客服",
        help="收发方认反了时用：认成客服的当作客户，认成客户的当作客服",
        key=widget_key(file_id, "swap_sides", False),  # noqa: FBT003 (the widget's value)
    )


def draw_columns(
    file_id: str, names: tuple[str, ...], chosen: TableColumns, previewed: ImportPreview | None = None
) -> None:
    """Select boxes for the columns of a table, and the mapping that is kept of them.

    Args:
        file_id: of the upload.
        names: the table's columns.
        chosen: what was decided so far.
        previewed: what came of it; ``None`` where a column has to be pointed at.
    """
    used = previewed.reading.columns if previewed else {}
    suggested = offer_mapping(file_id, names, chosen)
    left, right, *_ = st.columns(2)
    left.selectbox(
        "聊天文本列",
        _options(chosen.text, names),
        format_func=lambda name: name or _found("text", used, "自动识别" if previewed else "请选择"),
        key=widget_key(file_id, "text"),
    )
    right.selectbox(
        "编号列",
        _options(chosen.index, (BY_POSITION, *names)),
        format_func=lambda name: {"": _found("index", used), BY_POSITION: "没有，按行编号"}.get(name, name),
        key=widget_key(file_id, "index"),
    )
    st.caption("一行是一条消息的表格会按会话、群聊合成群聊；认错了列，可以在这里指明。")
    for start in (0, 3):
        for place, (part, title) in zip(st.columns(3), list(COLUMN_TITLES.items())[start : start + 3], strict=True):
            place.selectbox(
                title,
                _options(getattr(chosen, part), names),
                format_func=_shown_as(part, used),
                key=widget_key(file_id, part),
            )
    if previewed:
        keep_mapping(file_id, previewed, chosen, suggested)


def _shown_as(part: str, used: dict[str, str]) -> Callable[[str], str]:
    """How the columns of a choice are shown."""
    return lambda name: name or _found(part, used)


def _found(part: str, used: dict[str, str], otherwise: str = "自动识别") -> str:
    """What stands for an unmade choice: the column that was found."""
    return f"自动：{used[part]}" if part in used else otherwise


def _options(chosen: str, names: Sequence[str]) -> list[str]:
    """All names, and what was chosen though it is not (no longer) among them."""
    return ["", *dict.fromkeys([*names, *([chosen] if chosen else [])])]
