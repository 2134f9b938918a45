"""Rows of a table that a colleague has edited: found by chat and customer, everything odd about them named."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.plain_table import PlainTable

CHAT, _USUAL = "群聊", "客户"
_OURS = frozenset((CHAT, "来源", "审阅人", "讨论"))
_CONFIRMATION = "（确认）"
_HEADER_WITHIN = 20
"""Rows above the header that may be titles."""
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class EditedRow:
    """A row of one customer.

    Attributes:
        line: in the file.
        chat: index of the chat.
        customer: from 0.
        cells: by field; those that the row is too short for are absent.
        dates: fields whose cells are dates of Excel.
        uncalculated: fields whose cells are formulas without a result.
        cut: the field at which the row ends too early, or ``""``.
    """

    line: int
    chat: int
    customer: int
    cells: dict[str, str]
    dates: frozenset[str]
    uncalculated: frozenset[str] = frozenset()
    cut: str = ""


@dataclass(slots=True)
class EditedTable:
    """The rows of an edited table, and sentences about what is not taken; ``present``: all its chats and customers."""

    rows: list[EditedRow] = field(default_factory=list)
    present: set[tuple[int, int]] = field(default_factory=set)
    keys: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    row_problems: list[str] = field(default_factory=list)


def edited_rows(table: PlainTable, form: Form) -> EditedTable:
    """Find the header and read the rows below it; columns and rows may stand in any order.

    Raises:
        InputError: the columns of chat and customer, or all columns of fields, are missing.
    """
    head, numbered = next(
        (
            (at, heading)
            for at, row in enumerate(table.rows[:_HEADER_WITHIN])
            for heading in _headings(form)
            if {CHAT, heading} <= _names(row.cells)
        ),
        (None, form.subject_heading),
    )
    if head is None:
        raise InputError(
            f"文件 {table.name} 里没有「{CHAT}」和「{numbered}」两列，认不出每一行是谁",
            "请选择用「导出表格」写的文件，并保留这两列",
        )
    names = [cell.strip() for cell in table.rows[head].cells]
    edited = EditedTable(notes=list(table.notes), keys=tuple(key for key in form.keys if key in names))
    if not edited.keys:
        raise InputError(f"文件 {table.name} 里没有这个数据集的任何字段", "请检查是不是别的数据集的表格")
    _note_columns(edited, names, form, numbered)
    places = {name: names.index(name) for name in (CHAT, numbered, *edited.keys)}
    for row in table.rows[head + 1 :]:
        cells = [*row.cells, *[""] * (len(names) - len(row.cells))]
        width = len(row.cells)
        if cells == table.rows[head].cells:
            continue
        chat, customer = (_number(cells[places[name]]) for name in (CHAT, numbered))
        if row.problem:
            edited.row_problems.append(f"第 {row.line} 行：{row.problem}，没有带回")
            continue
        if chat is None or customer is None:
            edited.row_problems.append(
                f"第 {row.line} 行没有可用的{CHAT}和{form.subject}编号，可能是新增的行，没有带回"
            )
            continue
        if width > len(names):
            edited.present.add((chat, customer - 1))
            edited.row_problems.append(
                f"第 {row.line} 行有 {width:,} 格，表头只有 {len(names):,} 格，可能是值里的逗号没有加引号，没有带回"
            )
            continue
        if width < len(names):
            edited.row_problems.append(
                f"第 {row.line} 行只有 {width:,} 格，表头有 {len(names):,} 格；缺的格子当作没有改，没有清空"
            )
        edited.rows.append(
            EditedRow(
                row.line,
                chat,
                customer - 1,
                {key: cells[places[key]] for key in edited.keys if places[key] < width},
                frozenset(key for key in edited.keys if places[key] in row.dates),
                frozenset(key for key in edited.keys if places[key] in row.uncalculated),
                next((key for key in edited.keys if width < len(names) and places[key] == width - 1), ""),
            )
        )
    _drop_duplicates(edited, form)
    return edited


def _headings(form: Form) -> list[str]:
    """What the column with a customer's number is called; files of before the form had a word for it say 客户."""
    return [form.subject_heading, *([_USUAL] if _USUAL not in form else [])]


def _names(cells: Sequence[str]) -> set[str]:
    return {cell.strip() for cell in cells}


def _note_columns(edited: EditedTable, names: list[str], form: Form, numbered: str) -> None:
    missing = [key for key in form.keys if key not in names]
    if missing:
        edited.notes.append(f"缺少 {len(missing)} 列：{'、'.join(missing)}；这些字段保持原样")
    confirmations = {f"{key}{_CONFIRMATION}" for key in form.keys}
    unknown = [name for name in names if name and name not in form and name not in {numbered, *_OURS, *confirmations}]
    if unknown:
        edited.notes.append(f"不认识 {len(unknown)} 列：{'、'.join(unknown)}；没有带回")
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        edited.notes.append(f"列「{'」「'.join(repeated)}」出现不止一次，只看第一次")


def _number(cell: str) -> int | None:
    text = cell.strip().removesuffix(".0")
    return int(text) if text.isdecimal() and len(text) <= _DIGITS and int(text) > 0 else None


def _drop_duplicates(edited: EditedTable, form: Form) -> None:
    """Of rows for one customer that are alike the first is kept; of such that differ, none."""
    by_customer: dict[tuple[int, int], list[EditedRow]] = {}
    for row in edited.rows:
        by_customer.setdefault((row.chat, row.customer), []).append(row)
    edited.rows, edited.present = [], edited.present | set(by_customer)
    for (chat, customer), rows in by_customer.items():
        lines = "、".join(str(row.line) for row in rows)
        name = f"第 {chat} 条第 {customer + 1} 位{form.subject}"
        if all(row.cells == rows[0].cells for row in rows):
            edited.rows.append(rows[0])
            if len(rows) > 1:
                edited.notes.append(f"{name}有 {len(rows):,} 行相同（第 {lines} 行），只算一次")
        else:
            edited.row_problems.append(f"{name}有 {len(rows):,} 行而且不同（第 {lines} 行），没有带回")
