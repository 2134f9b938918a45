"""Discussions of a chat or of one of its fields: the threads, and all that was said and done in them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column
from core.adapters.store.models.review import Pass


class DiscussionStep(StrEnum):
    """What somebody does in a discussion."""

    COMMENT = "评论"
    EDIT = "修改"
    DELETE = "删除"
    RESTORE = "恢复"
    RESOLVE = "解决"
    REOPEN = "重开"


class DiscussionBase(Base):
    """Fields that a discussion's table and view share.

    Attributes:
        dataset_id: the dataset.
        review_pass: of which review it is; one of a blind second review is its reviewer's until they have confirmed.
        customer: position of the customer when it was opened, from 0; ``None`` for the whole chat.
        customer_name: the customer's name then.
        field: key of the field; ``""`` for the whole chat, or the whole customer.
        opened_by: who opened it.
        opened_at: when.
        resolved_by: who resolved it; ``""`` while it is open.
        resolved_at: when; ``None`` while it is open.
        last_at: when something was last said or done in it.
        comments: comments that are not deleted; a discussion without any is shown nowhere.
        awaiting: names that were mentioned and have not answered since.
    """

    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    review_pass: str = Pass.PRIMARY
    customer: int | None = None
    customer_name: str = ""
    field: str = ""
    opened_by: str
    opened_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    resolved_by: str = ""
    resolved_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    last_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    comments: int = 0
    awaiting: list[str] = Field(default_factory=list, sa_column=json_column())


class Discussion(DiscussionBase, table=True):
    """A thread about a chat, a customer or a field; its words are in its events."""

    __table_args__ = (Index("ix_discussion_dataset", "dataset_id", "resolved_at"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE", index=True)


class DiscussionEvent(Base, table=True):
    """One step in a discussion; append-only, so that an edit or a deletion can be taken back.

    Attributes:
        kind: see :class:`DiscussionStep`.
        who: who did it.
        text: of a comment or an edit.
        target: id of the event of the comment that is edited, deleted or restored.
        save_id: of the browser's remark or save: each is applied once.
    """

    __table_args__ = (Index("ix_discussionevent_discussion", "discussion_id", "id"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    discussion_id: int = Field(foreign_key="discussion.id", ondelete="CASCADE")
    kind: str
    who: str
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    text: str = Field(default="", sa_column=Column(Text, nullable=False))
    target: int | None = None
    save_id: str = Field(unique=True)
