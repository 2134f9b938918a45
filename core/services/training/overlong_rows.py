"""Rows that are longer than the trainer takes: skipped, cleaned, replaced by a summary, cut into windows, or refused.

Nothing happens in silence: whatever becomes of a row, an :class:`OverlongRow` names it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.domain.chat import parse_chat
from core.domain.form import Form, FormValues, items_of
from core.services.extraction.pipeline.token_estimate import estimate_tokens
from core.services.training.answer_selection import SelectedAnswer
from core.services.training.chunk_rows import pins_of, split_chat
from core.services.training.input_texts import InputKind
from core.services.training.length_limits import LengthUnit, RowLength, chars_kept
from core.services.training.lost_evidence import find_lost_values
from core.services.training.row_inputs import (
    RowInput,
    WindowPlace,
    clean_input,
    customer_input,
    summary_input,
    window_input,
)
from core.services.training.rows import APPROVED, RowMaker, TrainingRow
from core.services.training.tasks import TrainingTask
from core.services.training.training_options import FORM_TASK, OverBudget, TrainingOptions

OVERLONG_ACTIONS = {
    "refused": "未处理",
    "skipped": "已跳过",
    "cleaned": "已清理",
    "summarised": "已换成摘要",
    "windowed": "已分段",
}
"""What was done to a row that was too long, in the words of the page."""

Replacement = tuple[RowInput, TrainingRow]
"""A shorter row that takes the place of an overlong one, and what it shows of its chat."""


@dataclass(frozen=True, slots=True)
class OverlongRow:
    """A row that is too long for the trainer.

    Attributes:
        dataset: name.
        index: of the chat.
        place: how the row is named in messages.
        size: how long it is.
        left: share of its text that a truncating trainer would leave, 0 to 1.
        lost: ``customer:key`` of the values that have evidence, be it of one item, only in the part that would be lost.
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


def shorten_row(
    answer: SelectedAnswer,
    maker: RowMaker,
    options: TrainingOptions,
    row_input: RowInput,
    task: TrainingTask,
    row: TrainingRow,
    side: str = APPROVED,
) -> tuple[OverlongRow, list[Replacement]]:
    """Shorten, replace, skip or refuse a row that is too long, as the options say.

    Args:
        answer: the chat with its answer.
        maker: makes rows.
        options: the limit, and the policy for longer rows.
        row_input: what the row shows of its chat.
        task: what the row asks.
        row: the row that is too long.
        side: which answer it holds.

    Returns:
        What was done about the row, and the rows that take its place (none where it is skipped or refused).
    """
    action, why, dropped = "refused", "", 0
    replacements: list[Replacement] = []
    match options.over_budget:
        case OverBudget.SKIP:
            action = "skipped"
        case OverBudget.CLEAN:
            cleaned = _of_same_customer(clean_input(answer, maker.steps), row_input)
            action, replacements, why = "cleaned", [(cleaned, maker.make(cleaned, task, side))], "清理之后仍"
        case OverBudget.SUMMARY:
            action, why = "summarised", "换成摘要之后仍"
            summary = summary_input(answer)
            if summary is None:
                why = "还没有摘要，"
            else:
                summary = _of_same_customer(summary, row_input)
                replacements = [(summary, maker.make(summary, task, side))]
        case OverBudget.WINDOW:
            replacements, dropped = _window_rows(answer, maker, options, row_input, task)
            action, why = "windowed", "提问和答案就占满了，分段之后仍"
    after = max((shorter.size for _, shorter in replacements), key=lambda size: size.tokens, default=None)
    limit = options.limit
    fits = bool(replacements) and all(shorter.size.within(limit) for _, shorter in replacements)
    if action not in ("refused", "skipped") and not fits:
        action, replacements = "refused", []
    text = maker.shown_text(row_input)
    chars = chars_kept(limit, row.question, text, row.longest_answer, row.size) if limit is not None else 0
    overlong = OverlongRow(
        dataset=answer.dataset,
        index=answer.chat.index,
        place=answer.place + (f"「{task.name}」" if task.name != FORM_TASK else ""),
        size=row.size,
        left=chars / max(1, len(text)),
        lost=_cells_behind_cut(task.form, answer, row_input, chars),
        action=action,
        pieces=len(replacements),
        dropped=dropped,
        why=why if action == "refused" else "",
        after=after,
    )
    return overlong, replacements


def _of_same_customer(whole: RowInput, row_input: RowInput) -> RowInput:
    return customer_input(whole, row_input.facts["customer"]) if "customer" in row_input.facts else whole


def _window_rows(
    answer: SelectedAnswer, maker: RowMaker, options: TrainingOptions, whole: RowInput, task: TrainingTask
) -> tuple[list[Replacement], int]:
    """A row for each window that gives evidence of something, and how many values no window gives evidence of."""
    limit = options.limit
    if limit is None or whole.facts["input"] == InputKind.SUMMARY:
        return [], 0
    # With the whole answer: a window's is a part of it, so what fits with this fits with that.
    frame = maker.make(RowInput("", whole.forms, {}), task).size
    if limit.unit is LengthUnit.TOKENS:
        windows = split_chat(whole.text, limit.amount - frame.tokens, estimate_tokens, options.overlap)
    else:
        windows = split_chat(whole.text, limit.amount - frame.characters, len, options.overlap)
    places = [WindowPlace(window.number, len(windows), *window.span, window.prefix) for window in windows]
    inputs = [window_input(maker.form, answer, whole, place) for place in places]
    rows = [(part, maker.make(part, task)) for part in inputs if part.forms or not whole.forms]
    with_evidence = {value for part, _ in rows for value in _values(task.form, part.forms, part.customers)}
    without_evidence = _values(task.form, whole.forms, range(len(whole.forms))) - with_evidence
    return rows, len(without_evidence)


def _values(form: Form, forms: Sequence[FormValues], customers: Iterable[int]) -> set[tuple[int, str, str]]:
    """``(customer, field key, value)`` of everything that is asked and filled, list items one by one."""
    return {
        (customer, key, item)
        for customer, values in zip(customers, forms, strict=True)
        for key in form.keys
        for item in items_of(values[key])
    }


def _cells_behind_cut(form: Form, answer: SelectedAnswer, row_input: RowInput, chars: int) -> tuple[str, ...]:
    """``customer:key`` of values with evidence that would be cut off, whatever the row masks.

    Args:
        form: what the row asks.
        answer: the chat with its answer.
        row_input: what the row shows of its chat, not masked; masking keeps all lengths.
        chars: characters of it that would be left.
    """
    text = row_input.text
    pins, kept_messages = [], frozenset[int]()
    if row_input.facts["input"] == InputKind.RAW:  # pins count the messages of the whole conversation
        pins = pins_of(answer.customers)
        kept_messages = frozenset(m.index for m in parse_chat(text).messages if m.span.end <= chars)
    losses = find_lost_values(form, text, text[:chars], row_input.forms, pins, kept_messages.__contains__)
    return tuple(f"{loss.customer}:{loss.key}" for loss in losses)
