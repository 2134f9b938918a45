"""Saves reviewers' work: each save once, never over somebody else's newer version.

A save is one ``UPDATE … WHERE version = ?`` plus one event in one transaction. Zero rows is a conflict that the
reviewer sees. The save id is unique among events, so a save that is sent twice is applied once. Saves of one chat go
one after another: on SQLite a writing transaction is alone, on PostgreSQL each first locks the chat's row.
"""

import logging
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Confirmation, Pass, Record, RecordEvent, RecordStatus
from core.domain.form import Form, FormValues
from core.errors import ShiyaoError, StoreUnavailableError
from core.services.review.records.delta_drafts import Approved, newest_event, save_delta_draft
from core.services.review.records.save_types import Ack, Save
from core.services.review.records.versions import advance, append_event, baseline_of, event_state, values_of

_log = logging.getLogger("shiyao.review")


def apply_saves(
    store: Store,
    form: Form,
    dataset_id: int,
    outbox: Sequence[Any],
    *,
    base_run_id: int | None = None,
    review_pass: str = Pass.PRIMARY,
    delta: bool = False,
) -> list[Ack]:
    """Apply a browser's outbox, oldest save first, each in its own transaction.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset under review.
        outbox: raw saves as they came from the browser.
        base_run_id: the run whose values the reviewer started from.
        review_pass: which review this is.
        delta: under delta review. What was approved stays as it is until the next decision: a draft over it is kept
            in its event (``change["pending"]``), and undoing a decision brings back the record that it replaced.

    Returns:
        One acknowledgement per save that carries an id, in order. A save that cannot be stored now (disk full,
        database locked) gets none, so the browser keeps it and sends it again.
    """
    acks: list[Ack] = []
    for raw in outbox:
        save_id = str(raw.get("save_id", "")) if isinstance(raw, dict) else ""
        try:
            save = Save.model_validate(raw)
        except ValidationError as error:
            _log.warning("rejected save %s: %s", save_id, error)
            if save_id:
                places = "、".join(sorted({str(item["loc"][0]) for item in error.errors() if item["loc"]}))
                acks.append(Ack(save_id, "rejected", 0, f"这次保存的内容不完整（{places}），请刷新页面后再试。"))
            continue
        try:
            acks.append(_apply(store, form, dataset_id, save, base_run_id, review_pass, delta))
        except StoreUnavailableError:
            _log.warning("save %s waits in the browser", save.save_id, exc_info=True)
            break
        except ShiyaoError as error:
            acks.append(Ack(save.save_id, "rejected", 0, str(error)))
        except Exception:
            _log.exception("save %s could not be stored; it stays in the browser", save.save_id)
            break
    return acks


def _apply(
    store: Store, form: Form, dataset_id: int, save: Save, base_run_id: int | None, review_pass: str, delta: bool
) -> Ack:
    with store.write() as session:
        chat_id = session.execute(
            select(col(Chat.id))
            .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) == save.chat)
            .with_for_update(key_share=True)
        ).scalar_one_or_none()
        done = session.execute(select(RecordEvent).where(col(RecordEvent.save_id) == save.save_id)).scalar_one_or_none()
        if done is not None:
            return Ack(save.save_id, "saved", done.version)
        if chat_id is None:
            return Ack(save.save_id, "rejected", 0, f"第 {save.chat} 条群聊已不在这个数据集里，无法保存。")
        record = session.execute(
            select(Record).where(col(Record.chat_id) == chat_id, col(Record.review_pass) == review_pass)
        ).scalar_one_or_none()
        baseline = baseline_of(session, base_run_id, chat_id)
        customers = [_customer(form, customer, baseline, base_run_id) for customer in save.customers]
        event = {"who": save.reviewer, "status": save.status, "reason": save.reason, "save_id": save.save_id}
        if record is None:
            if save.base_version:
                return Ack(save.save_id, "conflict", 0, "这条记录已被删除，再保存一次会重新建立。", [], "")
            record = Record(
                dataset_id=dataset_id,
                chat_id=chat_id,
                review_pass=review_pass,
                customers=customers,
                status=save.status,
                base_run_id=base_run_id,
                reviewer=save.reviewer,
                note=save.note,
                seconds=save.seconds,
                version=1,
            )
            session.add(record)
            session.flush()
            append_event(session, record, 1, change=event_state(baseline, customers, save.note), **event)
            return Ack(save.save_id, "saved", 1)
        if record.version != save.base_version and not _follows(session, record, save):
            return _conflict(save, record)
        if delta and (kept := _approved(session, record, save)) is not None:
            version = save_delta_draft(session, record, kept, customers, save)
        else:
            change = event_state(values_of(record.customers), customers, save.note)
            if delta and record.status == RecordStatus.CONFIRMED:
                change |= {"replaced": Approved.of(record).as_json()}
            columns = {
                "customers": customers,
                "status": save.status,
                "base_run_id": base_run_id if base_run_id is not None else record.base_run_id,
                "reviewer": save.reviewer,
                "note": save.note,
                "seconds": record.seconds + save.seconds,
            }
            version = advance(session, record, columns, change=change, **event)
        return _conflict(save, record) if version is None else Ack(save.save_id, "saved", version)


def _approved(session: Session, record: Record, save: Save) -> Approved | None:
    """What this save under delta review leaves approved; ``None`` where it is a decision, or nothing was approved."""
    if save.undo:
        newest = newest_event(session, record)
        return Approved.from_json(newest.change.get("replaced")) if newest is not None else None
    if save.status == RecordStatus.DRAFT.value and record.status == RecordStatus.CONFIRMED:
        return Approved.of(record)
    return None


def _follows(session: Session, record: Record, save: Save) -> bool:
    """Whether the record's newest save is the one that this save followed: one's own, so no conflict."""
    if not save.after_save_id:
        return False
    newest = newest_event(session, record)
    return newest is not None and newest.save_id == save.after_save_id


def _conflict(save: Save, record: Record) -> Ack:
    why = f"{record.reviewer} 刚刚保存了这条群聊（状态：{record.status}），请对照两边后再保存。"
    customers, who = record.customers, record.reviewer
    return Ack(save.save_id, "conflict", record.version, why, customers, who, record.status, record.note)


def _customer(form: Form, customer: Any, baseline: list[FormValues], run_id: int | None) -> dict[str, Any]:
    """One customer as it is stored: per field its value, where it came from, and whether a person looked at it."""
    values = form.coerce(customer.values).values
    source = customer.origin
    model = baseline[source] if source is not None and 0 <= source < len(baseline) else None
    return {
        "values": values,
        "origin": {
            key: f"run:{run_id}" if model is not None and model.get(key) == value else "reviewer"
            for key, value in values.items()
        },
        "confirmed": {key: str(customer.confirmed.get(key, Confirmation.UNSEEN)) for key in form.keys},
        "pinned": {key: places for key, places in customer.pinned.items() if key in form and places},
        "source": source,
    }
