"""The runs of a dataset that have answers, with what tells how far they may be trusted."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store.kept_reads import read_value_once
from core.adapters.store.last_edit import last_edit
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind
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
        version: changes when an answer is added, replaced or edited.
        is_learned: whether it, or a run behind it, was made from what people said about chats.
        is_tuned_here: whether its model was trained on chats of this dataset.
        is_merge: whether somebody merged it from other runs; the parts of a recipe's run are no runs of their own.
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
    is_merge: bool = False


def runs_with_answers(session: Session, dataset_id: int) -> list[AnsweredRun]:
    """Runs of a dataset that have answers, the newest first; without totals, which would need a scan of all answers."""
    every = session.execute(select(Run).where(col(Run.dataset_id) == dataset_id)).scalars().all()
    counts = read_value_once(session, "answers of runs", dataset_id, lambda: _count_answers(session, dataset_id))
    edited = last_edit(session)
    runs = []
    for run in sorted(every, key=lambda run: -(run.id or 0)):
        newest, failed, answered = counts.get(run.id or 0, (0, 0, 0))
        if answered:
            identity = (run.name, run.kind, run.status, run.model, run.provider)
            version = (newest, failed, answered, run.form_change, edited)
            taught = _taught(session, run, every)
            runs.append(AnsweredRun(run.id or 0, *identity, answered, version, *taught, is_merge=_is_merge(run)))
    return runs


def _count_answers(session: Session, dataset_id: int) -> dict[int, tuple[int, int, int]]:
    """By run, the id of the newest extraction, how many failed, and how many are answers; from an index alone."""
    of_dataset = select(col(Run.id)).where(col(Run.dataset_id) == dataset_id)
    statement = (
        select(col(Extraction.run_id), col(Extraction.status), func.max(col(Extraction.id)), func.count())
        .where(col(Extraction.run_id).in_(of_dataset))
        .group_by(col(Extraction.run_id), col(Extraction.status))
    )
    counts: dict[int, tuple[int, int, int]] = {}
    for run_id, status, newest, count in session.execute(statement):
        last, failed, answered = counts.get(run_id, (0, 0, 0))
        is_failed = status == ExtractionStatus.FAILED
        more = (count, 0) if is_failed else (0, count)
        counts[run_id] = (max(last, newest), failed + more[0], answered + more[1])
    return counts


def _is_merge(run: Run) -> bool:
    return run.kind == RunKind.MERGE and not ((run.parameters or {}).get("merge") or {}).get("parts")


def _taught(session: Session, run: Run, every: Sequence[Run]) -> tuple[bool, bool]:
    return is_from_people(run, every), taught_on(session, run.dataset_id, run, every) > 0


def database_address(session: Session) -> str:
    """Address of the database, for keys of what is cached: ids of two databases are not told apart by themselves."""
    return str(session.get_bind().engine.url)
