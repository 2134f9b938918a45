"""Quality: disputed labels, scores measured elsewhere, and values picked while comparing runs."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import Base, UtcDateTime, json_column, now, timestamp_column


class DisputeStatus(StrEnum):
    """State of a dispute about a label."""

    OPEN = "待定"
    UPHELD = "成立"
    DISMISSED = "不成立"


class DisputeBase(Base):
    """Fields that a dispute's table and view share.

    Attributes:
        customer: position of the label's form, from 0.
        field: key of the field.
        value: the label when the dispute was raised.
        reason: the reviewer's explanation.
        who: the reviewer.
        at: when it was raised.
        status: see :class:`DisputeStatus`.
        decided_by: who decided; ``""`` while it is open.
        decided_at: when.
        decision: explanation of the decision.
    """

    customer: int
    field: str
    value: Any = Field(default=None, sa_column=json_column(nullable=True))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    who: str
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    status: str = DisputeStatus.OPEN
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    decision: str = ""


class Dispute(DisputeBase, table=True):
    """A reviewer's objection to one cell of a label. A decision changes ``status`` and never deletes the row."""

    __table_args__ = (Index("ix_dispute_dataset_status", "dataset_id", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE", index=True)


class ExternalScoreBase(Base):
    """Fields that an external score's table and view share. ``source`` says who measured it."""

    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    score: float
    source: str
    note: str = ""
    who: str = ""
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class ExternalScore(ExternalScoreBase, table=True):
    """A run's score measured elsewhere, such as the competition platform's online score; append-only."""

    __tablename__ = "outsidescore"

    id: int | None = Field(default=None, primary_key=True)


class Pick(Base, table=True):
    """Field values that a person picked for one chat while comparing runs; a draft until saved as a record or a run.

    ``selection`` names the compared runs and reference; ``choices`` is ``{"customer:field": source}``.
    """

    __table_args__ = (UniqueConstraint("chat_id", "who", "selection", name="uq_pick_chat_who_selection"),)

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE", index=True)
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    who: str
    selection: str
    choices: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
