"""One row: rendered from a text and an answer, measured, and described by its provenance."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.form import Form, FormValues
from core.domain.masking import parse_mask
from core.domain.prompts import Prompt
from core.domain.scoring import Scorer
from core.errors import ExportError
from core.services.export.atomic_file import fingerprint
from core.services.training.answer_selection import SelectedAnswer
from core.services.training.input_texts import InputKind
from core.services.training.length_limits import RowLength, tokens_of
from core.services.training.questions import Question, QuestionTemplate
from core.services.training.rejected_answers import differing_fields
from core.services.training.row_formats import Row, TrainingFormat, characters, row_of
from core.services.training.row_inputs import RowInput, customer_inputs
from core.services.training.tasks import TrainingTask, target_text, tasks_of
from core.services.training.training_options import FORM_TASK, OverBudget, TrainingOptions

# Python's str.splitlines and many readers of JSONL end a line here as well; json.dumps escapes the others itself.
_LINE_END = re.compile("[\x85\u2028\u2029]")


APPROVED, REJECTED = "approved", "rejected"
"""Which answer a row of KTO holds."""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A finished row.

    Attributes:
        row: as the format wants it.
        question: what it asks.
        target: what it answers, as text.
        forms: what it answers, as the parser must read it.
        size: characters and tokens; of a pair, with the longer answer.
        rejected: of a pair, the other answer as text, else ``""``.
        rejected_forms: of a pair, that answer as the parser must read it.
        differs: keys of the fields in which the two answers differ, in preference formats.
    """

    row: Row
    question: Question
    target: str
    forms: list[FormValues]
    size: RowLength
    rejected: str = ""
    rejected_forms: list[FormValues] | None = None
    differs: tuple[str, ...] = ()

    @property
    def longest_answer(self) -> str:
        """The answer that a trainer needs most room for."""
        return max(self.target, self.rejected, key=len)

    @property
    def line(self) -> bytes:
        """The row as a line of a JSONL file, also for readers that know more line ends than one."""
        written = json.dumps(self.row, ensure_ascii=False)
        return (_LINE_END.sub(lambda end: f"\\u{ord(end[0]):04x}", written) + "\n").encode("utf-8")


@dataclass(frozen=True, slots=True)
class SpooledRow:
    """A row that lies in the spool: its place there, its digests and its provenance.

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
        rejected: of a pair, fingerprint of the forms that its rejected answer must be read as; else empty.
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
    rejected: bytes = b""

    @property
    def place(self) -> str:
        """How the row is named in a message."""
        return place_of(self.provenance)


def place_of(provenance: Mapping[str, Any]) -> str:
    """How a row is named in a message: dataset, chat, and window or task where there are several."""
    place = f"{provenance['dataset']} 第 {provenance['index']} 条"
    if window := provenance.get("window"):
        place += f"（第 {window[0]}/{window[1]} 段）"
    place += f"（第 {provenance['customer'] + 1} 位客户）" if "customer" in provenance else ""
    place += f"「{provenance['task']}」" if "task" in provenance else ""
    return place + ("（被否的回答）" if provenance.get("side") == REJECTED else "")


class RowMaker:
    """Makes rows by one prompt in one format.

    Attributes:
        form: the whole form.
        prompt: the prompt.
        tasks: what is asked about every chat.
        steps: cleaning steps of a cleaned chat.
        subject: what the prompt is about: ``chat`` or ``summary``.
        sides: answers that have a row of their own.
        each_customer: whether each customer has a row of their own.
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
        self.sides = (APPROVED, REJECTED) if options.format is TrainingFormat.KTO else (APPROVED,)
        self._scorer = Scorer(form)
        self._mask = parse_mask(options.mask)
        self._questions = {task.name: QuestionTemplate(prompt, task.form) for task in self.tasks}
        self.subject = self._questions[self.tasks[0].name].subject
        self.each_customer = self._questions[self.tasks[0].name].each_customer
        if self.each_customer and (options.format.is_preference or options.over_budget is OverBudget.WINDOW):
            what = "偏好对" if options.format.is_preference else "分段"
            raise ExportError(f"提示词 {prompt.id} 逐位客户提问，不能和{what}一起用", "请换一个提示词，或改这一项")
        if self.subject == "summary" and options.text is not InputKind.SUMMARY:
            raise ExportError(f"提示词 {prompt.id} 是从摘要填表的", "输入请改为摘要（summary），或换一个看群聊的提示词")

    def make(self, row_input: RowInput, task: TrainingTask, side: str = APPROVED) -> TrainingRow:
        """Make one row: question and answer in the trainer's format, measured.

        Args:
            row_input: what it shows of its chat, with the answer, in preference formats with the rejected one too.
            task: what it asks.
            side: one of ``sides``.
        """
        question = self._questions[task.name].about(self.shown_text(row_input), self._customer(row_input))
        forms = self._masked(row_input, task, row_input.forms)
        target = target_text(forms)
        if row_input.rejected is None or not self._format.is_preference:
            row = row_of(self._format, question, target)
            return TrainingRow(row, question, target, forms, RowLength(characters(row), tokens_of(question, target)))
        others = self._masked(row_input, task, row_input.rejected)
        rejected, differs = target_text(others), differing_fields(self._scorer, task.form.keys, forms, others)
        if not self._format.is_paired:
            answer, values = (target, forms) if side == APPROVED else (rejected, others)
            row = row_of(self._format, question, answer, approved=side == APPROVED)
            size = RowLength(characters(row), tokens_of(question, answer))
            return TrainingRow(row, question, answer, values, size, differs=differs)
        row = row_of(self._format, question, target, rejected)
        size = RowLength(
            characters(row) - min(len(target), len(rejected)),
            max(tokens_of(question, target), tokens_of(question, rejected)),
        )
        return TrainingRow(row, question, target, forms, size, rejected, others, differs)

    def _masked(self, row_input: RowInput, task: TrainingTask, forms: Sequence[FormValues]) -> list[FormValues]:
        return [
            self._mask.values(self.form, values, text=row_input.text, forms=row_input.people)
            for values in task.restrict(forms)
        ]

    def _customer(self, row_input: RowInput) -> str:
        """Name of the customer that the question is about, masked as in the answer; ``""`` where it asks about all."""
        if not self.each_customer:
            return ""
        (values,) = row_input.forms
        return self.form.name_of(
            self._mask.values(self.form, values, text=row_input.text, forms=row_input.people)
        ).strip()

    def parts(self, row_input: RowInput) -> list[RowInput]:
        """What is asked about one chat: all of it, or each customer by name."""
        return customer_inputs(self.form, row_input) if self.each_customer else [row_input]

    def remake(self, row_input: RowInput, provenance: Mapping[str, Any]) -> TrainingRow:
        """Make a row again, whose provenance says its task and side."""
        return self.make(row_input, self.task(provenance), provenance.get("side", APPROVED))

    def shown_text(self, row_input: RowInput) -> str:
        """What the question shows of the chat: its text, masked, of the same length."""
        return self._mask.text(row_input.text, self.form, row_input.everyone or row_input.forms)

    def spooled(
        self,
        row: TrainingRow,
        row_input: RowInput,
        task: TrainingTask,
        answer: SelectedAnswer,
        start: int,
        length: int,
        side: str = APPROVED,
    ) -> SpooledRow:
        """Describe a row that lies in the spool at ``start``: its digests and its provenance."""
        row_digest, forms_digest = fingerprint(row.row), fingerprint(row.forms)
        provenance = {
            **answer.provenance,
            **({"task": task.name} if task.name != FORM_TASK else {}),
            **row_input.facts,
            **({"differs": list(row.differs)} if row.differs else {}),
            **({"side": side} if len(self.sides) > 1 else {}),
            "prompt": self.prompt.id,
            "question_sha256": row.question.sha256,
            "characters": row.size.characters,
            "tokens": row.size.tokens,
            "answer": forms_digest.hex(),
            "row": row_digest.hex(),
        }
        return SpooledRow(
            start=start,
            end=start + length,
            chat=hashlib.blake2b(answer.conversation.encode("utf-8", "surrogatepass"), digest_size=16).digest(),
            row=row_digest,
            forms=forms_digest,
            task=task,
            filled=frozenset(key for values in row.forms for key, value in values.items() if value),
            size=row.size,
            provenance=provenance,
            rejected=b"" if row.rejected_forms is None else fingerprint(row.rejected_forms),
        )

    def task(self, provenance: Mapping[str, Any]) -> TrainingTask:
        """The task of a row, by its provenance.

        Raises:
            ExportError: it is none of this set's.
        """
        name = provenance.get("task", FORM_TASK)
        for task in self.tasks:
            if task.name == name:
                return task
        raise ExportError(f"训练集的设置里没有训练任务「{name}」", "这个训练集的清单已损坏，请重新生成")
