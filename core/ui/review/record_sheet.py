"""The record table on screen: a sheet of rows, and what happens to the edits that come from it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, text_of
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
class Held:
    """An edit that could not be made, kept until somebody decides."""

    request: grid.Request
    why: str


@dataclass
class Sheet:
    """What the table on screen shows. Own saves are written into it, so that nothing has to be asked for again."""

    token: tuple[Any, ...]
    rows: dict[str, record_table.Row]
    chats: int
    fresh: dict[str, set[str]] = field(default_factory=dict)
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    news: str = ""
    remarks: list[str] = field(default_factory=list)
    last: str = ""
    past: list[bulk.BulkChange] | None = None


def key_of(dataset: DatasetView) -> str:
    """The table's widget key: one table per dataset, whatever is filtered and whichever page is shown."""
    return f"records-grid-{dataset.id}"


def sheet(token: tuple[Any, ...], load: Callable[[], record_table.Page]) -> Sheet:
    """The sheet of this session, loaded anew when something else is to be shown; what is held stays."""
    kept: Sheet | None = st.session_state.get(_SHEET)
    if kept is not None and kept.token == token:
        return kept
    page = load()
    new = Sheet(token, {_name(row): row for row in page.rows}, page.chats)
    if kept is not None and kept.token[:1] in ((), token[:1]):
        new.held, new.news, new.last = kept.held, kept.news, kept.last
    st.session_state[_SHEET] = new
    return new


def forget() -> None:
    """Load the sheet anew on the next run."""
    kept: Sheet | None = st.session_state.get(_SHEET)
    if kept is not None:
        kept.token = ()


def columns(form: Form) -> list[grid.Column]:
    """The table's columns: whose row it is, then the form's fields under their groups."""
    head = [
        grid.Column(grid.CHAT, "序号", width=64, pinned=True, tip="点一下在审阅台打开"),
        grid.Column("_customer", "客户", width=56, pinned=True),
        grid.Column("_status", "状态", width=76),
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


def draw(dataset: DatasetView, form: Form, current: Sheet) -> None:
    """The table."""
    kept: dict[str, list[str]] = {}
    for row_name, key in current.held:
        kept.setdefault(row_name, []).append(key)
    grid.draw(
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
                "_reviewer": row.reviewer,
                "_updated": row.updated[5:],
            }
            | {key: text_of(value) for key, value in row.values.items()}
            for name, row in current.rows.items()
        ],
        columns(form),
        key=key_of(dataset),
        scope=str(dataset.id),
        answered=_answered(),
        held=[one.request.id for one in current.held.values()],
    )


def handle(dataset: DatasetView, form: Form, current: Sheet, base_run: int | None) -> int | None:
    """Do what was asked for in the table since the last run.

    Returns:
        Index of the chat that somebody wants to open, if so.
    """
    wanted = None
    held = {one.request.id for one in current.held.values()}
    for request in grid.requests(key_of(dataset)):
        if request.id in _answered() or request.id in held:
            continue
        if request.kind == "open":
            wanted = int(request.row.split(":")[0])
            _answer(request.id)
        elif request.kind == "undo":
            undo(dataset, form, current, request.of, base_run)
            _answer(request.id)
        elif state.reviewer():
            _edit(dataset, form, current, request, base_run, request.version)
    return wanted


def _edit(
    dataset: DatasetView, form: Form, current: Sheet, request: grid.Request, base_run: int | None, version: int
) -> None:
    """Store one cell: the same rules and versions as at the desk. What cannot be stored is held, never lost."""
    chat, customer = map(int, request.row.split(":"))
    place = request.row, request.key
    if earlier := current.held.pop(place, None):
        _answer(earlier.request.id)
    if bulk.written(state.store(), dataset.id, request.id):  # it came before, in a session that is gone
        _answer(request.id)
        return
    try:
        edit = bulk.Edit(chat, customer, request.key, request.value, version)
        plan = bulk.plan_edits(state.store(), form, dataset.id, [edit], base_run=base_run)
        refused = plan.skipped
        if plan.changes:
            who = state.reviewer()
            refused = bulk.apply(
                state.store(), form, plan, who=who, reason=_REASON, base_run=base_run, cell_id=request.id
            ).skipped
        if not refused:
            _answer(request.id)
    except ShiyaoError as error:
        current.held[place] = Held(request, str(error))
        return
    _reload(dataset, form, current, [chat], base_run)
    if refused:
        current.held[place] = Held(request, refused[0].why)
    elif plan.changes:
        change = plan.changes[0]
        label = form.field(request.key).label
        current.news = f"已保存第 {chat} 条「{label}」：{_short(change.before)} → {_short(change.after)}"
        current.remarks = cell_warnings(state.store(), form, dataset.id, chat, customer, request.key)
        current.last = request.id
        current.fresh.setdefault(request.row, set()).add(request.key)


def settle(dataset: DatasetView, form: Form, current: Sheet, held: Held, base_run: int | None, *, mine: bool) -> None:
    """Decide about an edit that was held: over what stands there now, or not at all."""
    current.held.pop((held.request.row, held.request.key), None)
    row = current.rows.get(held.request.row)
    if mine and row is not None:
        _edit(dataset, form, current, held.request, base_run, row.version)
    else:
        _answer(held.request.id)


def undo(dataset: DatasetView, form: Form, current: Sheet, name: str, base_run: int | None) -> None:
    """Take the edit of a cell back."""
    current.last, current.remarks = "", []
    try:
        done = bulk.undo(state.store(), form, dataset.id, name, who=state.reviewer())
    except ShiyaoError as error:
        current.news = f"没有撤销：{error}"
        return
    if done.skipped:
        current.news = f"第 {done.skipped[0].chat} 条没有撤销：{done.skipped[0].why}"
        return
    _reload(dataset, form, current, list(done.saved), base_run)
    current.news = f"已撤销第 {'、'.join(map(str, done.saved))} 条的修改"


def _reload(dataset: DatasetView, form: Form, current: Sheet, chats: list[int], base_run: int | None) -> None:
    """Bring the rows of some chats up to date; the sheet is asked for anew where customers came or went."""
    found = {
        _name(row): row for row in record_table.rows_of_chats(state.store(), form, dataset.id, chats, base_run=base_run)
    }
    shown = {name for name, row in current.rows.items() if row.chat in chats}
    if shown == set(found):
        current.rows.update(found)
    elif shown:
        forget()


def _answered() -> deque[str]:
    found: deque[str] = st.session_state.setdefault(_ANSWERED, deque(maxlen=300))
    return found


def _answer(name: str) -> None:
    _answered().append(name)


def _name(row: record_table.Row) -> str:
    return f"{row.chat}:{row.customer}"


def _short(value: Any) -> str:
    text = text_of(value, empty="空").replace("\n", " ")
    return text if len(text) <= 24 else f"{text[:23]}…"
