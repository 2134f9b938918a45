"""Remaining work of running runs, as last read from the store."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from core.adapters.llm import unready_reason
from core.adapters.store import Store
from core.adapters.store.models import Run, RunKind, RunStatus
from core.services.extraction.runs.joined_runs import finish_joined
from core.services.extraction.runs.lifecycle import finish_if_complete
from core.services.extraction.runs.places import PlacedChat, placed_counts
from core.services.extraction.runs.run_model import model_key, spec_of
from core.services.extraction.runs.scope import BatchWay, parameters_of, pending


@dataclass(frozen=True, slots=True)
class RunDemand:
    """A running run with pending chats.

    Attributes:
        run_id: the run.
        model: ``provider:name``, what its calls count against.
        limit: chats at a time.
        unplaced: number of chats that nobody is at.
    """

    run_id: int
    model: str
    limit: int
    unplaced: int


class RunDemands:
    """Running runs for which this process has the keys.

    Attributes:
        runs: as last read, in order of their ids.
        reads: how often they were read.
        storing_error: why a chat's result could not be stored; ``None`` where all could.
    """

    def __init__(self, store: Store) -> None:
        """Prepare; nothing is read yet.

        Args:
            store: open store.
        """
        self._store = store
        self._set_aside: dict[int, set[int]] = defaultdict(set)
        self.runs: list[RunDemand] = []
        self.reads = 0
        self._taken: Counter[str] = Counter()
        self._taken_before: Counter[str] = Counter()
        self.storing_error: Exception | None = None

    def refresh(self) -> None:
        """Read the running runs again; marks complete ones as finished and merges the parts of joined ones."""
        taken_before = self._taken.copy()
        demands: list[RunDemand] = []
        complete: list[int] = []
        with self._store.read() as session:
            kinds = (RunKind.MODEL, RunKind.MERGE)
            running = select(Run).where(col(Run.status) == RunStatus.RUNNING, col(Run.kind).in_(kinds))
            every = list(session.execute(running.order_by(col(Run.id))).scalars())
            rows = [row for row in every if row.kind == RunKind.MODEL]
            placed = placed_counts(session) if rows else {}
            for row in rows:
                run_id = row.id or 0
                left = pending(session, row)
                if not left:
                    complete.append(run_id)
                    continue
                if parameters_of(row).batch == BatchWay.FILES:
                    continue  # a driver of batches is at it
                set_aside = len(self._set_aside[run_id])
                if left > set_aside and not unready_reason(spec_of(row)):
                    unplaced = max(0, left - placed.get(run_id, 0) - set_aside)
                    limit = parameters_of(row).concurrency
                    demands.append(RunDemand(run_id, model_key(row), limit, unplaced))
        for run_id in complete:
            # Two workers may each have stored the last but one.
            with self._store.write() as session:
                finish_if_complete(session, run_id)
        if len(every) > len(rows):
            finish_joined(self._store)
        self.runs, self._taken_before = demands, taken_before
        self.reads += 1

    def note_taken(self, model: str, chats: int) -> None:
        """Note that this process has taken chats of a model that nobody was at."""
        self._taken[model] += chats

    def rounds_left(self, model: str, lanes: int) -> float:
        """How many chats that nobody is at there are for each of a model's lanes.

        Counted a moment ago; as many as this process has taken since for a lane of its own, others have for theirs.

        Args:
            model: the model.
            lanes: number of its lanes that this process holds; not 0.
        """
        limit = self.chat_limits().get(model, 0)
        unplaced = sum(demand.unplaced for demand in self.unplaced_runs(model))
        taken = self._taken[model] - self._taken_before[model]
        return unplaced / limit - taken / lanes if limit else 0.0

    def chat_limits(self) -> dict[str, int]:
        """``{model: concurrent chats}``; the smallest limit among a model's runs applies to all of them."""
        limits: dict[str, int] = {}
        for demand in self.runs:
            limits[demand.model] = min(demand.limit, limits.get(demand.model, demand.limit))
        return limits

    def unplaced_runs(self, model: str) -> list[RunDemand]:
        """Runs of a model that have chats that nobody is at."""
        return [demand for demand in self.runs if demand.model == model and demand.unplaced]

    def set_aside(self, chat: PlacedChat, error: Exception) -> None:
        """Skip a chat whose result could not be stored, until :meth:`take_back`.

        Not again by itself: a disk that is full would be found out at the price of a call each time.
        """
        self._set_aside[chat.run_id].add(chat.chat_id)
        self.storing_error = error

    def set_aside_chats(self, run_id: int) -> set[int]:
        """Ids of a run's skipped chats."""
        return set(self._set_aside[run_id])

    def take_back(self) -> None:
        """Stop skipping chats."""
        self._set_aside.clear()
        self.storing_error = None
