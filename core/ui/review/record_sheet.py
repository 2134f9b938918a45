"""The record table on screen: its rows, and the edits made in it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, cell_text, text_of
from core.domain.indices import parse_index
from core.errors import ShiyaoError
from core.services.review import record_table
from core.services.review.records import bulk
from core.services.review.workbench.cell_warnings import cell_warnings
from core.ui import grid, state

_SHEET, _ANSWERED = "shiyao.records.sheet", "shiyao.records.answered"
_REASON = "在记录表里修改"
_WIDTHS = {"person": 110, "phone": 120, "email": 160, "address": 170}
_LONG = 240


@dataclass(frozen=True, slots=True)
class HeldEdit:
    """An edit that could not be saved, kept until the reviewer decides."""

    request: grid.GridAction
    why: str


@dataclass
class Sheet:
    """Contents of the table on screen. Own saves are written into it, so that nothing must be read again."""

    token: tuple[Any, ...]
    rows: dict[str, record_table.Row]
    chats: int
    fresh: dict[str, set[str]] = field(default_factory=dict)
    held: dict[tuple[str, str], HeldEdit] = field(default_factory=dict)
    news: str = ""
    remarks: list[str] = field(default_factory=list)
    last: str = ""
    past: list[bulk.BulkChange] | None = None


def grid_key(dataset: DatasetView) -> str:
    """The table's widget key: one table per dataset and reviewer, for any filter and page."""
    return f"records-grid-{dataset.id}-{state.reviewer()}"


def load_sheet(token: tuple[Any, ...], load: Callable[[], record_table.Page]) -> Sheet:
    """The sheet of this session, reloaded when filter, order or page change; held edits stay."""
    kept: Sheet | None = st.session_state.get(_SHEET)
    if kept is not None and kept.token == token:
        return kept
    page = load()
    new = Sheet(token, {_row_id(row): row for row in page.rows}, page.chats)
    if kept is not None and kept.token[:1] in ((), token[:1]):
        new.held, new.news, new.last = kept.held, kept.news, kept.last
    st.session_state[_SHEET] = new
    return new


def sheet_on_screen(dataset: DatasetView) -> Sheet | None:
    """What the dataset's table was drawn with last; ``None`` where it was not drawn."""
    kept: Sheet | None = st.session_state.get(_SHEET)
    return kept if kept is not None and kept.token[:1] in ((), (dataset.id,)) else None


def forget_sheet() -> None:
    """Reload the sheet on the next run."""
    kept: Sheet | None = st.session_state.get(_SHEET)
    if kept is not None:
        kept.token = ()


def sheet_columns(form: Form) -> list[grid.Column]:
    """The table's columns: chat and customer, then the form's fields in their groups."""
    head = [
        grid.Column(grid.CHAT, "序号", width=64, pinned=True, tip="点一下在审阅台打开"),
        grid.Column("_customer", form.subject, width=56, pinned=True),
        grid.Column("_status", "状态", width=76),
        grid.Column("_note", "备注", width=120, tip="为什么待讨论或跳过，以及别的备注"),
        grid.Column("_reviewer", "审阅人", width=78),
        grid.Column("_updated", "更新时间", width=112),
    ]
    return head + [
        grid.Column(
            item.key,
            item.label,
            group=item.group,
            width=_WIDTHS.get(item.kind, 120) if item.one_right_answer else _LONG,
            tip=item.description,
            editable=True,
            choices=item.values,
            several=item.is_list,
            long=not item.one_right_answer,
        )
        for item in form.fields
    ]


def draw_sheet(dataset: DatasetView, form: Form, current: Sheet) -> None:
    """The table."""
    kept: dict[str, list[str]] = {}
    for row_name, key in current.held:
        kept.setdefault(row_name, []).append(key)
    grid.draw_grid(
        [
            {
                "_id": name,
                "_version": row.version,
                "_fresh": "|".join(current.fresh.get(name, ())),
                "_kept": "|".join(kept.get(name, ())),
                "_corrected": "|".join(row.corrected),
                grid.CHAT: row.chat,
                "_customer": row.customer + 1,
                "_status": row.status,
                "_note": row.note,
                "_reviewer": row.reviewer,
                "_updated": row.updated[5:],
            }
            | {key: text_of(value) for key, value in row.values.items()}
            for name, row in current.rows.items()
        ],
        sheet_columns(form),
        key=grid_key(dataset),
        scope=str(dataset.id),
        reviewer=state.reviewer(),
        answered=_answered_requests(),
        held=[one.request.id for one in current.held.values()],
    )


def handle_requests(dataset: DatasetView, form: Form, current: Sheet, base_run: int | None) -> int | None:
    """Apply the actions made in the grid since the last run.

    Returns:
        Index of the chat that somebody wants to open, if so.
    """
    requested_chat = None
    held = {one.request.id for one in current.held.values()}
    for request in grid.grid_requests(grid_key(dataset)):
        if request.id in _answered_requests() or request.id in held:
            continue
        if request.kind == "open":
            requested_chat = parse_index(request.row.partition(":")[0])
            _mark_answered(request.id)
        elif request.kind == "undo":
            undo_edit(dataset, form, current, request.of, base_run)
            _mark_answered(request.id)
        elif state.reviewer():
            _save_cell(dataset, form, current, request, base_run, request.version)
    return requested_chat


def _save_cell(
    dataset: DatasetView, form: Form, current: Sheet, request: grid.GridAction, base_run: int | None, version: int
) -> None:
    """Save one cell by the rules of the workbench; a refused edit is held, never lost."""
    chat, customer = map(int, request.row.split(":"))
    place = request.row, request.key
    if earlier := current.held.pop(place, None):
        _mark_answered(earlier.request.id)
    try:
        if bulk.versions_of_cell_edit(
            state.store(), dataset.id, request.id
        ):  # it came before, in a session that is gone
            _mark_answered(request.id)
            return
        edit = bulk.CellEdit(chat, customer, request.key, request.value, version)
        plan = bulk.plan_edits(state.store(), form, dataset.id, [edit], base_run=base_run, who=state.reviewer())
        refused = plan.skipped
        if plan.changes:
            who = state.reviewer()
            refused = bulk.apply(
                state.store(), form, plan, who=who, reason=_REASON, base_run=base_run, cell_id=request.id
            ).skipped
        if not refused:
            _mark_answered(request.id)
    except ShiyaoError as error:
        current.held[place] = HeldEdit(request, str(error))
        return
    _reload_rows(dataset, form, current, [chat], base_run)
    if refused:
        current.held[place] = HeldEdit(request, refused[0].why)
    elif plan.changes:
        change = plan.changes[0]
        label = form.field(request.key).label
        current.news = f"已保存第 {chat} 条「{label}」：{_short_text(change.before)} → {_short_text(change.after)}"
        current.remarks = cell_warnings(state.store(), form, dataset.id, chat, customer, request.key)
        current.last = request.id
        current.fresh.setdefault(request.row, set()).add(request.key)


def resolve_held_edit(
    dataset: DatasetView, form: Form, current: Sheet, held: HeldEdit, base_run: int | None, over: int | None
) -> None:
    """Resolve a held edit: save it over the value on screen, or drop it.

    Args:
        dataset: the dataset.
        form: its form.
        current: the table's contents.
        held: the edit.
        base_run: whose values chats without a record have.
        over: version of the record on screen; ``None`` drops the edit.
    """
    place = held.request.row, held.request.key
    if current.held.get(place) is not held:
        current.news = "这处修改已经处理过"
        return
    current.held.pop(place)
    if over is not None:
        _save_cell(dataset, form, current, held.request, base_run, over)
    else:
        _mark_answered(held.request.id)


def undo_edit(dataset: DatasetView, form: Form, current: Sheet, name: str, base_run: int | None) -> None:
    """Undo the edit of a cell."""
    if current.last == name:
        current.last, current.remarks = "", []
    try:
        done = bulk.undo(state.store(), form, dataset.id, name, who=state.reviewer())
    except ShiyaoError as error:
        current.news = f"没有撤销：{error}"
        return
    if done.skipped:
        current.news = f"第 {done.skipped[0].chat} 条没有撤销：{done.skipped[0].why}"
        return
    _reload_rows(dataset, form, current, list(done.saved), base_run)
    current.news = f"已撤销第 {'、'.join(map(str, done.saved))} 条的修改"


def _reload_rows(dataset: DatasetView, form: Form, current: Sheet, chats: list[int], base_run: int | None) -> None:
    """Reload the rows of some chats; the whole sheet where customers came or went."""
    reloaded = {
        _row_id(row): row
        for row in record_table.rows_of_chats(state.store(), form, dataset.id, chats, base_run=base_run)
    }
    shown = {name for name, row in current.rows.items() if row.chat in chats}
    if shown == set(reloaded):
        current.rows.update(reloaded)
    elif shown:
        forget_sheet()


def _answered_requests() -> deque[str]:
    answered: deque[str] = st.session_state.setdefault(_ANSWERED, deque(maxlen=300))
    return answered


def _mark_answered(name: str) -> None:
    _answered_requests().append(name)


def _row_id(row: record_table.Row) -> str:
    return f"{row.chat}:{row.customer}"


def _short_text(value: Any) -> str:
    text = cell_text(value).replace("\n", " ")
    return text if len(text) <= 24 else f"{text[:23]}…"
