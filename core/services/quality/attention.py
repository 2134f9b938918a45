"""留意: what planted errors and the speed of approvals say of each reviewer, with numbers of cases and intervals."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import PlantedError, PlantedStatus
from core.domain.permissions import Permission
from core.domain.scoring.interval import Interval, wilson_interval
from core.services.quality.cache import cached
from core.services.quality.data_versions import records_version
from core.services.quality.fast_approvals import FastApproval, JudgedApprovals, fast_approvals
from core.services.quality.review_checks import review_checks
from core.services.team import require

FEWEST_CASES = 10
"""Cases from which a share is shown: of fewer, an interval says next to nothing, and people read the share anyway."""


@dataclass(frozen=True, slots=True)
class ShareOfCases:
    """How many of how many; the interval is 95 % (Wilson), ``None`` below ``FEWEST_CASES`` cases."""

    count: int
    cases: int

    @property
    def share(self) -> float | None:
        """0 to 1; ``None`` where there are too few cases."""
        return self.count / self.cases if self.cases >= FEWEST_CASES else None

    @property
    def interval(self) -> Interval | None:
        """Of the share."""
        return wilson_interval(self.share, self.cases) if self.share is not None else None


@dataclass(frozen=True, slots=True)
class ReviewerAttention:
    """What the checks say of one reviewer.

    Attributes:
        reviewer: who.
        missed: planted errors that went through, of those in approved chats.
        fast: approvals that were faster than their texts can be read, of those that can be judged.
        examples: these approvals, the latest first.
    """

    reviewer: str
    missed: ShareOfCases
    fast: ShareOfCases
    examples: tuple[FastApproval, ...]


@dataclass(frozen=True, slots=True)
class Attention:
    """What the checks of a dataset say.

    Attributes:
        reviewers: by name, not by result.
        waiting: planted errors that nobody has decided about.
        withdrawn: planted errors that count for nothing, as the chat went another way.
    """

    reviewers: tuple[ReviewerAttention, ...]
    waiting: int
    withdrawn: int


def attention(store: Store, dataset: DatasetView) -> Attention:
    """What planted errors and the speed of approvals say of each reviewer of a dataset; for those who may set them.

    Raises:
        PermissionDeniedError: it is not for who acts.
    """
    require(Permission.REVIEW_CHECKS, only_looks=True)
    with store.read() as session:
        speed = review_checks(session, dataset.id).characters_per_minute
        key = ("fast approvals", store.url, dataset.id, speed, records_version(session, dataset.id))
        judged = cached(key, lambda: fast_approvals(session, dataset.id, speed))
        planted, others = _planted(session, dataset.id)
    none = JudgedApprovals(0, ())
    people = tuple(
        ReviewerAttention(
            name,
            ShareOfCases(planted.get((name, PlantedStatus.MISSED), 0), _decided(planted, name)),
            ShareOfCases(len((one := judged.get(name, none)).fast), one.judged),
            one.fast,
        )
        for name in sorted({*judged, *(name for name, _ in planted)})
    )
    withdrawn = others.get(PlantedStatus.WITHDRAWN, 0)
    return Attention(people, sum(others.values()) - withdrawn, withdrawn)


def _decided(planted: dict[tuple[str, str], int], name: str) -> int:
    return sum(count for (who, _), count in planted.items() if who == name)


def _planted(session: Session, dataset_id: int) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Planted errors that were decided, by reviewer and outcome, and the others by status."""
    statement = (
        select(col(PlantedError.reviewer), col(PlantedError.status), func.count())
        .where(col(PlantedError.dataset_id) == dataset_id)
        .group_by(col(PlantedError.reviewer), col(PlantedError.status))
    )
    decided: dict[tuple[str, str], int] = {}
    others: dict[str, int] = {}
    for name, status, count in session.execute(statement):
        if status in (PlantedStatus.MISSED, PlantedStatus.CORRECTED):
            decided[name, status] = int(count)
        else:
            others[status] = others.get(status, 0) + int(count)
    return decided, others
