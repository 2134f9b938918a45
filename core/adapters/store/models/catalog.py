"""What a run is set up from: model entries and prompt versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import Base, json_column, now, timestamp_column


class ModelEntry(Base, table=True):
    """A configured model, edited on the page 模型. Stores the name of the key's environment variable, never the key."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    title: str
    provider: str
    model: str = ""
    url: str = ""
    key_env: str = ""
    context_tokens: int = 0
    max_output_tokens: int = 0
    concurrency: int | None = None
    per_minute: int | None = None
    price_in: float | None = None
    price_out: float | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    json_mode: bool = False
    system: bool = True
    training_set_id: int | None = Field(default=None, foreign_key="trainingset.id", ondelete="SET NULL")
    note: str = ""
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class PromptDraft(Base, table=True):
    """A prompt version that is stored in the database instead of a file. Editable until a run has used it."""

    __table_args__ = (UniqueConstraint("name", "version", name="uq_promptdraft_name_version"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: int
    source: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str
    created_by: str = ""
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
