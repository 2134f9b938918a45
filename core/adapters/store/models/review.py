"""Review: records and their history, claims, priorities, guidelines and batches."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column


class RecordStatus(StrEnum):
    """A reviewer's decision about a chat. 未审阅: there is no record, or its decision was undone."""

    UNREVIEWED = "未审阅"
    DRAFT = "草稿"
    CONFIRMED = "已确认"
    DISCUSS = "待讨论"
    SKIPPED = "已跳过"


class Pass(StrEnum):
    """Which of a chat's reviews a record belongs to: the first, the blind second, or the adjudication of both."""

    PRIMARY = "primary"
    SECOND = "second"
    ADJUDICATED = "adjudicated"


class RecordBase(Base):
    """Fields that a record's table and view share.

    ``customers`` is a list of ``{values, origin, confirmed, pinned}``.
    """

    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    review_pass: str = Pass.PRIMARY
    customers: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    status: str
    base_run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL")
    reviewer: str
    note: str = ""
    version: int
    seconds: float = 0.0
    updated_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class Record(RecordBase, table=True):
    """A chat's form values as a reviewer edited them."""

    __table_args__ = (
        UniqueConstraint("chat_id", "review_pass", name="uq_record_chat_pass"),
        Index("ix_record_dataset_status", "dataset_id", "review_pass", "status"),
        Index("ix_record_dataset_reviewer", "dataset_id", "reviewer", "updated_at"),
        Index("ix_record_reviewer", "reviewer", "review_pass", "status"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class RecordEventBase(Base):
    """Fields that a record event's table and view share.

    ``save_id`` comes from the browser: a repeated save is applied only once.
    """

    version: int
    who: str
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    status: str
    change: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    reason: str = ""
    save_id: str = Field(unique=True)


class RecordEvent(RecordEventBase, table=True):
    """One save of a record; append-only."""

    __table_args__ = (Index("ix_recordevent_record", "record_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id", ondelete="CASCADE")


class Claim(Base, table=True):
    """A reviewer's temporary claim on a chat, which keeps it out of other reviewers' queues until it expires."""

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    reviewer: str
    until: datetime = Field(sa_column=timestamp_column())


class ChatVisit(Base, table=True):
    """Who has a chat on screen although somebody else has claimed it; of several, the last one who came."""

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    reviewer: str
    until: datetime = Field(sa_column=timestamp_column())


class BlindOpening(Base, table=True):
    """A chat that was on somebody's screen for a blind second review: the first one is kept from them for a while."""

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    reviewer: str = Field(primary_key=True)
    at: datetime = Field(sa_column=timestamp_column())


class RecordSeen(Base, table=True):
    """A chat whose first review somebody else was shown; ``is_reviewed``: as a person made it, not only a threshold."""

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    reviewer: str = Field(primary_key=True)
    is_reviewed: bool
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class ChatPriority(Base, table=True):
    """Review priority of a chat: the points that a run's answer may lose if nobody checks it.

    Derived data, recomputed when ``signature`` changes. ``reasons`` is ``[{customer, key, points, why}]``, the
    largest first. ``confidence`` is, per form of the run's answer, the probability that each cell is right, by key;
    ``None`` while too little was approved to say.
    """

    __tablename__ = "chatstake"
    __table_args__ = (Index("ix_chatstake_chat", "chat_id"),)

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    signature: str
    points: float
    differing: int
    warnings: int
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    confidence: list[dict[str, float]] | None = Field(default=None, sa_column=json_column(nullable=True))


class PassingScope(StrEnum):
    """What a passing rule lets pass: whole chats, or single cells of chats that are still to be reviewed."""

    FORMS = "forms"
    CELLS = "cells"


class PassingRuleBase(Base):
    """Fields that a passing rule's table and view share.

    Attributes:
        name: 12 characters that stand in the save ids of what it let pass.
        run_id: the run whose values pass; ``None`` once it was deleted.
        scope: see :class:`PassingScope`.
        threshold: confidence from which a cell passes, 0 to 1.
        audit_share: share of the passed chats that is asked blind.
        allowed_error: share of wrong cells in the audit above which it is switched off.
        who: the lead.
        stopped_at: when it was switched off; ``None`` while it is on.
        stopped_why: why, one Chinese clause.
    """

    name: str
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL")
    scope: str
    threshold: float
    audit_share: float
    allowed_error: float
    who: str
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    stopped_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    stopped_why: str = ""


class PassingRule(PassingRuleBase, table=True):
    """A lead's leave to let values pass above a confidence, audited."""

    __table_args__ = (
        UniqueConstraint("name", name="uq_passingrule_name"),
        Index("ix_passingrule_dataset", "dataset_id"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)


class Guideline(Base, table=True):
    """One version of a field's annotation guideline; append-only, the highest version applies."""

    __table_args__ = (UniqueConstraint("form", "field", "version", name="uq_guideline_version"),)

    id: int | None = Field(default=None, primary_key=True)
    form: str
    field: str
    version: int
    text: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = ""
    who: str
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class Batch(Base, table=True):
    """Chats assigned to a reviewer; ``selection`` says how they were selected."""

    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE", index=True)
    name: str
    reviewer: str
    who: str
    selection: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class BatchChat(Base, table=True):
    """Membership of a chat in a batch."""

    __table_args__ = (Index("ix_batchchat_chat", "chat_id"),)

    batch_id: int = Field(primary_key=True, foreign_key="batch.id", ondelete="CASCADE")
    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
