"""Training sets and the chat summaries that they can contain."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, json_column, now, timestamp_column


class Summary(Base, table=True):
    """One version of a chat's summary; append-only, the highest version applies. ``who``: a reviewer or a model."""

    __table_args__ = (UniqueConstraint("chat_id", "version", name="uq_summary_chat_version"),)

    id: int | None = Field(default=None, primary_key=True)
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    version: int
    text: str = Field(sa_column=Column(Text, nullable=False))
    run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL")
    who: str
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class TrainingSet(Base, table=True):
    """A built version of a training set. Immutable.

    ``provenance`` has one entry per distinct row; ``files`` gives the sha256 of each file by name.
    """

    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    format: str
    who: str = Field(default="", sa_column_kwargs={"server_default": ""})
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    files: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSON(none_as_null=True), nullable=False, server_default="{}")
    )
    sha256: str
    provenance: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
