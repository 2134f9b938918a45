"""What a save of a record means for the chat's discussion: 待讨论 opens it with the note, an undo takes that back.

Whoever approves a chat has answered what they alone had asked about it: a discussion of the whole chat in which nobody
else spoke, and nobody is awaited, is resolved with it. Every other open one stays open.
"""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlmodel import Session, col

from core.adapters.store.models import Discussion, DiscussionEvent, DiscussionStep, RecordStatus
from core.services.discussion.remarks import discussion_at, new_discussion
from core.services.discussion.steps import append_step, own_steps, recount, turns_in
from core.services.discussion.threads import speakers_of


@dataclass(frozen=True, slots=True)
class DiscussedSave:
    """A save of a record, as far as discussions go.

    Attributes:
        save_id: the save's.
        status: what was decided.
        note: the note that came along.
        who: who saved.
        status_before: of the record; ``""`` where there was none.
        note_before: the record's note.
        undone: id of the save that this one takes back; ``""`` for none.
    """

    save_id: str
    status: str
    note: str
    who: str
    status_before: str = ""
    note_before: str = ""
    undone: str = ""


def discuss_save(session: Session, dataset_id: int, chat_id: int, review_pass: str, save: DiscussedSave) -> None:
    """Bring the discussion of a chat up to date with a save of its record, in the save's own transaction.

    Args:
        session: open for writing.
        dataset_id: the dataset.
        chat_id: the chat's id.
        review_pass: of which review the record is.
        save: what was saved.
    """
    if save.undone:
        _take_back(session, save.undone)
    elif save.status == RecordStatus.DISCUSS:
        _put_note(session, dataset_id, chat_id, review_pass, save)
    elif save.status == RecordStatus.CONFIRMED:
        _resolve_own(session, chat_id, review_pass, save)


def _put_note(session: Session, dataset_id: int, chat_id: int, review_pass: str, save: DiscussedSave) -> None:
    row = discussion_at(session, chat_id, review_pass, customer=None, customer_name="", field="", who=save.who)
    is_noted = save.status_before == RecordStatus.DISCUSS and save.note == save.note_before
    if row is not None and row.resolved_at is None and (is_noted or not save.note.strip()) and row.comments:
        return
    row = row or new_discussion(session, dataset_id, chat_id, review_pass, who=save.who)
    append_step(
        session, row, DiscussionStep.COMMENT, who=save.who, save_id=f"save:{save.save_id}", text=save.note.strip()
    )
    if row.resolved_at is not None:
        append_step(session, row, DiscussionStep.REOPEN, who=save.who, save_id=f"done:{save.save_id}")


def _resolve_own(session: Session, chat_id: int, review_pass: str, save: DiscussedSave) -> None:
    row = discussion_at(session, chat_id, review_pass, customer=None, customer_name="", field="", who=save.who)
    if row is None or row.resolved_at is not None or row.awaiting:
        return
    if speakers_of(turns_in(session, row)) <= {save.who}:
        append_step(session, row, DiscussionStep.RESOLVE, who=save.who, save_id=f"done:{save.save_id}")


def _take_back(session: Session, save_id: str) -> None:
    """Take away what a save brought along, unless somebody has gone on from there."""
    steps = list(session.execute(select(DiscussionEvent).where(own_steps(save_id))).scalars())
    if not steps:
        return
    row = session.get(Discussion, steps[0].discussion_id)
    last = max(step.id or 0 for step in steps)
    later = exists().where(col(DiscussionEvent.discussion_id) == steps[0].discussion_id, col(DiscussionEvent.id) > last)
    if row is None or session.execute(select(later)).scalar_one():
        return
    for step in steps:
        session.delete(step)
    session.flush()
    _bring_state_back(session, row)


def _bring_state_back(session: Session, row: Discussion) -> None:
    """What a discussion is after its last events were taken away; without any it goes."""
    kept = list(
        session.execute(
            select(DiscussionEvent)
            .where(col(DiscussionEvent.discussion_id) == row.id)
            .order_by(col(DiscussionEvent.id).desc())
        ).scalars()
    )
    if not kept:
        session.delete(row)
        return
    turning = next((one for one in kept if one.kind in (DiscussionStep.RESOLVE, DiscussionStep.REOPEN)), None)
    is_resolved = turning is not None and turning.kind == DiscussionStep.RESOLVE
    row.resolved_by = turning.who if turning is not None and is_resolved else ""
    row.resolved_at = turning.at if turning is not None and is_resolved else None
    row.last_at = kept[0].at
    recount(session, row)
    session.add(row)
