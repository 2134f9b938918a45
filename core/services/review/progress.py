"""Progress of a dataset's review: counts, pace and reviewers."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Pass, Record, RecordStatus
from core.services.team import everything_shown

_PACE_OF, _PACE_FROM = 20, 10
"""The pace is measured on the last 20 decided chats, and only once there are 10: before, it says what was easy."""

UNDECIDED = (RecordStatus.UNREVIEWED, RecordStatus.DRAFT)
"""Statuses that count as undecided."""
DECIDED = (RecordStatus.CONFIRMED, RecordStatus.DISCUSS, RecordStatus.SKIPPED)
"""Statuses that count as decided, in the order of :class:`Progress`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers of chats of a dataset by review status."""

    total: int
    confirmed: int
    discussed: int
    skipped: int

    @property
    def left(self) -> int:
        """Number of undecided chats."""
        return self.total - self.confirmed - self.discussed - self.skipped

    @classmethod
    def of(cls, total: int, counts: Mapping[str, int]) -> "Progress":
        """Create from the number of records by status."""
        return cls(total, *(counts.get(status, 0) for status in DECIDED))


def review_progress(session: Session, dataset_id: int) -> Progress:
    """The review progress of a dataset."""
    total = session.execute(select(func.count()).where(col(Chat.dataset_id) == dataset_id)).scalar_one()
    with everything_shown(session):  # how many are done, not with what
        return Progress.of(total, queries.record_counts(session, dataset_id))


def review_pace(session: Session, dataset_id: int, reviewer: str) -> float | None:
    """Median seconds that a reviewer's last decided chats took; ``None`` before the first few.

    Second reviews and adjudications are other work, and take another time.
    """
    statement = (
        select(col(Record.seconds), col(Record.status))
        .where(
            col(Record.dataset_id) == dataset_id,
            col(Record.reviewer) == reviewer,
            col(Record.review_pass) == Pass.PRIMARY,
        )
        .order_by(col(Record.updated_at).desc())
        .limit(2 * _PACE_OF)
    )
    durations = [seconds for seconds, status in session.execute(statement) if status not in UNDECIDED and seconds > 0]
    return median(durations[:_PACE_OF]) if len(durations) >= _PACE_FROM else None
