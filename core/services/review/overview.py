"""Data of the start page: datasets with their progress, and the latest saves."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from core.adapters.store import DatasetView, RunView, Store, queries
from core.domain.scoring import Interval
from core.services.quality import DefaultRun
from core.services.quality.default_run import default_and_best
from core.services.quality.value_cost import value_costs
from core.services.review.latest_saves import Activity, latest_saves
from core.services.review.progress import Progress, review_progress


@dataclass(frozen=True, slots=True)
class DatasetState:
    """A dataset with its progress and runs.

    Attributes:
        dataset: which.
        progress: of its review.
        runs: newest first.
        default: the default run; ``None`` where no run has answers.
        best: the one that would be the default had nobody pinned one.
        interval: 95 % of the best one's score against labels, where there are enough.
        passed: how many confirmed records nobody has looked at.
        value_costs: yuan for each value that the labels confirm, by run, the cheapest first.
    """

    dataset: DatasetView
    progress: Progress
    runs: tuple[RunView, ...]
    default: DefaultRun | None = None
    best: DefaultRun | None = None
    interval: Interval | None = None
    passed: int = 0
    value_costs: Mapping[int, float] = field(default_factory=dict)


def overview(store: Store, *, recent: int = 12) -> tuple[list[DatasetState], list[Activity]]:
    """All datasets, and the last saves that were decisions with the changes of many records between them.

    Args:
        store: to read.
        recent: at most so many of these.

    Returns:
        Datasets, that with the latest of these saves first, a newer dataset before an older save; and the saves.
    """
    with store.read() as session:
        states = [_state(session, view) for view in queries.datasets(session)]
        events = latest_saves(session, recent)
    saved_at = {event.dataset_id: event.at for event in reversed(events)}
    states.sort(
        key=lambda item: max(item.dataset.created_at, saved_at.get(item.dataset.id, item.dataset.created_at)),
        reverse=True,
    )
    return states, events


def _state(session: Session, dataset: DatasetView) -> DatasetState:
    default, best, interval = default_and_best(session, dataset.id)
    return DatasetState(
        dataset,
        review_progress(session, dataset.id),
        tuple(queries.runs(session, dataset.id)),
        default,
        best,
        interval,
        queries.count_passed(session, dataset.id),
        value_costs(session, dataset.id),
    )
