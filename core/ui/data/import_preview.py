"""Preview of a file before it is imported: a summary, the rows, and rejected rows."""

from typing import Any, NamedTuple

import streamlit as st

from core.domain.chat.residue import strip_residue
from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets import (
    ChatRow,
    ColumnError,
    FileKind,
    ImportPreview,
    ReadersBusyError,
    RejectedRow,
    SubmissionRow,
    TableColumns,
    preview_import,
)
from core.services.datasets.chat_outlook import ChatOutlook
from core.ui.data.chat_look import draw_chat_look, draw_speakers, draw_without_speakers, people_of
from core.ui.markdown import escape_markdown
from core.ui.tables import count_column

_OPENING, _MOST_NAMES, _MOST_REJECTED = 80, 3, 1_000
_NOTES_AT_ONCE = 4
_NOBODY = "认不出发言人"
_WIDE = 900  # pixels; the column that takes what room there is


class _Refusal(NamedTuple):
    """Why a file cannot be used, as a value: only values are cached."""

    message: str
    remedy: str
    columns: tuple[str, ...] | None = None
    sheet: str = ""
    sheets: tuple[str, ...] = ()


@st.cache_data(max_entries=8, ttl=3600, show_spinner="正在读取文件…")
def _preview_or_refusal(
    file_id: str, _file: Any, name: str, columns: TableColumns, form: str
) -> ImportPreview | _Refusal:
    try:
        return preview_import(_file, name, load_named_form(form), columns=columns)
    except ReadersBusyError:
        raise  # says nothing about the file: the next look tries again
    except ColumnError as error:
        return _Refusal(error.message, error.remedy, error.columns, error.sheet, error.sheets)
    except InputError as error:
        return _Refusal(error.message, error.remedy)


def cached_preview(file_id: str, file: Any, name: str, columns: TableColumns, form: str) -> ImportPreview:
    """Preview of a file, read once per upload and choice of columns and form; so is one that is refused.

    Raises:
        ColumnError: a table whose text column has to be chosen.
        InputError: the file cannot be used.
    """
    outcome = _preview_or_refusal(file_id, file, name, columns, form)
    if not isinstance(outcome, _Refusal):
        return outcome
    if outcome.columns is not None:
        raise ColumnError(outcome.message, outcome.remedy, outcome.columns, sheet=outcome.sheet, sheets=outcome.sheets)
    raise InputError(outcome.message, outcome.remedy)


def draw_rejected_rows(rejected: tuple[RejectedRow, ...], *, accepted: int) -> None:
    """Table of rows that cannot be imported, each with its reason.

    Args:
        rejected: these rows.
        accepted: number of rows that can.
    """
    if not rejected:
        return
    rest = "其余照常导入" if accepted else "没有可以导入的"
    with st.expander(f"不能导入 {len(rejected):,} 条，{rest}", expanded=True, icon=":material/warning:"):
        lined = any(row.line is not None for row in rejected)
        st.dataframe(
            [
                {"序号": row.index, **({"行": row.line} if lined else {}), "原因": row.reason}
                for row in rejected[:_MOST_REJECTED]
            ],
            hide_index=True,
            height="auto" if len(rejected) < 8 else 280,
            column_config={
                "序号": st.column_config.NumberColumn(width=70),
                "行": st.column_config.NumberColumn(width=70),
                "原因": st.column_config.TextColumn(width=_WIDE),
            },
        )
        if len(rejected) > _MOST_REJECTED:
            st.caption(f"这里只显示前 {_MOST_REJECTED:,} 条。")


def draw_preview_summary(previewed: ImportPreview) -> None:
    """What is in the file, in one line, and what reading it found out."""
    what = "群聊" if previewed.kind is FileKind.CHATS else "群聊的结果（没有聊天文本，是提交文件或标注文件）"
    parts = [f"{previewed.good:,} 条{what}", f"{previewed.labels:,} 条有标注" if previewed.labels else "没有标注"]
    if previewed.kind is FileKind.SUBMISSION:
        parts = parts[:1]
    if previewed.customers:
        parts.append(f"{previewed.customers:,} 张表单")
    sample = f"前 {previewed.looked_at:,} 条群聊里 " if previewed.looked_at < previewed.good else ""
    counted = (
        [f"{sample}{previewed.messages:,} 条消息", f"{previewed.speakers:,} 位发言人"] if previewed.looked_at else []
    )
    written = (*counted, previewed.format, previewed.encoding)
    st.markdown(
        f"**{escape_markdown('，'.join(parts))}** &nbsp; :gray[{escape_markdown(' · '.join(filter(None, written)))}]"
    )
    if previewed.kind is FileKind.CHATS:
        draw_without_speakers(previewed)


def draw_notes(previewed: ImportPreview) -> None:
    """What reading the file decided, joined, left out or changed: all of it, the first lines at once."""
    # Who is not recognised stands above already, in red.
    notes = [note for note in previewed.notes if not (previewed.without_speakers and _NOBODY in note)]
    for note in notes[:_NOTES_AT_ONCE]:
        st.caption(escape_markdown(note))
    if more := notes[_NOTES_AT_ONCE:]:
        with st.expander(f"还有 {len(more):,} 条说明", icon=":material/info:"):
            for note in more:
                st.caption(escape_markdown(note))


def draw_preview_rows(previewed: ImportPreview, form: str) -> None:
    """The first rows: chats as they will look, one of them open; or forms. They are read by the form of a reference."""
    name_field = load_named_form(form).name_field
    if previewed.chats:
        st.subheader("前几条会是这样")
        left, right = st.columns([6, 5], gap="medium")
        with left:
            at = _draw_chat_rows(previewed, name_field)
        if at < len(previewed.outlooks):
            with right:
                draw_chat_look(previewed.outlooks[at])
        draw_speakers(previewed)
    elif previewed.forms:
        _draw_form_rows(previewed, name_field)


def _draw_chat_rows(previewed: ImportPreview, name_field: str) -> int:
    """Table of the first chats; gives the place of the one that is picked."""
    outlooks = {chat.index: chat for chat in previewed.outlooks}
    labelled = any(row.forms for row in previewed.chats)
    rows: list[dict[str, Any]] = []
    for row in previewed.chats:
        outlook = outlooks.get(row.index)
        rows.append(
            {
                "序号": row.index,
                "开头": _opening(row, outlook),
                "发言人": people_of(outlook) if outlook else "（没有细看）",
                "消息": outlook.messages if outlook else None,
                "字数": outlook.characters if outlook else len(strip_residue(row.text)),
                **({"客户": _customers(row, name_field)} if labelled else {}),
            }
        )
    picked = st.dataframe(
        rows,
        hide_index=True,
        height="auto" if len(rows) < 10 else 420,
        on_select="rerun",
        selection_mode="single-row",
        key=f"import-chats-{hash(tuple(row.text[:200] for row in previewed.chats))}",
        column_config={
            "序号": st.column_config.NumberColumn(width=55),
            "开头": st.column_config.TextColumn(width=190 if labelled else 215),
            "发言人": st.column_config.TextColumn(width=210),
            "消息": count_column(width=55),
            "字数": st.column_config.NumberColumn(width=65, format="localized", help="不含表格残留，和审阅台一样"),
            "客户": st.column_config.TextColumn(width=90),
        },
    )
    shown = f"这里只显示前 {len(rows):,} 条；" if previewed.good > len(rows) else ""
    st.caption(f"{shown}点一行，在右边看它。")
    selected = picked.selection.rows
    return int(selected[0]) if selected and selected[0] < len(rows) else 0


def _opening(row: ChatRow, outlook: ChatOutlook | None) -> str:
    """What is said first, without its time; of a chat in which nobody speaks, how its text begins."""
    first = next((message for message in outlook.opening if message.speaker), None) if outlook else None
    words = f"{first.speaker}：{first.text}" if first else row.text[: 2 * _OPENING]
    return " ".join(words.split())[:_OPENING]


def _customers(row: ChatRow | SubmissionRow, name_field: str) -> str:
    return "、".join(str(values[name_field]) or "（未填姓名）" for values in (row.forms or ())[:_MOST_NAMES])


def _draw_form_rows(previewed: ImportPreview, name_field: str) -> None:
    rows = [{"序号": row.index, "客户": _customers(row, name_field)} for row in previewed.forms]
    st.dataframe(
        rows,
        hide_index=True,
        height="auto" if len(rows) < 10 else 340,
        column_config={
            "序号": st.column_config.NumberColumn(width=70),
            "客户": st.column_config.TextColumn(width=_WIDE),
        },
    )
    if previewed.good > len(rows):
        st.caption(f"这里只显示前 {len(rows):,} 条。")
