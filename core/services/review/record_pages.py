"""Records for other programs: in order of the chats, some at a time, each with its states and its evidence.

A program goes on from the last chat that it has read. Chats never change their index, so nothing is read twice or
passed over, whatever is imported, saved or deleted meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, Confirmation, Pass, Record
from core.domain.evidence import analyse_chat, locate
from core.domain.form import Form, FormValues
from core.errors import NotFoundError
from core.services.review.records.save_types import UNREVIEWED
from core.services.review.records.versions import ChatState, record_states
from core.services.team import hidden_sentence, remember_seen, withheld_chats

MOST_RECORDS = 200
"""Chats that are read at once: evidence is looked for in each of their texts."""


@dataclass(frozen=True, slots=True)
class LocatedValue:
    """How the chat supports a field's value.

    Attributes:
        status: 原文, 归一化, 推断, 无依据, or ``""`` for an empty field.
        spans: ``(start, end)`` in the chat's text, in code points, half open; best first.
        messages: positions of the messages that these lie in, from 0.
        quotes: the words at the spans.
    """

    status: str
    spans: tuple[tuple[int, int], ...]
    messages: tuple[int, ...]
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadCustomer:
    """One customer's form.

    Attributes:
        values: every field of the form.
        origin: by field, where the value is from: ``run:ID`` or ``reviewer``.
        confirmed: by field, 未看, 逐项确认 or 批量确认.
        evidence: by field; empty where it was not asked for.
    """

    values: FormValues
    origin: Mapping[str, str]
    confirmed: Mapping[str, str]
    evidence: Mapping[str, LocatedValue]


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A chat's record, or what a review would start from.

    Attributes:
        chat: its index, from 1.
        status: 未审阅, 草稿, 已确认, 待讨论 or 已跳过.
        version: grows with each save; 0 where there is no record, and the values are the run's.
        reviewer: whose record it is.
        updated_at: of the last save, aware; ``None`` without a record.
        note: of the reviewer.
        base_run_id: the run that the values began with.
        customers: their forms.
    """

    chat: int
    status: str
    version: int
    reviewer: str
    updated_at: datetime | None
    note: str
    base_run_id: int | None
    customers: tuple[ReadCustomer, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records, and the chat after which the next ones come; ``None`` where these are the last."""

    records: tuple[ReadRecord, ...]
    next_after: int | None


def records_after(
    store: Store,
    form: Form,
    dataset: DatasetView,
    *,
    after: int = 0,
    limit: int = 50,
    statuses: Sequence[str] = (),
    base_run: int | None = None,
    evidence: bool = True,
) -> RecordPage:
    """The next records of a dataset; without the chats that who reads reviews blind just now.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset: the dataset.
        after: index of the last chat that was read; 0 at the start.
        limit: at most so many chats.
        statuses: only records in these; all chats where empty.
        base_run: whose values chats without a record have.
        evidence: whether values are looked for in the chats.
    """
    with store.read() as session:
        hidden = withheld_chats(session, dataset.id)
        status = func.coalesce(col(Record.status), UNREVIEWED)
        chats = (
            select(col(Chat.index))
            .outerjoin(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
            .where(col(Chat.dataset_id) == dataset.id, col(Chat.index) > after)
            .order_by(col(Chat.index))
            .limit(limit + 1)
        )
        if statuses:
            chats = chats.where(status.in_(statuses))
        if hidden:
            chats = chats.where(col(Chat.index).not_in(hidden))
        indices = list(session.execute(chats).scalars())
        records = _records(session, form, dataset, indices[:limit], base_run, evidence=evidence)
    return RecordPage(tuple(records), indices[limit - 1] if len(indices) > limit else None)


def read_record(
    store: Store, form: Form, dataset: DatasetView, index: int, *, base_run: int | None = None
) -> ReadRecord:
    """One chat's record with its evidence.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset: the dataset.
        index: of the chat.
        base_run: whose values it has where there is no record.

    Raises:
        NotFoundError: no such chat, or who reads reviews it blind just now.
    """
    with store.read() as session:
        queries.chat(session, dataset.id, index)
        if index in withheld_chats(session, dataset.id):
            raise NotFoundError(hidden_sentence(index), "请先完成盲审")
        (record,) = _records(session, form, dataset, [index], base_run, evidence=True)
    return record


def _records(
    session: Session,
    form: Form,
    dataset: DatasetView,
    indices: Sequence[int],
    base_run: int | None,
    *,
    evidence: bool,
) -> list[ReadRecord]:
    states = list(record_states(session, form, dataset.id, indices, base_run))
    remember_seen(session, [state.chat_id for state in states if state.record is not None])
    texts: dict[int, str] = {}
    if evidence:
        statement = select(col(Chat.id), col(Chat.text)).where(col(Chat.id).in_([state.chat_id for state in states]))
        texts = {int(chat_id or 0): text for chat_id, text in session.execute(statement)}
    return [_record(form, state, texts.get(state.chat_id), base_run) for state in states]


def _record(form: Form, state: ChatState, text: str | None, base_run: int | None) -> ReadRecord:
    forms = [_whole(form, customer["values"]) for customer in state.customers]
    located = _located(form, text, forms) if text is not None else [{} for _ in forms]
    return ReadRecord(
        chat=state.index,
        status=state.status if state.record is not None else UNREVIEWED,
        version=state.version,
        reviewer=state.reviewer,
        updated_at=state.record.updated_at if state.record is not None else None,
        note=state.note,
        base_run_id=state.base_run_id if state.record is not None else base_run,
        customers=tuple(
            ReadCustomer(values, _by_field(form, customer, "origin", ""), _by_field(form, customer, "confirmed"), marks)
            for customer, values, marks in zip(state.customers, forms, located, strict=True)
        ),
    )


def _whole(form: Form, values: Mapping[str, Any]) -> FormValues:
    return {field.key: values.get(field.key, field.empty) for field in form.fields}


def _by_field(
    form: Form, customer: Mapping[str, Any], what: str, default: str = str(Confirmation.UNSEEN)
) -> dict[str, str]:
    stored = customer.get(what) or {}
    return {key: str(stored.get(key, default)) for key in form.keys}


def _located(form: Form, text: str, forms: Sequence[FormValues]) -> list[dict[str, LocatedValue]]:
    index = analyse_chat(text).index
    names = [form.name_of(values) for values in forms]
    return [
        {
            key: LocatedValue(
                str(mark.status),
                tuple((span.start, span.end) for span in mark.spans),
                mark.messages,
                tuple(span.of(text) for span in mark.spans),
            )
            for key, mark in locate(form, index, values, name, names).items()
        }
        for values, name in zip(forms, names, strict=True)
    ]
