"""The runs that a review can start from."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlmodel import Session, col

from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind


@dataclass(frozen=True, slots=True)
class BaseRun:
    """The run that a review starts from, without its totals, which would need a scan of all answers."""

    id: int
    name: str
    kind: str
    model: str
    provider: str


def base_run(session: Session, dataset_id: int, name: str = "") -> BaseRun | None:
    """The run whose values the reviewer starts from: the named one, else the newest one with answers.

    Labels are used only where there is nothing else, for they are what reviewers are compared with.
    """
    available = base_runs(session, dataset_id)
    return next((run for run in available if run.name == name), available[0] if available else None)


def base_runs(session: Session, dataset_id: int) -> list[BaseRun]:
    """Runs of a dataset that have answers: the newest first, labels last."""
    answered = exists().where(col(Extraction.run_id) == col(Run.id), col(Extraction.status) != ExtractionStatus.FAILED)
    statement = select(Run).where(col(Run.dataset_id) == dataset_id, answered).order_by(col(Run.id).desc())
    runs = [
        BaseRun(run.id or 0, run.name, run.kind, run.model, run.provider)
        for run in session.execute(statement).scalars()
    ]
    return sorted(runs, key=lambda run: run.kind == RunKind.LABELS)
