"""Datasets and runs by the name that somebody typed, also in its other Unicode spelling."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import Dataset, Run
from core.domain.stored_names import spellings

_Row = TypeVar("_Row", Dataset, Run)


def dataset_named(session: Session, typed: str) -> Dataset | None:
    """The row of a dataset; ``None`` where there is none of this name."""
    rows = session.execute(select(Dataset).where(col(Dataset.name).in_(spellings(typed)))).scalars()
    return _likest(rows, typed)


def run_named(session: Session, dataset_id: int, typed: str) -> Run | None:
    """The row of a dataset's run; ``None`` where there is none of this name."""
    here = select(Run).where(col(Run.dataset_id) == dataset_id, col(Run.name).in_(spellings(typed)))
    return _likest(session.execute(here).scalars(), typed)


def _likest(rows: Iterable[_Row], typed: str) -> _Row | None:
    """The row that is spelt as typed, where an older database has both spellings; else the other one."""
    return min(rows, key=lambda row: row.name != typed, default=None)
