"""Accounts: who may sign in, with which role. Names are the reviewers' names on records."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Account, SignInSession, now
from core.domain.account_names import look_the_same, name_key, name_problem, plain_account_name
from core.domain.permissions import AccountRole, Permission
from core.errors import ConflictError, InputError, NotFoundError, SignInError
from core.places import COMMAND
from core.services.team import passwords
from core.services.team.acting import current_actor, permitted
from core.services.team.audit import AuditKind, record_audit
from core.services.team.brake import brake_keys, count_try, refuse_while_waiting, release_brake
from core.services.team.tokens import token_digest
from core.settings import settings


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account.

    Attributes:
        id: its number.
        name: the reviewer's name on records.
        role: what the person may do.
        has_password: whether they can sign in with one.
        subject: ``issuer|subject`` at the identity provider, or the e-mail address that is expected there; or empty.
        disabled: whether sign-in is refused.
        created_at: aware, UTC.
        seen_at: when somebody last moved in a sign-in that has not ended; ``None`` if there is none.
    """

    id: int
    name: str
    role: AccountRole
    has_password: bool
    subject: str
    disabled: bool
    created_at: datetime
    seen_at: datetime | None


@permitted(Permission.ACCOUNTS)
def accounts(store: Store) -> list[AccountView]:
    """All accounts, by name."""
    seen = (
        select(func.max(col(SignInSession.seen_at)))
        .where(col(SignInSession.account_id) == col(Account.id), col(SignInSession.ends_at) > now())
        .scalar_subquery()
    )
    with store.read() as session:
        rows = session.execute(select(Account, seen).order_by(col(Account.name)))
        return [_view(account, last) for account, last in rows]


def has_administrator(store: Store) -> bool:
    """Whether an administrator can sign in; asked at start, before anybody can have signed in."""
    with store.read() as session:
        return session.execute(_administrators().limit(1)).first() is not None


@permitted(Permission.ACCOUNTS)
def add_account(store: Store, name: str, role: AccountRole, *, password: str = "", subject: str = "") -> AccountView:
    """Add an account.

    Args:
        store: the open store.
        name: the reviewer's name on records.
        role: what the person may do.
        password: for signing in without an identity provider; empty for none.
        subject: ``issuer|subject`` at the identity provider, or the verified e-mail address that will come from there.

    Raises:
        InputError: the name or the password cannot be used, or there is neither a password nor a subject.
        ConflictError: the name or the subject is taken.
    """
    name, subject = account_name(name), subject.strip()
    if not password and not subject:
        raise InputError(f"「{name}」没有密码，也没有统一登录的标识，无法登录", "请至少给一个")
    digest = passwords.digest_of(password, name=name) if password else ""
    with store.write() as session:
        _refuse_taken(session, name, subject)
        row = Account(name=name, role=str(role), password_hash=digest, subject=subject or None)
        session.add(row)
        session.flush()
        record_audit(session, AuditKind.ACCOUNT, name, f"新建，{role}")
        return _view(row, None)


@permitted(Permission.ACCOUNTS)
def set_role(store: Store, name: str, role: AccountRole) -> AccountView:
    """Give an account another role, at once and in every open browser.

    Raises:
        NotFoundError: there is no such account.
        ConflictError: nobody would be left who can manage accounts.
    """
    with _changing(store, name) as (session, row):
        before, row.role = row.role, str(role)
        if before != row.role:
            record_audit(session, AuditKind.ROLE, row.name, f"{before} → {row.role}")
    return _view(row, None)


@permitted(Permission.ACCOUNTS)
def set_disabled(store: Store, name: str, disabled: bool) -> AccountView:
    """Close an account, which ends all its sign-ins, or open it again. Records keep the name.

    Raises:
        NotFoundError: there is no such account.
        ConflictError: nobody would be left who can manage accounts.
    """
    with _changing(store, name) as (session, row):
        if row.disabled != disabled:
            row.disabled = disabled
            if disabled:
                _end_sessions(session, row)
            record_audit(session, AuditKind.ACCOUNT, row.name, "停用" if disabled else "重新启用")
    return _view(row, None)


@permitted(Permission.ACCOUNTS)
def set_password(store: Store, name: str, password: str) -> AccountView:
    """Give somebody a new password, which ends all their sign-ins.

    Raises:
        NotFoundError: there is no such account.
        InputError: the password is not good enough.
    """
    digest = passwords.digest_of(password, name=name)
    with _changing(store, name) as (session, row):
        row.password_hash = digest
        _end_sessions(session, row)
        record_audit(session, AuditKind.PASSWORD, row.name, "由管理员重设")
    return _view(row, None)


@permitted(Permission.ACCOUNTS)
def set_subject(store: Store, name: str, subject: str) -> AccountView:
    """Say who an account is at the identity provider; empty takes that back.

    Raises:
        NotFoundError: there is no such account.
        ConflictError: another account is that person.
    """
    with _changing(store, name) as (session, row):
        _refuse_taken(session, "", subject.strip(), but=row.id)
        row.subject = subject.strip() or None
        _end_sessions(session, row)
        record_audit(session, AuditKind.ACCOUNT, row.name, f"统一登录：{row.subject or '无'}")
    return _view(row, None)


@permitted(Permission.REVIEW)
def change_own_password(store: Store, *, old: str, new: str, keep_token: str = "") -> None:
    """Change the password of who is signed in; all their other sign-ins end.

    Args:
        store: the open store.
        old: the password until now; not looked at where there was none.
        new: the new one.
        keep_token: token of the sign-in that goes on.

    Raises:
        SignInError: the old password is wrong, too many were, or nobody is signed in.
        InputError: the new one is not good enough.
    """
    actor = current_actor()
    if actor.account_id is None:
        raise SignInError("没有登录，没有密码可以修改")
    with store.write() as session:
        account = session.get_one(Account, actor.account_id)
        digest, keys = account.password_hash, brake_keys(account, account.name, actor.address)
        wait = count_try(session, keys) if digest else 0
    refuse_while_waiting(wait)
    is_right = not digest or passwords.matches(digest, old)
    with store.write() as session:
        if is_right:
            release_brake(session, keys)
        else:
            record_audit(session, AuditKind.SIGN_IN_FAILED, actor.name, "修改密码时，现在的密码不对")
    if not is_right:
        raise SignInError("现在的密码不对，没有修改", "请再输一次；忘记了请让管理员重设")
    new_digest = passwords.digest_of(new, name=actor.name)
    with store.write() as session:
        row = session.get_one(Account, actor.account_id)
        row.password_hash = new_digest
        _end_sessions(session, row, keep_token)
        record_audit(session, AuditKind.PASSWORD, row.name, "本人修改")


def account_name(name: str) -> str:
    """A name as accounts have it.

    Raises:
        InputError: it is empty, too long, has characters that nobody sees, or letters that look like others.
    """
    if problem := name_problem(name):
        raise InputError(problem, "这个名字会写在每条记录上，请用看得见的同一种文字")
    return plain_account_name(name)


def look_alikes(shown: Sequence[AccountView]) -> list[str]:
    """What is wrong with names that accounts have from before (Chinese sentences without the full stop)."""
    same: list[list[str]] = []
    for account in shown:
        group = next((names for names in same if look_the_same(names[0], account.name)), None)
        if group is None:
            same.append([account.name])
        else:
            group.append(account.name)
    sentences = [f"「{'」、「'.join(names)}」看起来是同一个名字" for names in same if len(names) > 1]
    return sentences + [f"「{one.name}」：{problem}" for one in shown if (problem := name_problem(one.name))]


def account_named(session: Session, typed: str) -> Account | None:
    """The account that somebody means by a name; ``None`` where there is none, or several.

    It has just this spelling, or is the only one that differs from it in nothing but capitals, width and outer blanks.

    Args:
        session: open.
        typed: as it was typed.
    """
    exact: Account | None = session.execute(select(Account).where(col(Account.name) == typed)).scalar_one_or_none()
    if exact is not None:
        return exact
    key = name_key(typed)
    alike = [
        number for number, name in session.execute(select(col(Account.id), col(Account.name))) if name_key(name) == key
    ]
    return session.get(Account, alike[0]) if len(alike) == 1 else None


def _administrators() -> Select[*tuple[Any, ...]]:
    """Ids of the administrators who can sign in, in one of the ways that are on; in any, where nobody has to."""
    named = settings().sign_in_named
    ways = [
        condition
        for way, condition in (
            ("accounts", col(Account.password_hash) != ""),
            ("oidc", func.coalesce(col(Account.subject), "") != ""),
        )
        if way in named or not named
    ]
    is_one = (col(Account.role) == str(AccountRole.ADMINISTRATOR), col(Account.disabled).is_(False))
    return select(col(Account.id)).where(*is_one, or_(*ways)).order_by(col(Account.id))


@contextmanager
def _changing(store: Store, name: str) -> Iterator[tuple[Session, Account]]:
    """Context manager: an account to change, in a transaction that leaves an administrator.

    Raises:
        NotFoundError: there is no such account.
        ConflictError: nobody would be left who can manage accounts.
    """
    with store.write() as session:
        # All of them are locked, so that two administrators cannot close one another's account at once.
        before = len(session.execute(_administrators().with_for_update()).all())
        row = account_named(session, name)
        if row is None:
            raise NotFoundError(f"没有名为「{name}」的账号", f"用 {COMMAND} user list 查看所有账号")
        session.refresh(row, with_for_update=True)
        yield session, row
        session.flush()
        if before and session.execute(_administrators()).first() is None:
            raise ConflictError("这是最后一个能登录的管理员，没有改动", "请先给另一个人管理员角色")


def _refuse_taken(session: Session, name: str, subject: str, *, but: int | None = None) -> None:
    for other in session.execute(select(col(Account.name))).scalars() if name else ():
        if look_the_same(other, name):
            alike = "" if other == name else f"，「{name}」和它看起来一样"
            raise ConflictError(f"已经有名为「{other}」的账号{alike}", "请换一个名字，例如加上部门")
    owner = session.execute(select(col(Account.id), col(Account.name)).where(col(Account.subject) == subject)).first()
    if subject and owner is not None and owner[0] != but:
        raise ConflictError(f"统一登录的标识已经属于「{owner[1]}」", "请先在那个账号里清空它")


def _end_sessions(session: Session, account: Account, keep_token: str = "") -> None:
    session.execute(
        update(SignInSession)
        .where(
            col(SignInSession.account_id) == account.id,
            col(SignInSession.ends_at) > now(),
            col(SignInSession.token_sha256) != token_digest(keep_token),
        )
        .values(ends_at=now())
    )


def _view(row: Account, seen_at: datetime | None) -> AccountView:
    return AccountView(
        id=row.id or 0,
        name=row.name,
        role=AccountRole(row.role),
        has_password=bool(row.password_hash),
        subject=row.subject or "",
        disabled=row.disabled,
        created_at=row.created_at,
        seen_at=seen_at,
    )
