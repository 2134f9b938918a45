"""Dry run: estimates the calls, tokens and cost of a run. Calls no model and writes nothing."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec
from core.adapters.store import Store, queries
from core.adapters.store.models import Dataset, Extraction, ExtractionStatus, Run, RunKind
from core.adapters.store.named_rows import run_named
from core.domain.chat import parse_chat
from core.domain.cleaning import clean as cleaned_chat
from core.domain.form import Form, load_named_form
from core.domain.prompts import COMMON_VARIABLES, STAGE_VARIABLES, Prompt, gives_forms, render
from core.services.extraction import models as model_catalog
from core.services.extraction.pipeline import Pipeline, PipelineStep, chat_budget, estimate_tokens
from core.services.extraction.pipeline.token_budget import SMALLEST_CHUNK, form_for_step
from core.services.extraction.runs.cost import money
from core.services.extraction.runs.pipeline_loading import load_pipeline, pipeline_of
from core.services.extraction.runs.reply_reuse import reusable_replies
from core.services.extraction.runs.run_model import default_model, spec_of, with_run_parameters
from core.services.extraction.runs.scope import missing, parameters_of, require_one_choice, scope
from core.services.extraction.runs.token_scale import TokenScale, token_scale

SAMPLE = 400
"""Most chats that are read; the others count with the mean of these."""
_FILLED = 1.3
"""Length of a filled answer, as a multiple of the empty form's."""
_SUMMARY_TOKENS = 400
_FEW = 20
"""Most chats that are read to estimate what one costs."""
_ENOUGH = 5
"""Answers of the same model to the same prompt from which their mean length is used as the estimate."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated size of a run.

    Attributes:
        model: the model as it would be asked.
        chats: that would be asked about.
        calls: to the model, retries aside.
        tokens_in: of all questions, estimated.
        tokens_out: of all answers, estimated.
        yuan: ``None`` where the model's prices are unknown.
        reused: calls that earlier replies answer; not in the numbers above.
        over: indices of chats that do not fit into the model's context in one piece and are asked about in several.
        windows: pieces of all chats together.
        impossible: indices of chats that the prompt leaves no room for; they would fail.
        learned: whether the length of answers comes from earlier answers of this model to this prompt.
        sampled: whether only some of the chats were read.
        scale: what the model's own count made of earlier estimates, by which questions are scaled; ``None`` where it
            has answered too little, or does not count.
    """

    model: ModelSpec
    chats: int
    calls: int
    tokens_in: int
    tokens_out: int
    yuan: float | None
    reused: int = 0
    over: tuple[int, ...] = ()
    windows: int = 0
    impossible: tuple[int, ...] = ()
    learned: bool = False
    sampled: bool = False
    scale: TokenScale | None = None

    @property
    def batch_yuan(self) -> float | None:
        """What the same calls cost as a batch; ``None`` where the service has none, or a price is unknown."""
        spec = self.model
        if spec.batch_share is None or not (spec.batch_files or spec.batch_url):
            return None
        return spec.cost(self.tokens_in, self.tokens_out, batch_in=self.tokens_in, batch_out=self.tokens_out)


def budget_shortfall(budget: float | None, estimated: Estimate, batch: bool = False) -> str:
    """One Chinese sentence where a budget is less than a run is estimated to cost; else ``""``.

    Args:
        budget: yuan; ``None`` for no limit.
        estimated: the run.
        batch: whether it goes as a batch.
    """
    yuan = estimated.batch_yuan if batch and estimated.batch_yuan is not None else estimated.yuan
    if budget is None or yuan is None or budget >= yuan or not estimated.chats:
        return ""
    each = yuan / estimated.chats
    if budget < each:
        return f"预算 {money(budget)} 不够抽取一条群聊（估计每条 {money(each)}），请提高预算。"
    return f"预算 {money(budget)} 少于预计费用 {money(yuan)}，大约够 {int(budget / each):,} 条群聊，花完就暂停。"


def chat_tokens(store: Store, dataset_id: int, clean: Sequence[str] = ()) -> dict[int, int]:
    """``{index: tokens}`` of a dataset's cleaned conversations; beyond :data:`SAMPLE` chats, the mean.

    The slow part of an estimate, apart so that a page can keep it.

    Args:
        store: open store.
        dataset_id: the dataset.
        clean: names of cleaning steps; residue is left out in any case.
    """
    with store.read() as session:
        indices = list(queries.chat_ids(session, dataset_id))
        step = max(1, math.ceil(len(indices) / SAMPLE))
        read = set(indices[::step])
        tokens = {
            chat.index: estimate_tokens(cleaned_chat(parse_chat(chat.text), clean).text)
            for index in sorted(read)
            for chat in [queries.chat(session, dataset_id, index)]
        }
    mean = round(sum(tokens.values()) / len(tokens)) if tokens else 0
    return {index: tokens.get(index, mean) for index in indices}


def estimate(
    store: Store,
    *,
    dataset: str | int,
    provider: str,
    model: str = "",
    prompt: str = "baseline",
    pipeline: Pipeline | None = None,
    parameters: Mapping[str, Any] | None = None,
    run: str = "",
    limit: int | None = None,
    chat_indices: Iterable[int] | None = None,
    tokens: Mapping[int, int] | None = None,
    fresh: bool = False,
) -> Estimate:
    """Estimate a run that :func:`core.services.extraction.runs.create_run` would create with the same arguments.

    Args:
        store: open store.
        dataset: name or id.
        provider: ``local``, ``spark`` or ``openai``; ``""``: that of the model's entry.
        model: an entry's name, or what the service calls a model.
        prompt: name, name and version, or several stages.
        pipeline: what :func:`core.services.extraction.runs.load_pipeline` made, instead of ``prompt``.
        parameters: for the model.
        run: the run's name; where there is one already, only what it lacks counts.
        limit: only the first so many chats.
        chat_indices: only these chats.
        tokens: what :func:`chat_tokens` gave, if it is at hand.
        fresh: nothing is taken from earlier replies.

    Raises:
        NotFoundError: no such dataset.
        PromptError: no such prompt.
        SettingsError: no such provider or model.
    """
    with store.read() as session:
        stages = pipeline or load_pipeline(session, prompt, dataset=dataset)
        spec = model_catalog.resolve(session, provider, model.strip() or default_model(provider))
        data = queries.dataset(session, dataset)
        form = load_named_form(data.form)
        chosen = _wanted(session, data.id, run, limit, chat_indices)
        ids = queries.chat_ids(session, data.id)
        learned = _mean_answer(session, spec, stages.main) if stages.plain else None
        scale = token_scale(session, spec)
    spec = with_run_parameters(spec, parameters or {})
    lengths = tokens if tokens is not None else chat_tokens(store, data.id, stages.clean)
    calls = _estimate(spec, form, stages, {index: lengths.get(index, 0) for index in chosen}, learned)
    if scale is not None:
        tokens_in = scale.scaled(calls.tokens_in)
        calls = replace(calls, tokens_in=tokens_in, yuan=calls.model.cost(tokens_in, calls.tokens_out), scale=scale)
    known = {} if fresh else reusable_replies(store, spec, form, stages, {index: ids[index] for index in chosen})
    return _without(calls, sum(known.values()))


def _estimate(
    spec: ModelSpec, form: Form, pipeline: Pipeline, lengths: Mapping[int, int], learned: float | None
) -> Estimate:
    """Stage by stage: what every question has in common, and what each chunk of a chat adds to it."""
    settings = spec.request()
    budget = chat_budget(
        form,
        pipeline,
        context_tokens=spec.context_tokens,
        max_output_tokens=spec.max_output_tokens,
        parameters=settings,
    )
    over = [index for index, length in lengths.items() if budget is not None and length > budget]
    impossible = over if budget is not None and budget < SMALLEST_CHUNK else []
    asked_lengths = {index: length for index, length in lengths.items() if index not in set(impossible)}
    pieces = {index: _chunks(length, budget, pipeline.overlap) for index, length in asked_lengths.items()}
    windows = sum(count for count, _ in pieces.values())
    shown = sum(tokens for _, tokens in pieces.values())
    tokens_in = tokens_out = 0
    for step in pipeline.steps:
        fixed, answer = _fixed_tokens(step, form, settings), _answer_tokens(step, form)
        if learned is not None:
            answer = learned
        own = shown if "chat" in STAGE_VARIABLES[step.prompt.stage] else 0
        if "examples" in STAGE_VARIABLES[step.prompt.stage] and asked_lengths:
            own += pipeline.examples * round(sum(asked_lengths.values()) / len(asked_lengths) + answer) * windows
        tokens_in += step.samples * (own + fixed * windows)
        tokens_out += step.samples * round(answer * windows)
    return Estimate(
        spec,
        len(lengths),
        pipeline.calls * windows,
        tokens_in,
        tokens_out,
        spec.cost(tokens_in, tokens_out),
        over=tuple(index for index in over if index not in set(impossible)),
        windows=windows,
        impossible=tuple(impossible),
        learned=learned is not None,
        sampled=len(lengths) > SAMPLE,
    )


def _without(estimated: Estimate, reused: int) -> Estimate:
    """The estimate less the calls that are answered already, taken to be of average length."""
    reused = min(reused, estimated.calls)
    if not reused:
        return estimated
    share = (estimated.calls - reused) / estimated.calls
    tokens_in, tokens_out = round(estimated.tokens_in * share), round(estimated.tokens_out * share)
    return replace(
        estimated,
        calls=estimated.calls - reused,
        reused=reused,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        yuan=estimated.model.cost(tokens_in, tokens_out),
    )


def _chunks(length: int, budget: int | None, overlap: float) -> tuple[int, int]:
    """How many chunks a chat of so many tokens takes, and how many tokens they show together."""
    if budget is None or length <= budget:
        return 1, length
    repeated = budget * overlap
    count = math.ceil((length - repeated) / (budget - repeated))
    return count, round(length + (count - 1) * repeated)


def _fixed_tokens(step: PipelineStep, form: Form, settings: Mapping[str, Any]) -> int:
    """Tokens of a question but for the chat and the examples."""
    stage_variables = STAGE_VARIABLES[step.prompt.stage] - COMMON_VARIABLES
    empty: dict[str, Any] = {name: [] if name == "examples" else "" for name in stage_variables}
    rendered = render(step.prompt, form_for_step(form, step), json_object=bool(settings.get("json_mode")), **empty)
    given = {"forms": round(_skeleton(form) * _FILLED), "summary": _SUMMARY_TOKENS}
    return estimate_tokens(rendered.system + rendered.user) + sum(given.get(name, 0) for name in stage_variables)


def _answer_tokens(step: PipelineStep, form: Form) -> float:
    return _skeleton(form_for_step(form, step)) * _FILLED if gives_forms(step.prompt.stage) else _SUMMARY_TOKENS


def longest_answer(pipeline: Pipeline, form: Form) -> int:
    """Tokens of the longest answer of a pipeline's stages, estimated.

    Args:
        pipeline: the stages.
        form: that is filled.
    """
    return math.ceil(max(_answer_tokens(step, form) for step in pipeline.steps))


def estimated_chat_yuan(session: Session, run: Run) -> float | None:
    """Yuan that one chat of a run is estimated to cost: the mean over a few from everywhere in its scope.

    Args:
        session: open session.
        run: to be started; earlier replies that it may take are not counted.

    Returns:
        ``None`` where a price is unknown, or there is no chat.

    Raises:
        PromptError: a prompt cannot be rendered.
    """
    pipeline, spec, indices = pipeline_of(run), spec_of(run), list(scope(session, run))
    form = load_named_form(session.get_one(Dataset, run.dataset_id).form)
    lengths = {
        index: estimate_tokens(cleaned_chat(parse_chat(chat.text), pipeline.clean).text)
        for index in indices[:: max(1, math.ceil(len(indices) / _FEW))]
        for chat in [queries.chat(session, run.dataset_id, index)]
    }
    learned = _mean_answer(session, spec, pipeline.main) if pipeline.plain else None
    calls = _estimate(spec, form, pipeline, lengths, learned)
    if (scale := token_scale(session, spec)) is not None:
        tokens_in = scale.scaled(calls.tokens_in)
        calls = replace(calls, tokens_in=tokens_in, yuan=spec.cost(tokens_in, calls.tokens_out))
    yuan = calls.batch_yuan if parameters_of(run).batch and calls.batch_yuan is not None else calls.yuan
    return None if yuan is None or not lengths else yuan / len(lengths)


def mean_answer(session: Session, run: Run, spec: ModelSpec) -> float | None:
    """Mean tokens of a call's answer in a run, else of its model's earlier answers to the prompt; ``None`` if unknown.

    Args:
        session: open session.
        run: whose answers are looked at first.
        spec: its model.
    """
    statement = select(func.count(), func.sum(col(Extraction.tokens_out))).where(
        col(Extraction.run_id) == run.id, col(Extraction.tokens_out) > 0
    )
    count, tokens = session.execute(statement).one()
    pipeline = pipeline_of(run)
    return int(tokens) / count / pipeline.calls if count else _mean_answer(session, spec, pipeline.main)


def _skeleton(form: Form) -> int:
    return estimate_tokens(json.dumps([form.empty()], ensure_ascii=False, indent=2))


def _wanted(
    session: Session, dataset_id: int, run: str, limit: int | None, chat_indices: Iterable[int] | None
) -> list[int]:
    """Indices that would be asked about: in scope, and without an answer where the run is there already."""
    require_one_choice(limit, chat_indices)
    known = queries.chat_ids(session, dataset_id)
    chosen = list(known)[:limit] if chat_indices is None else [index for index in chat_indices if index in known]
    row = run_named(session, dataset_id, run.strip())
    if row is None:
        return chosen
    unfinished = set(missing(session, row))
    have = set(session.execute(select(col(Extraction.chat_id)).where(col(Extraction.run_id) == row.id)).scalars())
    chosen_set = set(chosen)
    return [
        index
        for index, chat_id in known.items()
        if chat_id in unfinished or (chat_id not in have and index in chosen_set)
    ]


def _mean_answer(session: Session, spec: ModelSpec, prompt: Prompt) -> float | None:
    """Mean tokens of earlier answers of this model to this prompt alone; ``None`` where there are too few."""
    runs = session.execute(
        select(col(Run.id), col(Run.parameters)).where(
            col(Run.kind) == RunKind.MODEL,
            col(Run.provider) == spec.provider,
            col(Run.model) == spec.name,
            col(Run.prompt_sha256) == prompt.sha256,
        )
    )
    alone = [run_id for run_id, parameters in runs if not (parameters or {}).get("pipeline")]
    statement = (
        select(col(Extraction.tokens_out))
        .where(
            col(Extraction.run_id).in_(alone),
            col(Extraction.status) != ExtractionStatus.FAILED,
            col(Extraction.tokens_out) > 0,
        )
        .order_by(col(Extraction.id).desc())
        .limit(200)
    )
    lengths = [int(value) for value in session.execute(statement).scalars()]
    return sum(lengths) / len(lengths) if len(lengths) >= _ENOUGH else None
