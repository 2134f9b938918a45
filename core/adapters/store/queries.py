"""Database reads that several services share. Each takes an open session first and returns frozen views."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from sys import intern
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store.kept_reads import read_once
from core.adapters.store.last_edit import last_edit
from core.adapters.store.models import (
    Chat,
    Dataset,
    Extraction,
    ExtractionStatus,
    Pass,
    Record,
    RecordEvent,
    RecordStatus,
    Run,
    RunKind,
)
from core.adapters.store.named_rows import dataset_named, meant
from core.adapters.store.views import ChatView, DatasetView, EventView, ExtractionView, RecordView, RunView
from core.errors import NotFoundError

_CHUNK = 500


def chunked(items: Sequence[int], size: int = _CHUNK) -> Iterator[Sequence[int]]:
    """Slices of at most ``size``: databases limit the parameters of one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def datasets(session: Session) -> list[DatasetView]:
    """All datasets, newest first."""
    rows = session.execute(select(Dataset).order_by(col(Dataset.id).desc())).scalars().all()
    counts = _chat_counts(session, [row.id or 0 for row in rows])
    return [DatasetView.from_row(row, chats=counts[row.id or 0]) for row in rows]


def _chat_counts(session: Session, dataset_ids: Sequence[int]) -> dict[int, int]:
    """Number of chats by dataset."""

    def count(ids: Sequence[int]) -> dict[int, int]:
        statement = select(col(Chat.dataset_id), func.count()).group_by(col(Chat.dataset_id))
        if len(ids) == 1:
            statement = statement.where(col(Chat.dataset_id) == ids[0])
        counts = {int(dataset_id): int(chats) for dataset_id, chats in session.execute(statement)}
        return {dataset_id: counts.get(dataset_id, 0) for dataset_id in ids}

    return read_once(session, "chats of datasets", dataset_ids, count)


def dataset(session: Session, name_or_id: str | int) -> DatasetView:
    """One dataset by name or id.

    Raises:
        NotFoundError: there is none.
    """
    row = dataset_named(session, name_or_id)
    if row is None:
        raise NotFoundError(f"没有数据集「{name_or_id}」", "请检查名称，或先导入数据")
    number = row.id or 0
    return DatasetView.from_row(row, chats=_chat_counts(session, [number])[number])


def chat(session: Session, dataset_id: int, index: int) -> ChatView:
    """One chat by its position in the source (from 1).

    Raises:
        NotFoundError: there is none.
    """
    statement = select(Chat).where(col(Chat.dataset_id) == dataset_id, col(Chat.index) == index)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFoundError(f"这个数据集里没有第 {index} 条群聊", "请从列表里选择")
    return ChatView.from_row(row)


def has_chat(session: Session, dataset_id: int, index: int) -> bool:
    """Whether a dataset has a chat at this position of its source."""
    statement = select(exists().where(col(Chat.dataset_id) == dataset_id, col(Chat.index) == index))
    return bool(session.execute(statement).scalar_one())


def stream_rows(session: Session, statement: Select[Any]) -> Iterator[RowMapping]:
    """Rows of a statement, streamed; whoever stops half way leaves no cursor open on the server."""
    with session.execute(statement) as rows:
        yield from rows.mappings()


def chats(session: Session, dataset_id: int, *, after: int = 0, limit: int | None = None) -> Iterator[ChatView]:
    """Chats of a dataset in order of their index, streamed.

    Args:
        session: open session.
        dataset_id: the dataset.
        after: only indices above this one.
        limit: at most so many.
    """
    statement = (
        select(*ChatView.columns(Chat))
        .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) > after)
        .order_by(col(Chat.index))
        .execution_options(yield_per=200)
    )
    if limit is not None:
        statement = statement.limit(limit)
    for row in stream_rows(session, statement):
        yield ChatView.from_columns(row)


def chat_ids(session: Session, dataset_id: int) -> dict[int, int]:
    """``{index: chat id}`` in order of the index."""
    statement = (
        select(col(Chat.index), col(Chat.id)).where(col(Chat.dataset_id) == dataset_id).order_by(col(Chat.index))
    )
    return {index: int(chat_id or 0) for index, chat_id in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class _Totals:
    """What a run's extractions sum up to; ``newest`` is the id of the last one."""

    done: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    outdated: int = 0
    newest: int = 0
    tokens_cached: int = 0
    batch_in: int = 0
    batch_out: int = 0


def runs(session: Session, dataset_id: int | None = None) -> list[RunView]:
    """Runs, newest first, with their progress."""
    statement = select(Run).order_by(col(Run.id).desc())
    if dataset_id is not None:
        statement = statement.where(col(Run.dataset_id) == dataset_id)
    return _run_views(session, statement)


def run(session: Session, name_or_id: str | int, dataset_id: int | None = None) -> RunView:
    """One run by id, or by name (in one dataset, or in all if the name is used once).

    Raises:
        NotFoundError: there is none, or several datasets have one of this name.
    """
    statement = select(Run).where(meant(Run, name_or_id))
    if dataset_id is not None:
        statement = statement.where(col(Run.dataset_id) == dataset_id)
    views = _run_views(session, statement)
    views = [view for view in views if view.name == name_or_id] or views
    if not views:
        raise NotFoundError(f"没有抽取任务「{name_or_id}」", "请检查名称，或用 runs 查看数据集的抽取任务")
    if len(views) > 1:
        raise NotFoundError(f"有 {len(views):,} 个数据集都有抽取任务「{name_or_id}」", "请同时指明数据集")
    return views[0]


def labels_run(session: Session, dataset_id: int) -> RunView | None:
    """The dataset's run of kind *labels*, if it has one."""
    statement = select(Run).where(col(Run.dataset_id) == dataset_id, col(Run.kind) == RunKind.LABELS)
    return next(iter(_run_views(session, statement.order_by(col(Run.id)).limit(1))), None)


def _run_views(session: Session, statement: Select[Any]) -> list[RunView]:
    rows = session.execute(statement).scalars().all()
    totals = _run_totals(session, [row.id or 0 for row in rows])
    edited = last_edit(session)
    return [RunView.from_row(row, edited=edited, **asdict(totals[row.id or 0])) for row in rows]


def _run_totals(session: Session, run_ids: Sequence[int]) -> dict[int, _Totals]:
    """Totals by run, read from an index alone: answers are long."""

    def sum_up(wanted: Sequence[int]) -> dict[int, _Totals]:
        totals: dict[int, _Totals] = dict.fromkeys(wanted, _Totals())
        for ids in chunked(wanted):
            _add_totals(session, ids, totals)
        return totals

    return read_once(session, "totals of runs", run_ids, sum_up)


def _add_totals(session: Session, ids: Sequence[int], totals: dict[int, _Totals]) -> None:
    statement = (
        select(
            col(Extraction.run_id),
            col(Extraction.status),
            func.count(),
            func.sum(col(Extraction.tokens_in)),
            func.sum(col(Extraction.tokens_out)),
            func.sum(col(Extraction.seconds)),
            func.count(col(Extraction.made_on)),
            func.max(col(Extraction.id)),
            func.sum(col(Extraction.tokens_cached)),
            func.sum(col(Extraction.batch_in)),
            func.sum(col(Extraction.batch_out)),
        )
        .where(col(Extraction.run_id).in_(ids))
        .group_by(col(Extraction.run_id), col(Extraction.status))
    )
    for row in session.execute(statement):
        run_id, status, count, tokens_in, tokens_out, seconds, outdated, newest, cached, batch_in, batch_out = row
        before = totals[run_id]
        is_failed = status == ExtractionStatus.FAILED
        totals[run_id] = _Totals(
            before.done + (0 if is_failed else count),
            before.failed + (count if is_failed else 0),
            # PostgreSQL's sums are decimals.
            before.tokens_in + int(tokens_in),
            before.tokens_out + int(tokens_out),
            before.seconds + float(seconds),
            before.outdated + outdated,
            max(before.newest, newest),
            before.tokens_cached + int(cached),
            before.batch_in + int(batch_in),
            before.batch_out + int(batch_out),
        )


def extractions(session: Session, run_id: int, chat_ids: Sequence[int] | None = None) -> Iterator[ExtractionView]:
    """A run's extractions in order of the chats' index, streamed; ``chat_ids`` narrows them (few)."""
    statement = (
        select(*ExtractionView.columns(Extraction), col(Chat.index))
        .join(Chat, col(Chat.id) == col(Extraction.chat_id))
        .where(col(Extraction.run_id) == run_id)
        .order_by(col(Chat.index))
    )
    if chat_ids is not None:
        statement = statement.where(col(Extraction.chat_id).in_(chat_ids))
    else:
        statement = statement.execution_options(yield_per=200)
    for row in stream_rows(session, statement):
        yield ExtractionView.from_columns(row)


def forms_by_index(
    session: Session, run_id: int, *, first: int | None = None, indices: Collection[int] | None = None
) -> dict[int, list[dict[str, Any]]]:
    """``{chat index: forms}`` of a run's successful extractions, in order.

    Args:
        session: open session.
        run_id: the run.
        first: only so many, those of the first chats.
        indices: only about these chats (few).
    """
    statement = (
        select(col(Chat.index), col(Extraction.forms))
        .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
        .where(col(Extraction.run_id) == run_id, col(Extraction.status) != ExtractionStatus.FAILED)
        .order_by(col(Chat.index))
        .limit(first)
    )
    if indices is not None:
        statement = statement.where(col(Chat.index).in_(indices))
    # Each row comes with texts of its own for the keys: of many forms they would take half the memory.
    return {
        index: [{intern(key): value for key, value in values.items()} for values in forms or []]
        for index, forms in session.execute(statement)
    }


def stream_forms(
    session: Session, run_id: int, *, index: int | None = None
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """``(chat index, forms)`` of a run's successful extractions, in order, streamed; ``index``: only of this chat."""
    # Only what is needed: the raw replies of a run are many times larger than its forms.
    statement = (
        select(col(Chat.index), col(Extraction.forms))
        .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
        .where(col(Extraction.run_id) == run_id, col(Extraction.status) != ExtractionStatus.FAILED)
        .order_by(col(Chat.index))
        .execution_options(yield_per=200)
    )
    if index is not None:
        statement = statement.where(col(Chat.index) == index)
    with session.execute(statement) as rows:
        for place, forms in rows:
            yield place, forms or []


def records(
    session: Session,
    dataset_id: int,
    *,
    review_pass: str = Pass.PRIMARY,
    statuses: Sequence[str] | None = None,
    chat_ids: Sequence[int] | None = None,
) -> Iterator[RecordView]:
    """Records of a dataset in order of the chats' index, streamed; ``chat_ids`` narrows them (few)."""
    # With the chats given, the dataset's index must not be walked for them: SQLite would, reading every record.
    dataset = col(Record.dataset_id) if chat_ids is None else col(Record.dataset_id) + 0
    statement = (
        select(*RecordView.columns(Record), col(Chat.index))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(dataset == dataset_id, col(Record.review_pass) == review_pass)
        .order_by(col(Chat.index))
    )
    if statuses is not None:
        statement = statement.where(col(Record.status).in_(statuses))
    if chat_ids is not None:
        statement = statement.where(col(Record.chat_id).in_(chat_ids))
    else:
        statement = statement.execution_options(yield_per=200)
    for row in stream_rows(session, statement):
        yield RecordView.from_columns(row)


def confirmed(
    session: Session, dataset_id: int, *, passed: bool = True, index: int | None = None
) -> Iterator[RecordView]:
    """Final 已确认 records (adjudicated ones replace primary ones), in order of the chats' index, streamed.

    What was adjudicated between two reviewers stands instead of the primary record.

    Args:
        session: open session.
        dataset_id: the dataset.
        passed: with those that a threshold let pass, which nobody has reviewed.
        index: only of this chat.
    """
    statement = (
        select(*RecordView.columns(Record), col(Chat.index))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(col(Record.dataset_id) == dataset_id, is_final(), true() if passed else ~is_passed())
        .order_by(col(Chat.index))
        .execution_options(yield_per=200)
    )
    if index is not None:
        statement = statement.where(col(Chat.dataset_id) == dataset_id, col(Chat.index) == index)
    for row in stream_rows(session, statement):
        yield RecordView.from_columns(row)


def is_final() -> ColumnElement[bool]:
    """Condition on records: 已确认 and the one that counts for its chat; at most one record of a chat meets it.

    That is the adjudicated one, and the primary one where no adjudicated one is 已确认; a second review never counts.
    """
    other = aliased(Record)
    settled = exists().where(
        col(other.chat_id) == col(Record.chat_id),
        col(other.review_pass) == Pass.ADJUDICATED,
        col(other.status) == RecordStatus.CONFIRMED,
    )
    return and_(
        col(Record.status) == RecordStatus.CONFIRMED,
        or_(
            col(Record.review_pass) == Pass.ADJUDICATED,
            and_(col(Record.review_pass) == Pass.PRIMARY, ~settled),
        ),
    )


PASSED_BY: Final = "按阈值通过"
"""Whose the records are that a threshold let pass: nobody has reviewed them."""


def is_passed() -> ColumnElement[bool]:
    """Condition on records: a threshold let it pass and nobody has reviewed it since, bulk changes apart."""
    return col(Record.reviewer) == PASSED_BY


def count_passed(session: Session, dataset_id: int) -> int:
    """Number of final 已确认 records that nobody has looked at."""
    statement = select(func.count()).where(col(Record.dataset_id) == dataset_id, is_passed(), is_final())
    return int(session.execute(statement).scalar_one())


def confirmed_by_index(session: Session, dataset_id: int, *, passed: bool = True) -> dict[int, list[dict[str, Any]]]:
    """``{chat index: forms}`` of the final 已确认 records (see :func:`confirmed`)."""
    return {record.index: record.forms for record in confirmed(session, dataset_id, passed=passed)}


def has_blind_reviews(session: Session, dataset_id: int) -> bool:
    """Whether a chat of a dataset was reviewed blind, as :func:`blind_by_index` has it."""
    statement = select(col(Record.id)).where(*_reviewed_blind(dataset_id)).limit(1)
    return session.execute(statement).first() is not None


def _reviewed_blind(dataset_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Record.dataset_id) == dataset_id,
        col(Record.status) == RecordStatus.CONFIRMED,
        col(Record.review_pass).in_((Pass.SECOND, Pass.ADJUDICATED)),
    )


def blind_by_index(session: Session, dataset_id: int) -> dict[int, list[dict[str, Any]]]:
    """``{chat index: forms}`` of blindly reviewed chats: as adjudicated, else as the second review has it.

    The second reviewer saw no run's values; whoever adjudicated saw two reviews.
    """
    statement = (
        select(col(Chat.index), col(Record.review_pass), col(Record.customers))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(*_reviewed_blind(dataset_id))
        .order_by(col(Chat.index))
    )
    forms: dict[int, list[dict[str, Any]]] = {}
    for index, review_pass, customers in session.execute(statement):
        if index not in forms or review_pass == Pass.ADJUDICATED:
            forms[index] = [customer["values"] for customer in customers]
    return forms


def record_counts(session: Session, dataset_id: int, review_pass: str = Pass.PRIMARY) -> dict[str, int]:
    """``{status: chats}``; chats without a record are not counted."""
    statement = (
        select(col(Record.status), func.count())
        .where(col(Record.dataset_id) == dataset_id, col(Record.review_pass) == review_pass)
        .group_by(col(Record.status))
    )
    return {str(status): int(count) for status, count in session.execute(statement)}


def events(session: Session, record_id: int) -> list[EventView]:
    """A record's history, newest first."""
    statement = (
        select(RecordEvent).where(col(RecordEvent.record_id) == record_id).order_by(col(RecordEvent.version).desc())
    )
    return [EventView.from_row(row) for row in session.execute(statement).scalars()]


def reviewers(session: Session, dataset_id: int) -> list[str]:
    """Names of the reviewers who have saved a record of a dataset, in order.

    Takes a few steps through an index, however many records there are.
    """
    names: list[str] = []
    last = ""
    while True:
        statement = select(func.min(col(Record.reviewer))).where(
            col(Record.dataset_id) == dataset_id, col(Record.reviewer) > last
        )
        name = session.execute(statement).scalar_one_or_none()
        if name is None:
            return names
        names.append(name)
        last = name
