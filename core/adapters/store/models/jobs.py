"""Heavy computations that pages ask for, and their results."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column


class JobStatus(StrEnum):
    """State of a heavy computation."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class HeavyJobBase(Base):
    """Fields that a heavy job's table and view share.

    Attributes:
        kind: what is computed.
        subject: digest of the kind and its parameters: what the result is about, whatever the data were.
        digest: of all that the result depends on, data and code included.
        parameters: of the kind, JSON.
        status: see :class:`JobStatus`.
        stage: what is being done, in Chinese.
        done: steps of the stage that are done.
        total: steps of the stage.
        problem: why it failed, in Chinese; ``""`` otherwise.
        worker: ``host:process`` that computes; ``""`` while nobody does.
        attempts: how often somebody began.
        seen_at: the last sign of life.
        created_at: when it was asked for; the data of a result are not older.
    """

    kind: str
    subject: str
    digest: str
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    status: str = JobStatus.RUNNING
    stage: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""
    worker: str = ""
    attempts: int = 0
    seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class HeavyJob(HeavyJobBase, table=True):
    """One computation for everybody who asks for the same; a process that dies leaves it to the next one."""

    __table_args__ = (
        UniqueConstraint("digest", name="uq_heavyjob_digest"),
        Index("ix_heavyjob_subject", "subject"),
        Index("ix_heavyjob_status", "status"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)


class JobPart(Base, table=True):
    """A piece of a job's packed result, in order."""

    job_id: int = Field(primary_key=True, foreign_key="heavyjob.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    data: bytes = Field(sa_column=Column(LargeBinary(), nullable=False))
