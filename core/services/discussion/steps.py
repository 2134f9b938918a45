"""Steps of a discussion as they are written and read: each an event, which the discussion's own row sums up."""

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from core.adapters.store.models import Discussion, DiscussionEvent, DiscussionStep
from core.domain.mentions import MentionFinder
from core.services.discussion.known_people import known_people
from core.services.discussion.threads import Turn, awaited_after, turns_of


def append_step(
    session: Session,
    discussion: Discussion,
    kind: str,
    *,
    who: str,
    save_id: str,
    text: str = "",
    target: int = 0,
    mentions: MentionFinder | None = None,
) -> DiscussionEvent:
    """Write one event, and bring the discussion's own row up to date.

    Args:
        session: open for writing.
        discussion: the discussion.
        kind: one of :class:`~core.adapters.store.models.DiscussionStep`.
        who: who does it.
        save_id: unique among all events.
        text: of a comment or an edit.
        target: id of the comment that it is about; 0 for none.
        mentions: finds whom comments mention; ``None`` to ask who can be mentioned.
    """
    event = DiscussionEvent(
        discussion_id=discussion.id or 0, kind=kind, who=who, text=text, target=target or None, save_id=save_id
    )
    session.add(event)
    session.flush()
    discussion.last_at = event.at
    if kind == DiscussionStep.RESOLVE:
        discussion.resolved_by, discussion.resolved_at = who, event.at
    elif kind == DiscussionStep.REOPEN:
        discussion.resolved_by, discussion.resolved_at = "", None
    elif kind == DiscussionStep.COMMENT:
        if mentions is None:
            mentions = MentionFinder(known_people(session, discussion.dataset_id) if set(text) & {"@", "＠"} else ())
        awaited = dict.fromkeys(name for name in (*discussion.awaiting, *mentions.people(text)) if name != who)
        discussion.awaiting, discussion.comments = list(awaited), discussion.comments + 1
    else:
        recount(session, discussion, mentions)
    session.add(discussion)
    return event


def recount(session: Session, discussion: Discussion, mentions: MentionFinder | None = None) -> None:
    """Count a discussion's comments anew, and who is awaited in it, after one was changed.

    Args:
        session: open for writing.
        discussion: the discussion.
        mentions: finds whom comments mention; ``None`` to ask who can be mentioned.
    """
    turns = turns_in(session, discussion)
    if mentions is None:
        mentions = MentionFinder(known_people(session, discussion.dataset_id))
    discussion.awaiting = awaited_after(
        turns, {turn.id: mentions.people(turn.text) for turn in turns if turn.is_comment}
    )
    discussion.comments = sum(turn.is_comment for turn in turns)


def turns_in(session: Session, discussion: Discussion) -> tuple[Turn, ...]:
    """What was said and done in a discussion, the oldest first.

    Args:
        session: open session.
        discussion: the discussion.
    """
    statement = select(DiscussionEvent).where(col(DiscussionEvent.discussion_id) == discussion.id)
    return turns_of(session.execute(statement.order_by(col(DiscussionEvent.id))).scalars())


def own_steps(save_id: str) -> ColumnElement[bool]:
    """Condition on events: those that a save of a record brought along."""
    return col(DiscussionEvent.save_id).in_([f"save:{save_id}", f"done:{save_id}"])
