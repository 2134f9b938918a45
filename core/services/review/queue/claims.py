"""Claims: a chat that a reviewer has on screen, or will have next, is kept from other reviewers for some minutes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Claim, now

CLAIM = timedelta(minutes=3)
"""How long a claim lasts. The browser gives a sign each minute while somebody sits before it (``BEAT`` in
``sync.js``), so a chat whose reviewer is gone is soon free again."""

RENEW_BELOW = CLAIM / 2
"""A claim is renewed once less than this is left of it: every second sign, so that an idle one writes nothing. A sign
that is lost or late leaves half a minute before the claim runs out."""


def claim(store: Store, chat_ids: Sequence[int], reviewer: str, *, leaving: Sequence[int] = ()) -> dict[int, str]:
    """Atomically claim or renew chats for a reviewer.

    Nothing is written while all these chats are this reviewer's for longer than :data:`RENEW_BELOW`.

    Args:
        store: the open store.
        chat_ids: ids of the chats on screen and ahead.
        reviewer: who is on them; ``""`` claims nothing.
        leaving: ids of chats claimed before; those that are not among ``chat_ids`` become free.

    Returns:
        ``{chat id: reviewer}`` for those that somebody else holds.
    """
    if not reviewer:
        return {}
    wanted_ids = sorted(set(chat_ids))  # in one order, so that two reviewers never wait for one another's rows
    left_ids = set(leaving) - set(wanted_ids)
    if not wanted_ids and not left_ids:
        return {}
    with store.read() as session:
        claims = _claims_of(session, [*wanted_ids, *left_ids])
    renew_before = now() + RENEW_BELOW
    is_settled = all(_is_settled(claims.get(i), reviewer, renew_before) for i in wanted_ids)
    if is_settled and not any(claims[i].reviewer == reviewer for i in left_ids if i in claims):
        return _others(claims, wanted_ids, reviewer)
    until = now() + CLAIM
    insert = postgresql.insert if store.engine.dialect.name == "postgresql" else sqlite.insert
    with store.write() as session:
        if left_ids:
            session.execute(delete(Claim).where(col(Claim.chat_id).in_(left_ids), col(Claim.reviewer) == reviewer))
        if not wanted_ids:
            return {}
        statement = insert(Claim).values([{"chat_id": i, "reviewer": reviewer, "until": until} for i in wanted_ids])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[col(Claim.chat_id)],
                set_={"reviewer": reviewer, "until": until},
                where=or_(col(Claim.until) < now(), col(Claim.reviewer) == reviewer),
            )
        )
        return _others(_claims_of(session, wanted_ids), wanted_ids, reviewer)


class _Held(NamedTuple):
    """Who has claimed a chat, and until when."""

    reviewer: str
    until: datetime


def _claims_of(session: Session, chat_ids: Sequence[int]) -> dict[int, _Held]:
    statement = select(col(Claim.chat_id), col(Claim.reviewer), col(Claim.until)).where(
        col(Claim.chat_id).in_(chat_ids)
    )
    return {chat_id: _Held(reviewer, until) for chat_id, reviewer, until in session.execute(statement)}


def _is_settled(claim: _Held | None, reviewer: str, renew_before: datetime) -> bool:
    """Whether a claim needs no write: it is the reviewer's and lasts, or somebody else's and has not run out."""
    if claim is None:
        return False
    return claim.until >= (renew_before if claim.reviewer == reviewer else now())


def _others(claims: Mapping[int, _Held], chat_ids: Sequence[int], reviewer: str) -> dict[int, str]:
    return {i: claims[i].reviewer for i in chat_ids if i in claims and claims[i].reviewer != reviewer}
