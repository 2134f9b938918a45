"""Signing in and out: passwords, the identity provider's word, and sessions that end.

Nothing here asks for a permission: it is how one gets a role at all.
"""

import unicodedata
from datetime import timedelta

from sqlalchemy import delete, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Account, SignInSession, now
from core.domain.permissions import AccountRole
from core.errors import SignInError
from core.services.team import passwords
from core.services.team.accounts import account_named
from core.services.team.acting import Actor
from core.services.team.audit import AuditKind, record_audit
from core.services.team.brake import brake_keys, count_try, refuse_while_waiting, release_brake
from core.services.team.tokens import new_token, token_digest
from core.settings import settings

SEEN_EVERY = timedelta(seconds=60)
"""How exactly a session knows when somebody last moved."""
KEPT_AFTER_END = timedelta(days=31)
"""An identity provider's answer lives in the browser for 30 days and must not open a second session."""

_WRONG = "名字或密码不对"


def sign_in(store: Store, name: str, password: str, *, address: str = "") -> str:
    """Sign in with a password.

    The try is counted before the password is looked at, so that many tries at once are counted as well.

    Args:
        store: the open store.
        name: of the account.
        password: as it was typed.
        address: of the browser.

    Returns:
        The token for the browser's cookie.

    Raises:
        SignInError: wrong name or password, too many tries, or a closed account; the sentence does not tell whether
            there is such an account unless the password is right. What has to wait is neither looked at nor logged.
    """
    name = typed_name(name)
    with store.write() as session:
        account = account_named(session, name)
        keys = brake_keys(account, name, address)
        wait = count_try(session, keys)
        digest = account.password_hash if account is not None else ""
    refuse_while_waiting(wait)
    is_right = passwords.matches(digest, password)
    with store.write() as session:
        account = account_named(session, name)
        if account is None or not is_right or account.password_hash != digest:
            _record_failure(session, account, address, "密码不对" if account is not None else "没有这个名字")
            refusal = SignInError(_WRONG, "请检查后再试；忘记密码请让管理员重设")
        elif account.disabled:
            _record_failure(session, account, address, "账号已停用")
            refusal = SignInError("这个账号已停用", "需要时请找管理员")
        else:
            if passwords.is_outdated(digest):
                account.password_hash = passwords.renewed(password)
            release_brake(session, keys)
            return _open_session(session, account, address, "密码")
    raise refusal


def sign_in_by_identity(
    store: Store, *, subject: str, email: str, email_verified: bool, shown_name: str, answer: str, address: str = ""
) -> str:
    """Sign in somebody for whom the identity provider vouches.

    Args:
        store: the open store.
        subject: ``issuer|subject``.
        email: what the provider calls the person's e-mail address.
        email_verified: whether the provider says that it has checked it.
        shown_name: the person's name there, for the audit log.
        answer: what the provider said, spelt in one way only: it opens one session only.
        address: of the browser.

    Returns:
        The token for the browser's cookie.

    Raises:
        SignInError: no account is this person, it is closed, or the answer was used before.
    """
    identity = token_digest(answer)
    with store.write() as session:
        account = session.execute(select(Account).where(col(Account.subject) == subject)).scalar_one_or_none()
        if account is None and email_verified and _is_email(email):
            account = session.execute(
                select(Account).where(col(Account.subject) == email, col(Account.disabled).is_(False))
            ).scalar_one_or_none()
            if account is not None:
                account.subject = subject
                record_audit(
                    session,
                    AuditKind.ACCOUNT,
                    account.name,
                    f"统一登录：{email} 是 {subject}",
                    actor=_as(account, address),
                )
        used = session.execute(select(SignInSession).where(col(SignInSession.identity) == identity)).first()
        if used is not None:
            refusal = SignInError("登录已结束", "请重新登录")
        elif account is None:
            _record_failure(session, None, address, f"统一登录，没有账号：{shown_name} {email} {subject}")
            refusal = SignInError(
                f"「{shown_name or email or subject}」还没有账号", f"请把这串标识交给管理员：{subject}"
            )
        elif account.disabled:
            _record_failure(session, account, address, "账号已停用")
            refusal = SignInError("这个账号已停用", "需要时请找管理员")
        else:
            return _open_session(session, account, address, "统一登录", identity=identity)
    raise refusal


def _is_email(text: str) -> bool:
    """Whether a text can be an e-mail address, and never somebody's ``issuer|subject``."""
    return "@" in text and "|" not in text and "://" not in text


def typed_name(typed: str) -> str:
    """A name as it was typed at the sign-in, with spaces as accounts have them and nothing that no database takes."""
    readable = "".join(c for c in typed[:1000] if c.isspace() or unicodedata.category(c)[0] != "C")
    return unicodedata.normalize("NFC", " ".join(readable.split()))[:200]


def person_of(store: Store, token: str, *, moved: bool = False) -> Actor | None:
    """Who is signed in with a token; ``None`` where the sign-in has ended, or was none.

    Args:
        store: the open store.
        token: of the browser's cookie.
        moved: whether somebody did something just now, which puts the end off.
    """
    if not token:
        return None
    digest = token_digest(token)
    with store.read() as session:
        row = session.execute(
            select(SignInSession, Account)
            .join(Account, col(Account.id) == col(SignInSession.account_id))
            .where(col(SignInSession.token_sha256) == digest)
        ).first()
        if row is None:
            return None
        sign_in_row, account = row
        moment = now()
        idle = timedelta(minutes=settings().session_idle_minutes)
        if account.disabled or sign_in_row.ends_at <= moment or sign_in_row.seen_at + idle <= moment:
            return None
        person = _as(account, sign_in_row.address)
        is_due = moved and moment - sign_in_row.seen_at > SEEN_EVERY
    if is_due:
        with store.write() as session:
            session.get_one(SignInSession, digest).seen_at = moment
    return person


def sign_out(store: Store, token: str) -> None:
    """End a sign-in, in all windows of that browser."""
    with store.write() as session:
        row = session.get(SignInSession, token_digest(token))
        if row is not None and row.ends_at > now():
            row.ends_at = now()
            account = session.get_one(Account, row.account_id)
            record_audit(session, AuditKind.SIGN_OUT, account.name, actor=_as(account, row.address))


def _open_session(session: Session, account: Account, address: str, way: str, *, identity: str | None = None) -> str:
    moment = now()
    session.execute(delete(SignInSession).where(col(SignInSession.ends_at) < moment - KEPT_AFTER_END))
    token = new_token()
    session.add(
        SignInSession(
            token_sha256=token_digest(token),
            account_id=account.id or 0,
            identity=identity,
            address=address,
            created_at=moment,
            seen_at=moment,
            ends_at=moment + timedelta(hours=settings().session_hours),
        )
    )
    record_audit(session, AuditKind.SIGN_IN, account.name, way, actor=_as(account, address))
    return token


def _as(account: Account, address: str) -> Actor:
    return Actor(account.name, AccountRole(account.role), account.id, address)


def _record_failure(session: Session, account: Account | None, address: str, why: str) -> None:
    """Who it was is written down only where it is an account's name: what was typed might be a password."""
    name = account.name if account is not None else ""
    record_audit(session, AuditKind.SIGN_IN_FAILED, name, why, actor=Actor("", AccountRole.REVIEWER, address=address))
