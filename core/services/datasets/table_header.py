"""Finds the header of a table, which may stand some rows down, below titles."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from core.domain.form import Form
from core.domain.unseen_characters import without_invisible
from core.errors import InputError
from core.services.datasets.import_types import TableColumns
from core.services.datasets.message_columns import is_usual_name
from core.services.datasets.reading_limits import MAX_COLUMN_NAME
from core.services.datasets.reading_report import ReadingReport, line_places
from core.services.datasets.simplified import simplified
from core.services.datasets.table_row import TableRow

TEXT_COLUMNS = (
    "chat_text",
    "text",
    "chat",
    "content",
    "conversation",
    "群聊",
    "群聊内容",
    "群聊文本",
    "群聊记录",
    "聊天记录",
    "聊天内容",
    "对话",
    "对话内容",
    "会话内容",
    "会话记录",
    "沟通记录",
    "内容",
    "文本",
)
INDEX_COLUMNS = ("index", "序号", "编号")
INFOS = "infos"
_DEEPEST = 30
_TITLE_CHARACTERS = 40


class HeaderNames:
    """Names that make a row a header: those usual for chats and messages, of the form, and those pointed at."""

    def __init__(self, form: Form, columns: TableColumns) -> None:
        self._chosen = {
            name
            for name in (
                columns.text,
                columns.index,
                columns.sender,
                columns.time,
                columns.room,
                columns.session,
                columns.side,
                columns.sender_id,
            )
            if len(name) > 1
        }
        self._usual = {*TEXT_COLUMNS, *INDEX_COLUMNS, INFOS, *(key.casefold() for key in form.keys)}

    def count(self, cells: list[Any]) -> int:
        """How many of a row's cells are such names; one that was pointed at outweighs all."""
        names = [column_name(cell) for cell in cells if isinstance(cell, str) and len(cell) <= MAX_COLUMN_NAME]
        known = sum(simplified(name.casefold()) in self._usual or is_usual_name(name) for name in names if name)
        return known + 1_000 * len(self._chosen.intersection(names))


def column_name(cell: Any) -> str:
    """A column's name without what nobody sees."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = "" if cell is None else str(cell)
    return without_invisible(text).strip().replace("－", "-")[:MAX_COLUMN_NAME]


def split_header(
    rows: Iterable[TableRow], known: HeaderNames, report: ReadingReport
) -> tuple[list[str], Iterator[TableRow]]:
    """The names of the columns, and the rows below; rows above the header are noted, for they are left out.

    Args:
        rows: of the table from its first one.
        known: tells a header from titles.
        report: gets the note.
    """
    stream = iter(rows)
    head = list(islice(stream, _DEEPEST))
    at = header_place(head, known)
    if at is None:
        return [], iter(())
    above = [row for row in head[:at] if not row.is_blank]
    if above:
        titles = "；".join(_shown(row) for row in above[:3]) + ("……" if len(above) > 3 else "")
        report.note(f"表头在第 {head[at].line} 行；上面的 {{}} 行不是数据，没有导入：{titles}", len(above))
    names = [column_name(cell) for cell in head[at].cells]
    below: Iterator[TableRow] = chain(head[at + 1 :], stream)
    if len(starts := _tables_beside(names)) > 1:
        report.note("有 {} 张同样的表并排放着，从左到右依次导入", len(starts))
        names, below = names[: _width_of(names, starts)], _one_below_the_other(below, starts, _width_of(names, starts))
    twice = list(dict.fromkeys(name for name in names if name and names.count(name) > 1))
    report.note(f"有重复的列名，用后面有内容的那一格：{'、'.join(name[:20] for name in twice[:8])}", len(twice))
    return names, _without_header(below, names, report)


def _tables_beside(names: list[str]) -> list[int]:
    """Where tables with the same header begin that stand beside each other, blank columns between them or none."""
    for width in range(2, len(names) // 2 + 1):
        header, starts, at = names[:width], [0], width
        while at < len(names) and all(header):
            if not names[at]:
                at += 1
            elif names[at : at + width] == header:
                starts.append(at)
                at += width
            else:
                break
        if at >= len(names) and len(starts) > 1:
            return starts
    return [0]


def _width_of(names: list[str], starts: list[int]) -> int:
    return names.index("") if "" in names[: starts[1]] else starts[1]


def _one_below_the_other(rows: Iterable[TableRow], starts: list[int], width: int) -> Iterator[TableRow]:
    """The rows of the first table, then those of the others; what stands behind the last one stays there."""
    others: list[list[TableRow]] = [[] for _ in starts[1:]]
    for row in rows:
        yield row if row.problem else row._replace(cells=row.cells[:width])
        for table, start in zip(others, starts[1:], strict=True):
            cells = row.cells[start:] if start == starts[-1] else row.cells[start : start + width]
            if not row.problem:
                table.append(row._replace(cells=cells))
    for table in others:
        yield from table


def _without_header(rows: Iterable[TableRow], names: list[str], report: ReadingReport) -> Iterator[TableRow]:
    """The rows but those that are the header once more, as files have them that were put one below the other."""
    if not names:
        return
    lines: list[int] = []
    differing: list[int] = []
    twins = list(twins_of(names, range(len(names))).values())
    several = sum(map(bool, names)) > 1
    for row in rows:
        first = column_name(row.cells[0]) if several and row.cells and not row.problem else None
        if first == names[0] and [column_name(cell) for cell in row.cells] == names:
            lines.append(row.line)
            continue
        if any(
            len({str(row.cells[at]).strip() for at in places if at < len(row.cells)} - {"", "None"}) > 1
            for places in twins
        ):
            differing.append(row.line)
        yield row
    report.note(f"有 {{}} 行在重复的列里写了不同的内容，只导入了后面的那一格{line_places(differing)}", len(differing))
    report.note(f"有 {{}} 行与表头相同，不是数据，没有导入{line_places(lines)}", len(lines))


def twins_of(names: list[str], read: Iterable[int | None]) -> dict[int, list[int]]:
    """Columns of the same name as one that is read, by the place of that one, itself among them."""
    places = {at: [twin for twin, name in enumerate(names) if name == names[at]] for at in read if at is not None}
    return {at: twins for at, twins in places.items() if len(twins) > 1}


def last_filled(cells: list[Any], places: list[int]) -> Any:
    """The last of some cells that holds something: an empty one never takes a filled one's place."""
    row = [cells[at] for at in places if at < len(cells)]
    return next((cell for cell in reversed(row) if cell is not None and str(cell).strip()), row[0] if row else None)


def header_place(head: list[TableRow], known: HeaderNames) -> int | None:
    """Where in the first rows the header stands; ``None`` where all are blank.

    The first row with two known names, else with one; else the first that is more than a title in one cell.
    """
    filled = [at for at, row in enumerate(head) if not row.is_blank]
    if not filled:
        return None
    counts = {at: known.count(head[at].cells) for at in filled}
    for least in (1_000, 2):
        if (place := next((at for at in filled if counts[at] >= least), None)) is not None:
            return place
    # One known name may also be what a customer is called: it makes no header below a row that is as wide.
    widths = {at: sum(cell not in ("", None) for cell in head[at].cells) for at in filled}
    for place in filled:
        above = max((widths[at] for at in filled if at < place), default=0)
        if counts[place] and (above < 2 or above < widths[place]):
            return place
    wide = (at for at in filled if widths[at] > 1)
    return next(wide, filled[0])


def require_foreign(names: list[str], form: Form, file_name: str) -> None:
    """Refuse our own table of customers: its column 群聊 holds numbers of chats, not their texts.

    Raises:
        InputError: it is that table.
    """
    is_numbered = "群聊" in names and not {"客户", form.subject_heading}.isdisjoint(names)
    ours = is_numbered and {"来源", "审阅人"} & set(names) and set(form.keys) & set(names)
    if ours:
        raise InputError(
            f"文件 {file_name} 是这里导出的记录表（一行一张表单，「群聊」列是编号），不是群聊",
            "要导入群聊，请用有聊天文本的文件；同事改过的表请用 import-table 或「导出」页的「带回改过的表格」带回记录",
        )


def _shown(row: TableRow) -> str:
    return " ".join(column_name(cell) for cell in row.cells if cell not in ("", None))[:_TITLE_CHARACTERS]
