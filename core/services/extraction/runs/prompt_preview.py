"""Preview of a prompt on one chat, without a run: the rendered prompt, and a model's answer. Stores nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.adapters.llm import ModelSpec
from core.adapters.store import Store, queries
from core.domain.chat import parse_chat
from core.domain.cleaning import clean, left_out_report
from core.domain.form import Form, FormValues, load_named_form, text_of
from core.domain.permissions import Permission
from core.domain.prompts import STAGE_PARTNERS, Prompt, Rendered, Stage, needs, render, summary_of
from core.domain.scoring import Scorer
from core.errors import RunError
from core.services.extraction.pipeline import Outcome, estimate_tokens, run_pipeline
from core.services.extraction.pipeline.chat_extraction import pseudonyms_of
from core.services.extraction.pipeline.definition import Pipeline, PipelineStep, parse_pipeline
from core.services.extraction.pipeline.few_shot import remember_examples_shown
from core.services.extraction.pipeline.stages import hide_example
from core.services.extraction.pipeline.token_budget import form_for_step
from core.services.extraction.prompt_library import finder
from core.services.extraction.runs.pipeline_loading import examples_for
from core.services.extraction.runs.run_model import connect_with
from core.services.team import permitted

_NO_SUMMARY = "（这里是上一阶段写出的摘要）"
_NO_CUSTOMER = "（客户名字）"


@dataclass(frozen=True, slots=True)
class Rendering:
    """A prompt rendered as it would be sent.

    Attributes:
        rendered: system and user message.
        characters: of both.
        tokens: of both, estimated.
        chat_tokens: of the chat alone, estimated.
        left_out: what cleaning left out (:func:`core.domain.cleaning.left_out_report`).
        notes: what stands in for what only an earlier stage would give, one Chinese sentence each.
    """

    rendered: Rendered
    characters: int
    tokens: int
    chat_tokens: int
    left_out: tuple[dict[str, object], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of one customer: the model's value beside the label's; ``credit`` is 0 to 1."""

    customer: str
    field: str
    said: str
    label: str
    credit: float


@dataclass(frozen=True, slots=True)
class PromptTrial:
    """A model's answer on one chat, scored.

    Attributes:
        outcome: forms, calls, notes.
        spec: the stages that were gone through.
        score: against the chat's labels, ``None`` where it has none or the trial failed.
        floor: what an all-empty form would score.
        max: points of a form.
        rows: fields that either side fills.
    """

    outcome: Outcome
    spec: str
    score: float | None
    floor: float | None
    max: float
    rows: tuple[Compared, ...]


def labels_of(store: Store, dataset_id: int, index: int) -> list[FormValues] | None:
    """A chat's labels; ``None`` if it has none."""
    with store.read() as session:
        run = queries.labels_run(session, dataset_id)
        if run is None:
            return None
        chat = queries.chat(session, dataset_id, index)
        extractions = list(queries.extractions(session, run.id, [chat.id]))
    return extractions[0].forms if extractions else None


def preview_prompt(
    store: Store,
    prompt: Prompt,
    *,
    dataset: int,
    index: int,
    steps: Sequence[str] = (),
    fields: Sequence[str] = (),
    json_object: bool = False,
    replace_personal: bool = False,
) -> Rendering:
    """Render a prompt on one chat. Input from an earlier stage is made of the labels if there are any.

    Args:
        store: open store.
        prompt: of any stage.
        dataset: id.
        index: the chat's.
        steps: cleaning steps.
        fields: keys, for stage *fields*.
        json_object: as for services in JSON mode.
        replace_personal: as for models that are sent made-up values for personal data.

    Raises:
        NotFoundError: no such dataset or chat.
        PromptError: the template fails.
    """
    form, chat_id, text = _read(store, dataset, index)
    chat = parse_chat(text)
    cleaned = clean(chat, steps)
    hidden = pseudonyms_of(form, chat) if replace_personal else None
    hide = hidden.hide if hidden else str
    labels = labels_of(store, dataset, index)
    notes: list[str] = []
    given: dict[str, Any] = {}
    if needs(prompt.stage, "summary"):
        given["summary"] = hide(summary_of(form, labels)) if labels else _NO_SUMMARY
        notes.append("摘要由标注写成" if labels else "摘要要由上一阶段写出，这里留了一句话代替")
    else:
        given["chat"] = hide(cleaned.text)
    if needs(prompt.stage, "forms"):
        shown_forms = [hidden.hide_values(form, values) if hidden else values for values in labels or []]
        given["forms"] = json.dumps(shown_forms or [form.empty()], ensure_ascii=False)
        notes.append("已经填好的表取自标注" if labels else "已经填好的表要由上一阶段给出，这里用空表代替")
    if needs(prompt.stage, "customer"):
        names = [name for values in labels or [] if (name := form.name_of(values))]
        given["customer"] = hide(names[0] if names else _NO_CUSTOMER)
        notes.append("客户取自标注" if names else "客户的名字要由上一阶段给出，这里留了一个词代替")
    if needs(prompt.stage, "examples"):
        pipeline = Pipeline((PipelineStep(prompt),))
        picked = examples_for(store, form, pipeline, chat_id)(cleaned.text)
        given["examples"] = [hide_example(form, one.example, hidden) if hidden else one.example for one in picked]
        _remember_examples(store, [one.label for one in picked])
        notes += [f"示例：{one.label}" for one in picked] or ["还没有相似的已确认记录可以作示例"]
        notes += [warning for one in picked for warning in one.warnings]
    step = PipelineStep(prompt, fields=tuple(fields) if prompt.stage is Stage.FIELDS else ())
    rendered = render(prompt, form_for_step(form, step), json_object=json_object, **given)
    whole = rendered.system + rendered.user
    return Rendering(
        rendered,
        len(whole),
        estimate_tokens(whole),
        estimate_tokens(cleaned.text),
        tuple(left_out_report(cleaned)),
        tuple(notes),
    )


def trial_spec(prompt: Prompt, fields: Sequence[str] = ()) -> str:
    """The stages needed to try a prompt: itself, and those required before or after it."""
    before, behind = STAGE_PARTNERS.get(prompt.stage, ("", ""))
    chosen = f"[{'|'.join(fields)}]" if prompt.stage is Stage.FIELDS else ""
    return f"{before}{prompt.id}{chosen}{behind}"


@permitted(Permission.RUNS)
def try_prompt(
    store: Store,
    pipeline: Pipeline,
    model: ModelSpec,
    *,
    dataset: int,
    index: int,
    deadline: float = 120.0,
) -> PromptTrial:
    """Ask a model about one chat and score the answer against the labels. Incurs cost; stores nothing.

    Args:
        store: open store.
        pipeline: the stages.
        model: who is asked.
        dataset: id.
        index: the chat's.
        deadline: seconds for one call.

    Raises:
        NotFoundError: no such dataset or chat.
        RunError: the model's key is missing.
    """
    form, chat_id, text = _read(store, dataset, index)
    provider = connect_with(store, model)
    if reason := provider.ready():
        raise RunError(reason.rstrip("。"))
    outcome = run_pipeline(
        form=form,
        chat=parse_chat(text),
        pipeline=pipeline,
        provider=provider,
        model=model.api_name,
        parameters=model.request(),
        deadline=deadline,
        attempts=1,
        context_tokens=model.context_tokens,
        max_output_tokens=model.max_output_tokens,
        replace_personal=model.replace_personal,
        examples=examples_for(store, form, pipeline, chat_id),
    )
    _remember_examples(store, [label for call in outcome.calls for label in call.examples])
    labels = labels_of(store, dataset, index)
    score = floor = None
    rows: list[Compared] = []
    if outcome.forms is not None:
        scorer = Scorer(form)
        preds = [scorer.prepare(values) for values in outcome.forms]
        golds = [scorer.prepare(values) for values in labels or []]
        scored = scorer.chat(preds, golds)
        if labels is not None:
            score, floor = scored.score, scorer.floor(golds)
        partner = {pair.pred: pair for pair in scored.pairs}
        for number, values in enumerate(outcome.forms):
            pair = partner.get(number)
            other = labels[pair.gold] if pair and labels else form.empty()
            rows += _rows(form, values, other, pair.credits if pair else (0.0,) * len(form.fields))
        matched = {pair.gold for pair in scored.pairs}
        for number, values in enumerate(labels or []):
            if number not in matched:
                rows += _rows(form, form.empty(), values, (0.0,) * len(form.fields))
    return PromptTrial(outcome, pipeline.spec, score, floor, form.max_points, tuple(rows))


def trial_pipeline(store: Store, prompt: Prompt, fields: Sequence[str], steps: Sequence[str]) -> Pipeline:
    """The pipeline for trying a prompt.

    Raises:
        PromptError: fields are wanted and none is chosen.
    """
    with store.read() as session:
        return parse_pipeline(trial_spec(prompt, fields), finder(session), clean=steps)


def _remember_examples(store: Store, labels: Sequence[str]) -> None:
    with store.read() as session:
        remember_examples_shown(session, labels)


def _read(store: Store, dataset: int, index: int) -> tuple[Form, int, str]:
    with store.read() as session:
        data = queries.dataset(session, dataset)
        chat = queries.chat(session, dataset, index)
    return load_named_form(data.form), chat.id, chat.text


def _rows(form: Form, said: FormValues, label: FormValues, credits: Sequence[float]) -> list[Compared]:
    name = form.name_of(said) or form.name_of(label) or "（没有名字）"
    return [
        Compared(name, field.label, text_of(said.get(field.key)), text_of(label.get(field.key)), credit)
        for field, credit in zip(form.fields, credits, strict=True)
        if said.get(field.key) or label.get(field.key)
    ]
