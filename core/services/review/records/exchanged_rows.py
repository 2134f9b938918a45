"""Rows and cells of an edited table that stand at another row's place: a column or some cells were sorted alone.

Excel sorts only the selected cells where one says so. A sorted column of chats or customers gives every row the values
of another; a sorted column of values gives customers one another's.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.domain.form import Form, Kind
from core.errors import InputError
from core.services.review.records.cell_comparison import is_same_value
from core.services.review.records.table_rows import EditedRow

_FEWEST_CELLS = 2
"""Cells that must say what another row's customer said before they tell anything."""
_SHARED_BY = 20
"""A value of more customers than these tells no customer."""
_MOST = 0.8
"""Of the changed cells of a column, so many hold another changed cell's value: the column was sorted, not edited."""

Pairs = Sequence[tuple[EditedRow, Mapping[str, str]]]


class Misplaced(NamedTuple):
    """Rows, by line, and cells, by line and field, that stand at another row's place, each with a Chinese clause."""

    rows: Mapping[int, str]
    cells: Mapping[tuple[int, str], str]

    def why(self, line: int, key: str) -> str:
        """Why a cell is not taken; ``""`` where it stands at its place."""
        return self.rows.get(line, "") or self.cells.get((line, key), "")


def misplaced_in(name: str, pairs: Pairs, form: Form) -> Misplaced:
    """What stands at another row's place in an edited table.

    Args:
        name: of the file.
        pairs: rows with what was exported for their customers.
        form: the dataset's form.

    Raises:
        InputError: half of the rows or more have another row's chat and customer.
    """
    rows = _exchanged_rows(pairs, form)
    if len(rows) > _FEWEST_CELLS and 2 * len(rows) >= len(pairs):
        line, why = next(iter(rows.items()))
        raise InputError(
            f"表格 {name} 有 {len(rows):,} 行的群聊、{form.subject}编号和别的行对调了（例如第 {line} 行：{why}）",
            "可能只对编号的列排过序；请撤销排序，把整张表一起排，或重新导出再改",
        )
    in_place = [(row, exported) for row, exported in pairs if row.line not in rows]
    return Misplaced(rows, _exchanged_cells(in_place, form))


def _exchanged_rows(pairs: Pairs, form: Form) -> dict[int, str]:
    """Rows whose chat and customer are another row's, by line, each with the reason as a Chinese clause.

    Such a row says more of what was exported for that other customer than for its own, and the row that stands at
    that place says something else again.
    """
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, (_, exported) in enumerate(pairs):
        for key, value in exported.items():
            if value.strip() and _tells(form, key):
                holders[key, value.strip()].append(number)
    owners: dict[int, int] = {}
    elsewhere: set[int] = set()
    for number, (row, exported) in enumerate(pairs):
        filled = [key for key, cell in row.cells.items() if cell.strip() and _tells(form, key)]
        own = sum(is_same_value(form, key, row.cells[key], exported) for key in filled)
        if own == len(filled):
            continue
        if 2 * own < len(filled):
            elsewhere.add(number)
        shared: Counter[int] = Counter()
        for key in filled:
            like = holders.get((key, row.cells[key].strip().removeprefix("'")), ())
            if len(like) <= _SHARED_BY:
                shared.update(like)
        owner, _ = max(shared.items(), key=lambda item: item[1], default=(number, 0))
        of_owner = pairs[owner][1]
        alike = sum(is_same_value(form, key, row.cells[key], of_owner) for key in filled)
        if owner != number and alike >= max(_FEWEST_CELLS, own + 1) and 2 * alike >= len(filled):
            owners[number] = owner
    while lonely := [number for number, owner in owners.items() if owner not in owners and owner not in elsewhere]:
        for number in lonely:
            del owners[number]
    mixed_up = f"群聊、{form.subject}编号可能被打乱了"
    return {
        pairs[number][0].line: f"这一行的值是第 {of.chat} 条第 {of.customer + 1} 位{form.subject}的，{mixed_up}"
        for number, owner in owners.items()
        for of in (pairs[owner][0],)
    }


def _exchanged_cells(pairs: Pairs, form: Form) -> dict[tuple[int, str], str]:
    """Cells that only changed rows over several chats, by line and field, each with the reason as a Chinese clause."""
    reasons: dict[tuple[int, str], str] = {}
    for key in form.keys:
        if not _tells(form, key):
            continue
        changed = [
            (row, row.cells[key].strip(), exported[key].strip())
            for row, exported in pairs
            if key in row.cells and not is_same_value(form, key, row.cells[key], exported)
        ]
        before = Counter(exported for _, _, exported in changed)
        after = Counter(cell for _, cell, _ in changed)
        moved = before & after
        several = len({row.chat for row, _, _ in changed}) > 1
        if several and sum(map(bool, moved)) >= _FEWEST_CELLS and moved.total() >= _MOST * len(changed):
            why = f"「{form.field(key).label}」列有 {moved.total():,} 格只是互相换了行，可能单独排过序"
            reasons |= {(row.line, key): why for row, cell, _ in changed if cell in moved}
    return reasons


def _tells(form: Form, key: str) -> bool:
    """Whether values of a field tell one customer from another; one of a few choices does not."""
    return form.field(key).kind is not Kind.CHOICE and not form.field(key).values
