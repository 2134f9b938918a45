"""From choices to rows: every answer becomes rows, and what is too long is dealt with as chosen, never in silence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from core.adapters.store import DatasetView, queries
from core.domain.chat import parse_chat
from core.domain.evidence import ChatIndex, locate
from core.domain.form import Form, FormValues, load_named_form
from core.domain.form.model import split_list
from core.domain.prompts import Prompt
from core.errors import ExportError
from core.services.extraction import prompt_library
from core.services.extraction.pipeline.token_estimate import estimate_tokens
from core.services.training.answer_selection import SelectedAnswer, SelectionTally, select_answers
from core.services.training.chat_summaries import LostValue, lost_values
from core.services.training.chunk_rows import filled_cells, split_chat
from core.services.training.input_texts import InputKind
from core.services.training.length_limits import LengthUnit, RowLength, chars_kept
from core.services.training.near_duplicates import NearDuplicates
from core.services.training.rows import (
    RowInput,
    RowMaker,
    SpooledRow,
    TrainingRow,
    WindowPlace,
    clean_input,
    raw_input,
    summary_input,
    window_input,
)
from core.services.training.tasks import TrainingTask
from core.services.training.training_options import FORM_TASK, DuplicatePolicy, OverBudget, TrainingOptions

OVERLONG_ACTIONS = {
    "refused": "未处理",
    "skipped": "已跳过",
    "cleaned": "已清洗",
    "summarised": "已换成摘要",
    "windowed": "已切成窗口",
}
"""What was done to a row that was too long, in the words of the page."""


@dataclass(frozen=True, slots=True)
class OverlongRow:
    """A row that is too long for the target.

    Attributes:
        dataset: name.
        index: of the chat.
        place: how the row is named.
        size: how long it is.
        left: share of its text that a cutting trainer would leave, 0 to 1.
        lost: ``customer:key`` of the values whose every place lies in the part that would be lost.
        action: a key of :data:`OVERLONG_ACTIONS`.
        pieces: how many rows it became.
        dropped: values of the answer that no window gives evidence of.
        why: for a refused row, why the policy did not help; ``""`` where there was none.
        after: how long the row is now, the longest of its pieces.
    """

    dataset: str
    index: int
    place: str
    size: RowLength
    left: float
    lost: tuple[str, ...]
    action: str
    pieces: int = 0
    dropped: int = 0
    why: str = ""
    after: RowLength | None = None


@dataclass(slots=True)
class Composition:
    """All distinct rows in order of dataset and chat, and what happened to the others.

    Attributes:
        datasets: of which it is made.
        form: their form.
        prompt: that asks.
        rows: one note per distinct row.
        over: rows that were too long.
        no_summary: chats without the summary that the input wants.
        summary_lost: per chat whose summary lost values of its answer, which (only where asked for).
        groups: for every conversation the group of its equals (only where a split, dropping or a preflight needs it).
        tally: what was not picked.
        forms: forms in all answers.
        empty_targets: rows whose answer has no filled field.
    """

    datasets: list[DatasetView]
    form: Form
    prompt: Prompt
    rows: list[SpooledRow] = field(default_factory=list)
    over: list[OverlongRow] = field(default_factory=list)
    no_summary: list[str] = field(default_factory=list)
    summary_lost: list[tuple[str, list[LostValue]]] = field(default_factory=list)
    groups: dict[bytes, bytes] = field(default_factory=dict)
    tally: SelectionTally = field(default_factory=SelectionTally)
    forms: int = 0
    empty_targets: int = 0

    def acted(self, action: str) -> list[OverlongRow]:
        """The rows to which this was done."""
        return [over for over in self.over if over.action == action]


def common_form(datasets: Sequence[DatasetView]) -> Form:
    """The form that all of them have.

    Raises:
        ExportError: they have different ones.
    """
    forms = {dataset.form for dataset in datasets}
    if len(forms) > 1:
        raise ExportError(f"这些数据集的表单不同（{'、'.join(sorted(forms))}），不能放进一个训练集", "请分开导出")
    return load_named_form(forms.pop())


def compose(
    session: Session,
    options: TrainingOptions,
    sink: Callable[[bytes], object],
    *,
    inspect: bool = False,
) -> Composition:
    """Make every distinct row once and hand its line to ``sink``.

    Args:
        session: open session.
        options: checked choices.
        sink: takes the lines, one after the other.
        inspect: look for similar chats and lost values even where the choices do not need it.

    Raises:
        ExportError: datasets with different forms, a prompt or a task that cannot be used.
        NotFoundError: no such dataset or run.
        PromptError: no such prompt.
    """
    prompt = prompt_library.finder(session)(options.prompt_reference)
    datasets = [queries.dataset(session, name) for name in options.datasets]
    form = common_form(datasets)
    maker = RowMaker(form, prompt, options)
    made = Composition(datasets, form, prompt)
    similar = NearDuplicates() if inspect or options.validation or options.duplicates is DuplicatePolicy.NEAR else None
    summaries = options.text is InputKind.SUMMARY or options.over_budget is OverBudget.SUMMARY
    offset = 0
    for dataset in datasets:
        for picked in select_answers(session, dataset, form, options, made.tally, summaries=summaries):
            before = len(made.rows)
            for shown, task, row in _rows_of(picked, maker, options, made, inspect=inspect):
                line = row.line
                sink(line)
                made.rows.append(maker.note(row, shown, task, picked, offset, len(line)))
                offset += len(line)
                made.forms += len(row.forms)
                made.empty_targets += not filled_cells(row.forms)
            if similar is not None and len(made.rows) > before:
                similar.add(made.rows[-1].chat, picked.conversation)
    if similar is not None:
        made.groups = similar.groups()
    return made


def _rows_of(
    picked: SelectedAnswer, maker: RowMaker, options: TrainingOptions, made: Composition, *, inspect: bool
) -> Iterator[tuple[RowInput, TrainingTask, TrainingRow]]:
    shown: RowInput | None
    match options.text:
        case InputKind.RAW:
            shown = raw_input(picked)
        case InputKind.CLEAN:
            shown = clean_input(picked, maker.steps)
        case InputKind.SUMMARY:
            shown = summary_input(picked)
    if shown is None:
        made.no_summary.append(picked.place)
        return
    if inspect and options.text is InputKind.SUMMARY:
        if lost := lost_values(maker.form, picked.conversation, shown.text, picked.forms):
            made.summary_lost.append((picked.place, lost))
    limit = options.limit
    for task in maker.tasks:
        row = maker.make(shown, task)
        if limit is None or row.size.within(limit):
            yield shown, task, row
        else:
            yield from _shortened(picked, maker, options, made, shown, task, row)


def _shortened(
    picked: SelectedAnswer,
    maker: RowMaker,
    options: TrainingOptions,
    made: Composition,
    shown: RowInput,
    task: TrainingTask,
    row: TrainingRow,
) -> Iterator[tuple[RowInput, TrainingTask, TrainingRow]]:
    """What becomes of a row that is too long; it is named, whatever becomes of it."""
    action, why, dropped = "refused", "", 0
    pieces: list[tuple[RowInput, TrainingRow]] = []
    match options.over_budget:
        case OverBudget.SKIP:
            action = "skipped"
        case OverBudget.CLEAN:
            shorter = clean_input(picked, maker.steps)
            action, pieces, why = "cleaned", [(shorter, maker.make(shorter, task))], "清洗之后仍"
        case OverBudget.SUMMARY:
            action, why = "summarised", "换成摘要之后仍"
            condensed = summary_input(picked)
            if condensed is None:
                why = "还没有摘要，"
            else:
                pieces = [(condensed, maker.make(condensed, task))]
        case OverBudget.WINDOW:
            pieces, dropped = _windows(picked, maker, options, shown, task)
            action, why = "windowed", "提问和答案就占满了，切成窗口之后仍"
    after = max((one.size for _, one in pieces), key=lambda size: size.tokens, default=None)
    limit = options.limit
    if action not in ("refused", "skipped") and (not pieces or not all(one.size.within(limit) for _, one in pieces)):
        action, pieces = "refused", []
    text, chars = shown.text, 0
    if limit is not None:
        chars = chars_kept(limit, row.question, text, row.target, row.size)
    made.over.append(
        OverlongRow(
            dataset=picked.dataset,
            index=picked.chat.index,
            place=picked.place + (f"「{task.name}」" if task.name != FORM_TASK else ""),
            size=row.size,
            left=chars / max(1, len(text)),
            lost=_lost(task.form, text, row, chars),
            action=action,
            pieces=len(pieces),
            dropped=dropped,
            why=why if action == "refused" else "",
            after=after,
        )
    )
    for piece, one in pieces:
        yield piece, task, one


def _windows(
    picked: SelectedAnswer, maker: RowMaker, options: TrainingOptions, whole: RowInput, task: TrainingTask
) -> tuple[list[tuple[RowInput, TrainingRow]], int]:
    """The windows that give evidence of something, and how many values none of them gives evidence of."""
    limit = options.limit
    if limit is None or whole.facts["input"] == InputKind.SUMMARY:
        return [], 0
    # With the whole answer: a window's is a part of it, so what fits with this fits with that.
    around = maker.make(RowInput("", whole.forms, {}), task).size
    if limit.unit is LengthUnit.TOKENS:
        found = split_chat(whole.text, limit.amount - around.tokens, estimate_tokens, options.overlap)
    else:
        found = split_chat(whole.text, limit.amount - around.characters, len, options.overlap)
    places = [WindowPlace(one.number, len(found), *one.span, one.prefix) for one in found]
    cut = [window_input(maker.form, picked, whole, place) for place in places]
    there = [(shown, maker.make(shown, task)) for shown in cut if shown.forms or not whole.forms]
    lost = _values(whole.forms) - {value for shown, _ in there for value in _values(shown.forms)}
    return there, len(lost)


def _values(forms: Sequence[FormValues]) -> set[tuple[str, str]]:
    """``(field key, value)`` of everything that is filled, list items one by one."""
    return {
        (key, item)
        for values in forms
        for key, value in values.items()
        for item in (split_list(value) if isinstance(value, list) else [value])
        if item
    }


def _lost(form: Form, text: str, row: TrainingRow, chars: int) -> tuple[str, ...]:
    """``customer:key`` of values that stand nowhere but in the part of the text that would be cut off."""
    index = ChatIndex(parse_chat(text))
    found: list[str] = []
    for number, values in enumerate(row.forms):
        for key, mark in locate(form, index, values, form.name_of(values)).items():
            if mark.spans and all(span.end > chars for span in mark.spans):
                found.append(f"{number}:{key}")
    return tuple(found)
