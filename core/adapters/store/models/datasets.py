"""Datasets, their chats, and the text search over them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import (
    NEVER_REUSED,
    Base,
    UtcDateTime,
    json_column,
    now,
    timestamp_column,
)


class DatasetBase(Base):
    """Fields that a dataset's table and view share.

    ``expected`` is the number of chats in the source file, including those that the import rejected.
    """

    name: str = Field(unique=True)
    split: str = "other"
    form: str
    expected: int = 0
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class Dataset(DatasetBase, table=True):
    """A set of imported chats."""

    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, primary_key=True)
    sha256: str


class Retention(Base, table=True):
    """How many days a dataset keeps raw replies and earlier versions of records; ``None``: as long as the dataset."""

    dataset_id: int = Field(primary_key=True, foreign_key="dataset.id", ondelete="CASCADE")
    replies_days: int | None = None
    history_days: int | None = None


class ChatBase(Base):
    """Fields that a chat's table and view share. ``index`` is its position in the source file, from 1."""

    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    index: int
    text: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str
    residue_characters: int


class Chat(ChatBase, table=True):
    """One group chat. Its ``index`` never changes."""

    __table_args__ = (
        UniqueConstraint("dataset_id", "index", name="uq_chat_dataset_index"),
        Index("ix_chat_dataset_sha256", "dataset_id", "sha256"),
        Index("ix_chat_characters", "characters", "id"),  # their sum changes when a chat is gone on with
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    characters: int


class ChatSearch(Base, table=True):
    """A chat that is in the text search index.

    On PostgreSQL ``grams`` holds its character bigrams; on SQLite an FTS5 table holds them.
    """

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    grams: list[str] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True).with_variant(ARRAY(Text), "postgresql"), nullable=True)
    )


class DatasetImport(Base, table=True):
    """What one file brought into a dataset.

    ``chats`` are the chats that it added, ``answers`` the chats for which it added forms to the run ``run_id``: ranges
    of chat ids, ``[[first, last], …]``; ``present`` likewise the chats that it found there already (``None``: unknown,
    the import is older than this column); ``grown`` are those that it went on with, ``[id, characters before, after]``.
    ``refusals`` are the first rows that did not go in, ``{index, why}``.
    ``expected_before`` and ``expected_after`` are the dataset's number of expected chats around it.
    """

    __table_args__ = (Index("ix_datasetimport_dataset", "dataset_id"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    kind: str
    file: str
    sha256: str
    format: str
    encoding: str = ""
    sheet: str = ""
    joined: str = ""
    columns: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    total: int = 0
    messages: int = 0
    added: int = 0
    skipped: int = 0
    rejected: int = 0
    labels: int = 0
    refusals: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    notes: list[str] = Field(default_factory=list, sa_column=json_column())
    chats: list[list[int]] = Field(default_factory=list, sa_column=json_column())
    answers: list[list[int]] = Field(default_factory=list, sa_column=json_column())
    present: list[list[int]] | None = Field(default=None, sa_column=json_column(nullable=True))
    grown: list[list[int]] | None = Field(default=None, sa_column=json_column(nullable=True))
    run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL")
    new_dataset: bool = False
    expected_before: int = 0
    expected_after: int = 0
    who: str = ""
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    undone_by: str = ""
    undone_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
