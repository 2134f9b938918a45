"""Requests that a program may send twice: the second time it gets the first answer, and nothing happens again.

The program names a request by a key of its own (the header ``Idempotency-Key``). While a request is being carried out
another one of the same key is refused; one that was never answered, because the server ended, may be sent again.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import RepeatedRequest, now
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError
from core.services.team.acting import permitted

KEPT = timedelta(days=7)
"""For so long an answer is given again."""
UNANSWERED = timedelta(minutes=15)
"""A request without an answer for so long was cut off: the same one may be carried out anew."""
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that a request got: its status as HTTP has it, and its JSON."""

    status: int
    answer: dict[str, Any]


@permitted(Permission.REVIEW)
def begin_request(store: Store, token_id: int, key: str, digest: str) -> StoredAnswer | None:
    """Begin a request, or give the answer that the same one got before.

    Args:
        store: the open store.
        token_id: whose request it is.
        key: that the program gave it.
        digest: of what is asked.

    Returns:
        The stored answer; ``None`` where the request is to be carried out now.

    Raises:
        InputError: the key is empty, too long or not printable, or was used for something else.
        ConflictError: the same request is under way.
    """
    if not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        raise InputError(f"Idempotency-Key 不能用（1 到 {LONGEST_KEY} 个字符）", "每个请求用一个新的，例如 UUID")
    moment = now()
    try:
        with store.write() as session:
            session.execute(delete(RepeatedRequest).where(col(RepeatedRequest.at) < moment - KEPT))
            session.add(RepeatedRequest(token_id=token_id, key=key, digest=digest, at=moment))
        return None
    except IntegrityError:
        pass  # the key is known
    with store.write() as session:
        row = session.get(RepeatedRequest, (token_id, key))
        if row is not None and row.digest != digest:
            raise InputError("这个 Idempotency-Key 已用于另一个请求，没有执行", "每个请求用一个新的")
        if row is not None and row.status is not None:
            return StoredAnswer(row.status, row.answer)
        taken_over = session.execute(
            update(RepeatedRequest)
            .where(
                col(RepeatedRequest.token_id) == token_id,
                col(RepeatedRequest.key) == key,
                col(RepeatedRequest.at) < moment - UNANSWERED,
            )
            .values(at=moment)
        )
        if not isinstance(taken_over, CursorResult) or taken_over.rowcount != 1:
            raise ConflictError("同一个请求正在执行", "请稍后用同样的 Idempotency-Key 再问")
    return None


@permitted(Permission.REVIEW)
def finish_request(store: Store, token_id: int, key: str, answered: StoredAnswer | None) -> None:
    """End a request with its answer, or forget it: then it may be sent again.

    Args:
        store: the open store.
        token_id: whose request it is.
        key: that the program gave it.
        answered: what the program is answered; ``None`` where it failed.
    """
    with store.write() as session:
        row = session.get(RepeatedRequest, (token_id, key))
        if row is not None and answered is None:
            session.delete(row)
        elif row is not None and answered is not None:
            row.status, row.answer = answered.status, answered.answer
