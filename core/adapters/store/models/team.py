"""Accounts and their sign-ins, the brake on guessed passwords, and the audit log."""

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, now, timestamp_column


class Account(Base, table=True):
    """Somebody who may sign in: with a password, through the team's identity provider, or both.

    ``name`` is the reviewer's name on records. ``password_hash`` is Argon2id's own text, empty without a password.
    ``subject`` is ``issuer|subject`` of the identity provider, before the first sign-in perhaps an e-mail address.
    """

    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    role: str
    password_hash: str = ""
    subject: str | None = Field(default=None, unique=True)
    disabled: bool = False
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class SignInSession(Base, table=True):
    """A sign-in of one browser. The cookie's token is not stored, only its digest.

    ``ends_at`` is the latest end, and the moment of signing out once that has happened; ``seen_at`` is the last time
    that somebody moved. ``identity`` is the digest of the identity provider's answer: each opens one session only.
    """

    __table_args__ = (Index("ix_signinsession_account", "account_id"),)

    token_sha256: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE")
    identity: str | None = Field(default=None, unique=True)
    address: str = ""
    created_at: datetime = Field(sa_column=timestamp_column())
    seen_at: datetime = Field(sa_column=timestamp_column())
    ends_at: datetime = Field(sa_column=timestamp_column())


class SignInBrake(Base, table=True):
    """Failed sign-ins of one account name or one address; ``key`` is a digest. ``next_at``: no try before then."""

    key: str = Field(primary_key=True)
    failures: int = 0
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    updated_at: datetime = Field(sa_column=timestamp_column())


class AuditEntry(Base, table=True):
    """Something that somebody did and that is kept for ever: the database itself refuses to change or delete rows."""

    __table_args__ = (Index("ix_auditentry_at", "at"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    who: str
    role: str = ""
    kind: str
    target: str = Field(default="", sa_column=Column(Text, nullable=False))
    detail: str = Field(default="", sa_column=Column(Text, nullable=False))
    address: str = ""
