"""Goes on with a chat whose questions go as a batch, as far as its answers reach, and collects what is to be asked."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import and_, select
from sqlmodel import Session, col

from core.adapters.llm import ModelReply, ModelRequest, ModelSpec
from core.adapters.llm.batch_files import OpenAIBatches, refuses_format, variants
from core.adapters.llm.failures import LENGTH, TOO_LARGE, UNREADABLE
from core.adapters.store import Store
from core.adapters.store.models import CallLine, CallLineState, Chat, Dataset, Extraction, Run
from core.domain.chat import UnparsedChat
from core.domain.form import FormValues, load_named_form
from core.domain.prompts import Example
from core.errors import Cause, ProviderError, ShiyaoError, StoreUnavailableError
from core.services.extraction.pipeline import Outcome, Pipeline, Status, cause_of, earlier_answers, run_pipeline
from core.services.extraction.pipeline.outcome import AnswerAwaited
from core.services.extraction.pipeline.retry import ATTEMPTS
from core.services.extraction.pipeline.stages import Examples, PickedExample
from core.services.extraction.runs.batch_store import OpenQuestion
from core.services.extraction.runs.cached_provider import AnsweredCall, CachedProvider, request_key
from core.services.extraction.runs.chat_task import may_replace
from core.services.extraction.runs.executor import unexpected_sentence
from core.services.extraction.runs.pipeline_loading import examples_for, given_forms, pipeline_of, require_base_forms
from core.services.extraction.runs.run_model import spec_of
from core.services.extraction.runs.scope import RunParameters, parameters_of

_log = logging.getLogger("shiyao.runs")


@dataclass(frozen=True, slots=True)
class Played:
    """How far a chat is.

    Attributes:
        outcome: its result; ``None`` while answers are awaited.
        calls: that were answered.
        questions: that are to be asked before it goes on; those that are on their way are not among them.
        live: whether it failed in a way that may pass, and is to be asked about live.
    """

    outcome: Outcome | None
    calls: list[AnsweredCall]
    questions: tuple[OpenQuestion, ...] = ()
    live: bool = False


class _Line(NamedTuple):
    """What is known of a question that was put into a batch."""

    key: str
    state: str
    variant: int
    form: str
    examples: dict[str, Any]
    result: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Chat:
    """All that a chat's calls need, read in one transaction."""

    spec: ModelSpec
    parameters: RunParameters
    pipeline: Pipeline | ShiyaoError
    given: list[FormValues] | None
    form: str
    text: str
    lines: Sequence[_Line]
    attempts: int
    earlier: dict[str, str]


class _AnswersSoFar:
    """A provider that has the answers of batches, and collects every other question."""

    def __init__(self, chat: _Chat, chat_id: int, batches: OpenAIBatches, is_asked: Callable[[str, int], bool]) -> None:
        self.name, self.default_url = "openai", batches.default_url
        self.questions: list[OpenQuestion] = []
        self.picked: dict[str, Any] = {}
        self.live = False
        self._chat, self._chat_id, self._batches, self._is_asked = chat, chat_id, batches, is_asked

    def ready(self) -> str:
        return ""

    def complete(self, request: ModelRequest) -> ModelReply:
        key = request_key(self._chat.spec, request, usual=self.default_url)
        own = [line for line in self._chat.lines if line.key == key]
        if any(line.state == CallLineState.SENT for line in own):
            raise AnswerAwaited
        done = [line for line in own if line.state in (CallLineState.ANSWERED, CallLineState.FAILED)]
        if not done:
            self._ask(key, request, 0)
        last, result = done[-1], done[-1].result or {}
        if refuses_format(result) and last.variant + 1 < variants(request):
            self._ask(key, request, last.variant + 1)
        try:
            reply = self._batches.read(result, request)
            notes = ("模型服务不接受要求的格式，改为不这样要求再问了一次",) if last.variant else ()
            return replace(reply, notes=notes)
        except ProviderError as error:
            if error.retryable and error.code not in (LENGTH, TOO_LARGE):
                self.live = self.live or self._chat.parameters.batch_failures == "live"
                tries = sum(not refuses_format(line.result or {}) for line in done)
                if not self.live and tries < ATTEMPTS and error.code != UNREADABLE:  # it was paid for
                    self._ask(key, request, last.variant)
            raise

    def _ask(self, key: str, request: ModelRequest, variant: int) -> None:
        """Put a question on the list, unless the very same one is on its way for another chat."""
        if not self._is_asked(key, self._chat_id):
            chat = self._chat
            self.questions.append(
                OpenQuestion(self._chat_id, key, request, variant, chat.attempts, chat.form, self.picked)
            )
        raise AnswerAwaited


def play(
    store: Store, run_id: int, chat_id: int, batches: OpenAIBatches, is_asked: Callable[[str, int], bool]
) -> Played | None:
    """Go on with a chat as far as its answers reach; asks nobody and writes nothing.

    Args:
        store: open store.
        run_id: the run.
        chat_id: one of its chats.
        batches: of the run's model.
        is_asked: whether a request (its key) of a chat (its id) is on its way, or answered, for another chat.

    Returns:
        ``None`` where the run or the chat is gone, or the chat has its result.
    """
    with store.read() as session:
        chat = _read(session, run_id, chat_id)
    if chat is None:
        return None
    answers = _AnswersSoFar(chat, chat_id, batches, is_asked)
    own_keys = {line.key for line in chat.lines}
    provider = CachedProvider(store, chat.spec, answers, fresh=chat.parameters.fresh, own_keys=own_keys)
    try:
        if isinstance(chat.pipeline, ShiyaoError):
            raise chat.pipeline
        form = load_named_form(chat.form)
        outcome = run_pipeline(
            form=form,
            chat=UnparsedChat(chat.text),
            pipeline=chat.pipeline,
            provider=provider,
            model=chat.spec.api_name,
            parameters=chat.spec.request(),
            deadline=chat.parameters.deadline,
            attempts=1,
            context_tokens=chat.spec.context_tokens,
            max_output_tokens=chat.spec.max_output_tokens,
            replace_personal=chat.spec.replace_personal,
            base=require_base_forms(chat.pipeline, chat.given),
            examples=_kept_examples(examples_for(store, form, chat.pipeline, chat_id), chat.lines, answers.picked),
            earlier=chat.earlier,
            url=chat.spec.url,
        )
    except AnswerAwaited:
        return Played(None, provider.answered_calls, tuple(answers.questions))
    except StoreUnavailableError:
        raise
    except ShiyaoError as error:
        outcome = Outcome(None, Status.FAILED, cause=cause_of(error), error=str(error))
    except Exception as error:
        # As for a live call: a chat that trips over a mistake of ours must not stop the others.
        _log.exception("an answer of a batch could not be used: run %s, chat %s", run_id, chat_id)
        outcome = Outcome(None, Status.FAILED, cause=Cause.UNKNOWN, error=unexpected_sentence(error))
    return Played(replace(outcome, form=chat.form), provider.answered_calls, live=answers.live)


def _read(session: Session, run_id: int, chat_id: int) -> _Chat | None:
    row = session.execute(
        select(Run, col(Chat.text), col(Dataset.form), Extraction)
        .join(Chat, col(Chat.dataset_id) == col(Run.dataset_id))
        .join(Dataset, col(Dataset.id) == col(Run.dataset_id))
        .outerjoin(Extraction, and_(col(Extraction.run_id) == col(Run.id), col(Extraction.chat_id) == col(Chat.id)))
        .where(col(Run.id) == run_id, col(Chat.id) == chat_id)
    ).one_or_none()
    if row is None:
        return None
    run, text, form, before = row
    parameters = parameters_of(run)
    if before is not None and not may_replace(before, parameters):
        return None
    attempts = 0 if before is None else before.attempts
    columns = (CallLine.key, CallLine.state, CallLine.variant, CallLine.form, CallLine.examples, CallLine.result)
    statement = select(*(col(column) for column in columns)).where(
        col(CallLine.run_id) == run_id, col(CallLine.chat_id) == chat_id, col(CallLine.attempts) == attempts
    )
    lines = [_Line(*line) for line in session.execute(statement.order_by(col(CallLine.id)))]
    pipeline: Pipeline | ShiyaoError
    given: list[FormValues] | None = None
    try:
        pipeline = pipeline_of(run)
        given = given_forms(session, pipeline, chat_id, before=run.created_at)
    except ShiyaoError as error:
        pipeline = error
    return _Chat(
        spec=spec_of(run),
        parameters=parameters,
        pipeline=pipeline,
        given=given,
        # Of a form that was changed meanwhile, the answers that came are those of the one that was asked for.
        form=lines[0].form if lines else form,
        text=text,
        lines=lines,
        attempts=attempts,
        earlier=earlier_answers(before.replies) if before is not None else {},
    )


def _kept_examples(examples: Examples, lines: Sequence[_Line], picked: dict[str, Any]) -> Examples:
    """Examples that stay as they were when the question was asked: records that are approved since pick others."""
    for line in lines:
        picked.update(line.examples)

    def pick(conversation: str) -> list[PickedExample]:
        digest = hashlib.sha256(conversation.encode()).hexdigest()[:16]
        if digest not in picked:
            picked[digest] = [
                [one.example.chat, one.example.answer, one.label, list(one.warnings)] for one in examples(conversation)
            ]
        return [
            PickedExample(Example(chat, answer), label, tuple(warnings))
            for chat, answer, label, warnings in picked[digest]
        ]

    return pick
