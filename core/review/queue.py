"""Which chat comes next, how far a dataset is, and who is on a chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from core.review.model import UNREVIEWED
from core.store import Store, queries
from core.store.models import Chat, Claim, Pass, Record, RecordStatus, RunKind, now
from core.store.views import RunView

CLAIM = timedelta(minutes=10)
"""How long a chat on screen, or prefetched, is kept from other reviewers."""

FILTERS: dict[str, tuple[str, ...]] = {
    "待审阅": (UNREVIEWED, RecordStatus.DRAFT),
    "全部": (UNREVIEWED, *RecordStatus),
    "已确认": (RecordStatus.CONFIRMED,),
    "待讨论": (RecordStatus.DISCUSS,),
    "已跳过": (RecordStatus.SKIPPED,),
}
"""What the reviewer can walk through, by the statuses that belong to it; the first is the default."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Chats of a dataset by what became of them."""

    total: int
    confirmed: int
    discussed: int
    skipped: int

    @property
    def left(self) -> int:
        """Chats that nobody has decided about."""
        return self.total - self.confirmed - self.discussed - self.skipped


def progress(session: Session, dataset_id: int) -> Progress:
    """How far the review of a dataset is."""
    total = session.execute(select(func.count()).where(col(Chat.dataset_id) == dataset_id)).scalar_one()
    counts = queries.record_counts(session, dataset_id)
    return Progress(
        total,
        counts.get(RecordStatus.CONFIRMED, 0),
        counts.get(RecordStatus.DISCUSS, 0),
        counts.get(RecordStatus.SKIPPED, 0),
    )


def _wanted(statuses: Sequence[str]) -> ColumnElement[bool]:
    known = [status for status in statuses if status != UNREVIEWED]
    condition: ColumnElement[bool] = col(Record.status).in_(known)
    return or_(col(Record.id).is_(None), condition) if UNREVIEWED in statuses else condition


def neighbours(
    session: Session,
    dataset_id: int,
    *,
    at: int,
    statuses: Sequence[str],
    reviewer: str,
    ahead: int = 4,
    behind: int = 2,
) -> tuple[list[int], list[int]]:
    """Chat indices after and before ``at`` in the queue.

    After: chats of these statuses that nobody else is on, from ``at`` to the end, then from the start. Before: any
    chats, nearest first, for going back must show what one has just decided.
    """
    base = (
        select(col(Chat.index))
        .outerjoin(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
        .outerjoin(Claim, col(Claim.chat_id) == col(Chat.id))
        .where(
            col(Chat.dataset_id) == dataset_id,
            _wanted(statuses),
            or_(col(Claim.chat_id).is_(None), col(Claim.until) < now(), col(Claim.reviewer) == reviewer),
        )
        .order_by(col(Chat.index))
    )
    following = list(session.execute(base.where(col(Chat.index) > at).limit(ahead)).scalars())
    if len(following) < ahead:
        rest = base.where(col(Chat.index) < at).limit(ahead - len(following))
        following += list(session.execute(rest).scalars())
    before = (
        select(col(Chat.index))
        .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) < at)
        .order_by(col(Chat.index).desc())
        .limit(behind)
    )
    return following, list(session.execute(before).scalars())


def first(session: Session, dataset_id: int, *, statuses: Sequence[str], reviewer: str) -> int | None:
    """The chat to open when the address names none: the first of the queue, else the first of all."""
    following, _ = neighbours(session, dataset_id, at=0, statuses=statuses, reviewer=reviewer, ahead=1)
    if following:
        return following[0]
    return session.execute(
        select(func.min(col(Chat.index))).where(col(Chat.dataset_id) == dataset_id)
    ).scalar_one_or_none()


def claim(store: Store, chat_ids: Sequence[int], reviewer: str) -> dict[int, str]:
    """Take these chats for ``reviewer``; one atomic statement per chat.

    Returns:
        ``{chat id: reviewer}`` for those that somebody else holds.
    """
    if not chat_ids or not reviewer:
        return {}
    until = now() + CLAIM
    insert = postgresql.insert if store.engine.dialect.name == "postgresql" else sqlite.insert
    with store.write() as session:
        statement = insert(Claim).values([{"chat_id": i, "reviewer": reviewer, "until": until} for i in chat_ids])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[col(Claim.chat_id)],
                set_={"reviewer": reviewer, "until": until},
                where=or_(col(Claim.until) < now(), col(Claim.reviewer) == reviewer),
            )
        )
        held = select(Claim).where(col(Claim.chat_id).in_(chat_ids), col(Claim.reviewer) != reviewer)
        return {row.chat_id: row.reviewer for row in session.execute(held).scalars()}


def base_run(session: Session, dataset_id: int, name: str = "") -> RunView | None:
    """The run whose values the reviewer starts from: the named one, else the newest with answers.

    Labels are used only where there is nothing else, for they are what reviewers are compared with.
    """
    available = [run for run in queries.runs(session, dataset_id) if run.done]
    named = [run for run in available if run.name == name]
    answers = [run for run in available if run.kind != RunKind.LABELS]
    return next(iter(named or answers or available), None)
