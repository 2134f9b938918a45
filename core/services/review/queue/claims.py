"""Claims: reserve a reviewer's current and next chats against other reviewers for some minutes.

Who has somebody else's chat on screen is kept beside its claim, so that each of the two is told of the other before
either saves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import sqlite
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import ChatVisit, Claim, now

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
        ``{chat id: reviewer}`` for those that somebody else holds or looks at.
    """
    with store.read() as session:
        planned = plan(session, chat_ids, reviewer, leaving=leaving)
    return carry_out(store, planned)


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """Claims as they stand, and as they should.

    Attributes:
        reviewer: for whom.
        to_claim: ids of the chats that should be the reviewer's, in one order for everybody, so that two reviewers
            never wait for one another's rows.
        to_free: ids of the chats that the reviewer leaves.
        others: ``{chat id: reviewer}`` for those that somebody else holds or looks at.
        is_settled: whether all is as it should be, so that nothing has to be written.
        at: id of the chat on screen: while it is somebody else's, they are told who else looks at it.
    """

    reviewer: str
    to_claim: tuple[int, ...]
    to_free: frozenset[int]
    others: dict[int, str]
    is_settled: bool
    at: int | None = None


def plan(
    session: Session, chat_ids: Sequence[int], reviewer: str, *, leaving: Sequence[int] = (), at: int | None = None
) -> ClaimPlan:
    """What :func:`claim` would have to write; only reads, so that it can go with other reading.

    Args:
        session: open session.
        chat_ids: ids of the chats on screen and ahead.
        reviewer: who is on them; ``""`` claims nothing.
        leaving: ids of chats claimed or looked at before.
        at: id of the chat on screen.
    """
    wanted_ids = tuple(sorted(set(chat_ids))) if reviewer else ()
    left_ids = frozenset(leaving) - frozenset(wanted_ids) if reviewer else frozenset()
    if not wanted_ids and not left_ids:
        return ClaimPlan(reviewer, (), frozenset(), {}, is_settled=True)
    claims = _claims_of(session, [*wanted_ids, *left_ids])
    renew_before = now() + RENEW_BELOW
    is_settled = all(_is_settled(claims.get(i), reviewer, renew_before, is_seen=i == at) for i in wanted_ids)
    is_left = not any(reviewer in (claims[i].reviewer, claims[i].visitor) for i in left_ids if i in claims)
    others = _others(claims, wanted_ids, reviewer)
    return ClaimPlan(reviewer, wanted_ids, left_ids, others, is_settled and is_left, at)


def carry_out(store: Store, planned: ClaimPlan) -> dict[int, str]:
    """Write a plan of claims, if there is anything to write.

    Args:
        store: the open store.
        planned: what to write; the database itself sees to it that nobody else's claim is overwritten meanwhile.

    Returns:
        ``{chat id: reviewer}`` for those that somebody else holds or looks at.
    """
    if planned.is_settled:
        return planned.others
    reviewer, until = planned.reviewer, now() + CLAIM
    insert: Any = sqlite.insert
    if store.engine.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        insert = postgresql.insert
    with store.write() as session:
        if planned.to_free:
            session.execute(
                delete(Claim).where(col(Claim.chat_id).in_(planned.to_free), col(Claim.reviewer) == reviewer)
            )
            session.execute(
                delete(ChatVisit).where(
                    col(ChatVisit.chat_id).in_(planned.to_free), col(ChatVisit.reviewer) == reviewer
                )
            )
        if not planned.to_claim:
            return {}
        rows = [{"chat_id": i, "reviewer": reviewer, "until": until} for i in planned.to_claim]
        session.execute(
            insert(Claim)
            .values(rows)
            .on_conflict_do_update(
                index_elements=[col(Claim.chat_id)],
                set_={"reviewer": reviewer, "until": until},
                where=or_(col(Claim.until) < now(), col(Claim.reviewer) == reviewer),
            )
        )
        claims = _claims_of(session, planned.to_claim)
        if planned.at in claims and claims[planned.at].reviewer != reviewer:
            session.execute(
                insert(ChatVisit)
                .values(chat_id=planned.at, reviewer=reviewer, until=until)
                .on_conflict_do_update(
                    index_elements=[col(ChatVisit.chat_id)], set_={"reviewer": reviewer, "until": until}
                )
            )
        return _others(claims, planned.to_claim, reviewer)


class _Held(NamedTuple):
    """Who has claimed a chat, and until when; who else looks at it, and until when that is known."""

    reviewer: str
    until: datetime
    visitor: str | None
    visited_until: datetime | None

    def other_than(self, reviewer: str) -> str:
        """Who else is on the chat, ``""`` where nobody is."""
        if self.reviewer != reviewer:
            return self.reviewer
        is_visited = self.visited_until is not None and self.visited_until >= now() and self.visitor != reviewer
        return (self.visitor or "") if is_visited else ""


def _claims_of(session: Session, chat_ids: Sequence[int]) -> dict[int, _Held]:
    statement = (
        select(col(Claim.chat_id), col(Claim.reviewer), col(Claim.until), col(ChatVisit.reviewer), col(ChatVisit.until))
        .outerjoin(ChatVisit, col(ChatVisit.chat_id) == col(Claim.chat_id))
        .where(col(Claim.chat_id).in_(chat_ids))
    )
    return {chat_id: _Held(*held) for chat_id, *held in session.execute(statement)}


def _is_settled(claim: _Held | None, reviewer: str, renew_before: datetime, *, is_seen: bool) -> bool:
    """Whether a claim needs no write: it is the reviewer's and lasts, or somebody else's and has not run out.

    On somebody else's chat that is seen on screen, the reviewer has to be noted as looking at it, too.
    """
    if claim is None:
        return False
    if claim.reviewer == reviewer:
        return claim.until >= renew_before
    is_noted = claim.visitor == reviewer and claim.visited_until is not None and claim.visited_until >= renew_before
    return claim.until >= now() and (is_noted or not is_seen)


def _others(claims: Mapping[int, _Held], chat_ids: Sequence[int], reviewer: str) -> dict[int, str]:
    others = {i: claims[i].other_than(reviewer) for i in chat_ids if i in claims}
    return {i: who for i, who in others.items() if who}
