"""Exported files."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from core.adapters.store.models.base import Base, json_column, now, timestamp_column


class Export(Base, table=True):
    """An exported file. Immutable."""

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id", ondelete="SET NULL")
    kind: str
    filename: str
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    sha256: str
    provenance: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
