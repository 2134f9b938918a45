"""Runs a pipeline on one chunk of a chat, stage after stage, and records every question and answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from core.adapters.llm.base import ModelRequest, Provider, request_digest
from core.adapters.llm.failures import PAID
from core.adapters.llm.registry import is_remote
from core.domain.cleaning import Chunk
from core.domain.form import Form, FormValues
from core.domain.merge import VotedForm, merge_fields, vote
from core.domain.prompts import Example, Rendered, Stage, read_summary, render
from core.domain.replies import parse_reply
from core.errors import PromptError, ProviderError
from core.services.extraction.pipeline.asked_customers import answer_about, customers_to_ask
from core.services.extraction.pipeline.definition import Pipeline, PipelineStep
from core.services.extraction.pipeline.outcome import AnswerAwaited, Call
from core.services.extraction.pipeline.retry import ask
from core.services.extraction.pipeline.token_budget import form_for_step
from core.services.extraction.pipeline.token_estimate import estimate_tokens

if TYPE_CHECKING:
    from core.domain.personal_data import Pseudonyms


class PickedExample(NamedTuple):
    """An example selected for a prompt.

    Attributes:
        example: the chat and its answer.
        label: where it is from, for people.
        warnings: what is wrong with it, one Chinese sentence each.
    """

    example: Example
    label: str
    warnings: tuple[str, ...] = ()


Examples = Callable[[str], Sequence[PickedExample]]
"""Function that returns examples for a conversation, most similar first."""


class CallFailed(Exception):
    """A stage has no answer; the call holds the reason."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.error)
        self.call = call


@dataclass(frozen=True, slots=True)
class StageContext:
    """Form, pipeline, provider and limits of a stage; the same for every chunk of a chat."""

    form: Form
    pipeline: Pipeline
    provider: Provider
    model: str
    parameters: Mapping[str, Any]
    deadline: float
    attempts: int
    sleep: Callable[[float], None]
    budget: int | None
    examples: Examples
    earlier: Mapping[str, str]
    url: str = ""
    pseudonyms: "Pseudonyms | None" = None

    def hide(self, text: str) -> str:
        """What leaves of a text: the text, or made-up values in the place of personal data."""
        return self.pseudonyms.hide(text) if self.pseudonyms else text

    def hide_forms(self, forms: Sequence[FormValues]) -> list[FormValues]:
        """What leaves of filled forms, likewise."""
        return [self.pseudonyms.hide_values(self.form, values) if self.pseudonyms else values for values in forms]

    def hide_example(self, example: Example) -> Example:
        """What leaves of an example: it has made-up values of its own, which nothing turns back into this chat's."""
        return hide_example(self.form, example, self.pseudonyms) if self.pseudonyms else example

    def restore(self, text: str) -> str:
        """A text of the model with the real values."""
        return self.pseudonyms.restore(text) if self.pseudonyms else text


@dataclass
class ChunkRun:
    """The execution of a pipeline on one chunk."""

    context: StageContext
    chunk: Chunk
    calls: list[Call]
    forms: list[FormValues] = field(default_factory=list)
    summary: str = ""
    notes: list[str] = field(default_factory=list)
    repaired: bool = False
    alternatives: list[dict[str, Any]] = field(default_factory=list)

    def execute(self) -> None:
        """Execute all stages in order; the result is in ``forms``.

        Raises:
            CallFailed: a stage has no answer; its call is the last one in ``calls``.
            PromptError: a prompt cannot be rendered.
        """
        for step in self.context.pipeline.steps:
            self._stage(step)

    def _stage(self, step: PipelineStep) -> None:
        stage = step.prompt.stage
        form = form_for_step(self.context.form, step)
        if stage is Stage.ONE_CUSTOMER:
            self._each_customer(step, form)
            return
        shown, labels = self._examples(step)
        rendered = self._render(step, form, shown)
        if stage is Stage.SUMMARY:
            call = self._ask(step, rendered, form, 1, labels)
            self.summary, notes = read_summary(self.context.restore(call.raw), self.context.form)
            if not self.summary:
                raise CallFailed(self._unreadable(call, "模型没有写出摘要"))
            self._keep(call, notes)
            self.notes += notes
            return
        before = len(self.alternatives)
        forms = self._answers(step, rendered, form, labels)
        answered, earlier_entries = forms, self.alternatives[:before]
        if stage is Stage.FIELDS:
            forms, notes = merge_fields(self.context.form, self.forms, form, forms)
            self.notes += notes
        self.alternatives = [
            *_renumbered(self.context.form, earlier_entries, self.forms, forms),
            *_renumbered(self.context.form, self.alternatives[before:], answered, forms),
        ]
        if stage is Stage.CUSTOMERS:
            forms = [self.context.form.empty() | values for values in forms]
        self.forms = forms

    def _each_customer(self, step: PipelineStep, form: Form) -> None:
        """Ask for the form of each customer that an earlier stage has found.

        Who has no name cannot be asked about and keeps the form that is there, as does who has no answer that can be
        used. Fails where a question has no answer, or no answer can be read.
        """
        customers, people, notes = customers_to_ask(form, self.forms, self.chunk.text)
        self.notes += notes
        filled: list[FormValues] = []
        unreadable: list[CallFailed] = []
        awaited: AnswerAwaited | None = None
        for number, values in enumerate(customers):
            name = form.name_of(values).strip()
            if not name:
                filled.append(values)
                continue
            before = len(self.alternatives)
            try:
                answers = self._answers(step, self._render(step, form, (), customer=name), form, ())
            except AnswerAwaited as later:
                awaited = later  # the others can be asked at the same time
                continue
            except CallFailed as failed:
                if failed.call.cause is not None:  # no answer came: asking again may bring one
                    raise
                unreadable.append(failed)
                filled.append(values)
                self.notes.append(f"「{name}」的回答无法读取，只留下姓名：{failed.call.error}")
                continue
            place, note = answer_about(form, name, answers, people)
            self.notes += [note] if note else []
            self.alternatives[before:] = [
                entry | {"customer": number}
                for entry in self.alternatives[before:]
                if entry["customer"] == place and entry["field"] != form.name_field
            ]
            filled.append(values if place is None else {**answers[place], form.name_field: name})
        if awaited is not None:
            raise awaited
        if unreadable and len(unreadable) == sum(bool(form.name_of(values).strip()) for values in customers):
            raise unreadable[-1]
        self.repaired = self.repaired or bool(unreadable)
        self.forms = filled

    def _answers(self, step: PipelineStep, rendered: Rendered, form: Form, labels: tuple[str, ...]) -> list[FormValues]:
        """The forms that a question is answered with, by vote where it is asked several times."""
        if step.samples == 1:
            return self._forms(self._ask(step, rendered, form, 1, labels), form)
        return self._vote(step, rendered, form, labels)

    def _render(
        self, step: PipelineStep, form: Form, shown: Sequence[PickedExample], *, customer: str = ""
    ) -> Rendered:
        stage = step.prompt.stage
        given: dict[str, Any] = {"customer": self.context.hide(customer)} if stage is Stage.ONE_CUSTOMER else {}
        if stage is not Stage.FROM_SUMMARY:
            given["chat"] = self.context.hide(self.chunk.text)
        else:
            given["summary"] = self.context.hide(self.summary)
        if stage is Stage.VERIFY:
            rows = ",\n".join(json.dumps(values, ensure_ascii=False) for values in self.context.hide_forms(self.forms))
            given["forms"] = f"[\n{rows}\n]" if rows else "[]"
        if stage is Stage.FEWSHOT:
            given["examples"] = [self.context.hide_example(picked.example) for picked in shown]
        json_object = bool(self.context.parameters.get("json_mode")) and stage is not Stage.SUMMARY
        return render(step.prompt, form, json_object=json_object, **given)

    def _examples(self, step: PipelineStep) -> tuple[list[PickedExample], tuple[str, ...]]:
        """The examples that fit beside the chunk, and where they are from."""
        if step.prompt.stage is not Stage.FEWSHOT:
            return [], ()
        candidates = list(self.context.examples(self.chunk.text))[: self.context.pipeline.examples]
        room = None if self.context.budget is None else self.context.budget - estimate_tokens(self.chunk.text)
        shown: list[PickedExample] = []
        for picked in candidates:
            size = estimate_tokens(picked.example.chat) + estimate_tokens(picked.example.answer)
            if room is not None:
                if size > room:
                    continue
                room -= size
            shown.append(picked)
        if len(shown) < len(candidates):
            self.notes.append(f"有 {len(candidates) - len(shown):,} 个示例放不下，没有给模型看")
        if not candidates:
            self.notes.append("没有可用的示例：还没有相似的已确认记录")
        for picked in shown:
            self.notes += [f"示例「{picked.label}」：{warning}" for warning in picked.warnings]
        return shown, tuple(picked.label for picked in shown)

    def _ask(self, step: PipelineStep, rendered: Rendered, form: Form, sample: int, labels: tuple[str, ...]) -> Call:
        """One call, kept whatever comes of it.

        Raises:
            CallFailed: no answer came.
        """
        context = self.context
        call = Call(
            stage=step.prompt.stage.value,
            prompt=step.prompt.id,
            window=self.chunk.number,
            sample=sample,
            system=rendered.system,
            user=rendered.user,
            sha256=rendered.sha256,
            examples=labels,
        )
        summary = step.prompt.stage is Stage.SUMMARY
        parameters = {key: value for key, value in context.parameters.items() if not (summary and key == "json_mode")}
        request = ModelRequest(
            prompt=rendered.user,
            system=rendered.system,
            conversation=context.hide(self.chunk.text),
            model=context.model,
            parameters=parameters,
            deadline=context.deadline,
            form=form,
            task="summary" if summary else "forms",
            sample=sample,
        )
        digest = request_digest(context.provider.name, context.url, request)
        call = replace(call, request=digest)
        if (before := context.earlier.get(digest)) is not None:
            self.calls.append(replace(call, ok=True, raw=before, notes=("沿用了上次失败之前已经得到的回答",)))
            return self.calls[-1]
        result = ask(context.provider, request, attempts=context.attempts, sleep=context.sleep)
        # The model was not asked for what was taken from an earlier reply.
        times = result.attempts - (result.reply is not None and result.reply.reused)
        call = replace(call, attempts=times, seconds=result.seconds)
        if result.reply is None:
            error = result.error
            assert error is not None
            failed = replace(
                call,
                raw=error.partial,
                cause=error.cause,
                error=str(error),
                code=error.code,
                tokens_in=error.tokens_in,
                tokens_out=error.tokens_out,
                tokens_cached=error.tokens_cached,
                model=context.model,
            )
            if error.code in PAID:
                failed = self._counted(failed)
            failed = self._with_billed(failed, result.billed)
            self.calls.append(failed)
            raise CallFailed(failed)
        reply = result.reply
        self.notes += reply.notes
        answered = replace(
            call,
            ok=True,
            raw=reply.text,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            model=reply.model,
            tokens_cached=reply.tokens_cached,
            batch=reply.batch,
        )
        answered = answered if reply.reused else self._counted(answered)
        self.calls.append(self._with_billed(answered, result.billed))
        return self.calls[-1]

    def _with_billed(self, call: Call, billed: Sequence[ProviderError]) -> Call:
        """A call with what its attempts before the last one were billed."""
        for error in billed:
            taken = (error.tokens_in, error.tokens_out)
            attempt = self._counted(replace(call, raw=error.partial, tokens_in=taken[0], tokens_out=taken[1]))
            call = replace(
                call,
                tokens_in=(call.tokens_in or 0) + (attempt.tokens_in or 0),
                tokens_out=(call.tokens_out or 0) + (attempt.tokens_out or 0),
                tokens_cached=call.tokens_cached + error.tokens_cached,
                estimated=attempt.estimated,
            )
        return call

    def _counted(self, call: Call) -> Call:
        """A call that was paid for, with estimates for the counts that the service did not give."""
        if not is_remote(self.context.provider.name) or None not in (call.tokens_in, call.tokens_out):
            return call
        return replace(
            call,
            tokens_in=estimate_tokens(call.system) + estimate_tokens(call.user)
            if call.tokens_in is None
            else call.tokens_in,
            tokens_out=estimate_tokens(call.raw) if call.tokens_out is None else call.tokens_out,
            estimated=True,
        )

    def _forms(self, call: Call, form: Form) -> list[FormValues]:
        """The forms of an answer.

        Raises:
            CallFailed: it cannot be read.
        """
        parsed = parse_reply(form, call.raw)
        if parsed.forms is None:
            raise CallFailed(self._unreadable(call, parsed.reason))
        self._keep(call, parsed.notes)
        self.notes += [self.context.restore(note) for note in parsed.notes]
        self.repaired = self.repaired or bool(parsed.notes)
        pseudonyms = self.context.pseudonyms
        return [pseudonyms.restore_values(values) for values in parsed.forms] if pseudonyms else parsed.forms

    def _vote(self, step: PipelineStep, rendered: Rendered, form: Form, labels: tuple[str, ...]) -> list[FormValues]:
        """Several answers to one question; those that can be read decide."""
        ballots: list[list[FormValues]] = []
        lost: CallFailed | None = None
        awaited: AnswerAwaited | None = None
        for sample in range(1, step.samples + 1):
            try:
                call = self._ask(step, rendered, form, sample, labels)
            except AnswerAwaited as later:
                awaited = later
                continue
            try:
                ballots.append(self._forms(call, form))
            except CallFailed as failed:
                lost = failed
        if awaited is not None:
            raise awaited
        if lost is not None:
            if not ballots:
                raise lost
            self.notes.append(f"{step.samples:,} 次回答里有 {step.samples - len(ballots):,} 次无法读取，没有参加投票")
        voted = vote(form, ballots)
        self.alternatives += [
            entry for number, one in enumerate(voted) for entry in self._lost(form, number, one, len(ballots))
        ]
        return [one.values for one in voted]

    def _lost(self, form: Form, number: int, one: VotedForm, answers: int) -> list[dict[str, Any]]:
        lost_by_key = {
            key: [choice for choice in choices if choice.value != one.values[key]]
            for key, choices in one.choices.items()
        }
        return [
            {
                "customer": number,
                "name": form.name_of(one.values),
                "field": key,
                "taken": one.values[key],
                "others": [choice.value for choice in lost],
                "votes": [len(choice.ballots) for choice in lost],
                "answers": answers,
                "from": "vote",
                "agreement": round(one.agreement[key], 3),
                "window": self.chunk.number,
            }
            for key, lost in lost_by_key.items()
        ]

    def _keep(self, call: Call, notes: tuple[str, ...]) -> None:
        """Write down what was mended in an answer."""
        at = self.calls.index(call)
        self.calls[at] = replace(call, notes=(*call.notes, *notes))

    def _unreadable(self, call: Call, reason: str) -> Call:
        at = self.calls.index(call)
        self.calls[at] = replace(call, ok=False, error=reason)
        return self.calls[at]


def _renumbered(
    form: Form, entries: Sequence[dict[str, Any]], before: Sequence[FormValues], after: Sequence[FormValues]
) -> list[dict[str, Any]]:
    """Values that were not taken, under the numbers that their customers have after a stage.

    A customer is found by the name, else by the place where nobody came or went; entries of one who is gone go too.
    """
    if before is after:
        return list(entries)
    names = [form.name_of(values).strip() for values in after]
    numbers: dict[int, int] = {}
    for number, values in enumerate(before):
        name = form.name_of(values).strip()
        if name and names.count(name) == 1:
            numbers[number] = names.index(name)
        elif len(before) == len(after):
            numbers[number] = number
    return [entry | {"customer": numbers[entry["customer"]]} for entry in entries if entry["customer"] in numbers]


def hide_example(form: Form, example: Example, others: "Pseudonyms") -> Example:
    """An example with made-up values that are none of ``others``."""
    from core.domain.personal_data import Pseudonyms

    try:
        answer = [form.coerce(values).values for values in json.loads(example.answer)]
    except (ValueError, TypeError):
        answer = []
    names = [form.name_of(values) for values in answer]
    pseudonyms = Pseudonyms(example.chat, names, others.made_up)
    rows = ",\n".join(json.dumps(pseudonyms.hide_values(form, values), ensure_ascii=False) for values in answer)
    hidden_answer = f"[\n{rows}\n]" if answer else pseudonyms.hide(example.answer)
    return Example(pseudonyms.hide(example.chat), hidden_answer)


def no_examples(conversation: str) -> Sequence[PickedExample]:
    """Returns no examples, for pipelines without them.

    Raises:
        PromptError: always; a stage that shows examples was given none to choose from.
    """
    raise PromptError("这里没有可以挑选示例的记录", "请在抽取任务里使用带示例的提示词")
