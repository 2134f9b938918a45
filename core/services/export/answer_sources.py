"""Where the forms of an export come from: confirmed records, labels or a run, whole chat by whole chat, in order."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, RecordView, RunView, Store, queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Pass, Record, RecordStatus
from core.domain.form import Form, FormValues
from core.domain.masking import Mask
from core.errors import ExportError
from core.services.quality import default_run
from core.services.quality.cache import cached
from core.services.quality.data_versions import chats_version, records_version, run_version
from core.services.quality.record_origins import RecordOrigins, record_origins
from core.services.team import remember_seen_in, withheld_chats

_SOURCE = re.compile(r"(?P<records>records)?(?P<plus>\+)?(?:run:(?P<run>.+)|(?P<labels>labels))?", re.DOTALL)
ORIGIN_LABELS = {"record": "已确认", "labels": "标注", "run": "抽取任务"}
"""What ``Answer.origin`` is called where people read it."""
_COVERED = 25
"""Chats of a coverage that take as much memory as a scored one."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """Which forms an export takes. A confirmed record wins over labels or a run, for the whole chat.

    Attributes:
        records: take confirmed records.
        labels: take the dataset's labels (behind records, if both).
        run: take the run of this name (behind records, if both); ``""`` for none.
    """

    records: bool = False
    labels: bool = False
    run: str = ""

    def __str__(self) -> str:
        parts = ["labels"] if self.labels else [f"run:{self.run}"] if self.run else []
        if self.records:
            parts.insert(1 if self.labels else 0, "records")
        return "+".join(parts)

    @property
    def title(self) -> str:
        """What the source is called in sentences, in the words of the lists that it is chosen from."""
        if self.labels:
            return "标注和记录，记录优先" if self.records else "标注"
        if self.run:
            return f"记录，缺的用「{self.run}」" if self.records else f"「{self.run}」"
        return "已确认的记录"


def parse_source(text: str) -> AnswerSource:
    """Read ``records``, ``labels``, ``labels+records``, ``run:NAME`` or ``records+run:NAME``.

    Raises:
        ExportError: anything else.
    """
    expression = text.strip()
    if expression == "labels+records":
        expression = "records+labels"
    match = _SOURCE.fullmatch(expression)
    if match and expression:
        has_fallback = bool(match["run"] or match["labels"])
        if bool(match["plus"]) == (bool(match["records"]) and has_fallback):
            return AnswerSource(bool(match["records"]), bool(match["labels"]), (match["run"] or "").strip())
    raise ExportError(
        f"不认识来源「{text}」", "可以是 records、labels、labels+records、run:任务名 或 records+run:任务名"
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which chats a source has an answer for, before anything is written. All tuples hold indices in order.

    Attributes:
        records: chats answered by a confirmed record.
        fallback: chats answered by labels or a run.
        missing: chats with neither, the rejected ones included.
        rejected: positions of the source that were refused at import or deleted since: there is not even a text.
        withheld: number of chats whose records are not taken, because who exports reviews them blind just now.
        passed: of the confirmed records, how many a threshold let pass and nobody has looked at.
    """

    records: tuple[int, ...]
    fallback: tuple[int, ...]
    missing: tuple[int, ...]
    rejected: tuple[int, ...]
    withheld: int = 0
    passed: int = 0

    @property
    def total(self) -> int:
        """All chats of the source, rejected ones included."""
        return len(self.records) + len(self.fallback) + len(self.missing)


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """The forms of one chat and where they come from.

    Attributes:
        index: the chat's position in its source, from 1.
        forms: clean forms, all keys in order.
        origin: ``record``, ``labels`` or ``run``.
        provenance: what the export log keeps: index and origin; record id, version and reviewer, or run id and name.
        notes: what had to be reshaped because the stored form did not fit the form file.
        confirmed: of a record, per form what a person did with each field (未看, 逐项确认, 批量确认): 确认为空 is an
            answer, 未看 is none.
    """

    index: int
    forms: list[FormValues]
    origin: str
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()
    confirmed: tuple[Mapping[str, str], ...] = ()


class OrderedStream(Generic[T]):
    """Looks items up by index in a stream of ``(index, item)``; both come in rising order, so nothing is kept."""

    def __init__(self, items: Iterator[tuple[int, T]]) -> None:
        self._items = items
        self._next = next(items, None)

    def take(self, index: int) -> T | None:
        """The item of ``index``; ``None`` where the stream has none."""
        while self._next is not None and self._next[0] < index:
            self._next = next(self._items, None)
        return self._next[1] if self._next is not None and self._next[0] == index else None


def resolve_run(session: Session, dataset: DatasetView, source: AnswerSource) -> RunView | None:
    """The run behind ``labels`` or ``run:NAME``; ``None`` where there are only records to take.

    Raises:
        ExportError: labels alone are wanted, and the dataset has none.
        NotFoundError: the dataset has no run of this name.
    """
    if source.run:
        return queries.run(session, source.run, dataset.id)
    if not source.labels:
        return None
    labels_run = queries.labels_run(session, dataset.id)
    if labels_run is None and not source.records:
        raise ExportError(f"数据集「{dataset.name}」没有标注", "请改用已确认的记录（records），或导入带标注的数据")
    return labels_run


def measure_coverage(session: Session, dataset: DatasetView, source: AnswerSource) -> Coverage:
    """Which chats a source has an answer for; reads indices only, no forms.

    Raises:
        ExportError, NotFoundError: the source does not exist.
    """
    run = resolve_run(session, dataset, source)
    chats = queries.chat_ids(session, dataset.id)
    by_record: set[int] = set()
    if source.records:
        by_record = set(
            session.execute(
                select(col(Chat.index))
                .join(Record, col(Record.chat_id) == col(Chat.id))
                .where(
                    col(Record.dataset_id) == dataset.id,
                    col(Record.review_pass).in_((Pass.PRIMARY, Pass.ADJUDICATED)),
                    col(Record.status) == RecordStatus.CONFIRMED,
                )
            ).scalars()
        )
    by_run: set[int] = set()
    if run is not None:
        by_run = set(
            session.execute(
                select(col(Chat.index))
                .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
                .where(col(Extraction.run_id) == run.id, col(Extraction.status) != ExtractionStatus.FAILED)
            ).scalars()
        )
    every = sorted({*range(1, dataset.expected + 1), *chats})
    return Coverage(
        records=tuple(index for index in every if index in by_record),
        fallback=tuple(index for index in every if index in by_run and index not in by_record),
        missing=tuple(index for index in every if index not in by_record and index not in by_run),
        rejected=tuple(index for index in every if index not in chats),
        withheld=len(withheld_chats(session, dataset.id)) if source.records else 0,
        passed=queries.count_passed(session, dataset.id) if source.records else 0,
    )


def default_source(session: Session, dataset: DatasetView) -> AnswerSource:
    """What an export takes unless something else is chosen: records, and for the rest the run that they came from.

    Where no record was started from a run that is still there, the rest comes from the dataset's default run.
    """
    run = record_origins(session, dataset.id).main
    if not run and (default := default_run(session, dataset.id)) is not None:
        run = default.name
    return AnswerSource(records=True, run=run)


def mixture_note(origins: RecordOrigins, source: AnswerSource, coverage: Coverage) -> str:
    """Chinese: that an export mixes the ways of several runs, with how many chats are from which; ``""`` where not.

    Args:
        origins: what the records were started from.
        source: where the answers come from.
        coverage: which chats the source has an answer for.
    """
    if not (source.records and source.run and coverage.records and coverage.fallback):
        return ""
    others = {f"「{name}」": count for name, count in origins.runs.items() if name and name != source.run}
    if origins.deleted:
        others["已删除的抽取任务"] = origins.deleted
    if not others:
        return ""
    named = "、".join(f"{name} {count:,} 条" for name, count in others.items())
    if origins.main and origins.main != source.run:
        start = f"记录大多改自「{origins.main}」"
    else:
        start = f"记录有 {sum(others.values()):,} 条改自别的或已删除的抽取任务"
    return (
        f"{start}，缺的却取自「{source.run}」：同一个文件里会有不止一个抽取任务的填法"
        f"（记录 {len(coverage.records):,} 条，其中{named}；缺的 {len(coverage.fallback):,} 条）"
    )


def chats_by_source(coverage: Coverage, source: AnswerSource, *, filled: bool = False) -> list[dict[str, Any]]:
    """How many chats an export takes from which source: ``[{"source", "chats"}]``, in the order in which they count.

    Args:
        coverage: which chats the source has an answer for.
        source: where the answers come from.
        filled: whether chats without an answer get an empty form.
    """
    rows = [("records", len(coverage.records))] if source.records else []
    if source.run or source.labels:
        rows.append(("labels" if source.labels else f"run:{source.run}", len(coverage.fallback)))
    if filled and coverage.missing:
        rows.append(("empty", len(coverage.missing)))
    return [{"source": name, "chats": chats} for name, chats in rows]


def counted_source_title(name: str) -> str:
    """What a source of :func:`chats_by_source` is called in sentences."""
    return "补上的空表" if name == "empty" else parse_source(name).title


def coverage_of(store: Store, dataset: str | int, source: AnswerSource) -> Coverage:
    """Which chats a source has an answer for; kept until a chat, a record or an answer changes.

    Raises:
        ExportError, NotFoundError: the dataset or the source does not exist.
    """
    with store.read() as session:
        view = queries.dataset(session, dataset)
        run = resolve_run(session, view, source)
        answers = None if run is None else run_version(run)
        versions = view.expected, chats_version(session, view), records_version(session, view.id), answers
        key = ("coverage", store.url, source, *versions)
        return cached(key, lambda: measure_coverage(session, view, source), chats=max(1, view.chats // _COVERED))


def stream_answers(
    session: Session, dataset: DatasetView, form: Form, source: AnswerSource, *, index: int | None = None
) -> Iterator[ChatAnswer]:
    """All answers of a source in order of the chats' index, streamed; chats without one do not occur.

    Args:
        session: open session.
        dataset: whose chats.
        form: the dataset's.
        source: where the answers come from.
        index: only of this chat.

    Raises:
        ExportError, NotFoundError: the source does not exist.
    """
    run = resolve_run(session, dataset, source)
    records: OrderedStream[RecordView] | None = None
    if source.records:
        confirmed = queries.confirmed(session, dataset.id, index=index)
        records = OrderedStream((record.index, record) for record in confirmed)
    runs = OrderedStream(queries.stream_forms(session, run.id, index=index)) if run is not None else None
    made_on = _outdated_answers(session, run.id) if run is not None else {}
    for place in queries.chat_ids(session, dataset.id) if index is None else (index,):
        record = records.take(place) if records else None
        forms = runs.take(place) if runs else None
        if record is not None:
            identity = {"record": record.id, "version": record.version, "reviewer": record.reviewer}
            confirmations = tuple(customer.get("confirmed", {}) for customer in record.customers)
            yield replace(_answer(form, place, record.forms, "record", identity), confirmed=confirmations)
        elif forms is not None and run is not None:
            origin = "labels" if source.labels else "run"
            before = {"made_on": made_on[place]} if place in made_on else {}
            yield _answer(form, place, forms, origin, {"run": run.name, "run_id": run.id, **before})


def remember_exported(
    session: Session, dataset: DatasetView, source: AnswerSource, indices: Iterable[int] | None = None
) -> None:
    """Remember that who exports is given the reviews of these chats; ``None`` for all of the dataset."""
    if source.records:
        remember_seen_in(session, dataset.id, indices)


def _outdated_answers(session: Session, run_id: int) -> dict[int, int]:
    """``{index: characters}`` of the chats that a run read before an import went on with them."""
    statement = (
        select(col(Chat.index), col(Extraction.made_on))
        .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
        .where(col(Extraction.run_id) == run_id, col(Extraction.made_on).is_not(None))
    )
    return {int(index): int(characters or 0) for index, characters in session.execute(statement)}


def mask_answers(
    session: Session, dataset: DatasetView, form: Form, source: AnswerSource, mask: Mask
) -> Iterator[ChatAnswer]:
    """The answers of a source, with what the mask hides replaced by stars."""
    answers = stream_answers(session, dataset, form, source)
    if not mask:
        yield from answers
        return
    texts = OrderedStream((chat.index, chat.text) for chat in queries.chats(session, dataset.id))
    for answer in answers:
        yield replace(answer, forms=mask.forms(form, answer.forms, texts.take(answer.index) or ""))


def _answer(form: Form, index: int, raw: list[FormValues], origin: str, identity: dict[str, Any]) -> ChatAnswer:
    coerced = [form.coerce(values) for values in raw]
    notes = tuple(dict.fromkeys(note for result in coerced for note in result.notes))
    provenance = {"index": index, "origin": origin, **identity}
    return ChatAnswer(index, [result.values for result in coerced], origin, provenance, notes)
