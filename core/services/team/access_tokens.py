"""Access tokens: by which programs use the HTTP API as the account that made them.

A token is shown once, when it is made; the database has its digest. It may do what its account may, and ends with its
day, when it is revoked, and while its account is closed. On a server on which nobody signs in, it belongs to the name
that was typed; it is good for nothing where one has to sign in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import AccessToken, Account, now
from core.domain.permissions import AccountRole, Permission, allows
from core.errors import InputError, NotFoundError, PermissionDeniedError
from core.services.team.accounts import account_named
from core.services.team.acting import NOT_SIGNED_IN, Actor, current_actor, permitted, require
from core.services.team.audit import AuditKind, record_audit
from core.services.team.tokens import new_token, token_digest
from core.settings import settings

TOKEN_PREFIX = "shiyao_"
"""What every token begins with, so that people and scanners of code know one when they see it."""
LONGEST_DAYS = 366
USUAL_DAYS = 90
MOST_TOKENS = 50
"""Tokens of one account, or name, that are good at the same time."""
LONGEST_NAME = 60
USED_EVERY = timedelta(seconds=60)
"""How exactly a token knows when it was last used."""


@dataclass(frozen=True, slots=True)
class AccessTokenView:
    """An access token, without what it says.

    Attributes:
        id: its number; never given twice.
        name: what its owner calls it.
        owner: the account's name, or the reviewer's where nobody signs in.
        created_at: aware, UTC.
        ends_at: from when it is refused.
        used_at: when it was last used, to the minute; ``None`` before the first time.
        revoked_at: since when it is refused; ``None`` while it is not.
    """

    id: int
    name: str
    owner: str
    created_at: datetime
    ends_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    @property
    def state(self) -> str:
        """有效, 已到期 or 已作废."""
        if self.revoked_at is not None:
            return "已作废"
        return "有效" if self.ends_at > now() else "已到期"


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Who calls with a token.

    Attributes:
        token: the token.
        actor: the account as it is now; nobody in particular where the token has none.
        name: written on what is saved.
    """

    token: AccessTokenView
    actor: Actor
    name: str


@permitted(Permission.REVIEW)
def create_token(
    store: Store, name: str, *, days: int = USUAL_DAYS, account: str = "", owner: str = ""
) -> tuple[AccessTokenView, str]:
    """Make a token, for oneself or (as 管理员) for an account.

    Args:
        store: the open store.
        name: what it is for.
        days: for so many it is good, 1 to 366.
        account: for which account; empty for one's own.
        owner: whose name it gets where nobody is signed in.

    Returns:
        The token as it is listed, and what it says: nobody is told a second time.

    Raises:
        InputError: no name, a number of days that is not allowed, or too many tokens.
        NotFoundError: no such account.
        PermissionDeniedError: the account is somebody else's.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"令牌的名称不能用（1 到 {LONGEST_NAME} 字）", "请写它给什么程序用，例如「每晚导入」")
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(f"令牌不能用 {days} 天", f"可以是 1 到 {LONGEST_DAYS} 天；到期前再建一个")
    actor = current_actor()
    secret = TOKEN_PREFIX + new_token()
    with store.write() as session:
        account_id, owner = _owner(session, actor, account, owner)
        _refuse_too_many(session, account_id, owner)
        moment = now()
        row = AccessToken(
            name=name,
            account_id=account_id,
            owner="" if account_id else owner,
            token_sha256=token_digest(secret),
            created_at=moment,
            ends_at=moment + timedelta(days=days),
        )
        session.add(row)
        session.flush()
        record_audit(session, AuditKind.TOKEN, owner, f"新建「{name}」，{days:d} 天")
        return _view(row, owner), secret


@permitted(Permission.REVIEW)
def access_tokens(store: Store, *, everyone: bool = False) -> list[AccessTokenView]:
    """One's own tokens, or everybody's, the newest first; where nobody signs in, all of them.

    Args:
        store: the open store.
        everyone: all of them, for who manages accounts.

    Raises:
        PermissionDeniedError: ``everyone`` by who does not.
    """
    actor = require(Permission.ACCOUNTS, only_looks=True) if everyone else current_actor()
    statement = (
        select(AccessToken, col(Account.name))
        .outerjoin(Account, col(Account.id) == col(AccessToken.account_id))
        .order_by(col(AccessToken.id).desc())
    )
    if not everyone and actor.account_id is not None:
        statement = statement.where(col(AccessToken.account_id) == actor.account_id)
    with store.read() as session:
        return [_view(row, account or row.owner) for row, account in session.execute(statement)]


@permitted(Permission.REVIEW)
def revoke_token(store: Store, number: int) -> AccessTokenView:
    """Revoke a token at once, one's own or (as 管理员) anybody's; that it was there stays listed.

    Args:
        store: the open store.
        number: :attr:`AccessTokenView.id`.

    Raises:
        NotFoundError: no such token, or somebody else's.
    """
    actor = current_actor()
    with store.write() as session:
        row = session.get(AccessToken, number)
        is_own = row is not None and actor.account_id is not None and row.account_id == actor.account_id
        if row is None or not (is_own or allows(actor.role, Permission.ACCOUNTS)):
            raise NotFoundError(f"没有第 {number} 号令牌", "请在设置里查看自己的令牌")
        account = session.get(Account, row.account_id) if row.account_id else None
        owner = account.name if account is not None else row.owner
        if row.revoked_at is None:
            row.revoked_at = now()
            record_audit(session, AuditKind.TOKEN, owner, f"作废「{row.name}」")
        return _view(row, owner)


def token_holder(store: Store, secret: str, *, address: str = "") -> TokenHolder | None:
    """Who calls with a token; ``None`` where it is none, or is not good (any more).

    Args:
        store: the open store.
        secret: as the program sent it.
        address: where from, for the audit log.
    """
    if not secret.startswith(TOKEN_PREFIX) or len(secret) > 200:
        return None
    moment = now()
    with store.read() as session:
        known = session.execute(
            select(AccessToken, Account)
            .outerjoin(Account, col(Account.id) == col(AccessToken.account_id))
            .where(col(AccessToken.token_sha256) == token_digest(secret))
        ).first()
        if known is None:
            return None
        row, account = known
        if row.revoked_at is not None or row.ends_at <= moment or (account is not None and account.disabled):
            return None
        if account is None and settings().sign_in_named:
            return None
        name = account.name if account is not None else row.owner
        view = _view(row, name)
        actor = NOT_SIGNED_IN
        if account is not None:
            actor = Actor(name, AccountRole(account.role), account.id, f"{address}（令牌「{view.name}」）")
    if view.used_at is None or moment - view.used_at > USED_EVERY:
        with store.write() as session:
            session.get_one(AccessToken, view.id).used_at = moment
    return TokenHolder(view, actor, name)


def _owner(session: Session, actor: Actor, account: str, owner: str) -> tuple[int | None, str]:
    """The account that a token is for, if there is one, and the owner's name.

    Raises:
        InputError: there is neither an account nor a name.
        NotFoundError: no such account.
        PermissionDeniedError: it is somebody else's.
    """
    if not account and actor.account_id is not None:
        return actor.account_id, actor.name
    if account:
        row = account_named(session, account)
        if row is None:
            raise NotFoundError(f"没有账号「{account}」", "请检查名字")
        if row.id != actor.account_id and not allows(actor.role, Permission.ACCOUNTS):
            raise PermissionDeniedError("只能给自己建令牌，没有改动任何东西", "需要时请找管理员")
        return row.id, row.name
    owner = " ".join(owner.split())
    if not owner:
        raise InputError("还不知道这个令牌是谁的", "请先写上名字")
    if len(owner) > LONGEST_NAME or not owner.isprintable():
        raise InputError(f"这个名字不能用（1 到 {LONGEST_NAME} 个看得见的字）", "请写审阅时用的名字")
    return None, owner


def _refuse_too_many(session: Session, account_id: int | None, owner: str) -> None:
    good = and_(col(AccessToken.revoked_at).is_(None), col(AccessToken.ends_at) > now())
    whose: ColumnElement[bool] = col(AccessToken.account_id) == account_id
    if account_id is None:
        whose = and_(col(AccessToken.account_id).is_(None), col(AccessToken.owner) == owner)
    if session.execute(select(func.count()).where(whose, good)).scalar_one() >= MOST_TOKENS:
        raise InputError(f"「{owner}」已有 {MOST_TOKENS} 个有效的令牌", "请先作废不用的")


def _view(row: AccessToken, owner: str) -> AccessTokenView:
    return AccessTokenView(row.id or 0, row.name, owner, row.created_at, row.ends_at, row.used_at, row.revoked_at)
