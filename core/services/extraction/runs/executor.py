"""Executes one chat: reads it, calls the model, stores the result, gives its place to the next one. Idempotent."""

import gc
import logging
import threading
from dataclasses import replace

from core.adapters.store import Store
from core.domain.chat import UnparsedChat
from core.domain.form import load_named_form
from core.errors import Cause, ShiyaoError, StoreUnavailableError
from core.services.extraction.pipeline import Outcome, Status, cause_of, run_pipeline
from core.services.extraction.runs import places
from core.services.extraction.runs.cached_provider import CachedProvider
from core.services.extraction.runs.call_limiter import CallLimiter, Withdrawn
from core.services.extraction.runs.chat_task import Task, read_task
from core.services.extraction.runs.pipeline_loading import examples_for, require_base_forms
from core.services.extraction.runs.places import PlacedChat
from core.services.extraction.runs.result_store import ChatResult, Executed, ResultStore
from core.services.extraction.runs.run_model import call_deadline, called_spec, connect_with
from core.services.extraction.runs.scope import BatchWay
from core.services.extraction.runs.store_patience import is_away

_log = logging.getLogger("shiyao.runs")
_frozen = threading.Lock()


def execute_chat(
    store: Store,
    chat: PlacedChat,
    limiter: CallLimiter,
    results: ResultStore | None = None,
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
        results: stores the result and takes another chat, where this one has an outcome; ``None``: takes none.
        task: what the calls need, where it was read a moment ago.

    Raises:
        StoreUnavailableError: something was paid for and could not be stored within
            :data:`~core.services.extraction.runs.store_patience.STORE_SECONDS`, or the database is damaged.
    """
    executed = Executed(stored=False)
    try:
        answer = _ask(store, chat, limiter, task)
        if answer is not None:
            executed = (results or ResultStore(store)).keep(answer)
    finally:
        if not executed.stored:
            _release(store, chat)
    return executed


def _release(store: Store, chat: PlacedChat) -> None:
    try:
        with store.write() as session:
            places.release(session, [chat])
    except StoreUnavailableError as error:
        _log.warning("place not given back now: run %s, chat %s: %s", chat.run_id, chat.chat_id, error)


def freeze_loaded_objects() -> None:
    """Exempt everything loaded so far from garbage collection, after this process's first call.

    Each full round of it would look through all packages, tables and prompts, and stop every thread for 0.15 s.
    """
    if _frozen.acquire(blocking=False):
        gc.collect()
        gc.freeze()


def _ask(store: Store, chat: PlacedChat, limiter: CallLimiter, task: Task | None) -> ChatResult | None:
    """The outcome of a chat; ``None`` where nothing was asked."""
    try:
        if task is None:
            with store.read() as session:
                task = read_task(session, chat)
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
        outcome = _extract(store, chat, task, provider, limiter)
        return ChatResult(chat, outcome, provider.answered_calls)
    except Withdrawn:
        return None
    except StoreUnavailableError as error:
        if provider.answered_calls:
            raise
        _wait_unpaid(error, limiter)
        return None


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
        chat = UnparsedChat(task.text)
        base = require_base_forms(task.pipeline, task.given)
        examples = examples_for(store, form, task.pipeline, placed.chat_id)
        with limiter.leaving_slot(asks_once=task.pipeline.calls == 1):
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


def unexpected_sentence(error: Exception) -> str:
    """What is said of a chat that failed by a mistake of ours."""
    return f"程序处理这条群聊时出错（{type(error).__name__}）。已记入日志，请联系工程师。"
