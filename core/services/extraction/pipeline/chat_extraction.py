"""Extracts one chat: cleaned, split into chunks if too long, run through every stage, and merged."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.adapters.llm.base import Provider
from core.adapters.llm.failures import REMEDIES
from core.adapters.llm.registry import is_remote
from core.domain.chat import ParsedChat, UnparsedChat, parse_chat
from core.domain.cleaning import Chunk, Cleaned, clean, left_out_report, single_chunk, split_chunks, uncut
from core.domain.form import Field, Form, FormValues
from core.domain.merge import join_chunks
from core.domain.prompts import Prompt
from core.errors import Cause, PromptError, SettingsError
from core.services.extraction.pipeline.definition import Pipeline, PipelineStep
from core.services.extraction.pipeline.outcome import AnswerAwaited, Call, Outcome, Status, cause_of
from core.services.extraction.pipeline.retry import ATTEMPTS
from core.services.extraction.pipeline.stages import CallFailed, ChunkRun, Examples, StageContext, no_examples
from core.services.extraction.pipeline.token_budget import SMALLEST_CHUNK, chat_budget
from core.services.extraction.pipeline.token_estimate import estimate_tokens

if TYPE_CHECKING:
    from core.domain.personal_data import Pseudonyms


def extract_chat(
    *,
    form: Form,
    conversation: str,
    prompt: Prompt,
    provider: Provider,
    model: str = "",
    parameters: Mapping[str, Any] | None = None,
    deadline: float = 120.0,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Extract one chat with a single prompt; see :func:`run_pipeline`.

    Args:
        form: what to fill.
        conversation: the chat without residue.
        prompt: of a stage that needs nothing but the chat.
        provider: who is asked.
        model: the model's name; ``""`` for the provider's default.
        parameters: see :class:`core.adapters.llm.base.ModelRequest`.
        deadline: seconds for each single call.
        attempts: calls at most, the first included; only causes that may pass are tried again.
        sleep: how to wait between attempts; given in seconds.
    """
    return run_pipeline(
        form=form,
        chat=parse_chat(conversation),
        pipeline=Pipeline((PipelineStep(prompt),)),
        provider=provider,
        model=model,
        parameters=parameters,
        deadline=deadline,
        attempts=attempts,
        sleep=sleep,
    )


def run_pipeline(
    *,
    form: Form,
    chat: ParsedChat | UnparsedChat,
    pipeline: Pipeline,
    provider: Provider,
    model: str = "",
    parameters: Mapping[str, Any] | None = None,
    deadline: float = 120.0,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], None] = time.sleep,
    context_tokens: int = 0,
    max_output_tokens: int = 0,
    base: Sequence[FormValues] = (),
    examples: Examples = no_examples,
    earlier: Mapping[str, str] | None = None,
    url: str = "",
    replace_personal: bool = False,
) -> Outcome:
    """Run a pipeline on one chat.

    Every failure that a person can understand becomes an :class:`Outcome` of status ``failed`` with the calls that
    were made; raised are only programming errors, and what says that an answer comes later
    (:class:`~core.services.extraction.pipeline.outcome.AnswerAwaited`). Nothing of the chat is cut silently: what
    cleaning leaves out and how windows lie is on the outcome.

    Args:
        form: what to fill.
        chat: the chat; its residue is never shown. Messages are looked for where a cleaning step or its length needs
            them.
        pipeline: the stages.
        provider: who is asked.
        model: the model's name; ``""`` for the provider's default.
        parameters: see :class:`core.adapters.llm.base.ModelRequest`.
        deadline: seconds for each single call.
        attempts: calls per question at most, the first included; only causes that may pass are tried again.
        sleep: how to wait between attempts; given in seconds.
        context_tokens: what the model takes, question and answer together; 0 where unknown (then there is one chunk).
        max_output_tokens: the longest answer of the model; 0 where unknown.
        base: forms that the first stage is given.
        examples: where examples come from, for stages that show some.
        earlier: answers of a failed attempt, ``{digest of the request: reply}``; not asked for again.
        url: the model's own address, where it has one; part of what a request is.
        replace_personal: whether names, phones, addresses and the like are made-up ones in what is asked. Calls keep
            what was sent and what came back; forms and summaries have the real values.
    """
    start = time.perf_counter()
    calls: list[Call] = []
    try:
        budget = chat_budget(
            form,
            pipeline,
            context_tokens=context_tokens,
            max_output_tokens=max_output_tokens,
            parameters=parameters,
        )
        cleaned, chunks = _chunks(chat, pipeline, budget)
        if chunks is None:
            return _too_long(budget or 0, cleaned)
        context = StageContext(
            form=form,
            pipeline=pipeline,
            provider=provider,
            model=model,
            parameters=dict(parameters or {}),
            deadline=deadline,
            attempts=attempts,
            sleep=sleep,
            budget=budget,
            examples=examples,
            earlier=earlier or {},
            url=url,
            pseudonyms=pseudonyms_of(form, chat, base) if replace_personal and is_remote(provider.name) else None,
        )
        runs = [ChunkRun(context, chunk, calls, [dict(values) for values in base]) for chunk in chunks]
        failed: Call | None = None
        awaited: AnswerAwaited | None = None
        for run in runs:
            try:
                run.execute()
            except AnswerAwaited as later:
                awaited = later  # questions about the other windows can be asked at the same time
            except CallFailed as error:
                failed = error.call
                break
        if awaited is not None and failed is None:
            raise awaited
    except (PromptError, SettingsError) as error:
        return Outcome(None, Status.FAILED, cause=cause_of(error), error=str(error), calls=tuple(calls))
    forms, alternatives = (None, []) if failed else _together(form, cleaned, runs)
    return _outcome(runs, calls, failed, forms, alternatives, cleaned, time.perf_counter() - start)


def pseudonyms_of(form: Form, chat: ParsedChat | UnparsedChat, given: Sequence[FormValues] = ()) -> "Pseudonyms":
    """The made-up values of a chat, the same at every stage, chunk, sample and retry.

    Args:
        form: of ``given``.
        chat: the chat.
        given: forms whose customers are people of the chat, too.
    """
    from core.domain.personal_data import Pseudonyms  # much to prepare for those who need it

    return Pseudonyms(chat.conversation, [form.name_of(values) for values in given])


def _chunks(
    chat: ParsedChat | UnparsedChat, pipeline: Pipeline, budget: int | None
) -> tuple[Cleaned, list[Chunk] | None]:
    """The cleaned chat and its parts, most often one; ``None`` where the prompt leaves no room for any."""
    cleaned = uncut(chat) if isinstance(chat, UnparsedChat) and not pipeline.clean else None
    if cleaned is None or not _fits(cleaned, budget):
        chat = chat.parsed if isinstance(chat, UnparsedChat) else chat
        cleaned = clean(chat, pipeline.clean)
    if isinstance(chat, UnparsedChat) or _fits(cleaned, budget):
        return cleaned, [single_chunk(cleaned)]
    assert budget is not None
    if budget < SMALLEST_CHUNK:
        return cleaned, None
    return cleaned, split_chunks(chat, cleaned, budget, estimate_tokens, pipeline.overlap)


def _fits(cleaned: Cleaned, budget: int | None) -> bool:
    return budget is None or estimate_tokens(cleaned.text) <= budget


def _together(form: Form, cleaned: Cleaned, runs: list[ChunkRun]) -> tuple[list[FormValues], list[dict[str, Any]]]:
    """The forms of all chunks per customer, and the values that were not taken."""
    if len(runs) == 1:
        return runs[0].forms, runs[0].alternatives

    def occurs_in_chat(field: Field, value: str) -> bool:
        return value in cleaned.text

    joined = join_chunks(form, [run.forms for run in runs], occurs_in_chat)
    number_of = {member: number for number, one in enumerate(joined) for member in one.members}
    # A window counts its own customers; what was lost in it belongs to one of the whole chat.
    lost = [
        entry | {"customer": number_of[window, entry["customer"]]}
        for window, run in enumerate(runs)
        for entry in run.alternatives
        if (window, entry["customer"]) in number_of
    ]
    lost += [
        {
            "customer": number,
            "name": form.name_of(one.values),
            "field": key,
            "taken": one.values[key],
            "others": list(others),
            "from": "windows",
        }
        for number, one in enumerate(joined)
        for key, others in one.alternatives.items()
    ]
    return [one.values for one in joined], lost


def _outcome(
    runs: list[ChunkRun],
    calls: list[Call],
    failed: Call | None,
    forms: list[FormValues] | None,
    alternatives: list[dict[str, Any]],
    cleaned: Cleaned,
    seconds: float,
) -> Outcome:
    several = len(runs) > 1
    notes = [f"第 {run.chunk.number} 段：{note}" if several else note for run in runs for note in run.notes]
    if several:
        notes.insert(0, f"群聊超过模型的长度，分成 {len(runs):,} 段抽取，再按客户合并")
    if failed:
        status = Status.FAILED
    else:
        status = Status.REPAIRED if any(run.repaired for run in runs) else Status.OK
    last = failed or calls[-1]
    counted = [(call.tokens_in, call.tokens_out) for call in calls]
    return Outcome(
        forms=None if forms is None else tuple(forms),
        status=status,
        notes=tuple(dict.fromkeys(notes)) if not failed else (),
        raw=last.raw,
        cause=failed.cause if failed else None,
        error=failed.error if failed else "",
        code=failed.code if failed else "",
        tokens_in=_sum([tokens for tokens, _ in counted]),
        tokens_out=_sum([tokens for _, tokens in counted]),
        seconds=seconds,
        attempts=sum(call.attempts for call in calls),
        model=last.model,
        prompt_sha256=calls[0].sha256,
        calls=tuple(calls),
        left_out=tuple(left_out_report(cleaned)),
        windows=tuple(_chunk_report(run.chunk, cleaned) for run in runs) if several else (),
        alternatives=tuple(alternatives),
    )


def _chunk_report(chunk: Chunk, cleaned: Cleaned) -> dict[str, Any]:
    return {
        "number": chunk.number,
        "messages": [chunk.first + 1, chunk.last + 1],
        "characters": chunk.span.end - chunk.span.start,
        "repeated": chunk.repeated,
    }


def _too_long(budget: int, cleaned: Cleaned) -> Outcome:
    room = f"只剩约 {budget} token 给群聊" if budget > 0 else "没有给群聊留下位置"
    return Outcome(
        None,
        Status.FAILED,
        cause=Cause.TOO_LONG,
        error=f"提示词和回答占满了模型的长度，{room}。{REMEDIES[Cause.TOO_LONG]}。",
        left_out=tuple(left_out_report(cleaned)),
    )


def _sum(counts: list[int | None]) -> int | None:
    """Tokens of all calls; ``None`` where no provider said."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
