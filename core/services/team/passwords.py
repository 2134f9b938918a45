"""Passwords: Argon2id digests, and which passwords are good enough."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import InputError

SHORTEST = 10
LONGEST = 256
"""Characters of a password. Argon2 reads all of them, so the end keeps a request from being made of megabytes."""

# Each check takes 64 MiB and four threads for some 50 ms: two at a time, whoever knocks.
_AT_ONCE = BoundedSemaphore(2)
_hasher = PasswordHasher()


@cache
def _nobodys_digest() -> str:
    """A digest that takes as long to compare with as any other."""
    return _hasher.hash("nobody has this password")


def digest_of(password: str, *, name: str) -> str:
    """The Argon2id digest to store for a new password.

    Args:
        password: the password.
        name: of the account.

    Raises:
        InputError: it is too short, too long, or can be guessed at once.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"密码要有 {SHORTEST} 到 {LONGEST} 个字符", "长一点的一句话就很好")
    if len(set(password)) < 4 or (name and name.casefold() in password.casefold() and len(password) < 2 * SHORTEST):
        raise InputError("这个密码太容易猜到", "不要用名字，也不要只重复几个字符")
    with _AT_ONCE:
        return _hasher.hash(password)


def matches(digest: str, password: str) -> bool:
    """Whether a password is the one of a digest. Takes as long for ``""``, the digest of nobody."""
    with _AT_ONCE:
        try:
            _hasher.verify(digest or _nobodys_digest(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return bool(digest)


def is_outdated(digest: str) -> bool:
    """Whether a digest was made with weaker settings than those of today."""
    return _hasher.check_needs_rehash(digest)


def renewed(password: str) -> str:
    """A digest of the same password with today's settings."""
    with _AT_ONCE:
        return _hasher.hash(password)
