"""Datasets, their chats, and the text search over them."""

from datetime import datetime

from sqlalchemy import ARRAY, JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, now, timestamp_column


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
