"""Drafts of a delta review: stored beside the approved values, which exports use until the next decision.

Such a draft makes a new version whose event has the approved customers in ``change["customers"]``, as every version
has, and the draft in ``change["pending"]``. It counts as long as its event is the record's newest one; whoever changes
the record otherwise takes it along (``draft_merge``), until a decision of delta review takes its place.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Pass, Record, RecordEvent, RecordStatus
from core.services.review.records.baselines import existing_run
from core.services.review.records.save_types import Save
from core.services.review.records.versions import Customer, advance, event_state, values_of


@dataclass(frozen=True, slots=True)
class Approved:
    """The approved values of a record, and the run they were approved from."""

    customers: list[Customer]
    reviewer: str
    note: str
    base_run_id: int | None

    @classmethod
    def of(cls, record: Record) -> "Approved":
        """The approved values of a record as it is now."""
        return cls(record.customers, record.reviewer, record.note, record.base_run_id)

    @classmethod
    def from_json(cls, stored: Any) -> "Approved | None":
        """Read from an event; ``None`` if it holds none."""
        return cls(**stored) if stored else None

    def as_json(self) -> dict[str, Any]:
        """JSON to store with an event."""
        return asdict(self)


def save_delta_draft(
    session: Session, record: Record, approved: Approved, customers: list[Customer], save: Save
) -> int | None:
    """Write a new version that keeps the record approved as it was and stores the save's customers beside it.

    Args:
        session: open for writing.
        record: as it was read; its version is the one that must still be there.
        approved: what the record holds from now on.
        customers: the draft.
        save: the save that they came with.

    Returns:
        The new version, or ``None`` if somebody saved in between.
    """
    return advance(
        session,
        record,
        {
            "customers": approved.customers,
            "status": RecordStatus.CONFIRMED,
            "base_run_id": existing_run(session, record.dataset_id, approved.base_run_id),
            "reviewer": approved.reviewer,
            "note": approved.note,
            "seconds": record.seconds + save.seconds,
        },
        who=save.reviewer,
        status=RecordStatus.DRAFT,
        change=event_state(values_of(approved.customers), approved.customers, approved.note)
        | {"pending": {"customers": customers, "note": save.note}},
        reason=save.reason or "增量审阅的草稿，已确认的值未动",
        save_id=save.save_id,
        draft_form=None,
    )


def delta_drafts_of(session: Session, dataset_id: int, indices: Sequence[int]) -> dict[int, dict[str, Any]]:
    """``{chat index: {customers, note}}`` of the drafts beside these chats' records (few).

    A draft stays where its record was skipped or put up for discussion since: who decides over it has to see it.
    """
    statement = (
        select(col(Chat.index), col(RecordEvent.change))
        .join(Record, col(Record.chat_id) == col(Chat.id))
        .join(
            RecordEvent,
            and_(col(RecordEvent.record_id) == col(Record.id), col(RecordEvent.version) == col(Record.version)),
        )
        .where(
            col(Chat.dataset_id) == dataset_id,
            col(Chat.index).in_(list(indices)),
            col(Record.review_pass) == Pass.PRIMARY,
        )
    )
    return {index: change["pending"] for index, change in session.execute(statement) if change.get("pending")}
