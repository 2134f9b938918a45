"""What an import would do to a dataset, said before the click: new, there already, refused."""

from typing import Any, NamedTuple

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import RunKind
from core.errors import ShiyaoError
from core.services.datasets import (
    ImportPreview,
    ImportReport,
    ReadersBusyError,
    RejectedRow,
    TableColumns,
    import_chats,
    import_run,
)
from core.services.datasets.chat_import import existing_sentence
from core.services.datasets.growth_notes import difference_in_words, growth_sentences
from core.services.datasets.import_types import Growth
from core.ui import state
from core.ui.data.import_preview import draw_rejected_rows
from core.ui.markdown import Markdown, escape_markdown

_QUICK_BYTES = 20_000_000
"""Files up to this size are compared with the dataset at once; larger ones on demand."""


_SHOWN_GROWN = 5


class _Outcome(NamedTuple):
    """What an import would do, as a value: only values are cached."""

    added: int = 0
    skipped: int = 0
    labels: int = 0
    grown: tuple[Growth, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


@st.cache_data(max_entries=16, ttl=60, show_spinner="正在与数据集比较…")
def _chats_outcome(
    file_id: str, _file: Any, name: str, columns: TableColumns, target: str, stamp: str, form: str, *, grow: bool
) -> _Outcome:
    return _tried(
        lambda: import_chats(
            state.store(),
            _file,
            filename=name,
            dataset=target,
            form_name=form,
            columns=columns,
            grow=grow,
            dry_run=True,
        )
    )


@st.cache_data(max_entries=16, ttl=60, show_spinner="正在与数据集比较…")
def _forms_outcome(
    file_id: str, _file: Any, name: str, columns: TableColumns, dataset_id: int, run: str, kind: str, stamp: str
) -> _Outcome:
    return _tried(
        lambda: import_run(
            state.store(),
            _file,
            filename=name,
            dataset=dataset_id,
            run=run,
            kind=RunKind(kind),
            columns=columns,
            dry_run=True,
        )
    )


def _tried(attempt: Any) -> _Outcome:
    try:
        report: ImportReport = attempt()
    except ReadersBusyError:
        raise
    except ShiyaoError as error:
        return _Outcome(error=str(error))
    return _Outcome(report.added, report.skipped, report.labels, report.grown, report.rejected, report.notes)


def draw_chats_outcome(
    uploaded: Any, previewed: ImportPreview, chosen: TableColumns, target: str, existing: DatasetView | None, form: str
) -> None:
    """Say what an import of chats would do to its dataset, and which rows it would refuse.

    Args:
        uploaded: the file.
        previewed: its preview.
        chosen: how it is read.
        target: name of the dataset.
        existing: the dataset; ``None`` for a new one.
        form: reference of the form.
    """
    if existing is None and not previewed.reading.joined and previewed.format not in ("TXT", "ZIP"):
        # Nothing to compare with: the preview has said it all.
        outcome = _Outcome(added=previewed.good, labels=previewed.labels, rejected=previewed.rejected)
    elif _wants_to_know(uploaded):
        stamp = f"{existing.id}:{existing.chats}" if existing else ""
        grow = grows(uploaded.file_id)
        outcome = _chats_outcome(uploaded.file_id, uploaded, uploaded.name, chosen, target, stamp, form, grow=grow)
    else:
        draw_rejected_rows(previewed.rejected, accepted=previewed.good)
        return
    if outcome.error:
        st.error(escape_markdown(outcome.error), icon=":material/error:")
        return
    where = f"新建数据集「**{escape_markdown(target)}**」"
    after = ""
    if existing is not None:
        where = f"加到已有的数据集「**{escape_markdown(existing.name)}**」（现有 {existing.chats:,d} 条群聊）"
        after = f"，之后共 {existing.chats + outcome.added:,d} 条"
    st.markdown(f"{where}：{_numbers(outcome)}{after}")
    if outcome.grown or grows(uploaded.file_id):
        _draw_grown(uploaded.file_id, outcome.grown)
    drawn = growth_sentences(outcome.grown, 0, grow=grows(uploaded.file_id))
    if existing is not None:
        drawn = (*drawn, existing_sentence(existing.name, existing.chats))
    _draw_notes(outcome, (*previewed.notes, *drawn))
    draw_rejected_rows(outcome.rejected, accepted=outcome.added + outcome.skipped)


def grows(file_id: str) -> bool:
    """Whether chats of a file that go on from stored ones are to take their place, as was chosen on the page."""
    return bool(st.session_state.get(_grow_key(file_id)))


def _grow_key(file_id: str) -> str:
    return f"import-grow-{file_id}"


def _draw_notes(outcome: _Outcome, drawn: tuple[str, ...]) -> None:
    """What the dataset makes of the file, but for what is drawn elsewhere on the page."""
    for note in dict.fromkeys(outcome.notes):
        if note not in drawn:
            st.caption(escape_markdown(note))


def _draw_grown(file_id: str, grown: tuple[Growth, ...]) -> None:
    """Name the chats that go on from stored ones, and let a person choose what becomes of them."""
    apart = [one for one in grown if not one.replaced and not one.held]
    reviewed = sum(one.reviewed for one in apart)
    lines = [
        f"第 {one.of:d} 条：{escape_markdown(difference_in_words(one))}{_becomes(one)}" for one in grown[:_SHOWN_GROWN]
    ]
    more = "……" if len(grown) > _SHOWN_GROWN else ""
    st.info(
        f"有 {len(grown):,d} 条是已有群聊再次导出的：{'；'.join(lines)}{more}"
        + (f"。其中 {reviewed:,d} 条有人审阅过，只能另存" if reviewed else ""),
        icon=":material/update:",
    )
    st.checkbox(
        "续写原来的群聊，不另存（没人审阅过、也没在抽取的；可以撤销）",
        key=_grow_key(file_id),
    )


def _becomes(one: Growth) -> Markdown:
    """What an import does with a chat that a stored one holds in part, in Chinese."""
    if one.replaced:
        return ""
    apart = "不能续写，" if one.earlier or one.differs else ""
    return "（算作已有，不改）" if one.held else f"（{apart}另存为第 {one.index:d} 条）"


def draw_forms_outcome(
    uploaded: Any, previewed: ImportPreview, chosen: TableColumns, target: DatasetView, run: str, kind: RunKind
) -> None:
    """Say what attaching forms to a dataset would do, and which rows it would refuse.

    Args:
        uploaded: the file.
        previewed: its preview.
        chosen: how it is read.
        target: the dataset.
        run: name of the run.
        kind: of the run.
    """
    if not _wants_to_know(uploaded):
        return
    stamp = f"{target.id}:{target.chats}"
    outcome = _forms_outcome(uploaded.file_id, uploaded, uploaded.name, chosen, target.id, run, str(kind), stamp)
    if outcome.error:
        st.error(escape_markdown(outcome.error), icon=":material/error:")
        return
    st.markdown(f"附到「**{escape_markdown(target.name)}**」（{target.chats:,d} 条群聊）：{_numbers(outcome)}")
    _draw_notes(outcome, previewed.notes)
    draw_rejected_rows(outcome.rejected, accepted=outcome.added + outcome.skipped)


def _wants_to_know(uploaded: Any) -> bool:
    """Whether to compare now; a large file is read again only when somebody asks."""
    if uploaded.size <= _QUICK_BYTES:
        return True
    return bool(st.toggle("与数据集比较，看会新增多少（文件大，要再读一遍）", key=f"import-compare-{uploaded.file_id}"))


def _numbers(outcome: _Outcome) -> Markdown:
    parts = [
        f"**新增 {outcome.added:,d}**",
        f"已有 {outcome.skipped:,d}（不变）",
        f"不能导入 {len(outcome.rejected):,d}",
    ]
    if outcome.labels:
        parts.append(f"标注 {outcome.labels:,d}")
    return " · ".join(parts)
