"""What people keep under a name: model entries, prompt versions, columns of tables that they import."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Text, UniqueConstraint, false
from sqlmodel import Field

from core.adapters.store.models.base import Base, json_column, now, timestamp_column
from core.domain.model_settings import ModelSettings


class ModelEntry(ModelSettings, Base, table=True):
    """A configured model, edited on the page 模型. Stores the name of the key's environment variable, never the key."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    replace_personal: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    batch_files: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    batch_url: str = Field(default="", sa_column_kwargs={"server_default": ""})
    batch_deadline: float = Field(default=0, sa_column_kwargs={"server_default": "0"})
    batch_source: str = Field(default="", sa_column_kwargs={"server_default": ""})
    training_set_id: int | None = Field(default=None, foreign_key="trainingset.id", ondelete="SET NULL")
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


class ImportMapping(Base, table=True):
    """Columns of a table, kept under a name for the next file of that shape.

    ``shape`` is a digest of the header; ``columns`` gives the column of each part, and the pause in minutes.
    """

    __table_args__ = (Index("ix_importmapping_shape", "shape"),)

    name: str = Field(primary_key=True)
    shape: str
    columns: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
