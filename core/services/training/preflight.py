"""Preflight: what a set would be, before anything is written: its rows, their lengths, and what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import AppliedFormChange, Chat, Dataset, Extraction, Record, Summary
from core.domain.form import Form, load_named_form
from core.errors import ExportError, ShiyaoError
from core.services.extraction import prompt_library
from core.services.quality.record_origins import record_origins
from core.services.team import remember_seen, withheld
from core.services.training.arrange import Arrangement, arrange
from core.services.training.compose import Composition, compose, counted
from core.services.training.field_balance import FieldBalance, field_balance
from core.services.training.lost_evidence import LostValue
from core.services.training.overlong_rows import OverlongRow
from core.services.training.platform_fit import platform_dangers, platform_notes
from core.services.training.provenance import SourceGoneError, SourceLookup
from core.services.training.row_formats import Row
from core.services.training.row_inputs import recreate_input
from core.services.training.rows import RowMaker, SpooledRow
from core.services.training.set_notes import counts_of, dangers_of, notes_of, refuse_too_long
from core.services.training.training_options import TrainingOptions

RARELY_FILLED_SHARE = 0.1
"""A field that is filled in fewer rows than this share teaches little but to leave it empty."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """The result of a preflight: the set as it would be built.

    Attributes:
        form: of the datasets.
        rows: distinct rows, in order.
        validation_starts: the rows of the validation part, by their start.
        dropped_starts: rows that are left out as repeated chats, by their start.
        overlong: rows that are too long, with what was done about them.
        counts: as in the manifest; empty where the rows cannot be arranged.
        balance: how often each field is filled.
        refusal: why it cannot be built as chosen; ``None`` where it can.
        notes: what is worth knowing, Chinese sentences.
        similar: groups of equal or nearly equal chats, places.
        contradictions: groups of equal chats with different answers, places.
        crossing: groups that a split row by row would have torn apart.
        summary_lost: per chat, what its summary lost.
        dangers: what spoils the set though it can be built, Chinese sentences.
        lost_of_records: ids of the chats whose records :attr:`summary_lost` quotes.
    """

    form: Form
    rows: list[SpooledRow]
    validation_starts: frozenset[int]
    dropped_starts: frozenset[int]
    overlong: list[OverlongRow]
    counts: dict[str, int]
    balance: list[FieldBalance]
    refusal: ShiyaoError | None
    notes: tuple[str, ...]
    similar: list[list[str]]
    contradictions: list[list[str]]
    crossing: int
    summary_lost: list[tuple[str, list[LostValue]]]
    dangers: tuple[str, ...] = ()
    lost_of_records: frozenset[int] = frozenset()

    @property
    def rarely_filled(self) -> list[FieldBalance]:
        """Fields that are so seldom filled that a model learns to leave them empty."""
        return [field for field in self.balance if field.rows and field.share < RARELY_FILLED_SHARE]


def preflight(
    store: Store, options: TrainingOptions, seen: Callable[[str, int, int], None] = lambda stage, done, total: None
) -> Preflight:
    """Check a set before it is built: make all rows and arrange them, but write nothing.

    Args:
        store: the open store.
        options: every choice.
        seen: told what is being done, and how many of how many chats it has been done for.

    Raises:
        ExportError, NotFoundError, PromptError: choices for which no row can be made at all; what stands in the
            way of writing is in ``refusal`` instead.
    """
    options.check()
    with store.read() as session:
        chats = sum(queries.dataset(session, dataset).chats for dataset in options.datasets)
        composition = compose(session, options, counted(lambda line: None, seen, chats), inspect=True)
        remember_seen(session, composition.lost_of_records)
        views = [queries.dataset(session, dataset) for dataset in options.datasets]
        started = {view.name: record_origins(session, view.id).from_labels for view in views if options.source.records}
    seen("排好训练行，找相近的群聊", 0, 0)
    refusal: ShiyaoError | None = None
    arrangement: Arrangement | None = None
    try:
        refuse_too_long(composition, options)
    except ExportError as error:
        refusal = error
    try:
        # Even if it is refused: what the rows that fit come to.
        arrangement = arrange(composition, options)
    except ExportError as error:
        refusal = refusal or error
    similar, contradictions = _repeated_chats(composition)
    return Preflight(
        form=composition.form,
        rows=composition.rows,
        validation_starts=frozenset(row.start for row in arrangement.validation) if arrangement else frozenset(),
        dropped_starts=frozenset(row.start for row in arrangement.dropped) if arrangement else frozenset(),
        overlong=composition.overlong,
        counts=counts_of(composition, arrangement) if arrangement else {},
        balance=field_balance(composition.form, arrangement.train, arrangement.copies) if arrangement else [],
        refusal=refusal,
        notes=(
            *notes_of(composition, arrangement, options),
            *platform_notes(arrangement, options),
            *_label_notes(started),
        )
        if arrangement
        else (),
        similar=similar,
        contradictions=contradictions,
        crossing=len(similar) if options.validation else 0,
        summary_lost=composition.summary_lost,
        dangers=(
            *dangers_of(
                {view.name: view.split for view in views},
                arrangement.repeats if arrangement else 1,
                has_validation=bool(arrangement.validation if arrangement else options.validation),
            ),
            *(platform_dangers(arrangement, options) if arrangement else ()),
        ),
        lost_of_records=frozenset(composition.lost_of_records),
    )


def remember_preflight_seen(store: Store, report: Preflight) -> None:
    """Remember that who reads is shown the records that a preflight quotes; another process may have made it."""
    if report.lost_of_records:
        with store.read() as session:
            remember_seen(session, report.lost_of_records)


def _label_notes(started: Mapping[str, int]) -> list[str]:
    """What is said of records that were started from labels; ``started`` counts them by dataset."""
    return [
        f"「{name}」有 {count:,} 条已确认的记录从标注改起：它们和标注是同一份答案，不是另一遍审阅"
        for name, count in started.items()
        if count
    ]


def _repeated_chats(composition: Composition) -> tuple[list[list[str]], list[list[str]]]:
    """Groups of similar chats, and groups of equal chats with different answers, as places."""
    members: dict[bytes, dict[str, list[SpooledRow]]] = {}
    for row in composition.rows:
        chat = f"{row.provenance['dataset']} 第 {row.provenance['index']} 条"
        members.setdefault(composition.groups.get(row.chat, row.chat), {}).setdefault(chat, []).append(row)
    similar = [list(group) for group in members.values() if len(group) > 1]
    contradictions = []
    for group in members.values():
        by_chat: dict[bytes, dict[str, tuple[tuple[str, bytes], ...]]] = {}
        for place, rows in group.items():
            # The answers to all that is asked about a chat: it may agree with its equal in the first and not in others.
            answers = tuple((row.task.name, row.forms) for row in rows)
            by_chat.setdefault(rows[0].chat, {})[place] = answers
        contradictions += [list(places) for places in by_chat.values() if len(set(places.values())) > 1]
    return similar, contradictions


def data_version(store: Store) -> tuple[Any, ...]:
    """A cheap fingerprint of chats, answers, records and summaries; changes whenever a preflight could.

    Of chats and answers an index is read: a chat that is gone on with grows, and an answer is replaced by a newer one.
    Where another form carries them, they stay as many, but their datasets say so.
    """
    weights = (
        (col(Chat.id), func.sum(col(Chat.characters))),
        (col(Extraction.id), func.min(col(Extraction.id))),
        (col(Record.id), func.sum(col(Record.version))),
        (col(Summary.id), func.sum(col(Summary.version))),
    )
    with store.read() as session:
        return (
            withheld(session).chats,
            tuple(map(tuple, session.execute(select(col(Dataset.id), col(Dataset.form)).order_by(col(Dataset.id))))),
            tuple(session.execute(select(func.count(), func.count(col(AppliedFormChange.undone_at)))).one()),
            *(
                tuple(session.execute(select(func.count(), func.max(number), weight)).one())
                for number, weight in weights
            ),
        )


def preview_row(store: Store, options: TrainingOptions, provenance: dict[str, Any]) -> Row:
    """One row as it will be written.

    Args:
        store: the open store.
        options: the choices of the preflight.
        provenance: of the row, from the preflight.

    Raises:
        ExportError: the chat or its answer is not there any more.
    """
    with store.read() as session:
        form = load_named_form(queries.dataset(session, provenance["dataset"]).form)
        prompt = prompt_library.finder(session, form=form)(options.prompt_reference)
        maker = RowMaker(form, prompt, options)
        try:
            answer = SourceLookup(session, form).answer(provenance)
            remember_seen(session, [answer.chat.id] if answer.is_record else [])
        except SourceGoneError as gone:
            raise ExportError(f"这一行的来源刚刚变了：{gone}", "请刷新页面") from gone
        row_input = recreate_input(form, answer, provenance, maker.steps)
        if row_input is None:
            raise ExportError("这一行的摘要已不在", "请刷新页面")
        return maker.remake(row_input, provenance).row
