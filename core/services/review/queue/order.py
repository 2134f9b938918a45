"""The order in which chats come to the desk: a walk that is computed once and then only stepped along.

Finding all chats that a filter wants may mean reading all of them, so that is not done on every turn. A walk keeps
their indices in order; a step along it asks the database about the next few only: decided meanwhile, somebody on it?
Walks over few chats are computed anew on each turn; of the others, each is kept two hundred times as long as it took.
"""

import time
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, ChatStake, Claim, Record, now
from core.domain.form import Form
from core.services.review import delta
from core.services.review.queue.filters import Filter, apply_filter, with_record, with_status

STAKES, INDEX, RANDOM, OLDEST = "按待定分", "按序号", "随机", "最久未动"
ORDERS = (INDEX, STAKES, RANDOM, OLDEST)
"""Orders of the queue; the first is the default."""

_SMALL = 2000
_KEPT = 200.0
_LOOK = 24
_WALKS = 12


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """What decides a walk: two desks with the same wish walk the same way.

    With ``delta`` the walk goes over approved records from which the base run, a newer one, differs.
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
        places: ``{chat index: position}``.
        ordered: whether the order is that of the index.
        passed: chats that have left the walk, and the one that came after each.
        until: monotonic time from which it is computed anew.
    """

    indices: list[int]
    places: dict[int, int]
    ordered: bool
    passed: dict[int, int] = field(default_factory=dict)
    until: float = 0.0

    def after(self, at: int) -> Iterator[int]:
        """The chats behind ``at``, to the end and then from the start, ``at`` itself left out."""
        place = self.places.get(at)
        if place is None:
            behind = self.passed.get(at)
            if behind in self.places:
                place = self.places[behind] - 1
            else:
                place = bisect_right(self.indices, at) - 1 if self.ordered else -1
        count = len(self.indices)
        for step in range(1, count + 1):
            index = self.indices[(place + step) % count]
            if index != at:
                yield index


_walks: WeakKeyDictionary[Store, OrderedDict[QueueSpec, ReviewQueue]] = WeakKeyDictionary()
_lock = Lock()


def review_queue(store: Store, form: Form, wish: QueueSpec, *, fresh: bool = False) -> ReviewQueue:
    """The walk of a wish: the kept one, or a new one.

    Args:
        store: the open store.
        form: the dataset's form.
        wish: what to walk through.
        fresh: compute it even if one is kept.
    """
    with _lock:
        old = _walks.setdefault(store, OrderedDict()).get(wish)
    if old is not None and not fresh and time.monotonic() < old.until:
        return old
    started = time.monotonic()
    with store.read() as session:
        indices = _indices(session, form, wish)
    new = ReviewQueue(indices, {index: place for place, index in enumerate(indices)}, wish.order == INDEX)
    if old is not None:
        _remember(old, new)
    spent = time.monotonic() - started
    small = len(indices) <= _SMALL and wish.filter.cheap and not wish.delta
    new.until = 0.0 if small else time.monotonic() + _KEPT * spent
    with _lock:
        kept = _walks.setdefault(store, OrderedDict())
        kept[wish] = new
        kept.move_to_end(wish)
        while len(kept) > _WALKS:
            kept.popitem(last=False)
    return new


def _remember(old: ReviewQueue, new: ReviewQueue) -> None:
    """Chats that left the walk lead to the nearest one behind them that is still in it."""
    behind = new.indices[0] if new.indices else None  # the last one leads to the first
    for index in reversed(old.indices):
        if index in new.places:
            behind = index
        elif behind is not None:
            new.passed[index] = behind
    for index, following in old.passed.items():
        target = following if following in new.places else new.passed.get(following)
        if index not in new.places and target is not None:
            new.passed.setdefault(index, target)


def _indices(session: Session, form: Form, wish: QueueSpec) -> list[int]:
    statement = apply_filter(
        with_record(select(col(Chat.index))),
        session,
        wish.filter,
        dataset_id=wish.dataset_id,
        base_run=wish.base_run,
        reviewer=wish.reviewer,
    )
    if wish.order == STAKES:
        statement = statement.outerjoin(
            ChatStake, and_(col(ChatStake.run_id) == wish.base_run, col(ChatStake.chat_id) == col(Chat.id))
        ).order_by(func.coalesce(col(ChatStake.points), -1.0).desc(), col(Chat.index))
    elif wish.order == OLDEST:
        statement = statement.order_by(col(Record.updated_at).asc().nulls_first(), col(Chat.index))
    else:
        statement = statement.order_by(col(Chat.index))
    if wish.delta:
        statement = delta.with_open_questions(statement, wish.base_run)
    found = list(session.execute(statement).scalars())
    if wish.delta and wish.base_run is not None:
        found = delta.with_differences(session, form, wish.dataset_id, found, wish.base_run)
    if wish.order == RANDOM:
        # Stable for one person: the same chats come in the same order tomorrow, whichever of them are gone by then.
        found.sort(key=lambda index: zlib.crc32(f"{wish.dataset_id}:{wish.reviewer}:{index}".encode()))
    return found


def next_open_chats(store: Store, form: Form, wish: QueueSpec, at: int, count: int) -> list[int]:
    """The next chats of a walk that are still open to this reviewer: status as wanted, nobody else on them.

    Args:
        store: the open store.
        form: the dataset's form.
        wish: the walk.
        at: index of the chat on screen; 0 for none.
        count: at most so many.
    """
    path = review_queue(store, form, wish)
    found = _open(store, wish, path, at, count)
    if len(found) < count and path.until > 0.0:
        # Near its end a kept walk may lack what became open meanwhile.
        found = _open(store, wish, review_queue(store, form, wish, fresh=True), at, count)
    return found


def _open(store: Store, wish: QueueSpec, path: ReviewQueue, at: int, count: int) -> list[int]:
    found: list[int] = []
    window: list[int] = []
    with store.read() as session:
        for index in path.after(at):
            window.append(index)
            if len(window) == _LOOK:
                found += _still_open(session, wish, window)
                window = []
                if len(found) >= count:
                    break
        if window and len(found) < count:
            found += _still_open(session, wish, window)
    return found[:count]


def _still_open(session: Session, wish: QueueSpec, indices: list[int]) -> list[int]:
    statement = (
        with_record(select(col(Chat.index)))
        .outerjoin(Claim, col(Claim.chat_id) == col(Chat.id))
        .where(
            col(Chat.dataset_id) == wish.dataset_id,
            col(Chat.index).in_(indices),
            with_status(wish.filter.statuses),
            or_(col(Claim.chat_id).is_(None), col(Claim.until) < now(), col(Claim.reviewer) == wish.reviewer),
        )
    )
    if wish.delta:
        statement = delta.with_open_questions(statement, wish.base_run)
    still = set(session.execute(statement).scalars())
    return [index for index in indices if index in still]
