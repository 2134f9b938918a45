"""Tells whether a returned table is one of its dataset: what nobody has edited must say what was exported.

Chats and customers are numbers, which the table of any dataset has; only the values show where it comes from.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from core.domain.form import Form, Kind
from core.errors import InputError
from core.services.review.records.cell_comparison import is_same_cell, is_same_value
from core.services.review.records.table_rows import EditedRow

_ENOUGH = 3
"""Filled cells of which none agrees before one row alone is doubted."""


class _Likeness(StrEnum):
    ALIKE = "alike"
    FOREIGN = "foreign"
    SILENT = "silent"


def require_same_origin(
    name: str, rows: Iterable[tuple[EditedRow, Mapping[str, str]]], form: Form, *, dataset: str
) -> None:
    """Refuse a table of another dataset.

    Args:
        name: of the file.
        rows: each row with what was exported for its customer.
        form: the dataset's form.
        dataset: its name.

    Raises:
        InputError: most rows say something else than the export, or no filled cell says the same.
    """
    pairs = list(rows)
    if all(is_same_value(form, key, cell, exported) for row, exported in pairs for key, cell in row.cells.items()):
        return
    likenesses = [_likeness(row, exported, form) for row, exported in pairs]
    alike, foreign = likenesses.count(_Likeness.ALIKE), likenesses.count(_Likeness.FOREIGN)
    hint = f"请检查是不是别的数据集的表格；要改「{dataset}」，请用「导出表格」重新导出再改"
    if foreign > alike:
        raise InputError(
            f"表格 {name} 和数据集「{dataset}」导出过的对不上：{len(pairs):,} 行里有 {foreign:,} 行的值是另外的", hint
        )
    if not alike:
        raise InputError(
            f"表格 {name} 里没有一个填了的值和数据集「{dataset}」导出时相同，看不出是它的表格",
            f"请保留没有改过的列，例如{form.subject}的名字；{hint.removeprefix('请')}",
        )


def is_foreign_row(row: EditedRow, exported: Mapping[str, str], form: Form) -> bool:
    """Whether a row of a table that is right otherwise says nothing of what was exported for its customer."""
    same, filled = _agreement(row, exported, form)
    return filled >= _ENOUGH and same == 0


def _likeness(row: EditedRow, exported: Mapping[str, str], form: Form) -> _Likeness:
    name, own_name = row.cells.get(form.name_field, ""), exported.get(form.name_field, "")
    if name.strip() and own_name.strip() and is_same_cell(name, own_name):
        return _Likeness.ALIKE
    same, filled = _agreement(row, exported, form)
    if not filled:
        return _Likeness.SILENT
    return _Likeness.ALIKE if same * 2 >= filled else _Likeness.FOREIGN


def _agreement(row: EditedRow, exported: Mapping[str, str], form: Form) -> tuple[int, int]:
    """Of the cells that are filled in the row and in the export: how many agree, how many there are.

    One of a few choices agrees by chance, so these count only where nothing else is filled.
    """
    filled = [key for key, cell in row.cells.items() if cell.strip() and exported.get(key, "").strip()]
    free = [key for key in filled if form.field(key).kind is not Kind.CHOICE and not form.field(key).values]
    keys = free or filled
    same = sum(is_same_value(form, key, row.cells[key], exported) for key in keys)
    return same, len(keys)
