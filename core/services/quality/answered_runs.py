"""The runs of a dataset that have answers, with what tells how far they may be trusted."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store.kept_reads import read_value_once
from core.adapters.store.models import Extraction, ExtractionStatus, Run
from core.services.quality.cache import cached
from core.services.quality.run_ancestry import is_from_people, taught_on


@dataclass(frozen=True, slots=True)
class AnsweredRun:
    """A run that has answers.

    Attributes:
        id: of the run.
        name: of the run.
        kind: where its answers come from.
        status: of the run.
        model: that gave them.
        provider: by which it was called.
        answered: how many chats it answers.
        version: changes when an answer is added or replaced.
        is_learned: whether it, or a run behind it, was made from what people said about chats.
        is_tuned_here: whether its model was trained on chats of this dataset.
    """

    id: int
    name: str
    kind: str
    status: str
    model: str
    provider: str
    answered: int
    version: Hashable
    is_learned: bool = False
    is_tuned_here: bool = False


def runs_with_answers(session: Session, dataset_id: int) -> list[AnsweredRun]:
    """Runs of a dataset that have answers, the newest first; without totals, which would need a scan of all answers."""
    every = session.execute(select(Run).where(col(Run.dataset_id) == dataset_id)).scalars().all()
    versions = read_value_once(session, "newest answers", dataset_id, lambda: _newest_answers(session, dataset_id))
    rows = [(run, *versions[run.id]) for run in sorted(every, key=lambda run: -(run.id or 0)) if run.id in versions]
    runs = []
    for run, *version in rows:
        run_id = run.id or 0
        key = ("answered", database_address(session), run_id, *version)
        if answered := cached(key, lambda run_id=run_id: _answered(session, run_id)):  # type: ignore[misc]
            identity = (run.name, run.kind, run.status, run.model, run.provider)
            runs.append(AnsweredRun(run_id, *identity, answered, tuple(version), *_taught(session, run, every)))
    return runs


def _newest_answers(session: Session, dataset_id: int) -> dict[int, tuple[int, int]]:
    """By run that answers anything, the id of the newest extraction and how many there are."""
    of_dataset = select(col(Run.id)).where(col(Run.dataset_id) == dataset_id)
    statement = (
        select(col(Extraction.run_id), func.max(col(Extraction.id)), func.count())
        .where(col(Extraction.run_id).in_(of_dataset))
        .group_by(col(Extraction.run_id))
    )
    return {run_id: (newest, count) for run_id, newest, count in session.execute(statement)}


def _taught(session: Session, run: Run, every: Sequence[Run]) -> tuple[bool, bool]:
    return is_from_people(run, every), taught_on(session, run.dataset_id, run, every) > 0


def _answered(session: Session, run_id: int) -> int:
    statement = select(func.count()).where(
        col(Extraction.run_id) == run_id, col(Extraction.status) != ExtractionStatus.FAILED
    )
    return int(session.execute(statement).scalar_one())


def database_address(session: Session) -> str:
    """Address of the database, for keys of what is cached: ids of two databases are not told apart by themselves."""
    return str(session.get_bind().engine.url)
