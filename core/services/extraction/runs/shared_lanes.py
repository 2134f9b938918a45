"""Lanes that several workers share, each a job of Procrastinate: its lock lets one worker at a time have it.

What a worker holds is read from the jobs each time, so that it never believes what the database does not say. Its own
loop takes the jobs, and not Procrastinate's: that one stops at a broken connection and shows no sign of life while it
waits for calls under way, so that a restart of the database would cost it its lanes and others would ask again.
"""

import logging
import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import text
from sqlmodel import Session

from core.adapters.store import Store
from core.adapters.store.job_queue import JobQueue, QueuedJob, end_if_suspended
from core.errors import StoreError
from core.services.extraction.runs.call_rate import lock_model
from core.services.extraction.runs.lane_jobs import TASK, lane_lock, lane_of, lane_queue, put_missing, worker_of
from core.services.extraction.runs.lanes import Bound

HEARTBEAT_SECONDS = 5.0
LOST_SECONDS = 20.0
"""Seconds without a heartbeat before a worker counts as lost.

Several missed beats; with the time until somebody looks, its chats are somebody else's within half a minute.
"""
_LOOK_SECONDS = 0.25

# Any number will do, as long as every process of this program uses the same one.
_RECOVERY_LOCK = 7_240_612
_MAY_RECOVER = text(
    "SELECT pg_try_advisory_xact_lock(:key) "
    "AND clock_timestamp() - pg_postmaster_start_time() > make_interval(secs => :seconds)"
)
_log = logging.getLogger("shiyao.runs")


class SharedLanes:
    """This worker's lanes. Keeps the protocol of :class:`core.services.extraction.runs.lanes.Lanes`."""

    others = True

    def __init__(self, store: Store, *, notified: threading.Event, lost_seconds: float = LOST_SECONDS) -> None:
        """Prepare; nothing is written yet.

        Args:
            store: on PostgreSQL.
            notified: set when jobs were put in or given back.
            lost_seconds: seconds without a heartbeat before another worker counts as lost.
        """
        self._store, self._lost_seconds, self._notified = store, lost_seconds, notified
        self.holder = 0
        self.yielding: frozenset[str] = frozenset()
        self._limits: dict[str, int] = {}
        self._held: dict[str, set[str]] = {}
        self._left_some = False
        self._next_look = self._next_heartbeat = self._no_recovery_before = 0.0

    def update(self, limits: Mapping[str, int], lacking: Collection[str], bound: Bound) -> bool:
        """Take, give back, hand over and ask for lanes, each as the jobs say.

        Args:
            limits: ``{model: lanes over all workers}``.
            lacking: models of which some chats have nobody.
            bound: told the new numbers.
        """
        is_early = self._left_some or time.monotonic() < self._next_look
        looked = is_early and not self._left_some and self._limits == limits
        if looked and not self.yielding and not self._notified.is_set():
            return False
        self._notified.clear()
        try:
            with self._store.write() as session:
                end_if_suspended(session)
                queue = JobQueue(session, TASK)
                holder, beat_at = self._show_life(session, queue)
                new = holder != self.holder
                jobs, more = self._take(session, queue, limits, lacking, holder, is_new=new, is_early=is_early)
                held, yielding = self._give_back(queue, jobs, limits, holder, bound)
                for model in sorted(limits.keys() & set(lacking)):
                    if _share(jobs, model, limits[model], holder):
                        lock_model(session, model)
                        locks = _share(queue.open_jobs(), model, limits[model], holder)
                        queue.put(lane_queue(model, holder), locks)
        except StoreError:
            # Whoever is silent now may be so for the same reason.
            self._no_recovery_before = time.monotonic() + self._lost_seconds
            raise
        self.holder, self._next_heartbeat, self._held = holder, beat_at, held
        self.yielding = frozenset(yielding)
        for model, lanes in held.items():
            if model not in yielding:
                bound(model, len(lanes), len(lanes))
        self._limits, self._next_look = dict(limits), time.monotonic() + _LOOK_SECONDS
        self._left_some = more
        return more

    def keep(self) -> None:
        """Beat, where it is time."""
        if time.monotonic() >= self._next_heartbeat and self.holder:
            with self._store.write() as session:
                JobQueue(session, TASK).beat(self.holder)
            self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS

    def leave(self) -> None:
        """Let others have the lanes, at once, and unregister; places go with it."""
        if not self.holder:
            return
        with self._store.write() as session:
            queue = JobQueue(session, TASK)
            models = {lane_of(job)[0] for job in queue.open_jobs() if job.worker == self.holder}
            for model in sorted(models):
                lock_model(session, model)
            own = [job for job in queue.open_jobs() if self.holder in (job.worker, worker_of(job.queue))]
            _offer_anew(queue, own, self._limits)
            queue.unregister(self.holder)
        self.holder = 0

    def _show_life(self, session: Session, queue: JobQueue) -> tuple[int, float]:
        """Register or beat, and recover what lost workers held; the own id, and when to beat again."""
        if self.holder and queue.knows(self.holder):
            holder = self.holder
        else:
            if self.holder:
                _log.warning("worker %s counted as lost and is back", self.holder)
            # That is its first heartbeat; whether others are lost is looked at next time, when this one has work.
            return queue.register(), time.monotonic() + _LOOK_SECONDS
        if time.monotonic() < self._next_heartbeat:
            return holder, self._next_heartbeat
        queue.beat(holder)
        if time.monotonic() >= self._no_recovery_before:
            self._recover(session, queue)
        return holder, time.monotonic() + HEARTBEAT_SECONDS

    def _recover(self, session: Session, queue: JobQueue) -> None:
        """Take lanes from workers that are silent. Not right after the server's start, when nobody could be heard."""
        values = {"key": _RECOVERY_LOCK, "seconds": self._lost_seconds}
        if not session.execute(_MAY_RECOVER, values).scalar_one():
            return
        for worker in queue.prune(self._lost_seconds):
            _log.warning("worker %s is lost; its chats are free", worker)
        workers = queue.workers()

        def ownerless(job: QueuedJob) -> bool:
            meant_for = job.worker if job.taken else worker_of(job.queue)
            return (job.taken or meant_for is not None) and meant_for not in workers

        if models := {lane_of(job)[0] for job in queue.open_jobs() if ownerless(job)}:
            for model in sorted(models):
                lock_model(session, model)
            _offer_anew(queue, [job for job in queue.open_jobs() if ownerless(job)], None)

    def _take(
        self,
        session: Session,
        queue: JobQueue,
        limits: Mapping[str, int],
        lacking: Collection[str],
        holder: int,
        *,
        is_new: bool,
        is_early: bool,
    ) -> tuple[list[QueuedJob], bool]:
        """Put in what is missing, and take what waits; the jobs then, and whether some were left for the moment."""
        jobs, more, took = queue.open_jobs(), False, False
        for model in sorted(limits.keys() & set(lacking)):
            if len({job.lock for job in jobs if lane_of(job)[0] == model}) < limits[model]:
                lock_model(session, model)
                put_missing(queue, queue.open_jobs(), model, limits[model])
                jobs = queue.open_jobs()
        for model, limit in sorted(limits.items()):
            taken, left = _take(queue, jobs, model, limit, holder, is_new=is_new, is_early=is_early)
            took, more = took or taken, more or left
        return queue.open_jobs() if took else jobs, more

    def _give_back(
        self, queue: JobQueue, jobs: list[QueuedJob], limits: Mapping[str, int], holder: int, bound: Bound
    ) -> tuple[dict[str, set[str]], set[str]]:
        """Give back lanes that are not to be held any more, as far as no call needs them.

        Returns:
            The locks that are held by model, and the models of which some are to be given back once calls have ended.
        """
        own: dict[str, list[QueuedJob]] = {model: [] for model in self._held}
        claimed = {job.lock for job in jobs if not job.taken and worker_of(job.queue) is not None}
        for job in jobs:
            if job.taken and job.worker == holder:
                own.setdefault(lane_of(job)[0], []).append(job)
        held: dict[str, set[str]] = {}
        yielding: set[str] = set()
        for model, lanes in own.items():
            limit = limits.get(model, 0)
            leaving = [job for job in lanes if lane_of(job)[1] >= limit or job.lock in claimed]
            # Not those that have just been taken: they are ours once this is committed.
            sure = {job.lock for job in lanes} & self._held.get(model, set())
            staying = sure - {job.lock for job in leaving}
            needed = bound(model, len(staying), len(sure))
            going = leaving[: max(0, len(lanes) - max(needed, len(lanes) - len(leaving)))]
            queue.delete([job.id for job in going])
            if any(job.lock in claimed for job in going):
                queue.notify()
            held[model] = {job.lock for job in lanes} - {job.lock for job in going}
            if len(going) < len(leaving):
                yielding.add(model)
        return held, yielding


def _take(
    queue: JobQueue, jobs: list[QueuedJob], model: str, limit: int, holder: int, *, is_new: bool, is_early: bool
) -> tuple[bool, bool]:
    """Take lanes that wait; whether any did, and whether some of this worker's part were left for the moment.

    Others were told of them at the same moment, and are to find some as well.

    Args:
        queue: of the lanes.
        jobs: all that are open.
        model: whose lanes.
        limit: lanes over all workers.
        holder: this worker.
        is_new: whether it has just registered: others may be about to.
        is_early: whether it looks before its time, so that others may not have looked since there were any.
    """
    held = {job.lock for job in jobs if job.taken}
    waiting = [
        job
        for job in jobs
        if not job.taken and job.lock not in held and lane_of(job)[0] == model and lane_of(job)[1] < limit
    ]
    own = [job for job in waiting if worker_of(job.queue) == holder]
    free = [job for job in waiting if worker_of(job.queue) is None]
    if own:
        queue.take([lane_queue(model, holder)], holder, len(own))
    if not free:
        return bool(waiting), False
    own_lanes = sum(job.taken and job.worker == holder and lane_of(job)[0] == model for job in jobs) + len(own)
    part = min(len(free), math.ceil(limit / max(1, len(queue.workers()))) - own_lanes)
    if part <= 0:  # what nobody has wanted since the last look: they may lack the model's key
        count = 0 if is_early else len(free)
    else:
        count = min(part, (len(free) + 1) // 2) if is_new else part
    taken = queue.take([lane_queue(model)], holder, count) if count else []
    return True, bool(taken) and count < part


def _share(jobs: list[QueuedJob], model: str, limit: int, holder: int) -> list[str]:
    """Locks of lanes that this worker may ask of others, so that each that can call the model gets its part."""
    lanes = [job for job in jobs if lane_of(job)[0] == model and lane_of(job)[1] < limit]
    if any(not job.taken and worker_of(job.queue) is None for job in lanes):
        return []  # there are some to take
    owner = {job.lock: job.worker for job in lanes if job.taken}
    asked_for = {job.lock: worker_of(job.queue) for job in lanes if not job.taken}
    counts = Counter({holder: 0})
    counts.update(worker for worker in (owner | asked_for).values() if worker is not None)
    share: list[str] = []
    while True:
        richest = max(counts, key=lambda worker: counts[worker])
        if counts[richest] - counts[holder] < 2:
            return share
        lock = next((lock for lock, worker in owner.items() if worker == richest and lock not in asked_for), None)
        if lock is None:
            return share
        asked_for[lock] = holder
        share.append(lock)
        counts[richest] -= 1
        counts[holder] += 1


def _offer_anew(queue: JobQueue, jobs: list[QueuedJob], limits: Mapping[str, int] | None) -> None:
    """Delete lanes and put them in anew for all; the models are locked.

    Not put back by the same job: who held it, and is back, would end his successor's.
    """
    queue.delete([job.id for job in jobs])
    present = {job.lock for job in queue.open_jobs()}
    by_model: dict[str, list[str]] = defaultdict(list)
    for model, number in sorted({lane_of(job) for job in jobs}):
        lock = lane_lock(model, number)
        if lock not in present and (limits is None or number < limits.get(model, 0)):
            by_model[model].append(lock)
    for model, locks in by_model.items():
        queue.put(lane_queue(model), locks)
    if by_model:
        queue.notify()
