"""Checks of reviews: the share that somebody else reviews blind, and values planted to see whether they are read."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column
from sqlmodel import Field

from core.adapters.store.models.base import Base, UtcDateTime, now, timestamp_column

READING_SPEED = 1_500
"""Characters a minute above which nobody reads Chinese: 2.6 times the 580 of adults who read silently (Sun, Morita &
Stark 1985, Perception & Psychophysics 37), so that skimming is no fault."""


class ReviewCheckBase(Base):
    """Fields that a dataset's review checks and their view share.

    Attributes:
        dataset_id: the dataset.
        blind_share: share of its approved chats that somebody else reviews blind, 0 to 1; 0: off.
        planted_share: share of its chats with a known answer in which one value is planted, 0 to 1; 0: off.
        characters_per_minute: above this, an approval was faster than its text can be read.
        who: who set them last.
        at: when.
    """

    dataset_id: int = Field(primary_key=True, foreign_key="dataset.id", ondelete="CASCADE")
    blind_share: float = 0.0
    planted_share: float = 0.0
    characters_per_minute: int = READING_SPEED
    who: str = ""
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class ReviewCheck(ReviewCheckBase, table=True):
    """The review checks of a dataset; without a row, none.

    ``lot_secret`` decides by lot which chats they are about: who does not know it cannot guess them. ``planted_run_id``
    and ``planted_up_to`` say which answers have had their lot: those of the run up to this extraction.
    """

    lot_secret: str
    planted_run_id: int | None = None
    planted_up_to: int = 0


class PlantedStatus(StrEnum):
    """What became of a planted value.

    It waits, stands in a reviewer's draft, was changed in one; was corrected or went through when the chat was
    approved; or the chat went another way and it counts for nothing.
    """

    WAITING = "waiting"
    STANDING = "standing"
    CHANGED = "changed"
    CORRECTED = "corrected"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class PlantedError(Base, table=True):
    """One value of a run's answer that the desk shows wrong; it is never written into a record.

    Attributes:
        chat_id: the chat; it has one at most.
        dataset_id: its dataset.
        run_id: whose answer it was planted in; ``None`` once the run was deleted.
        field: key of the field.
        value: the wrong value that the desk shows.
        right: what the run and the labels say.
        status: see :class:`PlantedStatus`.
        reviewer: on whose desk it is or was; ``""`` before anybody opened the chat.
        version: of the record in which ``status`` was noted.
        confirmation: how the reviewer had the value confirmed in it.
        decided_at: when it was no longer open; ``None`` before.
        at: when it was planted.
    """

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE", index=True)
    run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL")
    field: str
    value: str
    right: str
    status: str = PlantedStatus.WAITING
    reviewer: str = ""
    version: int = 0
    confirmation: str = ""
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
