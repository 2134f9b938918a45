"""The review queue: chat indices in order, computed once and then cached.

Finding all chats that a filter wants may mean reading all of them, so that is not done on every sync. A queue keeps
their indices in order; a step along it asks the database about the next few only: decided meanwhile, claimed by others?
Queues of few chats are computed anew on each sync; of the others, each is kept two hundred times as long as it took.
"""

import time
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, and_, func, or_, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, ChatPriority, Claim, Record, now
from core.domain.form import Form
from core.services.review import delta
from core.services.review.queue.filters import Filter, apply_filter, with_record, with_status
from core.services.team import remember_seen_in, withheld

PRIORITY, INDEX, RANDOM, OLDEST = "按预计失分", "按序号", "随机", "最久未动"
ORDERS = (INDEX, PRIORITY, RANDOM, OLDEST)
"""Orders of the queue; the first is the default."""
ORDERS_BEFORE = {"按待定分": PRIORITY}
"""What orders were called before: addresses that were kept still say it."""

_SMALL = 2000
_KEPT = 200.0
"""How many times its computing time a queue stays cached."""
_LOOK = 24
_QUEUES_KEPT = 12


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """What determines a review queue: two sessions with equal specs get the same queue.

    With ``delta`` the queue consists of approved records from which the base run, a newer one, differs.
    """

    dataset_id: int
    filter: Filter
    order: str
    base_run: int | None
    reviewer: str
    delta: bool = False


@dataclass(slots=True)
class ReviewQueue:
    """Chat indices in the order of the queue.

    Attributes:
        indices: in order.
        positions: ``{chat index: position}``.
        ordered: whether the order is that of the index.
        passed: chats that have left the queue, and the one that came after each.
        until: monotonic time from which it is computed anew.
    """

    indices: list[int]
    positions: dict[int, int]
    ordered: bool
    passed: dict[int, int] = field(default_factory=dict)
    until: float = 0.0

    def after(self, at: int) -> Iterator[int]:
        """The chats after ``at``, then those from the start up to it."""
        place = self.positions.get(at)
        if place is None:
            behind = self.passed.get(at)
            if behind in self.positions:
                place = self.positions[behind] - 1
            else:
                place = bisect_right(self.indices, at) - 1 if self.ordered else -1
        count = len(self.indices)
        for step in range(1, count + 1):
            index = self.indices[(place + step) % count]
            if index != at:
                yield index


_queues: WeakKeyDictionary[Engine | Connection, OrderedDict[QueueSpec, ReviewQueue]] = WeakKeyDictionary()
_lock = Lock()


def review_queue(session: Session, form: Form, queue_spec: QueueSpec, *, fresh: bool = False) -> ReviewQueue:
    """The review queue of a spec, from the cache if possible.

    Args:
        session: open session. A caller that holds one must not open another: with all connections of the pool taken
            by such callers, each would wait for the others.
        form: the dataset's form.
        queue_spec: what the queue consists of.
        fresh: compute it even if one is kept.
    """
    database = session.get_bind()
    with _lock:
        old = _queues.setdefault(database, OrderedDict()).get(queue_spec)
    if old is not None and not fresh and time.monotonic() < old.until:
        return old
    started = time.monotonic()
    indices = _indices(session, form, queue_spec)
    new = ReviewQueue(indices, {index: place for place, index in enumerate(indices)}, queue_spec.order == INDEX)
    if old is not None:
        _remember(old, new)
    spent = time.monotonic() - started
    small = len(indices) <= _SMALL and queue_spec.filter.cheap and not queue_spec.delta
    new.until = 0.0 if small else time.monotonic() + _KEPT * spent
    with _lock:
        kept = _queues.setdefault(database, OrderedDict())
        kept[queue_spec] = new
        kept.move_to_end(queue_spec)
        while len(kept) > _QUEUES_KEPT:
            kept.popitem(last=False)
    return new


def _remember(old: ReviewQueue, new: ReviewQueue) -> None:
    """Chats that left the queue lead to the nearest one behind them that is still in it."""
    behind = new.indices[0] if new.indices else None  # the last one leads to the first
    for index in reversed(old.indices):
        if index in new.positions:
            behind = index
        elif behind is not None:
            new.passed[index] = behind
    for index, following in old.passed.items():
        target = following if following in new.positions else new.passed.get(following)
        if index not in new.positions and target is not None:
            new.passed.setdefault(index, target)


def _indices(session: Session, form: Form, queue_spec: QueueSpec) -> list[int]:
    statement = apply_filter(
        with_record(select(col(Chat.index))),
        session,
        queue_spec.filter,
        dataset_id=queue_spec.dataset_id,
        base_run=queue_spec.base_run,
        reviewer=queue_spec.reviewer,
        desk_of="" if queue_spec.delta else queue_spec.reviewer,
    )
    if queue_spec.order == PRIORITY:
        statement = statement.outerjoin(
            ChatPriority,
            and_(col(ChatPriority.run_id) == queue_spec.base_run, col(ChatPriority.chat_id) == col(Chat.id)),
        ).order_by(func.coalesce(col(ChatPriority.points), -1.0).desc(), col(Chat.index))
    elif queue_spec.order == OLDEST:
        statement = statement.order_by(col(Record.updated_at).asc().nulls_first(), col(Chat.index))
    else:
        statement = statement.order_by(col(Chat.index))
    if queue_spec.delta:
        statement = delta.only_uncompared_records(statement, queue_spec.base_run)
    indices = list(session.execute(statement).scalars())
    if queue_spec.delta and queue_spec.base_run is not None:
        indices = delta.with_differences(session, form, queue_spec.dataset_id, indices, queue_spec.base_run)
    if queue_spec.filter.by_value:
        remember_seen_in(session, queue_spec.dataset_id, indices)
    if queue_spec.order == RANDOM:
        # Stable for one person: the same chats come in the same order tomorrow, whichever of them are gone by then.
        indices.sort(key=lambda index: zlib.crc32(f"{queue_spec.dataset_id}:{queue_spec.reviewer}:{index}".encode()))
    return indices


def next_open_chats(session: Session, form: Form, queue_spec: QueueSpec, at: int, count: int) -> list[int]:
    """The next chats of a queue that this reviewer can work on: status matches, not claimed by others.

    Args:
        session: open session.
        form: the dataset's form.
        queue_spec: the queue.
        at: index of the chat on screen; 0 for none.
        count: at most so many.
    """
    return queue_and_next(session, form, queue_spec, at, count)[1]


def queue_and_next(
    session: Session, form: Form, queue_spec: QueueSpec, at: int, count: int
) -> tuple[ReviewQueue, list[int]]:
    """A queue, read once, and the chats of :func:`next_open_chats`; the arguments are the same."""
    queue = review_queue(session, form, queue_spec)
    open_chats = _open(session, queue_spec, queue, at, count)
    if len(open_chats) < count and queue.until > 0.0:
        # Near its end a kept queue may lack what became open meanwhile.
        queue = review_queue(session, form, queue_spec, fresh=True)
        open_chats = _open(session, queue_spec, queue, at, count)
    return queue, open_chats


def _open(session: Session, queue_spec: QueueSpec, queue: ReviewQueue, at: int, count: int) -> list[int]:
    open_chats: list[int] = []
    if not count:
        return open_chats
    window: list[int] = []
    for index in queue.after(at):
        window.append(index)
        if len(window) == _LOOK:
            open_chats += still_open(session, queue_spec, window)
            window = []
            if len(open_chats) >= count:
                break
    if window and len(open_chats) < count:
        open_chats += still_open(session, queue_spec, window)
    return open_chats[:count]


def still_open(session: Session, queue_spec: QueueSpec, indices: list[int]) -> list[int]:
    """Which of some chats (few) this reviewer can work on now, in their order: status matches, not claimed by others.

    Args:
        session: open session that reads: what it withholds is left out.
        queue_spec: the queue.
        indices: of the chats.
    """
    statement = (
        with_record(select(col(Chat.index)))
        .outerjoin(Claim, col(Claim.chat_id) == col(Chat.id))
        .where(
            col(Chat.dataset_id) == queue_spec.dataset_id,
            col(Chat.index).in_(indices),
            with_status(queue_spec.filter.statuses),
            or_(col(Claim.chat_id).is_(None), col(Claim.until) < now(), col(Claim.reviewer) == queue_spec.reviewer),
        )
    )
    if hidden := withheld(session).chats:
        statement = statement.where(col(Chat.id).not_in(hidden))
    if queue_spec.delta:
        statement = delta.only_uncompared_records(statement, queue_spec.base_run)
    still = set(session.execute(statement).scalars())
    return [index for index in indices if index in still]
