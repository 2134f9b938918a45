"""One row: made from a text and an answer, measured, described by its provenance, and made again from that."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.domain.chat import parse_chat
from core.domain.form import Form, FormValues
from core.domain.masking import parse_mask
from core.domain.prompts import Prompt
from core.errors import ExportError
from core.services.export.atomic_file import fingerprint
from core.services.training.answer_selection import SelectedAnswer
from core.services.training.chunk_rows import pins_of, supported_forms
from core.services.training.input_texts import InputKind, cleaned_text
from core.services.training.length_limits import RowLength, tokens_of
from core.services.training.questions import Question, QuestionTemplate
from core.services.training.row_formats import Row, characters, row_of
from core.services.training.tasks import TrainingTask, target_text, tasks_of
from core.services.training.training_options import FORM_TASK, TrainingOptions


class WindowPlace(NamedTuple):
    """Where a window lies in its text: which of how many (from 1), its range, and the name put before it."""

    number: int
    of: int
    start: int
    end: int
    prefix: str


@dataclass(frozen=True, slots=True)
class RowInput:
    """What a row shows of its chat, and the answer to that.

    Attributes:
        text: the conversation, cleaned or not, a summary, or a window of the conversation.
        forms: the whole answer, or what a window gives evidence of.
        facts: for the provenance: ``input``, and version of the summary or place of the window.
    """

    text: str
    forms: list[FormValues]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A finished row.

    Attributes:
        row: as the format wants it.
        question: what it asks.
        target: what it answers, as text.
        forms: what it answers, as the parser must read it.
        size: characters and tokens.
    """

    row: Row
    question: Question
    target: str
    forms: list[FormValues]
    size: RowLength

    @property
    def line(self) -> bytes:
        """The row as a line of a JSONL file."""
        return (json.dumps(self.row, ensure_ascii=False) + "\n").encode("utf-8")


@dataclass(frozen=True, slots=True)
class SpooledRow:
    """What is remembered of a row once it is in the spool.

    Attributes:
        start: first byte in the spool.
        end: behind its last byte, line break included.
        chat: digest of the conversation: equal chats go to the same side of a split.
        row: fingerprint of the row.
        forms: fingerprint of the forms that its target must be read as.
        task: what it asks.
        filled: field keys that at least one customer has filled.
        size: characters and tokens.
        provenance: where it comes from; enough to make it again.
    """

    start: int
    end: int
    chat: bytes
    row: bytes
    forms: bytes
    task: TrainingTask
    filled: frozenset[str]
    size: RowLength
    provenance: dict[str, Any]

    @property
    def place(self) -> str:
        """How the row is named in a message."""
        return place_of(self.provenance)


def place_of(provenance: Mapping[str, Any]) -> str:
    """How a row is named in a message: dataset, chat, and window or task where there are several."""
    place = f"{provenance['dataset']} 第 {provenance['index']} 条"
    if window := provenance.get("window"):
        place += f"（窗口 {window[0]}/{window[1]}）"
    return place + (f"「{provenance['task']}」" if "task" in provenance else "")


class RowMaker:
    """Makes rows by one prompt in one format.

    Attributes:
        form: the whole form.
        prompt: the prompt.
        tasks: what is asked about every chat.
        steps: cleaning steps of a cleaned chat.
        subject: what the prompt is about: ``chat`` or ``summary``.
    """

    def __init__(self, form: Form, prompt: Prompt, options: TrainingOptions) -> None:
        """Render the prompt for every task.

        Raises:
            ExportError: no such task, or the prompt cannot be used for training rows.
            PromptError: the prompt cannot be rendered.
        """
        self.form = form
        self.prompt = prompt
        self.tasks = tasks_of(form, options.tasks)
        self.steps = options.steps
        self._format = options.format
        self._mask = parse_mask(options.mask)
        self._asking = {task.name: QuestionTemplate(prompt, task.form) for task in self.tasks}
        self.subject = self._asking[self.tasks[0].name].subject
        if self.subject == "summary" and options.text is not InputKind.SUMMARY:
            raise ExportError(f"提示词 {prompt.id} 是从摘要填表的", "输入请改为 summary，或换一个看群聊的提示词")

    def make(self, shown: RowInput, task: TrainingTask) -> TrainingRow:
        """One row."""
        question = self._asking[task.name].about(self._mask.text(shown.text, self.form, shown.forms))
        forms = [self._mask.values(self.form, values) for values in task.narrowed(shown.forms)]
        target = target_text(forms)
        row = row_of(self._format, question, target)
        return TrainingRow(row, question, target, forms, RowLength(characters(row), tokens_of(question, target)))

    def note(
        self, made: TrainingRow, shown: RowInput, task: TrainingTask, picked: SelectedAnswer, start: int, length: int
    ) -> SpooledRow:
        """What to remember of a row that lies in the spool at ``start``."""
        row, forms = fingerprint(made.row), fingerprint(made.forms)
        provenance = {
            **picked.provenance,
            **({"task": task.name} if task.name != FORM_TASK else {}),
            **shown.facts,
            "prompt": self.prompt.id,
            "question_sha256": made.question.sha256,
            "characters": made.size.characters,
            "tokens": made.size.tokens,
            "answer": forms.hex(),
            "row": row.hex(),
        }
        return SpooledRow(
            start=start,
            end=start + length,
            chat=hashlib.blake2b(picked.conversation.encode("utf-8", "surrogatepass"), digest_size=16).digest(),
            row=row,
            forms=forms,
            task=task,
            filled=frozenset(key for values in made.forms for key, value in values.items() if value),
            size=made.size,
            provenance=provenance,
        )

    def task(self, provenance: dict[str, Any]) -> TrainingTask:
        """The task of a row.

        Raises:
            ExportError: it is none of this set's.
        """
        wanted = provenance.get("task", FORM_TASK)
        for task in self.tasks:
            if task.name == wanted:
                return task
        raise ExportError(f"训练集的设置里没有任务「{wanted}」", "这个训练集的清单已损坏，请重新生成")


def raw_input(picked: SelectedAnswer) -> RowInput:
    """The conversation, letter for letter."""
    return RowInput(picked.conversation, picked.forms, {"input": str(InputKind.RAW)})


def clean_input(picked: SelectedAnswer, steps: Sequence[str]) -> RowInput:
    """The cleaned conversation."""
    return RowInput(cleaned_text(picked.conversation, steps), picked.forms, {"input": str(InputKind.CLEAN)})


def summary_input(picked: SelectedAnswer) -> RowInput | None:
    """The stored summary; ``None`` where there is none."""
    if picked.summary is None:
        return None
    facts = {"input": str(InputKind.SUMMARY), "summary_version": picked.summary.version}
    return RowInput(picked.summary.text, picked.forms, facts)


def window_input(form: Form, picked: SelectedAnswer, whole: RowInput, place: WindowPlace) -> RowInput:
    """One window of a text that was too long, with the answer that it gives evidence of.

    Args:
        form: the whole form.
        picked: the chat.
        whole: the text that is cut.
        place: of the window.
    """
    text = place.prefix + whole.text[place.start : place.end]
    if whole.facts["input"] == InputKind.RAW:
        messages = parse_chat(whole.text).messages
        inside = frozenset(m.index for m in messages if m.span.start < place.end and place.start < m.span.end)
        forms = supported_forms(form, text, picked.forms, pins_of(picked.customers), inside.__contains__)
    else:
        forms = supported_forms(form, text, picked.forms)
    return RowInput(text, forms, {**whole.facts, "window": list(place)})


def recreate_input(
    form: Form, picked: SelectedAnswer, provenance: Mapping[str, Any], steps: Sequence[str]
) -> RowInput | None:
    """What a stored row showed; ``None`` where it was a summary that is gone."""
    whole: RowInput | None
    match InputKind(provenance["input"]):
        case InputKind.RAW:
            whole = raw_input(picked)
        case InputKind.CLEAN:
            whole = clean_input(picked, steps)
        case InputKind.SUMMARY:
            whole = summary_input(picked)
    if whole is None or "window" not in provenance:
        return whole
    return window_input(form, picked, whole, WindowPlace(*provenance["window"]))
