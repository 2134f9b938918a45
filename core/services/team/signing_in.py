"""Signing in and out: passwords, the identity provider's word, sessions that end, and a brake on guessing.

Nothing here asks for a permission: it is how one gets a role at all.
"""

import math
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, text
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Account, SignInBrake, SignInSession, now
from core.adapters.store.models.base import UtcDateTime
from core.domain.account_names import name_key
from core.domain.permissions import AccountRole
from core.errors import SignInError
from core.services.team import passwords
from core.services.team.accounts import account_named
from core.services.team.acting import Actor
from core.services.team.audit import AuditKind, record_audit
from core.services.team.tokens import new_token, token_digest
from core.settings import settings

FREE_TRIES = 5
"""Wrong passwords for one name before each further one has to wait."""
FREE_TRIES_OF_ADDRESS = 30
"""… from one address, which may be a whole office."""
FIRST_WAIT = 30.0
LONGEST_WAIT = 900.0
FORGOTTEN_AFTER = timedelta(days=1)
"""Failures older than this do not count any more."""
SEEN_EVERY = timedelta(seconds=60)
"""How exactly a session knows when somebody last moved."""
KEPT_AFTER_END = timedelta(days=31)
"""An identity provider's answer lives in the browser for 30 days and must not open a second session."""

_WRONG = "名字或密码不对"
_MAKE_BRAKE = text(
    "INSERT INTO signinbrake (key, failures, updated_at) VALUES (:key, 0, :at) ON CONFLICT DO NOTHING"
).bindparams(bindparam("at", type_=UtcDateTime()))


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
        keys = _brake_keys(account, name, address)
        wait = _brake(session, keys)
        digest = account.password_hash if account is not None else ""
    if wait:
        raise SignInError(f"试得太多了，请在 {_duration(wait)}后再试", "忘记密码请让管理员重设")
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
            _release_brake(session, keys)
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
        if account is None and email_verified and email:
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


def wait_after(failures: int, free: int) -> float:
    """Seconds to wait after so many failures: none at first, then twice as long each time, at most 15 minutes."""
    return 0.0 if failures < free else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - free, 16))


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


def _brake_keys(account: Account | None, name: str, address: str) -> dict[str, int]:
    """Keys of the brake with the number of tries that are free, always in one order, so that nobody deadlocks.

    However somebody spells a name, what counts is the account that it would open.
    """
    meant = f"account:{account.id}" if account is not None else f"name:{name_key(name)}"
    keys = {token_digest(meant): FREE_TRIES}
    if address:
        keys[token_digest(f"address:{address}")] = FREE_TRIES_OF_ADDRESS
    return dict(sorted(keys.items()))


def _brake(session: Session, keys: dict[str, int]) -> int:
    """Count a try; returns the seconds that it has to wait instead, 0 where it may go on."""
    session.execute(delete(SignInBrake).where(col(SignInBrake.updated_at) < now() - FORGOTTEN_AFTER))
    rows = [(row, keys[row.key]) for row in _locked(session, keys)]
    moment = now()  # after the wait for others who try at the same time
    wait = max(((row.next_at or moment) - moment).total_seconds() for row, _ in rows)
    if wait > 0:
        return math.ceil(wait)
    for row, free in rows:
        row.failures += 1
        row.next_at = moment + timedelta(seconds=wait_after(row.failures, free))
        row.updated_at = moment
    return 0


def _locked(session: Session, keys: Iterable[str]) -> list[SignInBrake]:
    """The rows of the brake, made where they are missing, nobody else's until the transaction ends."""
    rows = []
    for key in keys:
        session.execute(_MAKE_BRAKE, {"key": key, "at": now()})
        rows.append(
            session.execute(select(SignInBrake).where(col(SignInBrake.key) == key).with_for_update()).scalar_one()
        )
    return rows


def _release_brake(session: Session, keys: dict[str, int]) -> None:
    """Forget the failures of a name that got in; of its address, only this try was none."""
    for row in session.execute(select(SignInBrake).where(col(SignInBrake.key).in_(keys)).with_for_update()).scalars():
        if keys[row.key] == FREE_TRIES:
            session.delete(row)
        else:
            row.failures = max(0, row.failures - 1)
            row.next_at = None


def _duration(seconds: int) -> str:
    return f"{seconds:d} 秒" if seconds < 120 else f"{math.ceil(seconds / 60):d} 分钟"
