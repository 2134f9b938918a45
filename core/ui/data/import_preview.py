"""Preview of a file before it is imported: a summary, the rows, and rejected rows."""

from typing import Any, NamedTuple

import streamlit as st

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
from core.settings import settings
from core.ui.markdown import escape_markdown

_OPENING, _MOST_NAMES, _MOST_REJECTED = 80, 3, 1_000
_WIDE = 900  # pixels; the column that takes what room there is


class _Refusal(NamedTuple):
    """Why a file cannot be used, as a value: only values are cached."""

    message: str
    remedy: str
    columns: tuple[str, ...] | None


@st.cache_data(max_entries=8, ttl=3600, show_spinner="正在读取文件…")
def _preview_or_refusal(file_id: str, _file: Any, name: str, columns: TableColumns) -> ImportPreview | _Refusal:
    try:
        return preview_import(_file, name, load_named_form(settings().form), columns=columns)
    except ReadersBusyError:
        raise  # says nothing about the file: the next look tries again
    except InputError as error:
        return _Refusal(error.message, error.remedy, error.columns if isinstance(error, ColumnError) else None)


def cached_preview(file_id: str, file: Any, name: str, columns: TableColumns) -> ImportPreview:
    """Preview of a file, read once per upload and choice of columns; so is one that is refused.

    Raises:
        ColumnError: a table whose text column has to be chosen.
        InputError: the file cannot be used.
    """
    outcome = _preview_or_refusal(file_id, file, name, columns)
    if not isinstance(outcome, _Refusal):
        return outcome
    if outcome.columns is not None:
        raise ColumnError(outcome.message, outcome.remedy, outcome.columns)
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
    with st.expander(f"不能导入 {len(rejected)} 条，{rest}", expanded=True, icon=":material/warning:"):
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
    """Number of chats, labels and customers in the file, in one line."""
    what = "群聊" if previewed.kind is FileKind.CHATS else "群聊的结果（没有聊天文本，是提交文件或标注文件）"
    parts = [f"{previewed.good} 条{what}", f"{previewed.labels} 条有标注" if previewed.labels else "没有标注"]
    if previewed.kind is FileKind.SUBMISSION:
        parts = parts[:1]
    if previewed.customers:
        parts.append(f"{previewed.customers} 位客户")
    written = (previewed.format, previewed.encoding)
    st.markdown(
        f"**{escape_markdown('，'.join(parts))}** &nbsp; :gray[{escape_markdown(' · '.join(filter(None, written)))}]"
    )
    for note in previewed.notes:
        st.caption(escape_markdown(note))


def draw_preview_rows(previewed: ImportPreview) -> None:
    """Rows that cannot be imported, and the first ones that can."""
    draw_rejected_rows(previewed.rejected, accepted=previewed.good)
    name_field = load_named_form(settings().form).name_field
    importable: list[ChatRow | SubmissionRow] = [*previewed.chats, *previewed.forms]
    has_labels = any(row.forms for row in importable)
    rows = [
        {
            "序号": row.index,
            **(
                {"开头": " ".join(row.text[: 2 * _OPENING].split())[:_OPENING], "字数": len(row.text)}
                if row.text
                else {}
            ),
            **(
                {
                    "客户": "、".join(
                        str(values[name_field]) or "（未填姓名）" for values in (row.forms or ())[:_MOST_NAMES]
                    )
                }
                if has_labels
                else {}
            ),
        }
        for row in importable
    ]
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            height="auto" if len(rows) < 10 else 340,
            column_config={
                "序号": st.column_config.NumberColumn(width=70),
                "开头": st.column_config.TextColumn(width=_WIDE),
                "字数": st.column_config.NumberColumn(width=80),
                "客户": st.column_config.TextColumn(width=180 if previewed.chats else _WIDE),
            },
        )
        if previewed.good > len(rows):
            st.caption(f"这里只显示前 {len(rows)} 条。")
