"""Data of the start page: datasets with their progress, and the latest saves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import Chat, Dataset, Record, RecordEvent
from core.services.quality import DefaultRun, default_run
from core.services.review.progress import UNDECIDED, Progress, review_progress


@dataclass(frozen=True, slots=True)
class DatasetState:
    """A dataset with its progress, its runs, newest first, and the default one."""

    dataset: DatasetView
    progress: Progress
    runs: tuple[RunView, ...]
    default: DefaultRun | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry in the list of latest saves."""

    at: datetime
    who: str
    dataset_id: int
    dataset: str
    chat: int
    status: str


def overview(store: Store, *, recent: int = 12) -> tuple[list[DatasetState], list[Activity]]:
    """All datasets, newest first, and the last saves that were decisions (drafts are left out)."""
    with store.read() as session:
        states = [
            DatasetState(
                view,
                review_progress(session, view.id),
                tuple(queries.runs(session, view.id)),
                default_run(session, view.id),
            )
            for view in queries.datasets(session)
        ]
        rows = session.execute(
            select(RecordEvent, col(Dataset.id), col(Dataset.name), col(Chat.index))
            .join(Record, col(Record.id) == col(RecordEvent.record_id))
            .join(Chat, col(Chat.id) == col(Record.chat_id))
            .join(Dataset, col(Dataset.id) == col(Record.dataset_id))
            .where(col(RecordEvent.status).not_in(UNDECIDED))
            .order_by(col(RecordEvent.id).desc())
            .limit(recent)
        )
        return states, [
            Activity(event.at, event.who, dataset_id, name, index, event.status)
            for event, dataset_id, name, index in rows
        ]
