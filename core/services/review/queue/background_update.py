"""Updates priorities and search index in small batches, in the background.

A chat's priority is computed anew when the run's answer, another run's answer or what is known of the run's fields has
changed; the signature says from what it was computed. Only chats that are still to be decided are kept up to date.
"""

import logging
import math
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from threading import Lock, Thread

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import (
    Chat,
    ChatPriority,
    Dataset,
    Extraction,
    ExtractionStatus,
    Record,
    RecordStatus,
)
from core.domain.form import Form, load_named_form
from core.domain.scoring import Scorer
from core.services.jobs.own_process import end_with_parent, give_way, start_own_process
from core.services.learning.run_confidence import (
    FittedConfidence,
    fit_run_confidence,
    fitted_on,
    is_fit_due,
    load_run_confidence,
    other_runs,
)
from core.services.quality.stored_votes import Votes, read_votes
from core.services.review.passing import keep_passing
from core.services.review.priority_signature import DIGEST_BEHIND, answer_digest, answers_read
from core.services.review.queue import search
from core.services.review.queue.filters import FILTERS, with_record, with_status
from core.services.review.queue.priority import ChangeRates, ReviewPriority, assess_priority
from core.services.review.queue.upkeep_lock import only_upkeep
from core.services.team import everything_shown
from core.settings import settings

_log = logging.getLogger("shiyao.review")

_VERSION = 3
"""Of the reckoning in :mod:`core.services.review.queue.priority`: raise it when the numbers change."""
_BATCH = 20
_BATCH_CHARACTERS = 400_000
"""Most characters of a batch of several chats."""
_LEARN_FROM = 300
_IN_THREAD = 400
"""Chats up to which a thread of the server does it; more are worth a process of their own."""
_REST = 1.0
"""How long a thread rests after each batch, in times of what the batch took: the reviewer's sync comes first."""


class IndexUpdate:
    """Brings search texts and review priorities of one run of a dataset up to date, in batches."""

    def __init__(
        self,
        store: Store,
        form: Form,
        dataset_id: int,
        run_id: int,
        confidence: FittedConfidence | None = None,
        *,
        longest: int | None = None,
    ) -> None:
        self.store = store
        self._longest = longest
        self.dataset_id = dataset_id
        self.run_id = run_id
        self._scorer = Scorer(form)
        self._confidence = confidence
        with store.read() as session:
            self._rates = _rates(session, self._scorer, run_id)
            self._others = other_runs(session, dataset_id, run_id)
            fitted = fitted_on(session, run_id)
        # Fitted on so many approvals: what is known of the run's fields has changed then, and not with each record.
        self._prefix = f"{_VERSION}.{f'c{fitted}' if fitted else self._rates.version}"

    def outdated(self, session: Session, *, after: int = 0, limit: int = _BATCH) -> list[tuple[int, str]]:
        """``(chat id, expected signature)`` of chats whose priority is missing or outdated."""
        base = aliased(Extraction)
        expected_signature = literal(self._prefix) + answers_read(base, self._others)
        statement = (
            with_record(select(col(Chat.id), expected_signature))
            .join(base, and_(col(base.chat_id) == col(Chat.id), col(base.run_id) == self.run_id))
            .outerjoin(
                ChatPriority, and_(col(ChatPriority.run_id) == self.run_id, col(ChatPriority.chat_id) == col(Chat.id))
            )
            .where(
                col(Chat.dataset_id) == self.dataset_id,
                col(Chat.id) > after,
                with_status(FILTERS["待审阅"]),
                or_(
                    col(ChatPriority.chat_id).is_(None),
                    ~col(ChatPriority.signature).startswith(expected_signature + literal(DIGEST_BEHIND)),
                ),
            )
            .order_by(col(Chat.id))
            .limit(limit)
        )
        if self._longest is not None:
            statement = statement.where(col(Chat.characters) <= self._longest)
        return [(int(chat_id or 0), signature) for chat_id, signature in session.execute(statement)]

    def count(self) -> int:
        """Number of outdated chats, counted up to one more than a thread takes."""
        with self.store.read() as session:
            return len(self.outdated(session, limit=_IN_THREAD + 1))

    def update_batch(self, *, after: int = 0) -> int:
        """Update one batch.

        Returns:
            The id to go on after; 0 when nothing is left behind ``after``.
        """
        with self.store.read() as session:
            todo = self._beginning(session, dict(self.outdated(session, after=after)))
            inputs = self._inputs(session, list(todo))
        if not todo:
            return 0
        rows = [
            _row(
                self.run_id,
                chat_id,
                f"{todo[chat_id]}{DIGEST_BEHIND}{answer_digest(answers)}",
                assess_priority(
                    self._scorer, text, answers, others, self._rates, votes=votes, confidence=self._confidence
                ),
            )
            for chat_id, text, answers, others, votes in inputs
        ]
        # Somebody else may be at the same chats: in one order for everybody, and what is there is replaced.
        rows.sort(key=lambda row: int(str(row["chat_id"])))
        insert = postgresql.insert if self.store.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(ChatPriority).values(rows)
        keys = {"run_id", "chat_id"}
        replaced = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        with self.store.write() as session:
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=[col(ChatPriority.run_id), col(ChatPriority.chat_id)], set_=replaced
                )
            )
        return max(todo)

    def _beginning(self, session: Session, todo: dict[int, str]) -> dict[int, str]:
        """So many of the chats as are short together: between batches, time is looked at and others have their turn."""
        statement = select(col(Chat.id), col(Chat.characters)).where(col(Chat.id).in_(list(todo)))
        sizes = dict(session.execute(statement).all())
        room = _BATCH_CHARACTERS
        beginning: dict[int, str] = {}
        for chat_id, signature in todo.items():
            room -= sizes.get(chat_id, 0)
            if beginning and room < 0:
                break
            beginning[chat_id] = signature
        return beginning

    def _inputs(self, session: Session, chat_ids: Sequence[int]) -> list[tuple[int, str, list | None, dict, Votes]]:  # type: ignore[type-arg]
        texts = session.execute(select(col(Chat.id), col(Chat.text)).where(col(Chat.id).in_(chat_ids))).all()
        statement = select(
            col(Extraction.chat_id), col(Extraction.run_id), col(Extraction.forms), col(Extraction.status)
        ).where(col(Extraction.chat_id).in_(chat_ids))
        answers: dict[int, list | None] = {}  # type: ignore[type-arg]
        others: dict[int, dict[str, list]] = defaultdict(dict)  # type: ignore[type-arg]
        for chat_id, run_id, forms, status in session.execute(statement):
            if run_id == self.run_id:
                answers[chat_id] = None if status == ExtractionStatus.FAILED else forms or []
            elif run_id in self._others and status != ExtractionStatus.FAILED:
                others[chat_id][self._others[run_id]] = forms or []
        votes = read_votes(session, [self.run_id], chat_ids)
        return [
            (
                int(i or 0),
                text,
                answers.get(int(i or 0)),
                others[int(i or 0)],
                votes.get((self.run_id, int(i or 0)), {}),
            )
            for i, text in texts
        ]


def _row(run_id: int, chat_id: int, signature: str, priority: ReviewPriority) -> dict[str, object]:
    return {
        "run_id": run_id,
        "chat_id": chat_id,
        "signature": signature,
        "points": round(priority.points, 3),
        "differing": priority.differing,
        "warnings": priority.warnings,
        "reasons": list(priority.reasons),
        "confidence": list(priority.confidence) if priority.confidence is not None else None,
    }


def _rates(session: Session, scorer: Scorer, run_id: int) -> ChangeRates:
    rates = ChangeRates(scorer)
    statement = (
        select(col(Record.customers), col(Extraction.forms))
        .join(Extraction, and_(col(Extraction.chat_id) == col(Record.chat_id), col(Extraction.run_id) == run_id))
        .where(
            col(Record.base_run_id) == run_id,
            col(Record.status) == RecordStatus.CONFIRMED,
            ~queries.is_passed(),
        )
        .order_by(col(Record.id).desc())
        .limit(_LEARN_FROM)
    )
    with everything_shown(session):  # the same for all, and nothing of any one chat
        for customers, forms in session.execute(statement):
            rates.add(customers, forms or [])
    return rates


def update_outdated_chats(
    store: Store,
    form: Form,
    dataset_id: int,
    run_id: int | None,
    *,
    seconds: float = math.inf,
    rest: float = 0.0,
    longest: int | None = None,
) -> int:
    """Update all outdated chats of a dataset, but priorities of a run with a confidence: these take another process.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        run_id: the run whose priorities to compute; ``None``: only the search.
        seconds: stop after so long.
        rest: pause after each batch, in times of what it took.
        longest: leave chats with more characters alone.

    Returns:
        Chats that were computed or indexed.
    """
    until = time.monotonic() + seconds
    with store.read() as session:
        by_process = run_id is not None and needs_process(session, run_id)
    update = None
    if run_id is not None and not by_process:
        update = IndexUpdate(store, form, dataset_id, run_id, longest=longest)
    return _update(store, dataset_id, update, until, rest)


def needs_process(session: Session, run_id: int) -> bool:
    """Whether a run's priorities go by what was learned from approvals: learning it again takes seconds."""
    return fitted_on(session, run_id) > 0 or is_fit_due(session, run_id)


def update_with_confidence(store: Store, form: Form, dataset_id: int, run_id: int) -> int:
    """Fit a run's confidence where that is due, update all outdated chats, let pass what leads allow; takes seconds.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        run_id: the run.

    Returns:
        Chats that were computed or indexed.
    """
    fit_run_confidence(store, run_id)
    outdated = IndexUpdate(store, form, dataset_id, run_id).count()
    confidence = load_run_confidence(store, run_id) if outdated else None
    update = IndexUpdate(store, form, dataset_id, run_id, confidence)
    done = _update(store, dataset_id, update, math.inf, 0.0)
    keep_passing(store, form, dataset_id, run_id)
    return done


def _update(store: Store, dataset_id: int, update: IndexUpdate | None, until: float, rest: float) -> int:
    done = 0
    after = 0
    while update is not None and time.monotonic() < until:
        began = time.monotonic()
        after = update.update_batch(after=after)
        if not after:
            break
        done += _BATCH
        time.sleep(rest * (time.monotonic() - began))
    with store.read() as session:
        chats = session.execute(select(func.count()).where(col(Chat.dataset_id) == dataset_id)).scalar_one()
    after = 0
    while chats > search.INDEXED_FROM and time.monotonic() < until:
        began = time.monotonic()
        indexed, after = search.index_after(store, dataset_id, after)
        if not indexed:
            break
        done += indexed
        time.sleep(rest * (time.monotonic() - began))
    return done


_busy: set[tuple[str, int, int | None]] = set()
_busy_lock = Lock()


def update_in_background(store: Store, form: Form, dataset_id: int, run_id: int | None) -> None:
    """Update a dataset in the background, unless this process is already doing it."""
    run_of_dataset = (store.url, dataset_id, run_id)
    with _busy_lock:
        if run_of_dataset in _busy:
            return
        _busy.add(run_of_dataset)
    Thread(target=_background, args=(store, form, run_of_dataset), name="shiyao-upkeep", daemon=True).start()


def is_updating(store: Store, dataset_id: int, run_id: int | None) -> bool:
    """Whether this process is updating a dataset in the background right now."""
    with _busy_lock:
        return (store.url, dataset_id, run_id) in _busy


def _background(store: Store, form: Form, run_of_dataset: tuple[str, int, int | None]) -> None:
    _, dataset_id, run_id = run_of_dataset
    try:
        outdated = 0 if run_id is None else IndexUpdate(store, form, dataset_id, run_id).count()
        with store.read() as session:
            due = run_id is not None and is_fit_due(session, run_id)
            learned = due or (outdated > 0 and fitted_on(session, run_id) > 0)
            chats = session.execute(select(func.count()).where(col(Chat.dataset_id) == dataset_id)).scalar_one()
        if not learned and outdated <= _IN_THREAD and chats <= search.INDEXED_FROM:
            update_outdated_chats(store, form, dataset_id, run_id, rest=_REST)
        else:
            _in_process(store, dataset_id, run_id)
    except Exception:
        # The workbench works without; the next visitor starts it again.
        _log.warning("upkeep of dataset %s stopped", dataset_id, exc_info=True)
    finally:
        with _busy_lock:
            _busy.discard(run_of_dataset)


def _in_process(store: Store, dataset_id: int, run_id: int | None) -> None:
    """A large dataset is brought up to date by a process of its own: its reckoning would hold up the server's turns."""
    module = "core.services.review.queue.background_update"  # what is run as a script has another name
    with start_own_process(store, module, str(dataset_id), str(run_id or 0), str(os.getpid())) as process:
        process.wait()


def _main(dataset_id: int, run_id: int, server: int) -> None:
    from core.adapters.store import open_store

    give_way()
    end_with_parent(server)  # nobody waits for it any more; the next visitor starts it again
    store = open_store(settings().database_url)
    with store.read() as session:
        name = session.execute(select(col(Dataset.form)).where(col(Dataset.id) == dataset_id)).scalar_one()
    with only_upkeep(store, dataset_id) as alone:
        if alone:
            form = load_named_form(name)
            if run_id:
                update_with_confidence(store, form, dataset_id, run_id)
            else:
                update_outdated_chats(store, form, dataset_id, None)


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
