"""What is withheld from a blind second reviewer until they have decided: the rule, and the one place that keeps it.

Whoever has begun the second review of a chat and not confirmed it must not see what others made of that chat, whether
they have put it up for discussion, skipped it or taken it back: all of these they may still go on with. Nor must who
had it on screen for such a review and typed nothing, for as long as a sign-in lasts: they could look and go back. No
reader has to remember this: each session of ``Store.read()`` leaves those rows out of whatever it selects, as if they
were not there. Sessions that write see everything: what they answer are versions and sentences, and
:func:`is_reviewing_blind` keeps them from more. So do the few readers that say :func:`everything_shown` and why.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, Subquery, and_, event, exists, not_, or_, select, union
from sqlalchemy.orm import ORMExecuteState, aliased, with_loader_criteria
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, col

from core.adapters.store.db import READING, Store
from core.adapters.store.models import (
    Base,
    BlindOpening,
    Chat,
    Discussion,
    DiscussionEvent,
    Dispute,
    Pass,
    Pick,
    Record,
    RecordEvent,
    RecordStatus,
    Summary,
    now,
)
from core.domain.permissions import Permission
from core.services.team.acting import current_viewer, permitted

OPENED_FOR = timedelta(hours=12)
"""How long the first review of a chat is kept from who opened it for a blind one and typed nothing."""
BLIND_JUST_NOW = "您正在盲审它，确认之后才能看和改别人的记录"
"""Why somebody may not change another review of a chat (a Chinese clause)."""
_WITHHELD = "shiyao_withheld"


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a session leaves out.

    Attributes:
        viewer: from whom; ``""`` for nobody.
        chats: ids of the chats that they review blind and have not decided.
        records: ids of other people's records of these chats.
    """

    viewer: str = ""
    chats: frozenset[int] = frozenset()
    records: frozenset[int] = field(default=frozenset(), repr=False)


_NOTHING = Withheld()


def withheld(session: Session) -> Withheld:
    """What a session leaves out, looked up at its first question and the same until it ends.

    Part of the key of whatever is kept beyond the session: what one person was shown is not for another.
    """
    return _withheld(session)


def withheld_chats(session: Session, dataset_id: int) -> set[int]:
    """Indices of a dataset's chats that who reads reviews blind just now, for readers that leave the chat out whole."""
    if not (chats := _withheld(session).chats):
        return set()
    statement = select(col(Chat.index)).where(col(Chat.dataset_id) == dataset_id, col(Chat.id).in_(chats))
    return set(session.execute(statement).scalars())


def is_reviewing_blind(session: Session, chat_id: int) -> bool:
    """Whether who acts reviews a chat blind just now; asked anew each time, also by sessions that write."""
    viewer = current_viewer()
    if not viewer:
        return False
    blind = _blind_chats(viewer)
    return session.execute(select(blind.c.chat_id).where(blind.c.chat_id == chat_id)).first() is not None


def is_noted_as_opened(session: Session, chat_id: int, reviewer: str) -> bool:
    """Whether it is written down, and lately, that a reviewer has a chat on screen for a blind review."""
    opening = session.get(BlindOpening, (chat_id, reviewer))
    return opening is not None and opening.at > now() - OPENED_FOR / 2


@permitted(Permission.REVIEW)
def note_opening(store: Store, chat_id: int, reviewer: str) -> None:
    """Write down that a reviewer has a chat on screen for a blind review.

    Args:
        store: the open store.
        chat_id: the chat's id.
        reviewer: who reviews it.
    """
    with store.write() as session:
        session.merge(BlindOpening(chat_id=chat_id, reviewer=reviewer, at=now()))


@contextmanager
def everything_shown(session: Session) -> Iterator[None]:
    """Context manager: a session that reads leaves nothing out.

    For the blind review itself, and where nothing is shown of what the withheld records hold.
    """
    before = session.info.get(_WITHHELD)
    session.info[_WITHHELD] = _NOTHING
    try:
        yield
    finally:
        session.info.pop(_WITHHELD)
        if before is not None:
            session.info[_WITHHELD] = before


def is_of_undecided_blind(reader: str | None = None) -> ColumnElement[bool]:
    """Condition on discussions: what a blind reviewer wrote and has not confirmed the review yet; theirs alone.

    The first reviewer, reading it, could still change what the second one is compared with.

    Args:
        reader: who reads; ``None`` for who sees what is read now.
    """
    reader = current_viewer() if reader is None else reader
    decided = exists().where(
        col(Record.chat_id) == col(Discussion.chat_id),
        col(Record.review_pass) == Pass.SECOND,
        col(Record.reviewer) == col(Discussion.opened_by),
        col(Record.status) == RecordStatus.CONFIRMED,
    )
    return and_(col(Discussion.review_pass) == Pass.SECOND, col(Discussion.opened_by) != reader, not_(decided))


def hidden_sentence(chat: int) -> str:
    """Why somebody does not see the first review of a chat (a Chinese sentence without the full stop)."""
    return f"第 {chat} 条您正在盲审，确认之后才能看初审的值"


def left_out_sentence(chats: int) -> str:
    """How many chats' records are missing from what somebody makes (a Chinese sentence without the full stop)."""
    return f"有 {chats:,} 条群聊您正在盲审，没有用上别人的记录；确认之后再做一次就有了"


def _undecided_second(viewer: str) -> ColumnElement[bool]:
    return and_(
        # Skipped, put up for discussion or taken back is not decided: it can be gone on with.
        col(Record.review_pass) == Pass.SECOND,
        col(Record.reviewer) == viewer,
        col(Record.status) != RecordStatus.CONFIRMED,
    )


def _blind_chats(viewer: str) -> Subquery:
    """Ids of the chats that somebody reviews blind: begun and not decided, or lately opened and decided by nobody."""
    begun = select(col(Record.chat_id)).where(_undecided_second(viewer))
    decided = aliased(Record)
    is_decided = exists().where(
        col(decided.chat_id) == col(BlindOpening.chat_id),
        col(decided.review_pass) == Pass.SECOND,
        col(decided.status) == RecordStatus.CONFIRMED,
    )
    opened = select(col(BlindOpening.chat_id)).where(
        col(BlindOpening.reviewer) == viewer, col(BlindOpening.at) > now() - OPENED_FOR, not_(is_decided)
    )
    return union(begun, opened).subquery()


def _withheld(session: AnySession) -> Withheld:
    if not session.info.get(READING):
        return _NOTHING
    if _WITHHELD not in session.info:
        viewer = current_viewer()
        session.info[_WITHHELD] = _NOTHING  # the question below is not narrowed itself
        session.info[_WITHHELD] = _withheld_from(session, viewer) if viewer else _NOTHING
    kept: Withheld = session.info[_WITHHELD]
    return kept


def _withheld_from(session: AnySession, viewer: str) -> Withheld:
    own = and_(col(Record.review_pass) == Pass.SECOND, col(Record.reviewer) == viewer)
    blind = _blind_chats(viewer)
    statement = select(blind.c.chat_id, col(Record.id)).outerjoin(
        Record, and_(col(Record.chat_id) == blind.c.chat_id, not_(own))
    )
    rows = list(session.execute(statement))
    if not rows:
        return _NOTHING
    chats = frozenset(int(chat_id) for chat_id, _ in rows)
    return Withheld(viewer, chats, frozenset(int(record_id) for _, record_id in rows if record_id is not None))


@event.listens_for(AnySession, "do_orm_execute")
def _leave_out(execution: ORMExecuteState) -> None:
    if not execution.is_select or not (hidden := _withheld(execution.session)).chats:
        return
    own = hidden.viewer
    threads = Base.metadata.tables["discussion"]  # the table itself: the criteria below would narrow the model
    discussed = select(threads.c.id).where(threads.c.chat_id.in_(hidden.chats))
    criteria: tuple[tuple[type[object], ColumnElement[bool]], ...] = (
        (Record, col(Record.id).not_in(hidden.records)),
        (RecordEvent, col(RecordEvent.record_id).not_in(hidden.records)),
        (Dispute, or_(col(Dispute.who) == own, col(Dispute.chat_id).not_in(hidden.chats))),
        (Discussion, or_(col(Discussion.opened_by) == own, col(Discussion.chat_id).not_in(hidden.chats))),
        (DiscussionEvent, or_(col(DiscussionEvent.who) == own, col(DiscussionEvent.discussion_id).not_in(discussed))),
        (Pick, or_(col(Pick.who) == own, col(Pick.chat_id).not_in(hidden.chats))),
        (
            Summary,
            or_(col(Summary.who) == own, col(Summary.run_id).is_not(None), col(Summary.chat_id).not_in(hidden.chats)),
        ),
    )
    execution.statement = execution.statement.options(
        *(with_loader_criteria(model, condition, include_aliases=True) for model, condition in criteria)
    )
