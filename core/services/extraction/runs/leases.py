"""Who does which chat: leases, given out by one short transaction that holds every limit over all workers together.

There is no queue beside the store. What is to be done is what a run wants and has no extraction of; a lease says that
somebody is at it. The two can never disagree, for a result and the end of its lease are written together.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BindParameter, and_, bindparam, delete, func, insert, or_, select, text
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Lease, ModelLimiter, Run, RunStatus, Worker
from core.services.extraction.runs import workers
from core.services.extraction.runs.scope import missing, parameters_of

_LOOK = 16
"""Candidates that are checked at a time, at least."""

# Put together once: every chat needs each of them, and the others of a model wait meanwhile.
_GATE = select(ModelLimiter).where(col(ModelLimiter.model) == bindparam("model")).with_for_update()
_BY_WORKER = (
    select(col(Lease.run_id), col(Lease.worker_id), func.count())
    .where(col(Lease.model) == bindparam("model"))
    .group_by(col(Lease.run_id), col(Lease.worker_id))
)
_MODELS = select(col(Worker.models))
_RUN: BindParameter[int] = bindparam("run_id")
# One statement sees leases and extractions at one moment: a worker that ends writes the one and gives back the other
# together.
_TAKEN = (
    select(col(Chat.id), col(Lease.chat_id), col(Extraction.status), col(Extraction.attempts))
    .outerjoin(Lease, and_(col(Lease.run_id) == _RUN, col(Lease.chat_id) == col(Chat.id)))
    .outerjoin(Extraction, and_(col(Extraction.run_id) == _RUN, col(Extraction.chat_id) == col(Chat.id)))
    .where(
        col(Chat.id).in_(bindparam("some", expanding=True)),
        or_(col(Lease.chat_id).is_not(None), col(Extraction.status).is_not(None)),
    )
)
_GIVE_BACK = delete(Lease).where(*workers.is_own_lease(bindparam("worker"), bindparam("run"), bindparam("chat")))


@dataclass(frozen=True, slots=True)
class Job:
    """One chat of one run, leased to this process; ``model`` is what it counts against."""

    run_id: int
    chat_id: int
    model: str


class Backlog:
    """Candidates of one run, read once and not at every claim: only a hint, every claim checks them again."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._chats: deque[int] = deque()

    def take(self, session: Session, count: int, leave_out: Collection[int]) -> list[int]:
        """Up to ``count`` chats that nobody is at and that have no answer; refills itself once when it runs dry."""
        row = session.get(Run, self._run_id)
        if row is None or row.status != RunStatus.RUNNING:
            return []
        found: list[int] = []
        refilled = False
        while len(found) < count:
            if not self._chats:
                if refilled:
                    break
                self._chats.extend(missing(session, row))
                refilled = True
            look = max(_LOOK, 2 * (count - len(found)))
            some = [self._chats.popleft() for _ in range(min(look, len(self._chats)))]
            free = [chat for chat in self._free(session, row, some) if chat not in leave_out and chat not in found]
            found += free[: count - len(found)]
            self.put_back(chat for chat in free if chat not in found)
        return found

    def put_back(self, chats: Iterable[int]) -> None:
        """Chats that were taken and not needed come first again."""
        self._chats.extendleft(reversed(list(chats)))

    def _free(self, session: Session, row: Run, some: list[int]) -> list[int]:
        if not some:
            return []
        retry = parameters_of(row).retry
        taken = {
            chat_id
            for chat_id, leased, status, attempts in session.execute(_TAKEN, {"run_id": row.id, "some": some})
            if leased is not None or status != ExtractionStatus.FAILED or retry.get(chat_id) != attempts
        }
        return [chat for chat in some if chat not in taken]


def claim(
    store: Store,
    worker_id: str,
    model: str,
    limit: int,
    backlogs: Iterable[tuple[int, Backlog, Collection[int]]],
) -> list[Job]:
    """Lease as many chats as the model's limit allows to this worker, over all workers together.

    Workers that can call the model share its places evenly. Runs of one model take turns: the one with the fewest calls
    under way is next, so that a short run need not wait for the end of a long one.

    Args:
        store: open store.
        worker_id: who takes them; has a row.
        model: what the limit belongs to.
        limit: calls at a time.
        backlogs: ``(run id, candidates, chats to leave out)`` of the runs that want this model.
    """
    with store.write() as session:
        _lock(session, model)
        by_worker = _under_way(session, model)
        under_way: Counter[int] = Counter()
        for (run_id, _), count in by_worker.items():
            under_way[run_id] += count
        own = sum(count for (_, worker), count in by_worker.items() if worker == worker_id)
        room = min(limit - under_way.total(), _share(session, model, limit) - own)
        if room <= 0:
            return []
        logs = [(run_id, log, iter(log.take(session, room, out))) for run_id, log, out in backlogs]
        offered = {run_id: chats for run_id, _, chats in logs}
        moment = workers.clock(session)
        jobs = [Job(run_id, chat_id, model) for run_id, chat_id in _in_turn(offered, under_way, room)]
        if jobs:
            common = {"worker_id": worker_id, "model": model, "started_at": moment}
            session.execute(insert(Lease), [{"run_id": job.run_id, "chat_id": job.chat_id, **common} for job in jobs])
        for _, log, chats in logs:
            log.put_back(chats)
    return jobs


def release(session: Session, worker_id: str, job: Job) -> None:
    """Give one back; call it in the transaction that stores the result."""
    session.execute(_GIVE_BACK, {"worker": worker_id, "run": job.run_id, "chat": job.chat_id})


def under_way(session: Session) -> dict[int, int]:
    """``{run id: chats that somebody is at}``."""
    counted = session.execute(select(col(Lease.run_id), func.count()).group_by(col(Lease.run_id)))
    return {int(run_id): int(count) for run_id, count in counted}


def reserve_call_slot(store: Store, model: str, per_minute: int) -> float:
    """Reserve the next start of a call to a model.

    Starts are spread evenly, ``60 / per_minute`` seconds apart, over all workers together.

    Returns:
        Seconds from now until the reserved start; 0 where it may start at once.
    """
    with store.write() as session:
        gate = _lock(session, model)
        moment = workers.clock(session)
        start = max(moment, gate.next_at or moment)
        gate.next_at = start + timedelta(seconds=60.0 / per_minute)
        return (start - moment).total_seconds()


def _lock(session: Session, model: str) -> ModelLimiter:
    """Be the only one who gives out this model's calls until the transaction ends."""
    gate: ModelLimiter | None = session.execute(_GATE, {"model": model}).scalar_one_or_none()
    if gate is None:
        session.execute(text("INSERT INTO gate (model) VALUES (:model) ON CONFLICT DO NOTHING"), {"model": model})
        gate = session.execute(_GATE, {"model": model}).scalar_one()
    return gate


def _under_way(session: Session, model: str) -> dict[tuple[int, str], int]:
    """``{(run id, worker id): calls}`` of a model."""
    counted = session.execute(_BY_WORKER, {"model": model})
    return {(int(run_id), str(worker_id)): int(count) for run_id, worker_id, count in counted}


def _share(session: Session, model: str, limit: int) -> int:
    """How many calls one worker may have under way, so that each that can call the model gets its part."""
    able = sum(model in models for models in session.execute(_MODELS).scalars())
    return -(-limit // max(1, able))


def _in_turn(offered: dict[int, Iterator[int]], under_way: dict[int, int], room: int) -> Iterator[tuple[int, int]]:
    counts = {run_id: under_way.get(run_id, 0) for run_id in offered}
    while counts and room:
        run_id = min(counts, key=lambda run: (counts[run], run))
        chat_id = next(offered[run_id], None)
        if chat_id is None:
            del counts[run_id]
            continue
        counts[run_id] += 1
        room -= 1
        yield run_id, chat_id
