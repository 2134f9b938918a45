"""Calls that go to a service as a batch: files of requests, and the requests in them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column


class CallBatchState(StrEnum):
    """How far a batch is. What is being done is written down before it is begun, and what came of it after."""

    PREPARED = "prepared"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    CREATING = "creating"
    CREATED = "created"
    ENDED = "ended"
    FETCHED = "fetched"
    CLOSED = "closed"


AT_SERVICE = (CallBatchState.CREATING, CallBatchState.CREATED, CallBatchState.ENDED)
"""States of batches whose answers are paid for and not fetched."""


FILES_AT_SERVICE = (CallBatchState.UPLOADING, CallBatchState.UPLOADED, CallBatchState.FETCHED)
"""States of others whose files with chats may lie at the service; who drives batches deletes them."""
MOST_TRIES_TO_DELETE = 3
"""After so many failures files stay where they are: their service may be gone."""


class CallLineState(StrEnum):
    """What became of a request in a batch."""

    SENT = "sent"
    ANSWERED = "answered"
    FAILED = "failed"
    UNASKED = "unasked"


class CallBatchBase(Base):
    """Fields that a batch's table and view share.

    Attributes:
        run_id: whose questions these are.
        state: see :class:`CallBatchState`.
        token: our own mark: name of the file, and by which the batch is found at the service.
        file_id: of the uploaded file, the service's.
        remote_id: of the batch, the service's.
        remote_status: in the words of the API.
        output_file: with the answers.
        error_file: with the lines that failed.
        total: requests.
        completed: of them answered, as the service says.
        failed: of them failed, likewise.
        problem: why it does not go on, in Chinese; ``""`` otherwise.
        tries: failed attempts at the present step.
        tried_at: when the present step was begun.
        next_at: before then nothing is tried.
        created_at: when its requests were written down.
        submitted_at: when the service took it.
        expires_at: when the service gives it up.
        ended_at: when the service was done with it.
    """

    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE")
    state: str = CallBatchState.PREPARED
    token: str
    file_id: str = ""
    remote_id: str = ""
    remote_status: str = ""
    output_file: str = ""
    error_file: str = ""
    total: int = 0
    completed: int = 0
    failed: int = 0
    problem: str = ""
    tries: int = 0
    tried_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    submitted_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))


class CallBatch(CallBatchBase, table=True):
    """One file of requests of a run. The batches of reviewers are another thing (``Batch``)."""

    __table_args__ = (Index("ix_callbatch_run", "run_id", "state"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)


class CallLine(Base, table=True):
    """One request in a batch, until the chat that it is about has its result.

    Attributes:
        batch_id: the batch.
        run_id: the run.
        chat_id: the chat.
        custom_id: by which its answer is known; another one each time that a question is asked.
        key: of the request, see :class:`~core.adapters.store.models.runs.Reply`.
        variant: which response format was asked for.
        attempts: of the extraction that it is to replace; 0 for a chat without one.
        form: reference of the form that was asked for.
        body: the line as it is sent; empty once it is answered.
        tokens: of question and answer, estimated.
        examples: that the question shows, ``{digest of the conversation: [[chat, answer, label, warnings], …]}``.
        state: see :class:`CallLineState`.
        result: as the service gave it; ``None`` until then.
    """

    __table_args__ = (Index("ix_callline_batch", "batch_id"), Index("ix_callline_run_chat", "run_id", "chat_id"))

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="callbatch.id", ondelete="CASCADE")
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    custom_id: str = Field(unique=True)
    key: str
    variant: int = 0
    attempts: int = 0
    form: str = ""
    body: str = Field(default="", sa_column=Column(Text, nullable=False))
    tokens: int = 0
    examples: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    state: str = CallLineState.SENT
    result: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
