"""Places: which chat of which run is being worked on, by whom. Taken in the transaction that stores the chat before.

There is no queue of chats beside the store. What is to be done is what a run wants and has no extraction of; a place
says that somebody is at it. The two can never disagree, for a result and the end of its place are written together.
"""

import threading
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, and_, bindparam, delete, func, insert, or_, select, text
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Place, Run, RunStatus, now
from core.adapters.store.models.base import UtcDateTime
from core.services.extraction.runs.budget import chats_within_budget
from core.services.extraction.runs.scope import missing, parameters_of

_Id = TypeVar("_Id")

_CHECKED = 16
"""Fewest candidates checked per query."""

# Put together once: every chat needs each of them, and the others of a model wait meanwhile.
_BY_RUN = (
    select(col(Place.run_id), func.count()).where(col(Place.model) == bindparam("model")).group_by(col(Place.run_id))
)
_RUN: BindParameter[int] = bindparam("run_id")
# One statement sees places and extractions at one moment: who ends writes the one and gives back the other together.
_PLACED_OR_ANSWERED = (
    select(col(Chat.id), col(Place.chat_id), col(Extraction.status), col(Extraction.attempts))
    .outerjoin(Place, and_(col(Place.run_id) == _RUN, col(Place.chat_id) == col(Chat.id)))
    .outerjoin(Extraction, and_(col(Extraction.run_id) == _RUN, col(Extraction.chat_id) == col(Chat.id)))
    .where(
        col(Chat.id).in_(bindparam("candidates", expanding=True)),
        or_(col(Place.chat_id).is_not(None), col(Extraction.status).is_not(None)),
    )
)
THE_RUN = (
    col(Run.id) == bindparam("run_id"),
    col(Run.created_at) == func.coalesce(bindparam("run_created_at", type_=UtcDateTime()), col(Run.created_at)),
)
"""Conditions that select the very run that a chat was taken for, while it is there: not one that has its id now."""
THE_PLACE = (
    col(Place.run_id) == bindparam("run_id"),
    col(Place.chat_id) == bindparam("chat_id"),
    col(Place.holder) == bindparam("holder"),
)
"""Conditions that select a chat's place while it is still held by whoever took it."""
_RELEASE = delete(Place).where(
    col(Place.run_id) == bindparam("run_id"),
    col(Place.chat_id).in_(bindparam("chats", expanding=True)),
    col(Place.holder) == bindparam("holder"),
)
_TAKE_OWN = insert(Place).prefix_with("OR IGNORE", dialect="sqlite").returning(col(Place.run_id), col(Place.chat_id))
# Passes over a chat that somebody is just taking: waiting for them would bring nothing. No other lock has such a key:
# theirs are small numbers.
_TAKE_SHARED = text(
    "INSERT INTO place (run_id, chat_id, model, holder, started_at) "
    "SELECT run_id, chat_id, :model, :holder, :started_at "
    "FROM unnest(CAST(:runs AS integer[]), CAST(:chats AS integer[])) AS chosen (run_id, chat_id) "
    "WHERE pg_try_advisory_xact_lock((CAST(run_id AS bigint) << 32) | chat_id) "
    "ON CONFLICT DO NOTHING RETURNING run_id, chat_id"
).bindparams(bindparam("started_at", type_=UtcDateTime()))


@dataclass(frozen=True, slots=True)
class PlacedChat:
    """One chat of one run that somebody is at.

    Attributes:
        run_id: the run.
        chat_id: the chat.
        model: ``provider:name``, whose limit it counts against.
        holder: who is at it.
        run_created_at: when the run was created: with its id, this tells it from a run that was given the id of a
            deleted one (by a database that was put back from a copy, say). ``None``: whichever has the id.
    """

    run_id: int
    chat_id: int
    model: str
    holder: int
    run_created_at: datetime | None = None

    def parameters(self) -> dict[str, Any]:
        """Values of the parameters in :data:`THE_RUN` and :data:`THE_PLACE`."""
        return {
            "run_id": self.run_id,
            "run_created_at": self.run_created_at,
            "chat_id": self.chat_id,
            "holder": self.holder,
        }


def by_run(chats: Iterable[PlacedChat]) -> list[list[PlacedChat]]:
    """Chats of each run; of two runs with one id, each for itself."""
    runs: dict[tuple[int, datetime | None], list[PlacedChat]] = {}
    for chat in chats:
        runs.setdefault((chat.run_id, chat.run_created_at), []).append(chat)
    return list(runs.values())


def padded(ids: Sequence[_Id]) -> list[_Id]:
    """Ids for a condition, some of them twice, so that there are 1, 2, 4, 8 …: a statement of each size is known."""
    size = 1 << (len(ids) - 1).bit_length() if ids else 0
    return [*ids, *[ids[-1]] * (size - len(ids))] if ids else []


class Backlog:
    """A run's pending chats, kept between two takings: only a hint, as each is checked again when it is taken.

    Threads may share one: each gets other chats.
    """

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self._chats: deque[int] = deque()
        self._refill = True
        self._mutex = threading.Lock()

    def allow_refill(self) -> None:
        """Read the run's missing chats anew, once, when the backlog runs dry: somebody saw that there are some."""
        self._refill = True

    def take(self, session: Session, count: int, leave_out: Collection[int]) -> list[int]:
        """Take up to ``count`` chats that have neither a place nor an answer."""
        row = session.get(Run, self.run_id)
        if row is None or row.status != RunStatus.RUNNING:
            return []
        count = chats_within_budget(session, row, count)
        free: list[int] = []
        with self._mutex:
            while len(free) < count:
                if not self._chats:
                    if not self._refill:
                        break
                    # All chats of a big dataset: not once more for everybody who comes away empty-handed.
                    self._refill = False
                    self._chats.extend(missing(session, row))
                checked = max(_CHECKED, 2 * (count - len(free)))
                candidates = [self._chats.popleft() for _ in range(min(checked, len(self._chats)))]
                unplaced = self._unplaced(session, row, candidates)
                free += [chat for chat in unplaced if chat not in leave_out and chat not in free]
            taken, left_over = free[:count], free[count:]
            self._chats.extendleft(reversed(left_over))
        return taken

    def put_back(self, chats: Iterable[int]) -> None:
        """Return chats that were taken and not needed; they come first again."""
        with self._mutex:
            self._chats.extendleft(reversed(list(chats)))

    def _unplaced(self, session: Session, row: Run, candidates: list[int]) -> list[int]:
        if not candidates:
            return []
        retry = parameters_of(row).retry
        parameters = {"run_id": row.id, "candidates": padded(candidates)}
        taken = {
            chat_id
            for chat_id, placed, status, attempts in session.execute(_PLACED_OR_ANSWERED, parameters)
            if placed is not None or status != ExtractionStatus.FAILED or retry.get(chat_id) != attempts
        }
        return [chat for chat in candidates if chat not in taken]


def take_places(
    session: Session,
    holder: int,
    model: str,
    count: int,
    backlogs: Sequence[tuple[Backlog, Collection[int]]],
) -> list[PlacedChat]:
    """Take up to ``count`` chats of a model's runs; others of the same moment are never at them, too.

    Runs of one model take turns: the one with the fewest chats under way is next, so that a short run need not wait for
    the end of a long one.

    Args:
        session: writing; the transaction that stores the chat before, as a rule.
        holder: who takes them.
        model: the runs' model.
        count: how many at most.
        backlogs: ``(candidates, chats to leave out)`` of each running run.

    Raises:
        IntegrityError: the holder was taken for lost.
    """
    placed: list[PlacedChat] = []
    while (lacking := count - len(placed)) > 0:
        under_way = _placed_by_run(session, model) if len(backlogs) > 1 else {}
        candidates = {log.run_id: iter(log.take(session, lacking, leave_out)) for log, leave_out in backlogs}
        chosen = list(_fewest_under_way_first(candidates, under_way, lacking))
        for log, _ in backlogs:
            log.put_back(candidates[log.run_id])
        if not chosen:
            break
        # Where others were quicker, the next ones are tried: a place that stays empty costs more than a statement.
        taken = _taken(session, chosen, {"model": model, "holder": holder, "started_at": now()})
        placed += [
            PlacedChat(run_id, chat_id, model, holder, session.get_one(Run, run_id).created_at)
            for run_id, chat_id in chosen
            if (run_id, chat_id) in taken
        ]
        if len(taken) == len(chosen):
            break
    return placed


def _taken(session: Session, chosen: Sequence[tuple[int, int]], common: dict[str, Any]) -> set[tuple[int, int]]:
    """Take chats, ``(run id, chat id)``; those that nobody else has taken or is taking."""
    if session.get_bind().dialect.name == "postgresql":
        runs, chats = zip(*chosen, strict=True)
        rows = session.execute(_TAKE_SHARED, common | {"runs": list(runs), "chats": list(chats)})
    else:
        values = [{"run_id": run_id, "chat_id": chat_id, **common} for run_id, chat_id in chosen]
        rows = session.execute(_TAKE_OWN, values)
    return {(run_id, chat_id) for run_id, chat_id in rows}


def release(session: Session, chats: Iterable[PlacedChat]) -> None:
    """Give places back; call it in the transaction that stores the results."""
    held: dict[tuple[int, int], list[int]] = {}
    for chat in chats:
        held.setdefault((chat.run_id, chat.holder), []).append(chat.chat_id)
    for (run_id, holder), chat_ids in held.items():
        session.execute(_RELEASE, {"run_id": run_id, "holder": holder, "chats": padded(chat_ids)})


def release_others(session: Session, holder: int, kept: Collection[tuple[int, int]]) -> None:
    """Give back a holder's places but those of ``kept`` chats, ``(run id, chat id)``."""
    for run_id, chat_id in held_chats(session, holder) - set(kept):
        session.execute(_RELEASE, {"run_id": run_id, "chats": [chat_id], "holder": holder})


def held_chats(session: Session, holder: int) -> set[tuple[int, int]]:
    """``(run id, chat id)`` of a holder's places."""
    statement = select(col(Place.run_id), col(Place.chat_id)).where(col(Place.holder) == holder)
    return {(run_id, chat_id) for run_id, chat_id in session.execute(statement)}


def placed_counts(session: Session) -> dict[int, int]:
    """``{run id: number of chats that somebody is at}``; runs without any are left out."""
    counted = session.execute(select(col(Place.run_id), func.count()).group_by(col(Place.run_id)))
    return {int(run_id): int(count) for run_id, count in counted}


def _placed_by_run(session: Session, model: str) -> dict[int, int]:
    return {int(run_id): int(count) for run_id, count in session.execute(_BY_RUN, {"model": model})}


def _fewest_under_way_first(
    candidates: dict[int, Iterator[int]], under_way: dict[int, int], count: int
) -> Iterator[tuple[int, int]]:
    """``(run id, chat id)`` of up to ``count`` chats: each time from the run with the fewest under way."""
    counts = Counter({run_id: under_way.get(run_id, 0) for run_id in candidates})
    while counts and count:
        run_id = min(counts, key=lambda run: (counts[run], run))
        chat_id = next(candidates[run_id], None)
        if chat_id is None:
            del counts[run_id]
            continue
        counts[run_id] += 1
        count -= 1
        yield run_id, chat_id
