"""Runs, what they said about each chat, and the stored replies that later requests can reuse."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, json_column, now, timestamp_column


class RunKind(StrEnum):
    """How a run's forms were obtained."""

    MODEL = "model"
    IMPORT = "import"
    LABELS = "labels"
    MERGE = "merge"


class RunStatus(StrEnum):
    """State of a run."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class ExtractionStatus(StrEnum):
    """Result of extracting one chat in one run."""

    OK = "ok"
    REPAIRED = "repaired"
    FAILED = "failed"


class RunBase(Base):
    """Fields that a run's table and view share. ``prompt_text`` is the whole template as it was used.

    ``form`` is the reference of the form that it was made with, where its answers were carried to a later one since by
    the change ``form_change``; ``""`` and 0 where they are of the dataset's form as they came.
    """

    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    name: str
    kind: str
    status: str = RunStatus.WAITING
    provider: str = ""
    model: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    prompt_sha256: str = ""
    prompt_text: str = Field(default="", sa_column=Column(Text, nullable=False))
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    total: int = 0
    form: str = Field(default="", sa_column_kwargs={"server_default": ""})
    form_change: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class Run(RunBase, table=True):
    """One set of forms for a dataset: extracted by a model, imported, labelled by people, or merged."""

    __table_args__ = (UniqueConstraint("dataset_id", "name", name="uq_run_dataset_name"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)


class PinnedRun(Base, table=True):
    """The run that the lead chose as a dataset's default; it goes with the run."""

    dataset_id: int = Field(primary_key=True, foreign_key="dataset.id", ondelete="CASCADE")
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE")
    who: str = ""
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class SeenDefaultRun(Base, table=True):
    """The default run that a reviewer was last shown; its name is kept, for the run may be deleted."""

    dataset_id: int = Field(primary_key=True, foreign_key="dataset.id", ondelete="CASCADE")
    reviewer: str = Field(primary_key=True)
    run_id: int
    run_name: str


class ExtractionBase(Base):
    """Fields that an extraction's table and view share. ``forms`` is ``None`` where the extraction failed.

    ``made_on`` is the number of characters that the chat had when it was read, if it has been gone on with since.
    ``tokens_cached`` of ``tokens_in`` the service had kept from an earlier question; ``batch_in`` and ``batch_out`` are
    what of both counts went as a batch. They have prices of their own.
    """

    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    status: str
    forms: list[dict[str, Any]] | None = Field(default=None, sa_column=json_column(nullable=True))
    replies: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    notes: list[str] = Field(default_factory=list, sa_column=json_column())
    cause: str = ""
    error: str = ""
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    batch_in: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    batch_out: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    seconds: float = 0.0
    made_on: int | None = None


class Extraction(ExtractionBase, table=True):
    """One run's answer for one chat. Never edited: a retry replaces a failed row and keeps its replies."""

    __table_args__ = (
        UniqueConstraint("run_id", "chat_id", name="uq_extraction_run_chat"),
        Index("ix_extraction_chat", "chat_id"),
        # All that a run's totals are summed up from: the rows themselves are long.
        Index(
            "ix_extraction_totals",
            *("run_id", "status", "created_at", "id", "made_on", "tokens_in", "tokens_out", "seconds"),
            *("tokens_cached", "batch_in", "batch_out"),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class Reply(Base, table=True):
    """Index of stored model replies, so that an identical request need not be sent again.

    The reply is ``replies[position]`` of a successful extraction. ``key`` is a digest of the whole request;
    ``reused`` says that the reply was itself copied from an earlier one.
    """

    __table_args__ = (Index("ix_reply_key", "key"),)

    extraction_id: int = Field(primary_key=True, foreign_key="extraction.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    key: str
    reused: bool = False
