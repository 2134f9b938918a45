"""The discussions of the chats that the workbench is sent, as much of each as a screen can use."""

from collections.abc import Collection, Sequence
from typing import Literal, cast

from sqlmodel import Session

from core.adapters.store.models import DiscussionStep, Pass
from core.services.discussion import (
    DiscussionView,
    RemarkAck,
    Turn,
    discussions_in,
    known_people,
    of_pass,
    speakers_of,
)
from core.services.review.workbench.discussion_contract import (
    DiscussionPayload,
    DiscussionsPayload,
    DiscussionTurn,
    RemarkAnswer,
)

MOST_CHARACTERS = 120_000
"""Characters of one chat's discussions that are sent, the newest lines of each first."""
LEAST_TURNS = 3
"""Lines of each discussion that are sent however long they are."""


def discussions_payload(
    session: Session,
    dataset_id: int,
    chats: Sequence[int],
    reviewer: str,
    *,
    on_screen: Collection[int],
    may_delete: bool,
    review_pass: str = Pass.PRIMARY,
) -> DiscussionsPayload:
    """The discussions of these chats.

    Args:
        session: open session.
        dataset_id: the dataset.
        chats: indices of the chats that are sent.
        reviewer: who is at the workbench.
        on_screen: indices of the chats that are, or were, on the reviewer's screen: the others are sent ahead.
        may_delete: whether they may take away what others wrote; asked before the session was opened, since who acts is
            looked up in the database.
        review_pass: of which review; in a blind one only what the reviewer said themselves.
    """
    views = discussions_in(
        session,
        dataset_id,
        [of_pass(review_pass)],
        chats=chats,
        only_of=reviewer if review_pass == Pass.SECOND else None,
        on_screen=on_screen,
    )
    by_chat: dict[str, list[DiscussionPayload]] = {str(chat): [] for chat in chats}
    for view in views:
        of_chat = sum(one.chat == view.chat for one in views)
        by_chat[str(view.chat)].append(_discussion(view, reviewer, MOST_CHARACTERS // of_chat))
    return {
        "chats": by_chat,
        "people": known_people(session, dataset_id),
        "answers": [],
        "open": None,
        "may_delete": may_delete,
    }


def remark_answers(acks: Sequence[RemarkAck]) -> list[RemarkAnswer]:
    """Answers to remarks as the workbench is sent them."""
    return [{"id": ack.id, "result": ack.result, "why": ack.why, "discussion": ack.discussion} for ack in acks]


def _discussion(view: DiscussionView, reviewer: str, room: int) -> DiscussionPayload:
    sent: list[DiscussionTurn] = []
    for turn in reversed(view.turns):
        room -= len(turn.text)
        if room < 0 and len(sent) >= LEAST_TURNS:
            break
        sent.insert(0, _turn(turn))
    return {
        "id": view.id,
        "customer": view.customer,
        "customer_name": view.customer_name,
        "field": view.field,
        "opened_by": view.opened_by,
        "resolved_by": view.resolved_by,
        "awaits_me": view.is_open and reviewer in view.awaiting,
        "is_mine": view.opened_by == reviewer,
        "is_own": view.customer is None and speakers_of(view.turns) == {reviewer} and not view.awaiting,
        "earlier": len(view.turns) - len(sent),
        "turns": sent,
    }


def _turn(turn: Turn) -> DiscussionTurn:
    return {
        "id": turn.id,
        "step": cast(Literal["评论", "解决", "重开"], str(DiscussionStep(turn.step))),
        "who": turn.who,
        "at": turn.at.isoformat(timespec="seconds"),
        "text": turn.text,
        "edited": turn.edited_at is not None,
        "deleted_by": turn.deleted_by,
    }
