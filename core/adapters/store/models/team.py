"""Accounts, their sign-ins and tokens, the brake on guessed passwords, and the audit log."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column


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


class AccessToken(Base, table=True):
    """A token by which a program uses the HTTP API as an account. It is not stored, only its digest.

    Attributes:
        name: what its owner calls it.
        account_id: whose it is; ``None`` where it was made on a server on which nobody signs in.
        owner: the reviewer's name as it was typed there; ``""`` where there is an account.
        token_sha256: see :func:`core.services.team.tokens.token_digest`.
        ends_at: from when it is refused.
        used_at: when it was last used, to the minute; ``None`` before the first time.
        revoked_at: since when it is refused; ``None`` while it is not.
    """

    __table_args__ = (Index("ix_accesstoken_account", "account_id"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    account_id: int | None = Field(default=None, foreign_key="account.id", ondelete="CASCADE")
    owner: str = ""
    token_sha256: str = Field(unique=True)
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    ends_at: datetime = Field(sa_column=timestamp_column())
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))


class RepeatedRequest(Base, table=True):
    """A request of a program that it may send twice: the second time it gets the first answer.

    Attributes:
        token_id: whose request it is.
        key: that the program gave it.
        digest: of what was asked.
        status: of the answer, as HTTP has it; ``None`` until there is one.
        answer: the answer's JSON.
        at: when it was first sent.
    """

    token_id: int = Field(primary_key=True, foreign_key="accesstoken.id", ondelete="CASCADE")
    key: str = Field(primary_key=True)
    digest: str
    status: int | None = None
    answer: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class AuditKind(StrEnum):
    """What the audit log tells apart."""

    SIGN_IN = "登录"
    SIGN_IN_FAILED = "登录失败"
    SIGN_OUT = "退出"
    EXPORT = "导出"
    DELETION = "删除"
    ACCOUNT = "账号"
    ROLE = "角色"
    PASSWORD = "密码"
    MODEL = "模型与密钥"
    BACKUP = "备份"
    REVIEW_CHECKS = "把关"
    FORM = "表单"
    TOKEN = "令牌"
    WEBHOOK = "回调"


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
