"""Leases on chats, acquired in one short transaction that keeps every limit across all workers.

There is no queue beside the store. What is to be done is what a run wants and has no extraction of; a lease says that
somebody is at it. The two can never disagree, for a result and the end of its lease are written together.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, delete, func, insert, or_, select, text
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Lease, ModelLimiter, Run, RunStatus, Worker
from core.adapters.store.models.base import UtcDateTime
from core.services.extraction.runs import workers
from core.services.extraction.runs.scope import missing, parameters_of

_CHECKED = 16
"""Fewest candidates checked per query."""

# Put together once: every chat needs each of them, and the others of a model wait meanwhile.
_LIMITER = select(ModelLimiter).where(col(ModelLimiter.model) == bindparam("model")).with_for_update()
_BY_WORKER = (
    select(col(Lease.run_id), col(Lease.worker_id), func.count())
    .where(col(Lease.model) == bindparam("model"))
    .group_by(col(Lease.run_id), col(Lease.worker_id))
)
_MODELS = select(col(Worker.models))
_RUN: BindParameter[int] = bindparam("run_id")
# One statement sees leases and extractions at one moment: a worker that ends writes the one and gives back the other
# together.
_LEASED_OR_ANSWERED = (
    select(col(Chat.id), col(Lease.chat_id), col(Extraction.status), col(Extraction.attempts))
    .outerjoin(Lease, and_(col(Lease.run_id) == _RUN, col(Lease.chat_id) == col(Chat.id)))
    .outerjoin(Extraction, and_(col(Extraction.run_id) == _RUN, col(Extraction.chat_id) == col(Chat.id)))
    .where(
        col(Chat.id).in_(bindparam("candidates", expanding=True)),
        or_(col(Lease.chat_id).is_not(None), col(Extraction.status).is_not(None)),
    )
)
THE_RUN = (
    col(Run.id) == bindparam("run_id"),
    col(Run.created_at) == func.coalesce(bindparam("run_created_at", type_=UtcDateTime()), col(Run.created_at)),
)
"""Conditions that select the very run that a chat was leased for, while it is there: not one that has its id now."""
_RELEASE = delete(Lease).where(*workers.is_own_lease(bindparam("worker"), bindparam("run"), bindparam("chat")))


@dataclass(frozen=True, slots=True)
class LeasedChat:
    """One chat of one run, leased to a worker.

    Attributes:
        run_id: the run.
        chat_id: the chat.
        model: ``provider:name``, whose limit it counts against.
        worker_id: who has leased it.
        run_created_at: when the run was created: with its id, this tells it from a run that was given the id of a
            deleted one (by a database that was put back from a copy, say). ``None``: whichever has the id.
    """

    run_id: int
    chat_id: int
    model: str
    worker_id: str
    run_created_at: datetime | None = None

    def parameters(self) -> dict[str, Any]:
        """Values of the parameters in :data:`THE_RUN`, and ``chat_id``."""
        return {"run_id": self.run_id, "run_created_at": self.run_created_at, "chat_id": self.chat_id}


class Backlog:
    """A run's pending chats, cached between claims: only a hint, as every claim checks them again."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._chats: deque[int] = deque()

    def take(self, session: Session, count: int, leave_out: Collection[int]) -> list[int]:
        """Take up to ``count`` unleased chats without an answer; refills itself once when it runs dry."""
        row = session.get(Run, self._run_id)
        if row is None or row.status != RunStatus.RUNNING:
            return []
        taken: list[int] = []
        refilled = False
        while len(taken) < count:
            if not self._chats:
                if refilled:
                    break
                self._chats.extend(missing(session, row))
                refilled = True
            checked = max(_CHECKED, 2 * (count - len(taken)))
            candidates = [self._chats.popleft() for _ in range(min(checked, len(self._chats)))]
            unleased = self._unleased(session, row, candidates)
            free = [chat for chat in unleased if chat not in leave_out and chat not in taken]
            taken += free[: count - len(taken)]
            self.put_back(chat for chat in free if chat not in taken)
        return taken

    def put_back(self, chats: Iterable[int]) -> None:
        """Return chats that were taken and not needed; they come first again."""
        self._chats.extendleft(reversed(list(chats)))

    def _unleased(self, session: Session, row: Run, candidates: list[int]) -> list[int]:
        if not candidates:
            return []
        retry = parameters_of(row).retry
        parameters = {"run_id": row.id, "candidates": candidates}
        taken = {
            chat_id
            for chat_id, leased, status, attempts in session.execute(_LEASED_OR_ANSWERED, parameters)
            if leased is not None or status != ExtractionStatus.FAILED or retry.get(chat_id) != attempts
        }
        return [chat for chat in candidates if chat not in taken]


def lease_chats(
    store: Store,
    worker_id: str,
    model: str,
    limit: int,
    backlogs: Iterable[tuple[int, Backlog, Collection[int]]],
) -> list[LeasedChat]:
    """Lease as many chats to a worker as the model's limit across all workers allows.

    Workers that can call the model share its limit evenly. Runs of one model take turns: the one with the fewest calls
    under way is next, so that a short run need not wait for the end of a long one.

    Args:
        store: open store.
        worker_id: who takes them; has a row.
        model: what the limit belongs to.
        limit: chats at a time, over all workers.
        backlogs: ``(run id, candidates, chats to leave out)`` of the model's running runs.
    """
    with store.write() as session:
        _lock(session, model)
        by_worker = _leased_by_worker(session, model)
        by_run: Counter[int] = Counter()
        for (run_id, _), count in by_worker.items():
            by_run[run_id] += count
        own = sum(count for (_, worker), count in by_worker.items() if worker == worker_id)
        room = min(limit - by_run.total(), _share(session, model, limit) - own)
        if room <= 0:
            return []
        backlog_chats = [(run_id, log, iter(log.take(session, room, leave_out))) for run_id, log, leave_out in backlogs]
        candidates = {run_id: chats for run_id, _, chats in backlog_chats}
        moment = workers.clock(session)
        chats_by_turn = _fewest_leased_first(candidates, by_run, room)
        leased = [
            LeasedChat(run_id, chat_id, model, worker_id, _created_at(session, run_id))
            for run_id, chat_id in chats_by_turn
        ]
        if leased:
            common = {"worker_id": worker_id, "model": model, "started_at": moment}
            rows = [{"run_id": chat.run_id, "chat_id": chat.chat_id, **common} for chat in leased]
            session.execute(insert(Lease), rows)
        for _, log, left_over in backlog_chats:
            log.put_back(left_over)
    return leased


def _created_at(session: Session, run_id: int) -> datetime:
    """When a run was created; the session has it from :meth:`Backlog.take` and does not ask again."""
    return session.get_one(Run, run_id).created_at


def release(session: Session, chat: LeasedChat) -> None:
    """Release a lease; call it in the transaction that stores the result."""
    session.execute(_RELEASE, {"worker": chat.worker_id, "run": chat.run_id, "chat": chat.chat_id})


def of_existing_runs(session: Session, chats: Collection[LeasedChat]) -> list[LeasedChat]:
    """Those of these chats whose runs are still there."""
    runs = select(col(Run.id), col(Run.created_at)).where(col(Run.id).in_({chat.run_id for chat in chats}))
    created = {row.id: row.created_at for row in session.execute(runs)}
    return [chat for chat in chats if created.get(chat.run_id) == chat.run_created_at]


def leased_counts(session: Session) -> dict[int, int]:
    """``{run id: number of leased chats}``; runs without any are left out."""
    counted = session.execute(select(col(Lease.run_id), func.count()).group_by(col(Lease.run_id)))
    return {int(run_id): int(count) for run_id, count in counted}


def reserve_call_slot(store: Store, model: str, per_minute: int) -> float:
    """Reserve the next start of a call to a model.

    Starts are spread evenly, ``60 / per_minute`` seconds apart, over all workers together.

    Returns:
        Seconds from now until the reserved start; 0 where it may start at once.
    """
    with store.write() as session:
        limiter = _lock(session, model)
        moment = workers.clock(session)
        start = max(moment, limiter.next_at or moment)
        limiter.next_at = start + timedelta(seconds=60.0 / per_minute)
        return (start - moment).total_seconds()


def _lock(session: Session, model: str) -> ModelLimiter:
    """Lock a model's row until the transaction ends: nobody else leases its chats or reserves its calls meanwhile."""
    limiter: ModelLimiter | None = session.execute(_LIMITER, {"model": model}).scalar_one_or_none()
    if limiter is None:
        session.execute(text("INSERT INTO gate (model) VALUES (:model) ON CONFLICT DO NOTHING"), {"model": model})
        limiter = session.execute(_LIMITER, {"model": model}).scalar_one()
    return limiter


def _leased_by_worker(session: Session, model: str) -> dict[tuple[int, str], int]:
    """``{(run id, worker id): number of leased chats}`` of a model."""
    counted = session.execute(_BY_WORKER, {"model": model})
    return {(int(run_id), str(worker_id)): int(count) for run_id, worker_id, count in counted}


def _share(session: Session, model: str, limit: int) -> int:
    """Number of chats that one worker may lease, so that each that can call the model gets its part."""
    able = sum(model in models for models in session.execute(_MODELS).scalars())
    return -(-limit // max(1, able))


def _fewest_leased_first(
    candidates: dict[int, Iterator[int]], leased: dict[int, int], room: int
) -> Iterator[tuple[int, int]]:
    """``(run id, chat id)`` of up to ``room`` chats: each time from the run with the fewest leased ones."""
    counts = {run_id: leased.get(run_id, 0) for run_id in candidates}
    while counts and room:
        run_id = min(counts, key=lambda run: (counts[run], run))
        chat_id = next(candidates[run_id], None)
        if chat_id is None:
            del counts[run_id]
            continue
        counts[run_id] += 1
        room -= 1
        yield run_id, chat_id
