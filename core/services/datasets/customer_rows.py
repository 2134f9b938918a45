"""Tables of labels with a row for each customer: the rows of one chat follow one another and become one."""

from collections.abc import Iterable, Iterator
from typing import Any

from core.services.datasets.import_types import RawRow
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.table_header import INFOS


def joined_customers(rows: Iterable[RawRow], report: ReadingReport) -> Iterator[RawRow]:
    """The rows of a table with label columns; those of further customers of a chat are put into its first one.

    Such a row repeats the index or the text of the one above it, or leaves both empty as below a merged cell, and
    names another customer. One that repeats everything is a row of its own, for it may be a mistake.

    Args:
        rows: with one form each.
        report: gets how many rows were put together.
    """
    open_row: RawRow | None = None
    position = further = 0
    chats: set[int] = set()
    for row in rows:
        if open_row is not None and _is_further(open_row.value, row):
            open_row.value[INFOS].extend(row.value[INFOS])
            open_row = open_row._replace(notes=tuple(dict.fromkeys((*open_row.notes, *row.notes))))
            further += 1
            chats.add(position)
            continue
        if open_row is not None:
            yield open_row
        position += 1
        open_row = row._replace(position=position)
        if row.problem or not isinstance(row.value, dict):
            yield open_row
            open_row = None
    if open_row is not None:
        yield open_row
    report.note(f"有 {len(chats):,} 条群聊的客户分写在几行（每位一行），{{}} 行已并入同一条", further)


def _is_further(first: dict[str, Any], row: RawRow) -> bool:
    value = row.value
    if row.problem or not isinstance(value, dict) or not all(map(_is_filled, (value[INFOS][0], first[INFOS][0]))):
        return False
    if value[INFOS][0] in first[INFOS]:
        return False
    keys = [key for key in ("index", "chat_text") if key in first]
    empty = [value.get(key) in (None, "") for key in keys]
    same = [value.get(key) == first[key] for key in keys]
    if all(empty):
        return bool(keys) and not any(first[key] in (None, "") for key in keys[:1])
    return all(alike or blank for alike, blank in zip(same, empty, strict=True))


def _is_filled(form: dict[str, Any]) -> bool:
    return any(value not in (None, "", []) for value in form.values())
