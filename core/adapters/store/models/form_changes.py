"""Changes of forms in use: what was carried from one version to the next, and how each row was before."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column

FORGOTTEN: Final = "forgotten"
"""The kind of what stands for all deleted rows of a dataset; its ``row_id`` is the dataset's id."""


class AppliedFormChange(Base, table=True):
    """A change of a form, applied to all that datasets hold; it stays when it is taken back.

    Attributes:
        old: reference of the form before.
        new: reference of the form after.
        mapping: as it was applied.
        datasets: ``{id as text: name}`` of the datasets.
        counts: rows by table, and ``cells``, ``lost``.
        who: who did it.
        at: when.
        undone_by: who took it back; ``""`` while it holds.
        undone_at: when; ``None`` while it holds.
    """

    __tablename__ = "formchange"
    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, primary_key=True)
    old: str
    new: str
    mapping: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    datasets: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    who: str = ""
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    undone_by: str = ""
    undone_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))


class FormChangeRow(Base, table=True):
    """How one row was before a change of its form, for taking it back exactly.

    Attributes:
        change_id: the change.
        kind: the row's table; or :data:`FORGOTTEN`.
        row_id: its id there.
        dataset_id: its dataset.
        chat_id: its chat; it goes with it.
        before: its changed columns, as they were.
    """

    __tablename__ = "formchangerow"

    change_id: int = Field(primary_key=True, foreign_key="formchange.id", ondelete="CASCADE")
    kind: str = Field(primary_key=True)
    row_id: int = Field(primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE", index=True)
    chat_id: int | None = Field(default=None, foreign_key="chat.id", ondelete="CASCADE", index=True)
    before: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
