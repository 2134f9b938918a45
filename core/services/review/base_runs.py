"""The runs that a review can start from."""

from dataclasses import dataclass

from sqlmodel import Session

from core.adapters.store.models import RunKind
from core.services.quality.default_run import runs_and_default


@dataclass(frozen=True, slots=True)
class BaseRun:
    """The run that a review starts from, without its totals, which would need a scan of all answers."""

    id: int
    name: str
    kind: str
    model: str
    provider: str


def base_run(session: Session, dataset_id: int, name: str = "") -> BaseRun | None:
    """The run whose values the reviewer starts from: the named one, else the dataset's default run.

    Which run is the default is the business of :mod:`core.services.quality.default_run`.
    """
    available = base_runs(session, dataset_id)
    return next((run for run in available if run.name == name), available[0] if available else None)


def base_runs(session: Session, dataset_id: int) -> list[BaseRun]:
    """Runs of a dataset that have answers: the default run first, then the newest first, labels last."""
    answered, default = runs_and_default(session, dataset_id)
    runs = [BaseRun(run.id, run.name, run.kind, run.model, run.provider) for run in answered]
    return sorted(runs, key=lambda run: (default is None or run.id != default.id, run.kind == RunKind.LABELS))
