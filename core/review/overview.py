"""What the start page and the record table show: datasets with their progress, records as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import col

from core.form import Form
from core.review import queue
from core.review.model import UNREVIEWED
from core.store import DatasetView, RunView, Store, queries
from core.store.models import Chat, Dataset, Pass, Record, RecordEvent


@dataclass(frozen=True, slots=True)
class DatasetState:
    """How one dataset stands; ``runs`` newest first."""

    dataset: DatasetView
    progress: queue.Progress
    runs: tuple[RunView, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """One save, for the list of what happened last."""

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
            DatasetState(view, queue.progress(session, view.id), tuple(queries.runs(session, view.id)))
            for view in queries.datasets(session)
        ]
        rows = session.execute(
            select(RecordEvent, col(Dataset.id), col(Dataset.name), col(Chat.index))
            .join(Record, col(Record.id) == col(RecordEvent.record_id))
            .join(Chat, col(Chat.id) == col(Record.chat_id))
            .join(Dataset, col(Dataset.id) == col(Record.dataset_id))
            .where(col(RecordEvent.status) != "草稿")
            .order_by(col(RecordEvent.id).desc())
            .limit(recent)
        )
        return states, [
            Activity(event.at, event.who, dataset_id, name, index, event.status)
            for event, dataset_id, name, index in rows
        ]


def record_rows(store: Store, dataset: DatasetView, form: Form) -> list[dict[str, Any]]:
    """One row per customer of every record, and one per chat without a record, in order of the index.

    Keys: 序号, 状态, 审阅人, 更新时间 and the label of every field; lists joined by ``、``.
    """
    with store.read() as session:
        records = {record.index: record for record in queries.records(session, dataset.id)}
        indices = list(queries.chat_ids(session, dataset.id))
    rows: list[dict[str, Any]] = []
    for index in indices:
        record = records.get(index)
        head = {
            "序号": index,
            "状态": record.status if record else UNREVIEWED,
            "审阅人": record.reviewer if record else "",
            "更新时间": f"{record.updated_at.astimezone():%Y-%m-%d %H:%M}" if record else "",
        }
        for values in (record.forms if record else []) or [form.empty()]:
            cells = {field.label: values.get(field.key, field.empty) for field in form.fields}
            rows.append(head | {key: "、".join(v) if isinstance(v, list) else v for key, v in cells.items()})
    return rows


def records_version(store: Store, dataset_id: int) -> str:
    """Changes with every save in a dataset: the cache key of its record table."""
    with store.read() as session:
        count, versions, chats = session.execute(
            select(func.count(col(Record.id)), func.coalesce(func.sum(col(Record.version)), 0), func.count())
            .select_from(Chat)
            .outerjoin(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
            .where(col(Chat.dataset_id) == dataset_id)
        ).one()
    return f"{count}-{versions}-{chats}"
