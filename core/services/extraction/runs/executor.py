"""Executes one chat: reads it, calls the model, stores the result, gives its place to the next one. Idempotent."""

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import and_, bindparam, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec
from core.adapters.store import Store
from core.adapters.store.job_queue import end_if_suspended
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Reply, Run, RunStatus, now
from core.domain.chat import parse_chat
from core.domain.form import FormValues, load_named_form, storable
from core.errors import Cause, ShiyaoError, StoreUnavailableError
from core.services.extraction.pipeline import (
    Outcome,
    Pipeline,
    Status,
    cause_of,
    earlier_answers,
    kept_replies,
    run_pipeline,
)
from core.services.extraction.runs import places
from core.services.extraction.runs.budget import note_estimated_tokens, stop_at_budget
from core.services.extraction.runs.cached_provider import AnsweredCall, CachedProvider, annotate_replies
from core.services.extraction.runs.call_limiter import CallLimiter, Withdrawn
from core.services.extraction.runs.lifecycle import finish_if_complete
from core.services.extraction.runs.pipeline_loading import examples_for, given_forms, pipeline_of, require_base_forms
from core.services.extraction.runs.places import PlacedChat
from core.services.extraction.runs.run_model import call_deadline, called_spec, connect_with, spec_of
from core.services.extraction.runs.scope import BatchWay, RunParameters, parameters_of
from core.services.extraction.runs.store_patience import is_away, patiently
from core.services.forms.earlier_forms import carried_customers

_log = logging.getLogger("shiyao.runs")
_frozen = threading.Lock()

# Put together once: that takes longer than carrying them out, and every chat needs them while others wait.
_OUTCOME = and_(col(Extraction.run_id) == col(Run.id), col(Extraction.chat_id) == col(Chat.id))
_RUNNING = (
    select(Run, col(Chat.text), col(Dataset.form), Extraction)
    .join(Chat, col(Chat.dataset_id) == col(Run.dataset_id))
    .join(Dataset, col(Dataset.id) == col(Run.dataset_id))
    .outerjoin(Extraction, _OUTCOME)
    .where(
        *places.THE_RUN,
        col(Chat.id) == bindparam("chat_id"),
        col(Run.status) == RunStatus.RUNNING,
    )
)
_BEFORE = (
    select(Run, Extraction)
    .join(Chat, col(Chat.dataset_id) == col(Run.dataset_id))
    .outerjoin(Extraction, _OUTCOME)
    .where(*places.THE_RUN, col(Chat.id) == bindparam("chat_id"))
)


@dataclass(frozen=True, slots=True)
class Task:
    """All that a chat's calls need, read in one transaction that ends before the first begins."""

    spec: ModelSpec
    pipeline: Pipeline | ShiyaoError
    given: list[FormValues] | None
    earlier: dict[str, str]
    parameters: RunParameters
    form: str
    text: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a chat's calls brought, and which of them were answered."""

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


def nothing_more(_: Session) -> PlacedChat | None:
    """Take no other chat."""
    return None


def execute_chat(
    store: Store,
    chat: PlacedChat,
    limiter: CallLimiter,
    take_next: Callable[[Session], PlacedChat | None] = nothing_more,
    task: Task | None = None,
) -> Executed:
    """Extract one chat, store the result once, give its place back and take the next chat, in one transaction.

    Nothing is asked where the run does not run, the chat is answered already, or this process lacks the keys
    (another one may have them), or where the database goes away before the first call. The place is given back whatever
    happens; where the database is away just then, with the engine's next look.

    Args:
        store: open store.
        chat: taken by this process.
        limiter: keeps the limits on calls; a slot is taken once all is ready to ask, and left when there is an outcome.
        take_next: takes another chat, where this one has an outcome; may be called again if the database went away.
        task: what the calls need, where it was read a moment ago.

    Raises:
        StoreUnavailableError: something was paid for and could not be stored within
            :data:`~core.services.extraction.runs.store_patience.STORE_SECONDS`, or the database is damaged.
    """
    executed = Executed(stored=False)
    try:
        answer = _ask(store, chat, limiter, task)
        if answer is not None:
            executed = _store_and_take(store, chat, answer, take_next)
    finally:
        if not executed.stored:
            _release(store, chat)
    return executed


def store_answer(
    store: Store,
    chat: PlacedChat,
    outcome: Outcome,
    calls: list[AnsweredCall],
    before_end: Callable[[Session], None] = lambda _: None,
) -> None:
    """Store the result of a chat that was not asked about in a lane, once.

    Args:
        store: open store.
        chat: the chat, with the time of its run.
        outcome: the result.
        calls: that brought it.
        before_end: called in the same transaction, before the run is looked at whether it is complete.

    Raises:
        StoreUnavailableError: it could not be stored in time.
    """

    def take_nothing(session: Session) -> None:
        before_end(session)

    _store_and_take(store, chat, _Answer(outcome, calls), take_nothing)


def _release(store: Store, chat: PlacedChat) -> None:
    try:
        with store.write() as session:
            places.release(session, chat)
    except StoreUnavailableError as error:
        _log.warning("place not given back now: run %s, chat %s: %s", chat.run_id, chat.chat_id, error)


def freeze_loaded_objects() -> None:
    """Exempt everything loaded so far from garbage collection, after this process's first call.

    Each full round of it would look through all packages, tables and prompts, and stop every thread for 0.15 s.
    """
    if _frozen.acquire(blocking=False):
        gc.collect()
        gc.freeze()


def _ask(store: Store, chat: PlacedChat, limiter: CallLimiter, task: Task | None) -> _Answer | None:
    """The outcome of a chat; ``None`` where nothing was asked."""
    try:
        if task is None:
            with store.read() as session:
                task = _task(session, chat)
    except StoreUnavailableError as error:
        _wait_unpaid(error, limiter)
        return None
    if task is None:
        return None
    model = connect_with(store, called_spec(task.spec, task.parameters))
    if model.ready():
        return None
    provider = CachedProvider(
        store,
        task.spec,
        model,
        fresh=task.parameters.fresh,
        limiter=limiter,
        per_minute=task.parameters.per_minute,
        batch=task.parameters.batch == BatchWay.ADDRESS,
    )
    try:
        return _Answer(_extract(store, chat, task, provider, limiter), provider.answered_calls)
    except Withdrawn:
        return None
    except StoreUnavailableError as error:
        if provider.answered_calls:
            raise
        _wait_unpaid(error, limiter)
        return None


def _store_and_take(
    store: Store, chat: PlacedChat, answer: _Answer, take_next: Callable[[Session], PlacedChat | None]
) -> Executed:
    def store_answer() -> Executed:
        try:
            return _store_outcome(store, chat, answer.outcome, answer.calls, take_next)
        except IntegrityError:
            # Somebody else has just stored this chat: the second look sees it. Or this process was taken for lost.
            return _store_outcome(store, chat, answer.outcome, answer.calls)

    try:
        return patiently(store_answer)  # what was paid for is worth waiting for
    except StoreUnavailableError:
        raise
    except Exception as error:
        # The run must end, and say which chat is missing.
        _log.exception("result could not be stored: run %s, chat %s", chat.run_id, chat.chat_id)
        sentence = f"模型回答了，但结果存不进数据库（{type(error).__name__}）。已记入日志，请联系工程师。"
        attempts = answer.outcome.attempts
        failure = Outcome(None, Status.FAILED, cause=Cause.UNKNOWN, error=sentence, attempts=attempts)
        return patiently(lambda: _store_outcome(store, chat, failure, []))


def _wait_unpaid(error: StoreUnavailableError, limiter: CallLimiter) -> None:
    """The database went away before anything was asked: the chat is taken again later, not at once.

    Raises:
        StoreUnavailableError: the database is damaged, so that it would go on like this for ever.
    """
    if not is_away(error):
        raise error
    limiter.wait_a_moment()


def _extract(store: Store, placed: PlacedChat, task: Task, provider: CachedProvider, limiter: CallLimiter) -> Outcome:
    """Ask the model; every failure but a withdrawal is an outcome.

    Raises:
        Withdrawn: the run was stopped, or the process ends, before a call could start.
    """
    try:
        form = load_named_form(task.form)
        if isinstance(task.pipeline, ShiyaoError):
            raise task.pipeline
        chat = parse_chat(task.text)
        base = require_base_forms(task.pipeline, task.given)
        examples = examples_for(store, form, task.pipeline, placed.chat_id)
        with limiter.leaving_slot():
            outcome = run_pipeline(
                form=form,
                chat=chat,
                pipeline=task.pipeline,
                provider=provider,
                model=task.spec.api_name,
                parameters=task.spec.request(),
                deadline=call_deadline(task.spec, task.parameters),
                sleep=lambda seconds: limiter.back_off(seconds, paid=bool(provider.answered_calls)),
                context_tokens=task.spec.context_tokens,
                max_output_tokens=task.spec.max_output_tokens,
                replace_personal=task.spec.replace_personal,
                base=base,
                examples=examples,
                earlier=task.earlier,
                url=task.spec.url,
            )
        return replace(outcome, form=form.reference)
    except (Withdrawn, StoreUnavailableError):
        raise
    except ShiyaoError as error:
        return Outcome(None, Status.FAILED, cause=cause_of(error), error=str(error))
    except Exception as error:
        # A chat that trips over a mistake of ours must be seen as failed, and must not stop the others.
        _log.exception("extraction failed unexpectedly: run %s, chat %s", placed.run_id, placed.chat_id)
        return Outcome(None, Status.FAILED, cause=Cause.UNKNOWN, error=unexpected_sentence(error))


def _store_outcome(
    store: Store,
    chat: PlacedChat,
    outcome: Outcome,
    calls: list[AnsweredCall],
    take_next: Callable[[Session], PlacedChat | None] = nothing_more,
) -> Executed:
    with store.write() as session:
        end_if_suspended(session)
        # Held until the end: the session would forget the run, and read it again for each of the following steps.
        run = _write(session, chat, outcome, calls)
        places.release(session, chat)
        session.flush()
        if run is not None:
            stop_at_budget(session, run)
        following = take_next(session)
        # Counted only where it may be so: a run that goes on is not complete.
        if run is not None and (following is None or following.run_id != chat.run_id):
            finish_if_complete(session, chat.run_id)
        task = _task_ahead(session, following)
    return Executed(True, following, task)


def _task_ahead(session: Session, following: PlacedChat | None) -> Task | None:
    """The task of the chat that comes next; what is wrong with it comes up once it is its turn, not here."""
    if following is None:
        return None
    try:
        return _task(session, following)
    except SQLAlchemyError:
        raise
    except Exception:
        _log.debug("not prepared: run %s, chat %s", following.run_id, following.chat_id, exc_info=True)
        return None


def _task(session: Session, chat: PlacedChat) -> Task | None:
    row = session.execute(_RUNNING, chat.parameters()).one_or_none()
    if row is None:
        return None
    run, text, form, before = row
    parameters = parameters_of(run)
    if before is not None and not may_replace(before, parameters):
        return None
    pipeline: Pipeline | ShiyaoError
    given: list[FormValues] | None = None
    try:
        pipeline = pipeline_of(run)
        given = given_forms(session, pipeline, chat.chat_id, before=run.created_at)
    except ShiyaoError as error:
        pipeline = error
    return Task(
        spec=spec_of(run),
        pipeline=pipeline,
        given=given,
        earlier=earlier_answers(before.replies) if before is not None else {},
        parameters=parameters,
        form=form,
        text=text,
    )


def unexpected_sentence(error: Exception) -> str:
    """What is said of a chat that failed by a mistake of ours."""
    return f"程序处理这条群聊时出错（{type(error).__name__}）。已记入日志，请联系工程师。"


def may_replace(before: Extraction, parameters: RunParameters) -> bool:
    """Whether an extraction is a failure that was to be retried, and has not been since."""
    return before.status == ExtractionStatus.FAILED and parameters.retry.get(before.chat_id) == before.attempts


def _in_current_form(session: Session, dataset_id: int, outcome: Outcome) -> Outcome:
    """An answer of a form that was changed while the model was at it, carried by the change."""
    if not outcome.forms or not outcome.form:
        return outcome
    current = session.execute(select(col(Dataset.form)).where(col(Dataset.id) == dataset_id)).scalar_one()
    if current == outcome.form:
        return outcome
    answers = [{"values": dict(values)} for values in outcome.forms]
    carried = carried_customers(session, dataset_id, outcome.form, current, answers)
    return replace(outcome, forms=tuple(one["values"] for one in carried)) if carried is not None else outcome


def _write(session: Session, chat: PlacedChat, outcome: Outcome, calls: list[AnsweredCall]) -> Run | None:
    """Insert, or replace the failure that was to be retried; a second answer for the same chat is dropped.

    Returns:
        The run that the chat was taken for; ``None`` where it is not there any more.
    """
    before = session.execute(_BEFORE, chat.parameters()).one_or_none()
    if before is None:
        return None
    run: Run
    run, row = before
    outcome = _in_current_form(session, run.dataset_id, outcome)
    if row is None:
        row = Extraction(
            run_id=chat.run_id, chat_id=chat.chat_id, status=ExtractionStatus.FAILED, replies=[], attempts=0
        )
        session.add(row)
    elif not may_replace(row, parameters_of(run)):
        return run
    moment = now()
    cause = outcome.cause.value if outcome.cause else ""
    row.status = ExtractionStatus(outcome.status.value)
    # Models cut escaped emoji in half, and services answer with NULs: no reply may be lost over them.
    row.forms = storable([dict(form) for form in outcome.forms]) if outcome.forms is not None else None
    replies = [*row.replies, *storable(kept_replies(outcome, moment))]
    sources = annotate_replies(replies, len(row.replies), calls)
    row.replies = replies
    row.notes = storable(list(outcome.notes))
    row.cause = cause
    row.error = storable(outcome.error)
    # At least one more each time: the number tells a retry that was asked for from one that has been done.
    row.attempts += max(1, outcome.attempts)
    row.tokens_in = (row.tokens_in or 0) + (outcome.tokens_in or 0)
    row.tokens_out = (row.tokens_out or 0) + (outcome.tokens_out or 0)
    if parameters_of(run).batch:
        row.batch_in = (row.batch_in or 0) + (outcome.tokens_in or 0)
        row.batch_out = (row.batch_out or 0) + (outcome.tokens_out or 0)
    else:
        row.tokens_cached = (row.tokens_cached or 0) + sum(call.tokens_cached for call in outcome.calls)
    if any(call.estimated for call in outcome.calls):
        note_estimated_tokens(session, run)
    row.seconds = (row.seconds or 0.0) + outcome.seconds
    row.created_at = moment
    row.made_on = None
    if outcome.forms is not None:
        session.flush()
        reply_rows = [
            {"extraction_id": row.id, "position": position, "key": call.key, "reused": call.reused is not None}
            for position, call in sources
        ]
        if reply_rows:
            session.execute(insert(Reply), reply_rows)
    return run
