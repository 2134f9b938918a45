"""Discussions as people read them: what was said and done in each, in order, and how many wait for whom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Discussion, DiscussionBase, DiscussionEvent, DiscussionStep, Pass
from core.adapters.store.views import View
from core.services.team import is_of_undecided_blind, remember_discussion_seen


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a discussion: a comment as it reads now, or that it was resolved or opened again.

    Attributes:
        id: of the event.
        step: 评论, 解决 or 重开.
        who: who said or did it.
        at: when.
        text: of a comment; ``""`` where it gives no reason, or was deleted.
        edited_at: when it was last changed; ``None`` if never.
        deleted_by: who deleted the comment; ``""`` if nobody.
    """

    id: int
    step: str
    who: str
    at: datetime
    text: str = ""
    edited_at: datetime | None = None
    deleted_by: str = ""

    def as_json(self) -> dict[str, Any]:
        """The line as JSON values."""
        edited_at = self.edited_at.isoformat() if self.edited_at is not None else None
        line = {"step": str(self.step), "who": self.who, "at": self.at.isoformat(), "text": self.text}
        return line | {"edited_at": edited_at, "deleted_by": self.deleted_by}

    @property
    def is_comment(self) -> bool:
        """Whether it is a comment that is there."""
        return self.step == DiscussionStep.COMMENT and not self.deleted_by


class DiscussionView(DiscussionBase, View):
    """A discussion: ``chat`` is the chat's index, ``turns`` what was said and done, the oldest first."""

    id: int
    chat: int
    turns: tuple[Turn, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody has resolved it."""
        return self.resolved_at is None

    def as_json(self, place: str) -> dict[str, Any]:
        """The discussion with all that was said, as JSON values.

        Args:
            place: what it is about, in words.
        """
        return {
            "id": self.id,
            "chat": self.chat,
            "place": place,
            "customer": self.customer,
            "customer_name": self.customer_name,
            "field": self.field,
            "review_pass": self.review_pass,
            "open": self.is_open,
            "opened_by": self.opened_by,
            "opened_at": self.opened_at.isoformat(),
            "resolved_by": self.resolved_by,
            "resolved_at": self.resolved_at.isoformat() if self.resolved_at is not None else None,
            "awaiting": self.awaiting if self.is_open else [],
            "turns": [turn.as_json() for turn in self.turns],
        }


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """Discussions that nobody has resolved.

    Attributes:
        open: all of them.
        mine: those in which a person was mentioned and has not answered since.
    """

    open: int = 0
    mine: int = 0

    def __add__(self, other: "OpenCounts") -> "OpenCounts":
        """Both together."""
        return OpenCounts(self.open + other.open, self.mine + other.mine)


def turns_of(events: Iterable[DiscussionEvent]) -> tuple[Turn, ...]:
    """What a discussion's events come to, the oldest first: edits and deletions are applied to their comments.

    Args:
        events: of one discussion, in order.
    """
    turns: dict[int, Turn] = {}
    for event in events:
        turn = turns.get(event.target or 0)
        if event.kind in (DiscussionStep.COMMENT, DiscussionStep.RESOLVE, DiscussionStep.REOPEN):
            turns[event.id or 0] = Turn(event.id or 0, event.kind, event.who, event.at, event.text)
        elif turn is not None and event.kind == DiscussionStep.EDIT:
            turns[turn.id] = replace(turn, text=event.text, edited_at=event.at)
        elif turn is not None and event.kind == DiscussionStep.DELETE:
            turns[turn.id] = replace(turn, deleted_by=event.who)
        elif turn is not None and event.kind == DiscussionStep.RESTORE:
            turns[turn.id] = replace(turn, deleted_by="")
    return tuple(replace(turn, text="") if turn.deleted_by else turn for turn in turns.values())


def discussions_in(
    session: Session,
    dataset_id: int,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    chats: Collection[int] | None = None,
    only_of: str | None = None,
    on_screen: Collection[int] | None = None,
) -> list[DiscussionView]:
    """Discussions of a dataset with what was said in them, in order of the chats, then of their opening.

    What stands in them is remembered as shown to who reads (``core.services.team.seen``). What a blind reviewer writes
    is for themselves alone until they have decided.

    Args:
        session: open session.
        dataset_id: the dataset.
        conditions: on :class:`~core.adapters.store.models.Discussion`.
        chats: indices, few; ``None`` for all.
        only_of: only what this person has opened and said: a blind second reviewer sees nothing else.
        on_screen: indices of the chats that who reads has before them; of others, what is sent ahead, they have seen
            nothing yet. ``None`` for all.
    """
    statement = (
        select(Discussion, col(Chat.index))
        .join(Chat, col(Chat.id) == col(Discussion.chat_id))
        .where(col(Discussion.dataset_id) == dataset_id, col(Discussion.comments) > 0, *conditions)
        .order_by(col(Chat.index), col(Discussion.id))
    )
    if chats is not None:
        statement = statement.where(col(Chat.index).in_(list(chats)))
    is_readable = not_(is_of_undecided_blind()) if only_of is None else col(Discussion.opened_by) == only_of
    statement = statement.where(is_readable)
    rows = [(row, index) for row, index in session.execute(statement).all()]
    turns = _turns(session, [row.id or 0 for row, _ in rows], only_of)
    views = [_view(row, index, turns.get(row.id or 0, ())) for row, index in rows]
    if only_of is None and views:
        shown = {view.chat for view in views}
        remember_discussion_seen(session, dataset_id, shown if on_screen is None else shown & set(on_screen))
    return [view for view in views if any(turn.is_comment for turn in view.turns)]


def open_counts(store: Store, viewer: str) -> dict[int, OpenCounts]:
    """Open discussions by dataset id, and those that wait for a person; datasets without any are not in it.

    Args:
        store: the open store.
        viewer: the person; ``""`` for nobody.
    """
    counts: dict[int, OpenCounts] = {}
    statement = select(col(Discussion.dataset_id), col(Discussion.awaiting)).where(
        is_open(), not_(is_of_undecided_blind())
    )
    with store.read() as session:
        for dataset_id, awaiting in session.execute(statement):
            mine = bool(viewer) and viewer in awaiting
            counts[dataset_id] = counts.get(dataset_id, OpenCounts()) + OpenCounts(1, int(mine))
    return counts


def is_open() -> ColumnElement[bool]:
    """Condition: a discussion that nobody has resolved, with at least one comment."""
    return and_(col(Discussion.resolved_at).is_(None), col(Discussion.comments) > 0)


def speakers_of(turns: Iterable[Turn]) -> set[str]:
    """Whose comments stand in a discussion: what was deleted is said by nobody any more."""
    return {turn.who for turn in turns if turn.is_comment}


def awaited_after(turns: Sequence[Turn], mentions: Mapping[int, Sequence[str]]) -> list[str]:
    """Who was mentioned in a discussion and has not answered since.

    Args:
        turns: of the discussion.
        mentions: by a comment's id, whom it mentions.
    """
    awaited: dict[str, None] = {}
    for turn in turns:
        if turn.is_comment:
            awaited.pop(turn.who, None)
            awaited |= dict.fromkeys(name for name in mentions.get(turn.id, ()) if name != turn.who)
    return list(awaited)


def _turns(session: Session, ids: Sequence[int], only_of: str | None) -> dict[int, tuple[Turn, ...]]:
    events: dict[int, list[DiscussionEvent]] = {}
    for part in queries.chunked(ids):
        statement = select(DiscussionEvent).where(col(DiscussionEvent.discussion_id).in_(part))
        if only_of is not None:
            statement = statement.where(col(DiscussionEvent.who) == only_of)
        for event in session.execute(statement.order_by(col(DiscussionEvent.id))).scalars():
            events.setdefault(event.discussion_id, []).append(event)
    return {number: turns_of(of_one) for number, of_one in events.items()}


def _view(row: Discussion, index: int, turns: tuple[Turn, ...]) -> DiscussionView:
    more: dict[str, Any] = {"chat": index, "turns": turns, "awaiting": list(row.awaiting)}
    return DiscussionView.from_row(row, **more)


def of_pass(review_pass: str) -> ColumnElement[bool]:
    """Condition: discussions that stand on the desk of a review of this pass."""
    is_second = col(Discussion.review_pass) == Pass.SECOND
    return is_second if review_pass == Pass.SECOND else not_(is_second)
