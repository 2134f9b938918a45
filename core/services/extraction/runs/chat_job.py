"""One job: one chat of one run, from the store to the store. Knows nothing of queues; safe to do twice."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from core.adapters.llm import ModelSpec, connect
from core.adapters.store import Store
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Reply, Run, RunStatus, now
from core.domain.chat import parse_chat
from core.domain.form import FormValues, load_named_form
from core.errors import Cause, ShiyaoError
from core.services.extraction.pipeline import Outcome, Pipeline, Status, earlier_answers, kept_replies, run_pipeline
from core.services.extraction.runs.cached_provider import AnsweredCall, CachedProvider, Withdrawn, annotate_replies
from core.services.extraction.runs.lifecycle import finish_if_complete
from core.services.extraction.runs.pipeline_loading import examples_for, given_forms, given_or_refuse, pipeline_of
from core.services.extraction.runs.run_model import spec_of
from core.services.extraction.runs.scope import RunParameters, parameters_of

STORE_SECONDS = 60.0
"""For so long a result is held while the database does not take it."""

_log = logging.getLogger("shiyao.jobs")

# Put together once: that takes longer than carrying them out, and every chat needs them while others wait.
_OUTCOME = and_(col(Extraction.run_id) == col(Run.id), col(Extraction.chat_id) == col(Chat.id))
_ASKED = (
    select(Run, col(Chat.text), col(Dataset.form), Extraction)
    .join(Chat, col(Chat.dataset_id) == col(Run.dataset_id))
    .join(Dataset, col(Dataset.id) == col(Run.dataset_id))
    .outerjoin(Extraction, _OUTCOME)
    .where(
        col(Run.id) == bindparam("run_id"),
        col(Chat.id) == bindparam("chat_id"),
        col(Run.status) == RunStatus.RUNNING,
    )
)
_BEFORE = (
    select(Run, Extraction)
    .join(Chat, col(Chat.dataset_id) == col(Run.dataset_id))
    .outerjoin(Extraction, _OUTCOME)
    .where(col(Run.id) == bindparam("run_id"), col(Chat.id) == bindparam("chat_id"))
)


@dataclass(frozen=True, slots=True)
class _Task:
    """All that a call needs, read in one transaction that ends before the call begins."""

    spec: ModelSpec
    pipeline: Pipeline | ShiyaoError
    given: list[FormValues] | None
    earlier: dict[tuple[str, int], str]
    parameters: RunParameters
    form: str
    text: str


def execute(
    store: Store,
    run_id: int,
    chat_id: int,
    *,
    place: Callable[[], AbstractContextManager[object]] = nullcontext,
    turn: Callable[[int], None] = lambda _: None,
    settle: Callable[[Session], None] = lambda _: None,
) -> bool:
    """Extract one chat and store what came of it, once.

    Nothing is asked where the run does not run, the chat is answered already, or this process lacks the keys
    (another one may have them).

    Args:
        store: open store.
        run_id: the run.
        chat_id: the chat.
        place: entered once all is ready to ask, left when there is an outcome; may raise
            ``Withdrawn``.
        turn: given the run's calls per minute, waits until a call may start; see
            ``CachedProvider``. Not called where the run has no limit.
        settle: called in the transaction that stores the result.

    Returns:
        Whether there is an outcome that was not there before.
    """
    with store.read() as session:
        task = _task(session, run_id, chat_id)
    if task is None:
        return False
    provider = connect(task.spec)
    if provider.ready():
        return False
    rate = task.parameters.per_minute

    def in_turn() -> None:
        if rate is not None:
            turn(rate)

    asking = CachedProvider(store, task.spec, provider, fresh=task.parameters.fresh, turn=in_turn)
    try:
        form = load_named_form(task.form)
        if isinstance(task.pipeline, ShiyaoError):
            raise task.pipeline
        chat = parse_chat(task.text)
        base = given_or_refuse(task.pipeline, task.given)
        examples = examples_for(store, form, task.pipeline, chat_id)
        with place():
            outcome = run_pipeline(
                form=form,
                chat=chat,
                pipeline=task.pipeline,
                provider=asking,
                model=task.spec.api_name,
                parameters=task.spec.request(),
                deadline=task.parameters.deadline,
                context_tokens=task.spec.context_tokens,
                max_output_tokens=task.spec.max_output_tokens,
                base=base,
                examples=examples,
                earlier=task.earlier,
            )
    except Withdrawn:
        return False
    except ShiyaoError as error:
        outcome = Outcome(None, Status.FAILED, cause=Cause.CONFIG, error=str(error))
    except Exception as error:
        # A chat that trips over a mistake of ours must be seen as failed, and must not stop the others.
        _log.exception("extraction failed unexpectedly: run %s, chat %s", run_id, chat_id)
        sentence = f"程序处理这条群聊时出错（{type(error).__name__}）。已记入日志，请联系工程师。"
        outcome = Outcome(None, Status.FAILED, cause=Cause.UNKNOWN, error=sentence)

    def keep() -> None:
        with store.write() as session:
            _write(session, run_id, chat_id, outcome, asking.asked)
            settle(session)
            session.flush()
            finish_if_complete(session, run_id)

    # What was paid for is worth waiting for: a database that restarts is back within the minute. One more try, too,
    # where somebody else has just stored this chat: the second look sees it.
    for attempt in Retrying(
        retry=retry_if_exception_type(OperationalError),
        wait=wait_exponential(multiplier=0.5, max=8),
        stop=stop_after_delay(STORE_SECONDS),
        reraise=True,
    ):
        with attempt:
            try:
                keep()
            except IntegrityError:
                keep()
    return True


def _task(session: Session, run_id: int, chat_id: int) -> _Task | None:
    found = session.execute(_ASKED, {"run_id": run_id, "chat_id": chat_id}).one_or_none()
    if found is None:
        return None
    run, text, form, before = found
    parameters = parameters_of(run)
    if before is not None and not _may_replace(before, parameters):
        return None
    pipeline: Pipeline | ShiyaoError
    given: list[FormValues] | None = None
    try:
        pipeline = pipeline_of(run)
        given = given_forms(session, pipeline, chat_id)
    except ShiyaoError as error:
        pipeline = error
    return _Task(
        spec=spec_of(run),
        pipeline=pipeline,
        given=given,
        earlier=earlier_answers(before.replies) if before is not None else {},
        parameters=parameters,
        form=form,
        text=text,
    )


def _may_replace(before: Extraction, parameters: RunParameters) -> bool:
    return before.status == ExtractionStatus.FAILED and parameters.retry.get(before.chat_id) == before.attempts


def _write(session: Session, run_id: int, chat_id: int, outcome: Outcome, asked: list[AnsweredCall]) -> None:
    """Insert, or replace the failure that was to be retried; a second answer for the same chat is dropped."""
    found = session.execute(_BEFORE, {"run_id": run_id, "chat_id": chat_id}).one_or_none()
    if found is None:
        return
    run, row = found
    if row is None:
        row = Extraction(run_id=run_id, chat_id=chat_id, status=ExtractionStatus.FAILED, replies=[], attempts=0)
        session.add(row)
    elif not _may_replace(row, parameters_of(run)):
        return
    moment = now()
    cause = outcome.cause.value if outcome.cause else ""
    row.status = ExtractionStatus(outcome.status.value)
    row.forms = [dict(form) for form in outcome.forms] if outcome.forms is not None else None
    replies = [*row.replies, *kept_replies(outcome, moment)]
    sources = annotate_replies(replies, len(row.replies), asked)
    row.replies = replies
    row.notes = list(outcome.notes)
    row.cause = cause
    row.error = outcome.error
    # At least one more each time: the number tells a retry that was asked for from one that has been done.
    row.attempts += max(1, outcome.attempts)
    row.tokens_in = (row.tokens_in or 0) + (outcome.tokens_in or 0)
    row.tokens_out = (row.tokens_out or 0) + (outcome.tokens_out or 0)
    row.seconds = (row.seconds or 0.0) + outcome.seconds
    row.created_at = moment
    if outcome.forms is not None:
        session.flush()
        lies = [
            {"extraction_id": row.id, "position": position, "key": call.key, "reused": call.reused is not None}
            for position, call in sources
        ]
        if lies:
            session.execute(insert(Reply), lies)
