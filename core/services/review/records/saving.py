"""Saves reviewers' work: each save once, never over somebody else's newer version, always under the right name.

A save is one ``UPDATE … WHERE version = ?`` plus one event in one transaction. Zero rows is a conflict that the
reviewer sees. The save id is unique among events, so a save that is sent twice is applied once. Saves of one chat go
one after another: on SQLite a writing transaction is alone, on PostgreSQL each first locks the chat's row.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.draft_events import is_delta_draft, status_after
from core.adapters.store.models import Chat, Pass, PlantedError, Record, RecordEvent, RecordStatus
from core.adapters.store.outages import is_outage
from core.adapters.store.queries import PASSED_BY
from core.domain.form import Form
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.errors import InputError, ShiyaoError, StoreError
from core.metrics import count_save
from core.services.discussion.of_saves import DiscussedSave, discuss_save
from core.services.review.records.baselines import answered_run, changes_of_baseline, existing_run
from core.services.review.records.customer_matching import with_matched_origins
from core.services.review.records.delta_drafts import Approved, save_delta_draft
from core.services.review.records.draft_merge import approved_where_contested, contested_text
from core.services.review.records.other_forms import after_form_changes, in_current_form
from core.services.review.records.others_records import others_record_refusal
from core.services.review.records.planted_errors import PutRight, told_before, without_planted
from core.services.review.records.save_customers import stored_customers
from core.services.review.records.save_reading import read_save, save_id_of
from core.services.review.records.save_types import Ack, Save, delta_review, review_title
from core.services.review.records.second_review import second_review_refusal
from core.services.review.records.versions import (
    Customer,
    advance,
    append_event,
    baseline_of,
    event_state,
    newest_event,
    reviewer_of,
    saved_by,
    values_of,
    version_before_own,
)
from core.services.team import current_actor, permitted, remember_seen_in

_log = logging.getLogger("shiyao.review")

MOST_SAVES = 200
"""Saves that are applied at once; the browser keeps the others and sends them again."""

DeltaResolver = Callable[[Session, int, Record | None, Save], tuple[Save, int | None]]
"""Under delta review: session, chat id, record and save → the save as it is to be applied, and the run it is from."""


@permitted(Permission.REVIEW)
def apply_saves(
    store: Store,
    form: Form,
    dataset_id: int,
    outbox: Sequence[object],
    *,
    base_run_id: int | None = None,
    review_pass: str = Pass.PRIMARY,
    reviewer: str | None = None,
    review: str | None = None,
    delta: DeltaResolver | None = None,
) -> list[Ack]:
    """Apply a browser's outbox, oldest save first, each in its own transaction.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset under review.
        outbox: raw saves as they came from the browser.
        base_run_id: the run whose values the reviewer started from, for saves that do not name one. A record that is
            there keeps its own.
        review_pass: which review this is.
        reviewer: who is at the workbench. A save in another name is set aside, never stored. ``None`` where the saves
            do not come from a browser: each is stored under the name that it has, which has to be that of who is
            signed in.
        review: the kind of review that is open (``save_types``). A save of another kind is set aside, never stored.
            ``None`` where the saves do not come from a workbench.
        delta: under delta review. What was approved stays as it is until the next decision: a draft over it is kept
            in its event (``change["pending"]``), and undoing a decision brings back the record that it replaced.

    Returns:
        One acknowledgement per save that carries an id, in order. While the database is away (disk full, locked), a
        save gets none and those behind it wait with it: the browser keeps them and sends them again. A save that
        fails by itself is set aside and the others go on.
    """
    reviewer = reviewer if reviewer is not None else current_actor().name or None
    saves = _OutboxSaves(store, form, dataset_id, base_run_id, review_pass, reviewer, review, delta)
    acks: list[Ack] = []
    shown: list[int] = []
    for raw in outbox[:MOST_SAVES]:
        save_id = save_id_of(raw)
        began = time.perf_counter()
        try:
            ack = saves.apply(raw)
        except StoreError:
            _log.exception("save %s could not be stored; it stays in the browser", save_id)
            count_save("postponed", time.perf_counter() - began)
            break
        except ShiyaoError as error:
            _log.warning("rejected save %s: %s", save_id, type(error).__name__)
            ack = Ack(save_id, "rejected", 0, f"{str(error).rstrip('。')}。")
        except Exception as error:
            if is_outage(error):
                _log.exception("save %s could not be stored; it stays in the browser", save_id)
                count_save("postponed", time.perf_counter() - began)
                break
            _log.exception("save %s failed by itself and is set aside", save_id)
            ack = Ack(save_id, "set_aside", 0, _SET_ASIDE.format(save_id[:8]))
        count_save(ack.result, time.perf_counter() - began)
        if ack.result == "conflict" and isinstance(raw, Mapping):
            shown.append(int(raw["chat"]))
        if save_id:
            acks.append(ack)
    if shown:  # a conflict gives out what the other has written
        with store.read() as session:
            remember_seen_in(session, dataset_id, shown)
    return acks


_SET_ASIDE = (
    "这次保存出了意外，没有存进数据库；内容还在本机，其他修改照常保存。请核对后再改一次，仍不行时把编号 {} 告诉管理员。"
)


@dataclass(frozen=True, slots=True)
class _OutboxSaves:
    """What the saves of one outbox have in common; the attributes are the arguments of :func:`apply_saves`."""

    store: Store
    form: Form
    dataset_id: int
    base_run_id: int | None
    review_pass: str
    reviewer: str | None
    review: str | None
    delta: DeltaResolver | None

    def apply(self, raw: Any) -> Ack:
        """Apply one save.

        Raises:
            ShiyaoError: it can never be stored as it is.
        """
        save, left_out = read_save(raw)
        save = save.model_copy(update={"reviewer": save.reviewer.strip()})
        if save.reviewer == PASSED_BY:
            raise InputError(f"「{PASSED_BY}」是程序自己用的称呼，不能用它审阅", "请换一个审阅人名字")
        if self.reviewer is not None:
            name = self.reviewer.strip()
            if save.reviewer != name:
                why = f"这次保存是「{save.reviewer}」做的，现在的审阅人是「{name or '还没填写'}」，没有存到别人名下。"
                return Ack(save.save_id, "set_aside", 0, f"{why}内容还在本机，换回「{save.reviewer}」后会继续保存。")
        if self.review is not None and save.review is not None and save.review != self.review:
            return Ack(save.save_id, "set_aside", 0, _of_another_review(save.review, self.review))
        if left_out:
            save = save.model_copy(update={"reason": f"{save.reason}（{left_out.rstrip('。')}）"})
        with self.store.write() as session:
            ack = self._write(session, save)
        return replace(ack, why=f"{ack.why}{left_out}") if ack.result == "saved" and left_out else ack

    def _write(self, session: Session, save: Save) -> Ack:
        chat = session.execute(
            select(col(Chat.id), col(Chat.text))
            .where(col(Chat.dataset_id) == self.dataset_id, col(Chat.index) == save.chat)
            .with_for_update(key_share=True)
        ).one_or_none()
        done = session.execute(select(RecordEvent).where(col(RecordEvent.save_id) == save.save_id)).scalar_one_or_none()
        if done is not None:
            is_primary = self.review_pass == Pass.PRIMARY and chat is not None
            told = told_before(session, self.form, int(chat[0] or 0), save, done) if is_primary and chat else ""
            return Ack(save.save_id, "saved", done.version, told)
        if chat is None:
            why = f"第 {save.chat} 条群聊已不在这个数据集里，无法保存。"
            return Ack(save.save_id, "rejected", 0, why)
        form, save = in_current_form(session, self.dataset_id, self.form, save)
        if form is not self.form:
            return replace(self, form=form)._write_to(session, int(chat[0] or 0), chat[1], save)
        return self._write_to(session, int(chat[0] or 0), chat[1], save)

    def _write_to(self, session: Session, chat_id: int, text: str, save: Save) -> Ack:
        record = session.execute(
            select(Record).where(col(Record.chat_id) == chat_id, col(Record.review_pass) == self.review_pass)
        ).scalar_one_or_none()
        if self.review_pass == Pass.SECOND and self.reviewer is not None:
            first = session.execute(
                select(Record).where(col(Record.chat_id) == chat_id, col(Record.review_pass) == Pass.PRIMARY)
            ).scalar_one_or_none()
            why = second_review_refusal(session, first, record, save.reviewer)
            if not why and save.record_id and (record is None or record.id != save.record_id):
                why = "这次填写的不是盲审的内容"
            if why:
                why = f"第 {save.chat} 条不能由您盲审：{why}。这次填写的内容没有存进去，还在本机。"
                return Ack(save.save_id, "set_aside", 0, why)
        if self.review_pass != Pass.SECOND and (why := others_record_refusal(session, record)):
            why = f"第 {save.chat} 条没有保存：{why}。填写的内容还在本机。"
            return Ack(save.save_id, "set_aside", 0, why)
        if record is None and save.base_version:
            return Ack(save.save_id, "conflict", 0, "这条记录已被删除，再保存一次会重新建立。", [], "")
        if record is not None:
            save = after_form_changes(session, record, save)
        save, base = self._based(session, chat_id, record, save)
        put_right = PutRight(save)
        if self.review_pass == Pass.PRIMARY and self.delta is None:  # no other desk shows planted errors
            put_right = without_planted(session, self.form, chat_id, save, base, record)
            save = put_right.save
        elif self.review_pass == Pass.PRIMARY:
            put_right = PutRight(save, session.get(PlantedError, chat_id))
        baseline = [self.form.coerce(values).values for values in baseline_of(session, base, chat_id)]
        customers = stored_customers(self.form, save, baseline, base, text=text, record=record)
        event: dict[str, Any] = {
            "who": save.reviewer,
            "status": save.status,
            "reason": save.reason,
            "save_id": save.save_id,
        }
        if record is None:
            record = Record(
                dataset_id=self.dataset_id,
                chat_id=chat_id,
                review_pass=self.review_pass,
                customers=customers,
                status=save.status,
                base_run_id=base,
                reviewer=save.reviewer,
                note=save.note,
                seconds=save.seconds,
                version=1,
            )
            session.add(record)
            session.flush()
            fields = changes_of_baseline(baseline, customers)
            change: dict[str, Any] = {"customers": customers, "note": save.note, "fields": fields}
            change |= save.time_spent(self.form.keys)
            append_event(session, record, 1, base_run_id=base, reviewer=record.reviewer, change=change, **event)
            self._discuss(session, chat_id, save)
            return Ack(save.save_id, "saved", 1, put_right.note(1, self.form))
        # A second review that somebody else took back is none: this one starts anew, and sees nothing of theirs.
        is_taken_over = self.review_pass == Pass.SECOND and record.reviewer != save.reviewer
        if not is_taken_over and not self._is_based_on(session, record, save):
            return self._conflict(session, save, record)
        before = record.status, record.note, newest_event(session, record) if save.undo else None
        if self.delta and (kept := _approved(session, record, save)) is not None:
            version = save_delta_draft(session, record, kept, customers, save)
        else:
            change = event_state(values_of(record.customers), customers, save.note) | save.time_spent(self.form.keys)
            if self.delta and record.status == RecordStatus.CONFIRMED:
                change |= {"replaced": Approved.of(record).as_json()}
            columns: dict[str, Any] = {
                "customers": customers,
                "status": save.status,
                "reviewer": _reviewer_after(session, record, save, customers),
                "note": save.note,
                "seconds": (0.0 if is_taken_over else record.seconds) + save.seconds,
            }
            if base != record.base_run_id:
                columns["base_run_id"] = base
            carries = self.form if self.delta is None else None
            version = advance(session, record, columns, change=change, draft_form=carries, **event)
        if version is None:
            return self._conflict(session, save, record)
        self._discuss(session, chat_id, save, *before)
        return Ack(save.save_id, "saved", version, put_right.note(version, self.form))

    def _discuss(
        self, session: Session, chat_id: int, save: Save, status: str = "", note: str = "", undone: Any = None
    ) -> None:
        """Tell the chat's discussion of a save: what the record was before, and the event that is taken back."""
        undone_id = undone.save_id if undone is not None and undone.who == save.reviewer else ""
        if save.undo and not undone_id:
            return
        discussed = DiscussedSave(save.save_id, save.status, save.note, save.reviewer, str(status), note, undone_id)
        discuss_save(session, self.dataset_id, chat_id, self.review_pass, discussed)

    def _based(self, session: Session, chat_id: int, record: Record | None, save: Save) -> tuple[Save, int | None]:
        """The save and the run that its customers' origins count in from now on.

        A record keeps its run; under delta review, the review decides. A new one has none where the run has not
        answered. Where the browser started from another run, its
        customers are matched with that run's forms.
        """
        sent_run = save.base_run_id
        if self.delta is not None:
            save, run_id = self.delta(session, chat_id, record, save)
            base = existing_run(session, self.dataset_id, run_id)
        elif self.review_pass == Pass.SECOND:
            base = None  # blind: no run is looked at
        elif record is not None:
            base = record.base_run_id
        else:
            run_id = sent_run if save.names_run else self.base_run_id
            base = answered_run(session, self.dataset_id, run_id, chat_id)
        if save.names_run and sent_run != base and base is not None:
            save = with_matched_origins(save, Scorer(self.form), baseline_of(session, base, chat_id))
        return save, base

    def _is_based_on(self, session: Session, record: Record, save: Save) -> bool:
        """Whether a save was made over what this review shows of the record now."""
        if save.record_id not in (0, record.id):
            return False
        if record.version == save.base_version or _follows(session, record, save):
            return True
        return self.delta is None and _is_as_it_was(session, record, save.base_version)

    def _conflict(self, session: Session, save: Save, record: Record) -> Ack:
        """Both sides differ. Theirs is what this review shows: under delta review the draft, where there is one."""
        newest, who = newest_event(session, record), saved_by(session, record)
        customers, note, status = record.customers, record.note, str(record.status)
        why = f"{who} 刚刚保存了这条群聊（状态：{status}），请对照两边后再保存。"
        if self.review is not None and self.delta is not None:
            draft = newest.change.get("pending") if newest is not None else None
            if draft:
                customers, note = approved_where_contested(draft), draft["note"]
                why += contested_text(draft)
            if draft or self.review != delta_review(record.base_run_id or 0):
                status = ""  # what is approved was not decided in this review: no draft of it takes that back
        base = record.base_run_id
        return Ack(save.save_id, "conflict", record.version, why, customers, who, status, note, base)


def _of_another_review(made_in: str, opened: str) -> str:
    made, now = review_title(made_in), review_title(opened)
    now = "另一次增量审阅" if now == made else now
    return f"这次保存是在{made}里做的，现在打开的是{now}，没有存到这里。内容还在本机，回到{made}后会继续保存。"


def _is_as_it_was(session: Session, record: Record, version: int) -> bool:
    """Whether all that was saved since this version are delta drafts, which left the record as it was."""
    events = session.execute(
        select(col(RecordEvent.version), col(RecordEvent.change))
        .where(col(RecordEvent.record_id) == record.id, col(RecordEvent.version) >= version)
        .order_by(col(RecordEvent.version))
    ).all()
    if not events or events[0][0] != version or not all(is_delta_draft(change) for _, change in events[1:]):
        return False
    seen = events[0][1]
    return bool(seen["customers"] == record.customers and seen["note"] == record.note)


def _approved(session: Session, record: Record, save: Save) -> Approved | None:
    """What this save under delta review leaves approved; ``None`` where it is a decision, or nothing was approved."""
    newest = newest_event(session, record) if save.undo else None
    if newest is not None and newest.who == save.reviewer:  # somebody else's decision nobody undoes in their name
        return Approved.from_json(newest.change.get("replaced"))
    if save.status == RecordStatus.DRAFT.value and record.status == RecordStatus.CONFIRMED:
        return Approved.of(record)
    return None


def _follows(session: Session, record: Record, save: Save) -> bool:
    """Whether the record's newest save is the one that this save followed: one's own, so no conflict."""
    if not save.after_save_id:
        return False
    newest = newest_event(session, record)
    return newest is not None and newest.save_id == save.after_save_id


def _reviewer_after(session: Session, record: Record, save: Save, customers: list[Customer]) -> str:
    """Whose record it is after a save: who saved, for whoever decides is the decider.

    Only who takes back all that they have saved last leaves the record to whose it was before: same status, same
    values, as the version there has them.
    """
    if not (save.undo and record.review_pass == Pass.PRIMARY):
        return save.reviewer
    before = version_before_own(session, record, save.reviewer)
    if before is None or status_after(before.status, before.change) != save.status:
        return save.reviewer
    facts, facts_before = (
        [(customer["values"], customer["confirmed"]) for customer in state]
        for state in (customers, before.change.get("customers", ()))
    )
    return reviewer_of(session, record, before.version) if facts == facts_before else save.reviewer
