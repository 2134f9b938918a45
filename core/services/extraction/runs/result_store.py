"""Stores what chats' calls have brought, gives their places back and takes the next chats, in one transaction.

Threads that come at the same moment share one (:mod:`core.services.extraction.runs.combining`).
"""

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.job_queue import end_if_suspended
from core.adapters.store.models import Base, Dataset, Extraction, Run, now
from core.domain.form import storable
from core.errors import Cause, StoreUnavailableError
from core.services.extraction.pipeline import Outcome, Status, kept_replies
from core.services.extraction.runs import places
from core.services.extraction.runs.budget import note_estimated_tokens, stop_at_budget
from core.services.extraction.runs.cached_provider import AnsweredCall, annotate_replies
from core.services.extraction.runs.chat_task import Task, may_replace, tasks_ahead
from core.services.extraction.runs.combining import Combiner
from core.services.extraction.runs.lifecycle import finish_if_complete
from core.services.extraction.runs.places import THE_RUN, PlacedChat, by_run, padded
from core.services.extraction.runs.scope import parameters_of
from core.services.extraction.runs.store_patience import patiently
from core.services.forms.earlier_forms import carried_customers

_log = logging.getLogger("shiyao.runs")

TakeChats = Callable[[Session, str, int], list[PlacedChat]]
"""Takes up to so many chats of a model for those who have just brought a result."""

# Put together once: that takes longer than carrying it out.
_BEFORE = (
    select(Run, col(Dataset.form), Extraction)
    .join(Dataset, col(Dataset.id) == col(Run.dataset_id))
    .outerjoin(
        Extraction,
        and_(
            col(Extraction.run_id) == col(Run.id),
            col(Extraction.chat_id).in_(bindparam("chats", expanding=True)),
        ),
    )
    .where(*THE_RUN)
)
# Rows are ready: nothing of the session is needed.
_EXTRACTIONS, _REPLIES = (Base.metadata.tables[name] for name in ("extraction", "reply"))
_NEW = insert(_EXTRACTIONS).returning(_EXTRACTIONS.c.id, _EXTRACTIONS.c.chat_id)
_NEW_REPLIES = insert(_REPLIES)


@dataclass(frozen=True, slots=True)
class ChatResult:
    """What a chat's calls brought, and which of them were answered."""

    chat: PlacedChat
    outcome: Outcome
    calls: list[AnsweredCall]


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a chat.

    Attributes:
        stored: whether there is an outcome that was not there before.
        following: the chat that was taken in the same transaction.
        task: all that its calls need, read there, too; ``None`` where it is still to be read.
    """

    stored: bool
    following: PlacedChat | None = None
    task: Task | None = None


def take_none(_session: Session, _model: str, _count: int) -> list[PlacedChat]:
    """Take no other chat."""
    return []


class ResultStore:
    """Stores results in a store, each once; any number of threads may bring some."""

    def __init__(self, store: Store, take: TakeChats = take_none, *, gather: Callable[[], None] = lambda: None) -> None:
        """Prepare.

        Args:
            store: open store.
            take: takes the next chats; may be called again if the database went away.
            gather: waits for more results before some are stored, where that hurries nobody.
        """
        self._store = store
        self._together: Combiner[ChatResult, Executed] = Combiner(
            lambda results: self._store_results(results, take), gather=gather
        )

    def keep(self, result: ChatResult) -> Executed:
        """Store a result, give its place back and take the next chat.

        Raises:
            StoreUnavailableError: it could not be stored in time, or the database is damaged.
        """

        def store_together() -> Executed:
            try:
                return self._together(result)
            except IntegrityError:
                # Somebody else has just stored this chat: the second look sees it. Or this process was taken for lost.
                return self._store_results([result], take_none)[0]

        return self._keep(result, store_together)

    def keep_alone(self, result: ChatResult, before_end: Callable[[Session], None] = lambda _: None) -> None:
        """Store the result of a chat that was not asked about in a lane.

        Args:
            result: of a chat with the time of its run.
            before_end: called in the same transaction, before the run is looked at whether it is complete.

        Raises:
            StoreUnavailableError: as above.
        """

        def take_nothing(session: Session, _model: str, _count: int) -> list[PlacedChat]:
            before_end(session)
            return []

        def store_alone() -> Executed:
            try:
                return self._store_results([result], take_nothing)[0]
            except IntegrityError:
                return self._store_results([result], take_none)[0]

        self._keep(result, store_alone)

    def _keep(self, result: ChatResult, store: Callable[[], Executed]) -> Executed:
        try:
            return patiently(store)  # what was paid for is worth waiting for
        except StoreUnavailableError:
            raise
        except Exception as error:
            # The run must end, and say which chat is missing.
            chat = result.chat
            _log.exception("result could not be stored: run %s, chat %s", chat.run_id, chat.chat_id)
            sentence = f"模型回答了，但结果存不进数据库（{type(error).__name__}）。已记入日志，请联系工程师。"
            attempts = result.outcome.attempts
            failure = Outcome(None, Status.FAILED, cause=Cause.UNKNOWN, error=sentence, attempts=attempts)
            failed = ChatResult(chat, failure, [])
            return patiently(lambda: self._store_results([failed], take_none)[0])

    def _store_results(self, results: list[ChatResult], take: TakeChats) -> list[Executed]:
        with self._store.write() as session:
            end_if_suspended(session)
            # Held until the end: the session would forget the runs, and read them again for each following step.
            runs = _write(session, results)
            places.release(session, [result.chat for result in results])
            session.flush()
            for run in runs.values():
                stop_at_budget(session, run)
            following = _following(session, results, take)
            # Counted only where it may be so: a run that goes on is not complete.
            going_on = {chat.run_id for chat in following.values()}
            for run_id in runs.keys() - going_on:
                finish_if_complete(session, run_id)
            tasks = tasks_ahead(session, following.values())
        return [
            Executed(True, chat, tasks.get(chat)) if (chat := following.get(number)) else Executed(True)
            for number in range(len(results))
        ]


def _following(session: Session, results: list[ChatResult], take: TakeChats) -> dict[int, PlacedChat]:
    """``{number of the result: chat}`` that comes after it, of the same model."""
    numbers: dict[str, list[int]] = {}
    for number, result in enumerate(results):
        numbers.setdefault(result.chat.model, []).append(number)
    following: dict[int, PlacedChat] = {}
    for model, of_model in numbers.items():
        following |= dict(zip(of_model, take(session, model, len(of_model)), strict=False))
    return following


def _write(session: Session, results: Collection[ChatResult]) -> dict[int, Run]:
    """Insert, or replace failures that were to be retried; a second answer for the same chat is dropped.

    Returns:
        The runs that the chats were taken for, by id; those that are not there any more are left out.
    """
    runs: dict[int, Run] = {}
    result_of = {result.chat: result for result in results}
    for chats in by_run(result_of):
        chat_ids = padded(sorted(chat.chat_id for chat in chats))
        rows = session.execute(_BEFORE, chats[0].parameters() | {"chats": chat_ids}).all()
        if not rows:
            continue
        run, form = rows[0][:2]
        runs[chats[0].run_id] = run
        before = {row[2].chat_id: row[2] for row in rows if row[2] is not None}
        _write_run(session, run, form, before, [result_of[chat] for chat in chats])
    return runs


def _write_run(
    session: Session, run: Run, form: str, before: dict[int, Extraction], results: Iterable[ChatResult]
) -> None:
    parameters = parameters_of(run)
    new_rows: list[dict[str, Any]] = []
    sources: dict[int, list[tuple[int, AnsweredCall]]] = {}
    # In one order by everybody: two who store the same chats would else wait for one another.
    for result in sorted(results, key=lambda result: result.chat.chat_id):
        chat_id = result.chat.chat_id
        row = before.get(chat_id)
        if row is not None and not may_replace(row, parameters):
            continue
        outcome = _in_current_form(session, run.dataset_id, form, result.outcome)
        values, sources[chat_id] = _values(outcome, result.calls, row, batch=bool(parameters.batch))
        if outcome.forms is None:
            del sources[chat_id]
        if any(call.estimated for call in outcome.calls):
            note_estimated_tokens(session, run)
        if row is None:
            new_rows.append({"run_id": run.id, "chat_id": chat_id, **values})
        else:
            for name, value in values.items():
                setattr(row, name, value)
    ids = {chat_id: row.id for chat_id, row in before.items()}
    if new_rows:
        ids |= {chat_id: extraction_id for extraction_id, chat_id in session.execute(_NEW, new_rows)}
    reply_rows = [
        {"extraction_id": ids[chat_id], "position": position, "key": call.key, "reused": call.reused is not None}
        for chat_id, positions in sources.items()
        for position, call in positions
    ]
    if reply_rows:
        session.execute(_NEW_REPLIES, reply_rows)


def _values(
    outcome: Outcome, calls: list[AnsweredCall], before: Extraction | None, *, batch: bool
) -> tuple[dict[str, Any], list[tuple[int, AnsweredCall]]]:
    """The columns of an extraction after an outcome, and which of its replies others may reuse."""
    moment = now()
    earlier: list[dict[str, Any]] = list(before.replies) if before is not None else []

    def sum_with(name: str, more: float) -> Any:
        return ((getattr(before, name) or 0) if before is not None else 0) + more

    # Models cut escaped emoji in half, and services answer with NULs: no reply may be lost over them.
    replies = [*earlier, *storable(kept_replies(outcome, moment))]
    sources = annotate_replies(replies, len(earlier), calls)
    tokens_in, tokens_out = outcome.tokens_in or 0, outcome.tokens_out or 0
    cached = 0 if batch else sum(call.tokens_cached for call in outcome.calls)
    values = {
        "status": outcome.status.value,
        "forms": storable([dict(form) for form in outcome.forms]) if outcome.forms is not None else None,
        "replies": replies,
        "notes": storable(list(outcome.notes)),
        "cause": outcome.cause.value if outcome.cause else "",
        "error": storable(outcome.error),
        # At least one more each time: the number tells a retry that was asked for from one that has been done.
        "attempts": sum_with("attempts", max(1, outcome.attempts)),
        "tokens_in": sum_with("tokens_in", tokens_in),
        "tokens_out": sum_with("tokens_out", tokens_out),
        "batch_in": sum_with("batch_in", tokens_in if batch else 0),
        "batch_out": sum_with("batch_out", tokens_out if batch else 0),
        "tokens_cached": sum_with("tokens_cached", cached),
        "seconds": sum_with("seconds", outcome.seconds),
        "created_at": moment,
        "made_on": None,
    }
    return values, sources


def _in_current_form(session: Session, dataset_id: int, current: str, outcome: Outcome) -> Outcome:
    """An answer of a form that was changed while the model was at it, carried by the change."""
    if not outcome.forms or not outcome.form or current == outcome.form:
        return outcome
    answers = [{"values": dict(values)} for values in outcome.forms]
    carried = carried_customers(session, dataset_id, outcome.form, current, answers)
    return replace(outcome, forms=tuple(one["values"] for one in carried)) if carried is not None else outcome
