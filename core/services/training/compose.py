"""Every distinct row of a training set: answers are selected, made into rows, and overlong rows dealt with."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from sqlmodel import Session

from core.adapters.store import DatasetView, Store, queries
from core.domain.form import Form, load_named_form
from core.domain.near_duplicates import NearDuplicates
from core.domain.prompts import Prompt
from core.errors import ExportError
from core.services.extraction import prompt_library
from core.services.training.answer_selection import SelectedAnswer, SelectionTally, select_answers
from core.services.training.chunk_rows import filled_cells
from core.services.training.input_texts import InputKind
from core.services.training.lost_evidence import LostValue, find_lost_values
from core.services.training.overlong_rows import OverlongRow, shorten_row
from core.services.training.rejected_answers import SAME
from core.services.training.row_inputs import RowInput, clean_input, raw_input, summary_input
from core.services.training.rows import APPROVED, RowMaker, SpooledRow, TrainingRow
from core.services.training.tasks import TrainingTask
from core.services.training.training_options import FORM_TASK, DuplicatePolicy, OverBudget, TrainingOptions

_SEEN_EVERY: Final = 200


@dataclass(slots=True)
class Composition:
    """All distinct rows in order of dataset and chat, and what happened to the others.

    Attributes:
        datasets: of which it is made.
        form: their form.
        prompt: that asks.
        rows: one entry per distinct row.
        overlong: rows that were too long.
        no_summary: places of chats without the summary that the input wants.
        summary_lost: per chat whose summary lost values of its answer, which (only where asked for).
        groups: for every conversation the group of its equals (only where a split, dropping or a preflight needs it).
        tally: what was not selected.
        unnamed: customers who cannot be asked about, for they have no name of their own.
        forms: forms in all answers.
        empty_targets: rows whose answer has no filled field.
        chats_of_records: ids of the chats whose answer is a record.
        lost_of_records: of these, whose summary lost values.
    """

    datasets: list[DatasetView]
    form: Form
    prompt: Prompt
    rows: list[SpooledRow] = field(default_factory=list)
    overlong: list[OverlongRow] = field(default_factory=list)
    no_summary: list[str] = field(default_factory=list)
    summary_lost: list[tuple[str, list[LostValue]]] = field(default_factory=list)
    groups: dict[bytes, bytes] = field(default_factory=dict)
    tally: SelectionTally = field(default_factory=SelectionTally)
    unnamed: int = 0
    forms: int = 0
    empty_targets: int = 0
    chats_of_records: set[int] = field(default_factory=set)
    lost_of_records: set[int] = field(default_factory=set)

    def overlong_with(self, action: str) -> list[OverlongRow]:
        """The overlong rows to which this was done, a key of ``OVERLONG_ACTIONS``."""
        return [row for row in self.overlong if row.action == action]


def common_form(datasets: Sequence[DatasetView]) -> Form:
    """The form that all of the datasets have.

    Raises:
        ExportError: they have different ones.
    """
    forms = {dataset.form for dataset in datasets}
    if len(forms) > 1:
        titles = "、".join(f"「{load_named_form(name).title}」" for name in sorted(forms))
        raise ExportError(f"这些数据集的表单不同：{titles}，不能放进一个训练集", "请分开导出")
    return load_named_form(forms.pop())


def counted(
    write: Callable[[bytes], object], seen: Callable[[str, int, int], None], chats: int
) -> Callable[[bytes], None]:
    """What :func:`compose` gives its rows to, where somebody waits: tells now and then how far it is.

    Args:
        write: takes each row.
        seen: told what is being done, and how many of how many chats it has been done for.
        chats: how many there are.
    """
    rows = 0

    def write_and_count(line: bytes) -> None:
        nonlocal rows
        write(line)
        rows += 1
        if rows % _SEEN_EVERY == 0:
            seen("逐条群聊写出训练行", min(rows, chats), chats)

    return write_and_count


def form_of_datasets(store: Store, names: Sequence[str | int]) -> Form:
    """The form that datasets have, each given by name or id.

    Raises:
        ExportError: none is given, or they have different forms.
        NotFoundError: no such dataset.
    """
    if not names:
        raise ExportError("没有选择数据集", "请至少选择一个（--dataset）")
    with store.read() as session:
        return common_form([queries.dataset(session, name) for name in names])


def compose(
    session: Session,
    options: TrainingOptions,
    sink: Callable[[bytes], object],
    *,
    inspect: bool = False,
) -> Composition:
    """Make each distinct training row once and write its JSON line to ``sink``.

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
    datasets = [queries.dataset(session, name) for name in options.datasets]
    form = common_form(datasets)
    prompt = prompt_library.finder(session, form=form)(options.prompt_reference)
    maker = RowMaker(form, prompt, options)
    composition = Composition(datasets, form, prompt)
    needs_groups = inspect or options.validation or options.duplicates is DuplicatePolicy.NEAR
    near_duplicates = NearDuplicates() if needs_groups else None
    summaries = options.text is InputKind.SUMMARY or options.over_budget is OverBudget.SUMMARY
    offset = 0
    for dataset in datasets:
        for answer in select_answers(session, dataset, form, options, composition.tally, summaries=summaries):
            rows_before = len(composition.rows)
            if answer.is_record:
                composition.chats_of_records.add(answer.chat.id)
            for row_input, task, side, row in _rows_of(answer, maker, options, composition, inspect=inspect):
                line = row.line
                sink(line)
                composition.rows.append(maker.spooled(row, row_input, task, answer, offset, len(line), side))
                offset += len(line)
                composition.forms += len(row.forms)
                composition.empty_targets += not filled_cells(row.forms)
            if near_duplicates is not None and len(composition.rows) > rows_before:
                near_duplicates.add(composition.rows[-1].chat, answer.conversation)
    if near_duplicates is not None:
        composition.groups = near_duplicates.groups()
    return composition


def _rows_of(
    answer: SelectedAnswer, maker: RowMaker, options: TrainingOptions, composition: Composition, *, inspect: bool
) -> Iterator[tuple[RowInput, TrainingTask, str, TrainingRow]]:
    """The rows of one answer; what is left out is entered in the composition."""
    row_input: RowInput | None
    match options.text:
        case InputKind.RAW:
            row_input = raw_input(answer)
        case InputKind.CLEAN:
            row_input = clean_input(answer, maker.steps)
        case InputKind.SUMMARY:
            row_input = summary_input(answer)
    if row_input is None:
        composition.no_summary.append(answer.place)
        return
    summary = row_input if options.text is InputKind.SUMMARY else None
    parts = maker.parts(row_input)
    composition.unnamed += len(row_input.forms) - len(parts) if maker.each_customer else 0
    for row_input, task, side in product(parts, maker.tasks, maker.sides):
        row = maker.make(row_input, task, side)
        if options.format.is_preference and not row.differs:
            if side == APPROVED:
                place = answer.place + (f"「{task.name}」" if task.name != FORM_TASK else "")
                composition.tally.unpaired.setdefault(SAME, []).append(place)
            continue
        if row.size.within(options.limit):
            yield row_input, task, side, row
            continue
        overlong, replacements = shorten_row(answer, maker, options, row_input, task, row, side)
        composition.overlong.append(overlong)
        for shorter_input, shorter in replacements:
            summary = shorter_input if overlong.action == "summarised" else summary
            yield shorter_input, task, side, shorter
    if inspect and summary is not None:
        if lost := find_lost_values(maker.form, answer.conversation, summary.text, answer.forms):
            composition.summary_lost.append((answer.place, lost))
            if answer.is_record:
                composition.lost_of_records.add(answer.chat.id)
