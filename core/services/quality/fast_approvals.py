"""过快确认: approvals that were faster than their text can be read, counted so that nobody is accused by mistake.

What is known are the seconds of work at the desk, summed over all saves of a chat, and when each save came. Neither
says enough: with two windows the time may have been counted in the other one, chats may have been read ahead and
approved in a row, a page may have been loaded anew. So an approval counts only where **both** fall short of the time
that the text takes: the seconds at the desk, and the time that went by since each of the last decisions, against the
texts of all chats since. It is not judged at all where the person had worked on the chat before, where somebody had
approved it already (then only differences are asked about), in a bulk change, or among the first decisions, before
which nobody knows what went on. A decision that was taken back is none: by a draft of one's own, or by whoever made the
chat unreviewed; made again, it counts as of then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import not_, or_, select
from sqlmodel import Session, col

from core.adapters.store.draft_events import event_is_delta_draft
from core.adapters.store.models import Chat, Pass, Record, RecordEvent, RecordStatus
from core.adapters.store.queries import PASSED_BY
from core.adapters.store.save_ids import NOT_ON_DESK, begins_with, is_saved_as
from core.services.team import everything_shown

LOOK_BACK = 3
"""Decisions before an approval whose texts and times count with it: what was read ahead."""
_DECIDED = (RecordStatus.CONFIRMED, RecordStatus.DISCUSS, RecordStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class FastApproval:
    """An approval that was faster than its text can be read.

    Attributes:
        chat: index of the chat.
        reviewer: who approved it.
        at: when.
        seconds: at the desk.
        needed: seconds that reading takes at the speed that the lead has set.
        characters: of the messages.
    """

    chat: int
    reviewer: str
    at: datetime
    seconds: float
    needed: float
    characters: int


@dataclass(frozen=True, slots=True)
class JudgedApprovals:
    """What a reviewer's approvals say of their speed.

    Attributes:
        judged: approvals about which anything can be said.
        fast: those that were too fast, the latest first.
    """

    judged: int
    fast: tuple[FastApproval, ...]


@dataclass(frozen=True, slots=True)
class _Decision:
    """A reviewer's first decision about a chat that was not taken back."""

    record_id: int
    at: datetime
    status: str
    seconds: float
    needed: float
    is_judged: bool


def fast_approvals(session: Session, dataset_id: int, characters_per_minute: int) -> dict[str, JudgedApprovals]:
    """Each reviewer's approvals of a dataset, and which of them were faster than their texts can be read.

    Args:
        session: open session.
        dataset_id: the dataset.
        characters_per_minute: how fast anybody reads.
    """
    with everything_shown(session):  # when, and how long; nothing of what was decided
        decisions = _decisions(session, dataset_id, 60 / characters_per_minute)
        return {
            reviewer: _judged(session, reviewer, made, 60 / characters_per_minute)
            for reviewer, made in sorted(decisions.items())
        }


def latest_fast_approvals(
    session: Session, dataset_id: int, characters_per_minute: int, *, records: int = 300
) -> dict[str, int]:
    """How many of the latest approvals were faster than their texts can be read, by reviewer; a few short reads.

    Looked at are decisions since the oldest of the records that were saved last: of that time all are known. As ever,
    the first ones of each person are not judged.

    Args:
        session: open session.
        dataset_id: the dataset.
        characters_per_minute: how fast anybody reads.
        records: how many records.
    """
    newest = (
        select(col(Record.id), col(Record.updated_at))
        .where(
            col(Record.dataset_id) == dataset_id,
            col(Record.review_pass) == Pass.PRIMARY,
            col(Record.reviewer) != PASSED_BY,
        )
        .order_by(col(Record.updated_at).desc())
        .limit(records)
    )
    with everything_shown(session):
        rows = session.execute(newest).all()
        if not rows:
            return {}
        since = rows[-1][1] if len(rows) == records else datetime.min.replace(tzinfo=UTC)
        decisions = _decisions(
            session, dataset_id, 60 / characters_per_minute, [int(number or 0) for number, _ in rows]
        )
        counts = {
            reviewer: len(
                _judged(session, reviewer, [one for one in made if one.at >= since], 60 / characters_per_minute).fast
            )
            for reviewer, made in sorted(decisions.items())
        }
    return {reviewer: count for reviewer, count in counts.items() if count}


def _decisions(
    session: Session, dataset_id: int, seconds_each: float, record_ids: Sequence[int] | None = None
) -> dict[str, list[_Decision]]:
    """By reviewer, in order of time; of some records, or all."""
    statement = (
        select(
            col(RecordEvent.record_id),
            col(RecordEvent.who),
            col(RecordEvent.at),
            col(RecordEvent.status),
            col(RecordEvent.save_id),
            col(Record.seconds),
            col(Chat.characters) - col(Chat.residue_characters),
        )
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(
            col(Record.dataset_id) == dataset_id,
            col(Record.review_pass) == Pass.PRIMARY,
            or_(not_(is_saved_as(*NOT_ON_DESK)), col(RecordEvent.status).not_in(_DECIDED)),
            not_(event_is_delta_draft()),
        )
        .order_by(col(RecordEvent.id))
    )
    if record_ids is not None:
        statement = statement.where(col(RecordEvent.record_id).in_(record_ids))
    approved: set[int] = set()
    begun: dict[tuple[int, str], datetime] = {}
    standing: dict[int, dict[str, _Decision]] = {}
    for record_id, who, at, status, save_id, seconds, characters in session.execute(statement):
        if status == RecordStatus.UNREVIEWED:  # by whomever, also in a change of many records
            standing.pop(record_id, None)
        elif status == RecordStatus.DRAFT:  # somebody else who looks into it takes nothing back
            standing.get(record_id, {}).pop(who, None)
        if status not in _DECIDED and RecordStatus.CONFIRMED not in _statuses(standing.get(record_id, {})):
            approved.discard(record_id)
        if begins_with(save_id, NOT_ON_DESK):
            continue
        first = begun.setdefault((record_id, who), at)
        of_record = standing.setdefault(record_id, {})
        if status in _DECIDED and who not in of_record:
            needed = characters * seconds_each
            is_judged = (
                status == RecordStatus.CONFIRMED and record_id not in approved and (at - first).total_seconds() < needed
            )
            of_record[who] = _Decision(record_id, at, status, seconds, needed, is_judged)
        if status == RecordStatus.CONFIRMED:
            approved.add(record_id)
    return _by_reviewer(standing)


def _statuses(of_record: Mapping[str, _Decision]) -> set[str]:
    return {decision.status for decision in of_record.values()}


def _by_reviewer(standing: Mapping[int, Mapping[str, _Decision]]) -> dict[str, list[_Decision]]:
    """Decisions by reviewer, in order of time, from those of each record."""
    decisions: dict[str, list[_Decision]] = {}
    for of_record in standing.values():
        for who, decision in of_record.items():
            decisions.setdefault(who, []).append(decision)
    for made in decisions.values():
        made.sort(key=lambda decision: decision.at)
    return decisions


def _judged(session: Session, reviewer: str, made: Sequence[_Decision], seconds_each: float) -> JudgedApprovals:
    judged = 0
    fast: list[FastApproval] = []
    for number, decision in enumerate(made):
        if not decision.is_judged or number < LOOK_BACK:
            continue
        judged += 1
        if decision.seconds < decision.needed and _is_hurried(made[: number + 1]):
            slower = _as_read(session, reviewer, decision, seconds_each)
            if slower is not None:
                fast.append(slower)
    return JudgedApprovals(judged, tuple(reversed(fast)))


def _is_hurried(made: Sequence[_Decision]) -> bool:
    """Whether none of the times since the last decisions is enough for the texts that were decided since."""
    last, needed = made[-1], 0.0
    for before, decision in zip(made[-2 : -2 - LOOK_BACK : -1], made[: -1 - LOOK_BACK : -1], strict=False):
        needed += decision.needed
        if (last.at - before.at).total_seconds() >= needed:
            return False
    return True


def _as_read(session: Session, reviewer: str, decision: _Decision, seconds_each: float) -> FastApproval | None:
    """The approval with what there is to read of its chat, names and times left out; ``None`` where that was enough."""
    from core.domain.chat import parse_chat  # takes a while to import, and few approvals are looked at so closely

    statement = select(col(Chat.index), col(Chat.text)).join(Record, col(Record.chat_id) == col(Chat.id))
    index, text = session.execute(statement.where(col(Record.id) == decision.record_id)).one()
    characters = sum(len(message.body.of(text)) for message in parse_chat(text).messages)
    needed = characters * seconds_each
    if decision.seconds >= needed:
        return None
    return FastApproval(index, reviewer, decision.at, decision.seconds, needed, characters)
