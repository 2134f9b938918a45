"""Addresses of other programs that are told of decisions, and what is still to be told: the outbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column


class Webhook(Base, table=True):
    """An address that is told when a record was decided.

    Attributes:
        name: what people call it.
        url: where it is.
        dataset_id: only records of this dataset; ``None``: of all.
        secret_env: variable of the secret that its messages are signed with; the secret is stored nowhere.
        disabled: whether it is told nothing for now.
        who: who added it.
    """

    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    url: str
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id", ondelete="CASCADE")
    secret_env: str
    disabled: bool = False
    who: str = ""
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class WebhookMessage(Base, table=True):
    """A message that one address is to get, written in the transaction of what it tells of.

    Attributes:
        message_id: the same each time that it is sent, so that its receiver can tell.
        payload: what it says, JSON.
        attempts: how often it was sent.
        next_at: when it is to be sent; while a process is at it, when another one may.
        delivered_at: when its receiver took it; ``None`` before.
        given_up_at: when nobody tried any more; ``None`` before.
        problem: why the last attempt failed, a Chinese clause.
    """

    __table_args__ = (Index("ix_webhookmessage_next", "delivered_at", "given_up_at", "next_at"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    webhook_id: int = Field(foreign_key="webhook.id", ondelete="CASCADE", index=True)
    message_id: str = Field(unique=True)
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    attempts: int = 0
    next_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    delivered_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    given_up_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    problem: str = ""
