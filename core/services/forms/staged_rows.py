"""Rows of a change of a form, computed before anything is locked, and used where nobody has touched them since.

Computing is nearly all of the work. Done beforehand, it can show how far it is, can be given up at any moment, and
keeps nobody from saving; the transaction behind it only compares and writes.
"""

import json
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from tempfile import TemporaryFile
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session

from core.services.forms.changed_rows import TABLES, ChangedTable, Columns

OnRows = Callable[[int, int], None]
"""Called with the number of rows that are done and the number of all."""
Row = dict[str, Any]
"""A row of a changed table: ``row_id``, ``dataset_id``, ``chat_id`` and the columns that may change."""
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """What a change makes of a row.

    Attributes:
        after: its columns; ``None`` where nothing changes.
        moved: filled cells whose field or value changes.
        lost: ``(old key, value)`` of what has no place in the new form.
    """

    after: Columns | None
    moved: int = 0
    lost: tuple[tuple[str, str], ...] = ()


Carrier = Callable[[Session, ChangedTable, Sequence[Row]], list[CarriedRow]]
"""What becomes of rows of a table; the same whenever they are the same."""


def columns_of(table: ChangedTable, row: Row) -> Columns:
    """The columns of a row that may change."""
    return {name: row[name] for name in table.columns}


def row_batches(session: Session, table: ChangedTable, ids: Sequence[int]) -> Iterator[list[Row]]:
    """Rows of a table in these datasets, in order of their ids; what is written meanwhile is behind the last one."""
    number, dataset = table.rows.selected_columns[0], table.rows.selected_columns[1]
    last = 0
    while True:
        statement = table.rows.where(dataset.in_(list(ids)), number > last).limit(_AT_ONCE)
        batch = [dict(row) for row in session.execute(statement).mappings()]
        if not batch:
            return
        last = batch[-1]["row_id"]
        yield batch


def number_of_rows(session: Session, ids: Sequence[int]) -> int:
    """Rows of all tables that a change of a form of these datasets looks at."""
    total = 0
    for table in TABLES:
        rows = table.rows.where(table.rows.selected_columns[1].in_(list(ids))).order_by(None).subquery()
        total += session.execute(select(func.count()).select_from(rows)).scalar_one()
    return total


class StagedRows:
    """What a change makes of each row, in a file without a name that goes with this object."""

    def __init__(self, tables: Sequence[ChangedTable]) -> None:
        """Prepare.

        Args:
            tables: in the order in which they are staged and taken.
        """
        self.tables = tuple(tables)
        self._file = TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")
        self._close = weakref.finalize(self, self._file.close)
        self._starts: dict[str, int] = {}
        self._ahead: list[Any] | None = None

    def close(self) -> None:
        """Give the file up."""
        self._close()

    def stage(self, session: Session, ids: Sequence[int], carry: Carrier, on_rows: OnRows | None) -> None:
        """Compute all rows.

        Args:
            session: open session; nothing is written.
            ids: of the datasets.
            carry: what becomes of rows.
            on_rows: told how far it is.
        """
        total, done = number_of_rows(session, ids) if on_rows is not None else 0, 0
        for table in self.tables:
            self._starts[table.name] = self._file.tell()
            for batch in row_batches(session, table, ids):
                for row, carried in zip(batch, carry(session, table, batch), strict=True):
                    entry = [row["row_id"], _digest(table, row), carried.after, carried.moved, carried.lost]
                    self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
                done += len(batch)
                if on_rows is not None:
                    on_rows(min(done, total), total)
            self._file.write("\n")

    def take(
        self, session: Session, table: ChangedTable, ids: Sequence[int], carry: Carrier
    ) -> Iterator[list[tuple[Row, CarriedRow]]]:
        """Each row as it is now with what becomes of it, computed anew where it was changed or made since.

        Args:
            session: open session, in which nobody else changes these rows.
            table: tables have to be taken in the order in which they were staged.
            ids: of the datasets.
            carry: as for :meth:`stage`.
        """
        self._file.seek(self._starts[table.name])
        self._ahead = self._next()
        for batch in row_batches(session, table, ids):
            staged = [self._staged(table, row) for row in batch]
            changed = [row for row, known in zip(batch, staged, strict=True) if known is None]
            anew = iter(carry(session, table, changed) if changed else ())
            yield [(row, known or next(anew)) for row, known in zip(batch, staged, strict=True)]

    def _next(self) -> list[Any] | None:
        line = self._file.readline().strip()
        return json.loads(line) if line else None

    def _staged(self, table: ChangedTable, row: Row) -> CarriedRow | None:
        while self._ahead is not None and self._ahead[0] < row["row_id"]:
            self._ahead = self._next()
        if self._ahead is None or self._ahead[0] != row["row_id"] or self._ahead[1] != _digest(table, row):
            return None
        _, _, after, moved, lost = self._ahead
        return CarriedRow(after, moved, tuple((key, value) for key, value in lost))


def _digest(table: ChangedTable, row: Row) -> str:
    text = json.dumps(columns_of(table, row), ensure_ascii=False)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
