"""Rows whose texts become equal where a person's words are replaced: the database allows each such text once."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, delete, func, select, update
from sqlmodel import Session


def update_row(session: Session, table: Table, row: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Change the texts of a row, whatever stands in other rows.

    A row that is about the person (its key holds their name, as who has a chat open) and that another row repeats from
    now on goes. A name that may stand once, as a dataset's, gets a number behind it.

    Args:
        session: open session.
        table: of the row.
        row: all of it, as it is.
        changes: new texts by column.
    """
    this = [column == row[column.name] for column in table.primary_key.columns]
    values = dict(changes)
    for columns in _unique_texts(table, changes):
        if not _is_taken(session, table, row, columns, values):
            continue
        if columns == list(table.primary_key.columns):
            session.execute(delete(table).where(*this))
            return
        numbered = next(column.name for column in columns if column.name in changes)
        number = 2
        while _is_taken(session, table, row, columns, values):
            values[numbered] = f"{changes[numbered]} {number}"
            number += 1
    session.execute(update(table).where(*this).values(**values))


def _unique_texts(table: Table, changes: Mapping[str, Any]) -> Iterator[list[Column[Any]]]:
    """The sets of columns that no two rows share, of which one is about to change."""
    sets = [list(table.primary_key.columns)]
    sets += [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    sets += [list(index.columns) for index in table.indexes if index.unique]
    yield from (columns for columns in sets if any(column.name in changes for column in columns))


def _is_taken(
    session: Session, table: Table, row: Mapping[str, Any], columns: list[Column[Any]], values: Mapping[str, Any]
) -> bool:
    new_texts = {column.name: values.get(column.name, row[column.name]) for column in columns}
    if any(value is None for value in new_texts.values()) or all(new_texts[name] == row[name] for name in new_texts):
        return False  # of empty ones there may be many; and what does not change is the row's own
    same = select(func.count()).select_from(table).where(*(table.c[name] == value for name, value in new_texts.items()))
    return bool(session.execute(same).scalar_one())
