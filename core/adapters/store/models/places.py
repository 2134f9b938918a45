"""Chats that runs are at, and the call limit of each model."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from core.adapters.store.models.base import Base, UtcDateTime, timestamp_column


class Place(Base, table=True):
    """A chat of a run that somebody is at. The primary key keeps two workers from the same chat.

    ``holder`` names who: on PostgreSQL a row of ``procrastinate_workers``, with which its places go; on SQLite a random
    number of the one process that executes runs.
    """

    __table_args__ = (
        Index("ix_place_chat", "chat_id"),
        Index("ix_place_model", "model"),
        Index("ix_place_holder", "holder"),
    )

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    model: str
    holder: int = Field(sa_column=Column(BigInteger(), nullable=False))
    started_at: datetime = Field(sa_column=timestamp_column())


class ModelLimiter(Base, table=True):
    """Rate limiter of a model, shared by all workers.

    A worker locks this row while it reserves a call or puts lanes in. ``next_at`` is the earliest start of the next
    call.
    """

    __tablename__ = "gate"

    model: str = Field(primary_key=True)
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
