"""Worker processes, the chats that they have leased, and the call limit of each model."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field

from core.adapters.store.models.base import Base, UtcDateTime, json_column, timestamp_column


class Worker(Base, table=True):
    """A process that executes runs.

    A worker without a recent heartbeat (``seen_at``) counts as lost; its row is deleted together with its leases.
    ``models`` names the models whose keys it has.
    """

    id: str = Field(primary_key=True)
    host: str
    pid: int
    models: list[str] = Field(default_factory=list, sa_column=json_column())
    started_at: datetime = Field(sa_column=timestamp_column())
    seen_at: datetime = Field(sa_column=timestamp_column())


class Lease(Base, table=True):
    """A chat of a run that a worker is processing. The primary key keeps two workers from processing the same chat."""

    __table_args__ = (
        Index("ix_lease_chat", "chat_id"),
        Index("ix_lease_model", "model"),
        Index("ix_lease_worker", "worker_id"),
    )

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    worker_id: str = Field(foreign_key="worker.id", ondelete="CASCADE")
    model: str
    started_at: datetime = Field(sa_column=timestamp_column())


class ModelLimiter(Base, table=True):
    """Rate limiter of a model, shared by all workers.

    A worker locks this row while it reserves a call. ``next_at`` is the earliest start of the next call.
    """

    __tablename__ = "gate"

    model: str = Field(primary_key=True)
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
