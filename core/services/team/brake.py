"""A brake on guessing passwords: after some wrong ones, each further try waits longer. Kept in the database."""

import math
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, text
from sqlmodel import Session, col

from core.adapters.store.models import Account, SignInBrake, now
from core.adapters.store.models.base import UtcDateTime
from core.domain.account_names import name_key
from core.errors import SignInError
from core.services.team.tokens import token_digest

FREE_TRIES = 5
"""Wrong passwords for one name before each further one has to wait."""
FREE_TRIES_OF_ADDRESS = 30
"""… from one address, which may be a whole office."""
FIRST_WAIT = 30.0
LONGEST_WAIT = 900.0
FORGOTTEN_AFTER = timedelta(days=1)
"""Failures older than this do not count any more."""

_MAKE_BRAKE = text(
    "INSERT INTO signinbrake (key, failures, updated_at) VALUES (:key, 0, :at) ON CONFLICT DO NOTHING"
).bindparams(bindparam("at", type_=UtcDateTime()))


def brake_keys(account: Account | None, name: str, address: str) -> dict[str, int]:
    """Keys of the brake with the number of tries that are free, always in one order, so that nobody deadlocks.

    However somebody spells a name, what counts is the account that it would open.
    """
    meant = f"account:{account.id}" if account is not None else f"name:{name_key(name)}"
    keys = {token_digest(meant): FREE_TRIES}
    if address:
        keys[token_digest(f"address:{address}")] = FREE_TRIES_OF_ADDRESS
    return dict(sorted(keys.items()))


def count_try(session: Session, keys: dict[str, int]) -> int:
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


def release_brake(session: Session, keys: dict[str, int]) -> None:
    """Forget the failures of a name that got in; of its address, only this try was none."""
    for row in session.execute(select(SignInBrake).where(col(SignInBrake.key).in_(keys)).with_for_update()).scalars():
        if keys[row.key] == FREE_TRIES:
            session.delete(row)
        else:
            row.failures = max(0, row.failures - 1)
            row.next_at = None


def refuse_while_waiting(seconds: int) -> None:
    """Refuse a try that has to wait.

    Raises:
        SignInError: it has to.
    """
    if seconds:
        raise SignInError(f"试得太多了，请在 {_duration(seconds)}后再试", "忘记密码请让管理员重设")


def wait_after(failures: int, free: int) -> float:
    """Seconds to wait after so many failures: none at first, then twice as long each time, at most 15 minutes."""
    return 0.0 if failures < free else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - free, 16))


def _duration(seconds: int) -> str:
    return f"{seconds:d} 秒" if seconds < 120 else f"{math.ceil(seconds / 60):d} 分钟"
