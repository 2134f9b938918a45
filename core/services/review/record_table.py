"""Records as rows of a table: one page at a time, filtered and sorted by the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, ChatPriority, Extraction, ExtractionStatus, Record
from core.domain.form import Form
from core.services.review.queue.filters import EVERY, Filter, apply_filter, cell, with_record
from core.services.review.records.save_types import UNREVIEWED
from core.services.team import remember_seen, remember_seen_among, withheld_chats

PAGE = 200
"""Chats on one page."""
BY_INDEX, BY_CHANGE, BY_STAKE = "序号", "最近修改", "预计失分"
SORTS = (BY_INDEX, BY_CHANGE, BY_STAKE)
"""Sort keys besides the fields; a field sorts by the first customer's value on screen, the run's without a record."""


@dataclass(frozen=True, slots=True)
class Row:
    """One customer of one chat; without a record, version 0, status 未审阅 and the run's values.

    ``corrected`` are the fields that a person has changed of what a run had filled.
    """

    chat: int
    customer: int
    version: int
    status: str
    reviewer: str
    updated: str
    note: str
    values: dict[str, str | list[str]]
    corrected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows, and the total number of chats."""

    rows: tuple[Row, ...]
    chats: int


def page(
    store: Store,
    form: Form,
    dataset_id: int,
    *,
    wanted: Filter,
    base_run: int | None,
    reviewer: str = "",
    sort: str = BY_INDEX,
    number: int = 1,
    size: int = PAGE,
) -> Page:
    """One page of the record table; without the chats that who is signed in reviews blind just now.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        wanted: which chats.
        base_run: whose values chats without a record have.
        reviewer: whose batches 我的批次 are.
        sort: one of :data:`SORTS`, or the key of a field.
        number: of the page, from 1.
        size: chats on a page.
    """
    with store.read() as session:
        scope: dict[str, Any] = {"dataset_id": dataset_id, "base_run": base_run, "reviewer": reviewer}
        chosen = apply_filter(with_record(select(col(Chat.id), col(Chat.index))), session, wanted, **scope)
        if wanted.by_value:
            remember_seen_among(session, chosen.with_only_columns(col(Chat.id)))
        # All chats are counted in an index; joined with their records, each of these would be looked up.
        is_narrow = wanted != Filter(queue=EVERY)
        counted = chosen if is_narrow else apply_filter(select(col(Chat.id)), session, wanted, **scope)
        count = session.execute(select(func.count()).select_from(counted.subquery())).scalar_one()
        ordered = _ordered(session, form, chosen, sort, base_run)
        rows = session.execute(ordered.offset((number - 1) * size).limit(size)).all()
        return Page(tuple(_drawn(session, form, rows, base_run)), count)


def rows_of_chats(
    store: Store, form: Form, dataset_id: int, indices: Sequence[int], *, base_run: int | None
) -> tuple[Row, ...]:
    """The current rows of some chats (few), in order of the chats."""
    with store.read() as session:
        hidden = withheld_chats(session, dataset_id)
        chosen_chats = select(col(Chat.id), col(Chat.index)).where(
            col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(set(indices) - hidden)
        )
        return tuple(_drawn(session, form, session.execute(chosen_chats.order_by(col(Chat.index))).all(), base_run))


def _drawn(session: Session, form: Form, chat_rows: Sequence[Any], base_run: int | None) -> list[Row]:
    """The rows of chats, given as ``(id, index)`` in the order wanted."""
    statement = with_record(select(col(Chat.id), Record, col(Extraction.forms))).outerjoin(
        Extraction,
        and_(
            col(Extraction.run_id) == base_run,
            col(Extraction.chat_id) == col(Chat.id),
            col(Extraction.status) != ExtractionStatus.FAILED,
        ),
    )
    rows = {
        int(chat_id or 0): (record, forms)
        for chat_id, record, forms in session.execute(statement.where(col(Chat.id).in_([row[0] for row in chat_rows])))
    }
    remember_seen(session, [chat_id for chat_id, (record, _) in rows.items() if record is not None])
    return [row for chat_id, index in chat_rows for row in _rows(form, index, *rows[int(chat_id or 0)])]


def matching_chats(
    store: Store, dataset_id: int, *, wanted: Filter, base_run: int | None, reviewer: str = ""
) -> list[int]:
    """Indices of all chats that match a filter, in order."""
    with store.read() as session:
        statement = apply_filter(
            with_record(select(col(Chat.index))),
            session,
            wanted,
            dataset_id=dataset_id,
            base_run=base_run,
            reviewer=reviewer,
        )
        if wanted.by_value:
            remember_seen_among(session, statement.with_only_columns(col(Chat.id)))
        return list(session.execute(statement.order_by(col(Chat.index))).scalars())


def _ordered(session: Session, form: Form, statement: Any, sort: str, base_run: int | None) -> Any:
    if sort == BY_CHANGE:
        return statement.order_by(col(Record.updated_at).desc().nulls_last(), col(Chat.index))
    if sort == BY_STAKE:
        priority = and_(col(ChatPriority.run_id) == base_run, col(ChatPriority.chat_id) == col(Chat.id))
        return statement.outerjoin(ChatPriority, priority).order_by(
            col(ChatPriority.points).desc().nulls_last(), col(Chat.index)
        )
    if sort in form:
        answer = aliased(Extraction)  # a filter may have joined the table already
        of_chat = and_(
            col(answer.run_id) == base_run,
            col(answer.chat_id) == col(Chat.id),
            col(answer.status) != ExtractionStatus.FAILED,
        )
        if session.get_bind().dialect.name == "sqlite":
            recorded = func.json_extract(col(Record.customers), f'$[0].values."{sort}"')
            answered = func.json_extract(answer.forms, f'$[0]."{sort}"')
        else:
            recorded = cell(col(Record.customers).op("->")(0), ("values", sort), sqlite=False)
            answered = cell(col(answer.forms).op("->")(0), (sort,), sqlite=False)
        value = case((col(Record.id).is_not(None), recorded), else_=answered)
        statement = statement.outerjoin(answer, of_chat)
        return statement.order_by(func.nullif(func.nullif(value, ""), "[]").asc().nulls_last(), col(Chat.index))
    return statement.order_by(col(Chat.index))


def _rows(form: Form, index: int, record: Record | None, forms: list[dict[str, Any]] | None) -> list[Row]:
    if record is None:
        answers = [form.coerce(values).values for values in forms or []] or [form.empty()]
        return [Row(index, number, 0, UNREVIEWED, "", "", "", values) for number, values in enumerate(answers)]
    # An edit that was undone leaves a record that is nobody's again: who wrote what stands in its history.
    is_open = record.status == UNREVIEWED
    updated = "" if is_open else f"{record.updated_at.astimezone():%Y-%m-%d %H:%M}"
    return [
        Row(
            index,
            number,
            record.version,
            record.status,
            "" if is_open else record.reviewer,
            updated,
            record.note,
            {field.key: customer["values"].get(field.key, field.empty) for field in form.fields},
            _corrected(customer.get("origin", {})),
        )
        for number, customer in enumerate(record.customers)
    ]


def _corrected(origin: Mapping[str, str]) -> frozenset[str]:
    """Fields that a person filled otherwise than the run; none where no run had filled the form."""
    reviewer_fields = frozenset(key for key, source in origin.items() if source == "reviewer")
    return reviewer_fields if len(reviewer_fields) < len(origin) else frozenset()
