"""What somebody was shown of other people's first reviews: who has seen one makes no blind second review of its chat.

A discussion that is not of a blind review counts like the first review itself, also before there is one: it tells what
people think of the chat. Who has read in one, or said something in it, is no blind reviewer any more.

Each service that shows a record to a person says so by :func:`remember_seen`, for the chats that it shows. What is new
is written once the session that read has ended, before its answer is given out; what is known already costs a look.
Services that only count or compute with records say nothing.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, literal, not_, or_, select, true
from sqlalchemy.dialects import sqlite
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.db import AFTER_READING, READING
from core.adapters.store.models import Chat, Discussion, DiscussionEvent, Pass, Record, RecordSeen, RecordStatus, now
from core.adapters.store.models.base import UtcDateTime
from core.adapters.store.queries import PASSED_BY
from core.errors import StoreError
from core.services.team.acting import current_viewer

SEEN_ALREADY = "您看过它的初审或讨论，请另选一位"
"""Why somebody who has seen a first review, or its discussion, may not make the second one (a Chinese clause)."""

OF_SAVES = ("save:", "done:")
"""What ids of steps begin with that a save of a record brought along: whose that is tells the record's history."""


def remember_seen(session: Session, chat_ids: Collection[int]) -> None:
    """Remember that who reads is shown the first reviews of these chats; one's own, and none, are passed over.

    Args:
        session: open session that reads, in which the records were looked up: what it withholds is not shown.
        chat_ids: ids of the chats.
    """
    if viewer := _viewer(session):
        for ids in queries.chunked(list(chat_ids)):
            _remember(session, viewer, col(Record.chat_id).in_(ids))


def remember_seen_in(session: Session, dataset_id: int, indices: Iterable[int] | None = None) -> None:
    """Remember that who reads is shown the first reviews of a dataset's chats.

    Args:
        session: as for :func:`remember_seen`.
        dataset_id: the dataset.
        indices: of the chats; ``None`` for all whose review is confirmed.
    """
    if not (viewer := _viewer(session)):
        return
    if indices is None:
        confirmed = and_(col(Record.dataset_id) == dataset_id, col(Record.status) == RecordStatus.CONFIRMED)
        _remember(session, viewer, confirmed)
        return
    for some in queries.chunked(sorted(set(indices))):
        chats = select(col(Chat.id)).where(col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(some))
        _remember(session, viewer, col(Record.chat_id).in_(chats))


def remember_seen_among(session: Session, chats: Select[Any]) -> None:
    """Remember that who reads is shown something of the first reviews of all chats that a statement selects.

    For lists that tell what a review says by whom they hold, such as a filter by value, whatever part of them is drawn.

    Args:
        session: as for :func:`remember_seen`.
        chats: selects the ids of the chats.
    """
    if viewer := _viewer(session):
        _remember(session, viewer, col(Record.chat_id).in_(chats.order_by(None).correlate(None)))


def remember_discussion_seen(session: Session, dataset_id: int, indices: Iterable[int]) -> None:
    """Remember that who reads is shown what people say about a dataset's chats, whether they are reviewed or not yet.

    Args:
        session: as for :func:`remember_seen`.
        dataset_id: the dataset.
        indices: of the chats; those whose first review is the reader's own are passed over.
    """
    if not (viewer := _viewer(session)):
        return
    known = exists().where(
        col(RecordSeen.chat_id) == col(Chat.id), col(RecordSeen.reviewer) == viewer, col(RecordSeen.is_reviewed)
    )
    own = exists().where(
        col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY, col(Record.reviewer) == viewer
    )
    for some in queries.chunked(sorted(set(indices))):
        statement = select(col(Chat.id)).where(
            col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(some), not_(known), not_(own)
        )
        if new := list(session.execute(statement).scalars()):
            follow_up = partial(_write, viewer=viewer, chat_ids=new, is_discussed=True)
            session.info.setdefault(AFTER_READING, []).append(follow_up)


def has_seen(first: Any, reviewer: str) -> ColumnElement[bool]:
    """Condition: somebody was shown a first review, as it is now or was, or took part in a discussion of its chat.

    What only a threshold had let pass is no review once somebody has made one; an audit of it asks who has not seen it.

    Args:
        first: the primary record, or an alias of :class:`~core.adapters.store.models.Record` for the column of it.
        reviewer: the person.
    """
    is_passed = first.reviewer == PASSED_BY
    was_shown = exists().where(
        col(RecordSeen.chat_id) == first.chat_id,
        col(RecordSeen.reviewer) == reviewer,
        or_(col(RecordSeen.is_reviewed), literal(is_passed) if isinstance(is_passed, bool) else is_passed),
    )
    took_part = exists().where(
        col(Discussion.chat_id) == first.chat_id,
        col(Discussion.review_pass) != Pass.SECOND,
        col(DiscussionEvent.discussion_id) == col(Discussion.id),
        col(DiscussionEvent.who) == reviewer,
        not_(or_(*(col(DiscussionEvent.save_id).startswith(kind) for kind in OF_SAVES))),
    )
    return or_(was_shown, took_part)


def _viewer(session: Session) -> str:
    """Who is shown something; nobody by what is read in order to write."""
    return current_viewer() if session.info.get(READING) else ""


def _remember(session: Session, viewer: str, which: ColumnElement[bool]) -> None:
    known = exists().where(
        col(RecordSeen.chat_id) == col(Record.chat_id),
        col(RecordSeen.reviewer) == viewer,
        or_(col(RecordSeen.is_reviewed), queries.is_passed()),
    )
    statement = select(col(Record.chat_id)).where(
        which, col(Record.review_pass) == Pass.PRIMARY, col(Record.reviewer) != viewer, not_(known)
    )
    if new := list(session.execute(statement).scalars()):
        session.info.setdefault(AFTER_READING, []).append(partial(_write, viewer=viewer, chat_ids=new))


def _write(store: Store, *, viewer: str, chat_ids: list[int], is_discussed: bool = False) -> None:
    insert: Any = sqlite.insert
    if store.engine.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        insert = postgresql.insert
    # A database that cannot be written for a while is still read: the next look writes it down.
    with suppress(StoreError), store.write() as session:
        for ids in queries.chunked(chat_ids):
            who, at = literal(viewer), literal(now(), UtcDateTime())
            shown = (
                select(col(Chat.id), who, true(), at).where(col(Chat.id).in_(ids))
                if is_discussed
                else select(col(Record.chat_id), who, not_(queries.is_passed()), at).where(
                    col(Record.chat_id).in_(ids), col(Record.review_pass) == Pass.PRIMARY
                )
            )
            statement = insert(RecordSeen).from_select(["chat_id", "reviewer", "is_reviewed", "at"], shown)
            is_reviewed = or_(col(RecordSeen.is_reviewed), statement.excluded.is_reviewed)
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=[col(RecordSeen.chat_id), col(RecordSeen.reviewer)],
                    set_={"is_reviewed": is_reviewed},
                )
            )
