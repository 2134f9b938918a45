"""Brings an exported table that a colleague has edited back, as a bulk change of records that is shown first.

What was exported is known from the log of exports and the history of records: only cells that differ from it are
edits. One that somebody has changed in the record since, to something else, is a conflict and stays as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.adapters.store import Store, queries
from core.domain.form import Form, Value, items_of, text_of
from core.domain.masking import STAR
from core.domain.person_names import Identity, match_versions
from core.errors import InputError
from core.services.datasets.plain_table import PlainTable
from core.services.review.records.bulk_plan import CellEdit, Plan, coerced, plan_edits
from core.services.review.records.cell_comparison import is_same_value, list_cell, plain_cell
from core.services.review.records.excel_damage import damage
from core.services.review.records.exchanged_rows import Misplaced, misplaced_in
from core.services.review.records.table_bases import MOST_EXPORTS, BaseChat, TableBase, exported_tables
from core.services.review.records.table_origin import is_foreign_row, require_same_origin
from core.services.review.records.table_rows import EditedRow, EditedTable, edited_rows
from core.services.review.records.versions import ChatState, record_states, saved_by
from core.services.team import remember_seen_in

_MANY_CELLS = 5
"""Changed cells of one column that may be an accident, not work."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A cell that was edited in the table and in the record: as exported, in the record now, in the table."""

    chat: int
    customer: int
    key: str
    exported: Value
    current: Value
    edited: Value
    who: str


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """An edited cell that is not taken, and why (one Chinese clause)."""

    chat: int
    customer: int
    key: str
    line: int
    why: str


@dataclass(slots=True)
class ReturnedTable:
    """What an edited table would change; nothing is written yet.

    Attributes:
        name: of the file.
        sha256: of its bytes.
        plan: for :func:`core.services.review.records.bulk.apply`.
        base_run: likewise.
        rows: rows that belong to a customer of the export.
        conflicts: cells that are left as they are because the record has moved on.
        refused: cells that are left as they are for another reason.
        notes: Chinese sentences about rows and columns that are not taken.
    """

    name: str
    sha256: str
    plan: Plan
    base_run: int | None = None
    rows: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    refused: list[RefusedCell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """For the history of each record."""
        return f"带回表格「{self.name}」"[:400]

    def sentences(self, form: Form) -> Iterator[str]:
        """Every difference, conflict and cell that is not taken, in Chinese."""
        for change in self.plan.changes:
            yield (
                f"{_place(form, change.chat, change.customer, change.key)}："
                f"{text_of(change.before) or '（空）'} → {text_of(change.after) or '（空）'}"
            )
        for one in self.conflicts:
            yield (
                f"冲突，没有改 {_place(form, one.chat, one.customer, one.key)}："
                f"导出时是{text_of(one.exported) or '（空）'}，"
                f"{one.who}改成了{text_of(one.current) or '（空）'}，表格里是{text_of(one.edited) or '（空）'}"
            )
        for cell in self.refused:
            yield f"没有带回 {_place(form, cell.chat, cell.customer, cell.key)}（第 {cell.line} 行）：{cell.why}"
        yield from self.notes

    def as_json(self) -> dict[str, Any]:
        """Counts, changes, conflicts and what is not taken, for a program."""
        return {
            "file": self.name,
            "sha256": self.sha256,
            "rows": self.rows,
            "changes": len(self.plan.changes),
            "chats": len(self.plan.chats),
            "unchanged": self.plan.unchanged,
            "conflicts": [
                {
                    "chat": conflict.chat,
                    "customer": conflict.customer + 1,
                    "field": conflict.key,
                    "exported": conflict.exported,
                    "current": conflict.current,
                    "edited": conflict.edited,
                    "who": conflict.who,
                }
                for conflict in self.conflicts
            ],
            "refused": [
                {"chat": one.chat, "customer": one.customer + 1, "field": one.key, "line": one.line, "why": one.why}
                for one in self.refused
            ],
            "skipped": [{"chat": one.chat, "why": one.why} for one in self.plan.skipped],
            "differences": [
                {
                    "chat": change.chat,
                    "customer": change.customer + 1,
                    "field": change.key,
                    "before": change.before,
                    "after": change.after,
                }
                for change in self.plan.changes
            ],
            "notes": self.notes,
        }


def plan_returned_table(store: Store, form: Form, dataset_id: int, table: PlainTable) -> ReturnedTable:
    """Compare an edited table with what was exported and with the records as they are now.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset that the table was exported from.
        table: the edited file.

    Raises:
        InputError: it is no exported table, it is one of another dataset, or this one has never been exported.
    """
    edited = edited_rows(table, form)
    with store.read() as session:
        bases, has_older = exported_tables(session, form, dataset_id)
        if not bases:
            raise InputError(
                "这个数据集没有导出过表格，不知道哪些值是改过的", "请检查数据集；先用「导出表格」导出，再改"
            )
        differing: dict[tuple[int, int], int] = {}
        base = min(bases, key=lambda one: _distance(edited, one, form, differing))
        exported = [
            (row, _exported(base, form, base.chats[row.chat], row.customer))
            for row in edited.rows
            if _is_exported(row, base)
        ]
        if not exported:
            why = next(
                iter(edited.row_problems),
                f"没有一行的群聊和{form.subject}是导出过的" if edited.rows else "表头下面没有行",
            )
            raise InputError(
                f"表格 {table.name} 里没有一行能带回：{why}", f"请检查数据集和「群聊」「{form.subject_heading}」两列"
            )
        misplaced = misplaced_in(table.name, exported, form)
        require_same_origin(table.name, exported, form, dataset=queries.dataset(session, dataset_id).name)
        returned = ReturnedTable(table.name, table.sha256, Plan(dataset_id, ()), base.run_id)
        returned.notes += edited.notes + edited.row_problems
        if has_older:
            returned.notes.append(f"只认得最近 {MOST_EXPORTS:,} 次导出的表格；如果这份更早，改动会认错，请重新导出再改")
        rows_by_chat = _rows_by_chat(edited, base, returned, form.subject)
        later = [one for one in bases if one.export_id > base.export_id]
        edits: list[CellEdit] = []
        doubtful: list[str] = []
        unchanged = 0
        for state in record_states(session, form, dataset_id, sorted(rows_by_chat), base.run_id):
            who = saved_by(session, state.record)
            for row in rows_by_chat.pop(state.index):
                row_edits = list(_edits_of(row, base, state, form, returned, misplaced, who))
                edits += row_edits
                unchanged += len(row.cells) - len(row_edits)
                doubtful += [
                    _place(form, row.chat, row.customer, key) for key in _old_again(row, base, later, state, form)
                ]
        remember_seen_in(session, dataset_id, {conflict.chat for conflict in returned.conflicts})
        returned.notes += [f"数据集里没有第 {chat} 条群聊，没有带回" for chat in rows_by_chat]
        if doubtful:
            returned.notes.append(
                f"有 {len(doubtful):,} 格与较早导出的「{base.filename}」相同，与后来导出的不同，按没有改过处理："
                f"{'、'.join(doubtful[:20])}{'……' if len(doubtful) > 20 else ''}；"
                "如果是在后来的表格里改回旧值，请在审阅台里改，或重新导出再改"
            )
    returned.notes += _whole_columns(edits, len(edited.rows), form)
    plan = plan_edits(store, form, dataset_id, edits, base_run=base.run_id)
    returned.plan = replace(plan, unchanged=unchanged)
    return returned


def _whole_columns(edits: Sequence[CellEdit], rows: int, form: Form) -> list[str]:
    """Sentences on columns most of whose cells have changed: sorted by themselves, shifted, swapped or emptied."""
    by_key: dict[str, list[CellEdit]] = {}
    for edit in edits:
        by_key.setdefault(edit.key, []).append(edit)
    return [
        f"「{form.field(key).label}」列改了 {len(of_key):,} 格（共 {rows:,} 行），其中 {emptied:,} 格改成空，"
        "请核对是不是整列错位或清空了"
        for key, of_key in by_key.items()
        if len(of_key) >= _MANY_CELLS
        and ((emptied := sum(not edit.value for edit in of_key)) >= _MANY_CELLS or 2 * len(of_key) >= rows)
    ]


def _exported(base: TableBase, form: Form, chat: BaseChat, customer: int) -> dict[str, str]:
    return {
        key: text_of(value)
        for key, value in base.mask.values(form, chat.forms[customer], text=chat.text, forms=chat.forms).items()
    }


def _distance(
    edited: EditedTable, base: TableBase, form: Form, differing: dict[tuple[int, int], int]
) -> tuple[int, int]:
    """How many rows an export has more or less than a table, and how many cells differ: the nearest one was edited.

    ``differing`` keeps the cells by line and chat, for most of an export is what the one before it said.
    """
    unknown = cells = 0
    for row in edited.rows:
        if not _is_exported(row, base):
            unknown += 1
            continue
        chat = base.chats[row.chat]
        place = (row.line, id(chat))
        if place not in differing:
            exported = _exported(base, form, chat, row.customer)
            differing[place] = sum(not is_same_value(form, key, cell, exported) for key, cell in row.cells.items())
        cells += differing[place]
    rows = sum(len(chat.forms) for chat in base.chats.values())
    return unknown + max(0, rows - len(edited.rows)), cells


def _rows_by_chat(
    edited: EditedTable, base: TableBase, returned: ReturnedTable, subject: str
) -> dict[int, list[EditedRow]]:
    """The rows that belong to a customer of the export; the others, and customers without a row, are named."""
    rows_by_chat: dict[int, list[EditedRow]] = {}
    for row in edited.rows:
        if not _is_exported(row, base):
            returned.notes.append(
                f"第 {row.line} 行（第 {row.chat} 条第 {row.customer + 1} 位{subject}）导出时没有，没有带回；"
                f"新{subject}请在审阅台里添加"
            )
            continue
        rows_by_chat.setdefault(row.chat, []).append(row)
        returned.rows += 1
    gone = [
        f"第 {index} 条第 {customer + 1} 位"
        for index, chat in sorted(base.chats.items())
        for customer in range(len(chat.forms))
        if (index, customer) not in edited.present
    ]
    if gone:
        shown = "、".join(gone[:20]) + ("……" if len(gone) > 20 else "")
        returned.notes.append(f"表格里少了 {len(gone):,} 位{subject}的行：{shown}；这些{subject}保持原样，没有删除")
    return rows_by_chat


def _edits_of(
    row: EditedRow,
    base: TableBase,
    state: ChatState,
    form: Form,
    returned: ReturnedTable,
    misplaced: Misplaced,
    who: str,
) -> Iterator[CellEdit]:
    """The edits of one row that can be applied; conflicts and damaged cells are put down."""
    chat = base.chats[row.chat]
    customer = _customer_now(chat, state, form, row.customer)
    exported = _exported(base, form, chat, row.customer)
    swapped = _named_otherwise(row, chat, form, exported)
    if not swapped and is_foreign_row(row, exported, form):
        swapped = "这一行没有一个值和导出时相同，可能错行了"
    for key, cell in row.cells.items():
        if key not in row.uncalculated and is_same_value(form, key, cell, exported):
            continue
        why = misplaced.why(row.line, key) or swapped or damage(cell, exported[key], is_date=key in row.dates)
        if key in row.uncalculated:
            why = "是公式，文件里没有算出的值（或是错误值）；请在 Excel 里打开、保存一次，或改成值"
        if not why and key == row.cut:
            why = "这一行到这一格就断了，值可能不完整"
        if not why and base.mask and STAR in cell:
            why = "这个值是遮盖过的"
        if not why and customer is None:
            why = f"这位{form.subject}已经不在记录里（{who}改过）"
        if why or customer is None:
            returned.refused.append(RefusedCell(row.chat, row.customer, key, row.line, why))
            continue
        before = chat.forms[row.customer].get(key, form.field(key).empty)
        text = plain_cell(cell, exported[key])
        after = coerced(form, key, list_cell(text) if form.field(key).is_list else text)
        current = state.customers[customer]["values"].get(key, form.field(key).empty)
        if _equal(after, before) or _equal(after, current):
            continue
        if not _equal(current, before):
            returned.conflicts.append(Conflict(row.chat, row.customer, key, before, current, after, who))
            continue
        yield CellEdit(row.chat, customer, key, after, state.version)


def _old_again(
    row: EditedRow, base: TableBase, later: Sequence[TableBase], state: ChatState, form: Form
) -> Iterator[str]:
    """Fields that say what an older export said where later ones and the record do not.

    Nobody knows whether such a cell was left alone in the older table, or put back in a later one.
    """
    chat = base.chats[row.chat]
    customer = _customer_now(chat, state, form, row.customer)
    if customer is None:
        return
    exported = _exported(base, form, chat, row.customer)
    before, current = chat.forms[row.customer], state.customers[customer]["values"]
    newer = {id(one): one for table in later if (one := table.chats.get(row.chat)) is not None and one is not chat}
    for key, cell in row.cells.items():
        empty = form.field(key).empty
        if _equal(current.get(key, empty), before.get(key, empty)) or not is_same_value(form, key, cell, exported):
            continue
        for one in newer.values():
            at = _customer_in(chat, one.identities, run_id=one.run_id, customer=row.customer)
            if at is not None and not _equal(one.forms[at].get(key, empty), before.get(key, empty)):
                yield key
                break


def _customer_now(chat: BaseChat, state: ChatState, form: Form, customer: int) -> int | None:
    """Where a customer of the export stands in the record now."""
    current = [Identity(one.get("source"), form.name_of(one["values"])) for one in state.customers]
    run_id = chat.run_id if state.record is None else state.base_run_id
    return _customer_in(chat, current, run_id=run_id, customer=customer)


def _customer_in(chat: BaseChat, identities: Sequence[Identity], *, run_id: int | None, customer: int) -> int | None:
    """Where a customer of the export stands among others; positions count only where both are of one run."""
    if run_id == chat.run_id:
        return match_versions(chat.identities, identities)[customer]
    exported = [Identity(None, one.name) for one in chat.identities]
    return match_versions(exported, [Identity(None, one.name) for one in identities])[customer]


def _named_otherwise(row: EditedRow, chat: BaseChat, form: Form, exported: dict[str, str]) -> str:
    """Why a row seems to be that of another customer of the chat; ``""`` where it does not."""
    name = row.cells.get(form.name_field, "").strip()
    own = exported.get(form.name_field, "").strip()
    others = [one.name.strip() for at, one in enumerate(chat.identities) if at != row.customer]
    if name and name != own and name in others:
        return (
            f"这一行的{form.subject}编号是 {row.customer + 1}，名字却是另一位{form.subject}「{name}」，编号可能被打乱了"
        )
    return ""


def _is_exported(row: EditedRow, base: TableBase) -> bool:
    chat = base.chats.get(row.chat)
    return chat is not None and row.customer < len(chat.forms)


def _equal(one: Value, other: Value) -> bool:
    return one == other or (isinstance(one, list) and items_of(one) == items_of(other))


def _place(form: Form, chat: int, customer: int, key: str) -> str:
    return f"第 {chat} 条第 {customer + 1} 位{form.subject}的{form.field(key).label}"
