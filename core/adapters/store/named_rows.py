"""Datasets and runs by the name that somebody typed, also in its other Unicode spelling."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from core.adapters.store.models import Dataset, Run
from core.domain.stored_names import stored_spellings

_Row = TypeVar("_Row", Dataset, Run)


def dataset_named(session: Session, name_or_id: str | int) -> Dataset | None:
    """The row of a dataset by name or id; ``None`` where there is none."""
    rows = session.execute(select(Dataset).where(meant(Dataset, name_or_id))).scalars()
    return _likest(rows, name_or_id)


def run_named(session: Session, dataset_id: int, typed: str) -> Run | None:
    """The row of a dataset's run; ``None`` where there is none of this name."""
    here = select(Run).where(col(Run.dataset_id) == dataset_id, meant(Run, typed))
    return _likest(session.execute(here).scalars(), typed)


def hold_run_names(session: Session, dataset_id: int) -> None:
    """Let nobody else add a run to a dataset until this transaction ends, so that a name looked for stays free.

    On PostgreSQL a lock of the dataset's row, which holds up no answers; SQLite has one writer anyway.
    """
    row = select(col(Dataset.id)).where(col(Dataset.id) == dataset_id)
    session.execute(row.with_for_update(key_share=True))


def meant(table: type[Dataset] | type[Run], name_or_id: str | int) -> ColumnElement[bool]:
    """The condition of a row by its id, or by its name in either spelling."""
    if isinstance(name_or_id, int):
        return col(table.id) == name_or_id
    return col(table.name).in_(stored_spellings(name_or_id))


def _likest(rows: Iterable[_Row], typed: str | int) -> _Row | None:
    """The row that is spelt as typed, where an older database has both spellings; else the other one."""
    return min(rows, key=lambda row: row.name != typed, default=None)
