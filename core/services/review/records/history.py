"""The history of a record: every version with author, time, changes and reason; restoring writes a new version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

from core.adapters.store import EventView, Store, queries
from core.adapters.store.draft_events import status_after
from core.adapters.store.models import RecordStatus
from core.domain.form import Form, Value, text_of
from core.domain.permissions import Permission
from core.domain.person_names import Identity, match_versions
from core.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from core.services.review.records.baselines import run_of_event
from core.services.review.records.others_records import others_record_refusal
from core.services.review.records.versions import (
    new_version,
    record_of,
    reviewer_of,
    saved_by,
    values_of,
    version_before_own,
)
from core.services.team import (
    acting_as,
    current_actor,
    hidden_sentence,
    permitted,
    remember_seen_in,
    withheld_chats,
)

ORDER = "*"
"""Key of a change of the customers' order."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that a version changed; an empty key stands for a whole customer added (no before) or removed.

    The customer is the position in the new version, for a removed one that in the version before.
    """

    customer: int
    key: str
    label: str
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record; ``changes`` against the version before it."""

    version: int
    who: str
    at: datetime
    status: str
    reason: str
    note: str
    customers: tuple[dict[str, Any], ...]
    changes: tuple[CellChange, ...]


def versions(store: Store, form: Form, dataset_id: int, chat: int) -> list[Version]:
    """All versions of a chat's record, newest first; none if nobody has saved it.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        chat: index of the chat.

    Raises:
        PermissionDeniedError: who is signed in reviews it blind just now.
    """
    with store.read() as session:
        if chat in withheld_chats(session, dataset_id):
            raise PermissionDeniedError(hidden_sentence(chat), "请先完成盲审")
        record = record_of(session, dataset_id, chat)
        remember_seen_in(session, dataset_id, [chat])
        events = list(reversed(queries.events(session, record.id or 0))) if record is not None else []
    newest_last: list[Version] = []
    before: EventView | None = None
    for event in events:
        newest_last.append(_version(form, event, before))
        before = event
    return newest_last[::-1]


def restore_refusal(store: Store, dataset_id: int, chat: int) -> str:
    """Why who acts may not bring a version of this chat's record back (one Chinese clause); ``""`` where they may.

    Args:
        store: the open store.
        dataset_id: the dataset.
        chat: index of the chat.
    """
    with acting_as(current_actor()), store.read() as session:  # who acts is looked up before, not within the session
        return others_record_refusal(session, record_of(session, dataset_id, chat))


@permitted(Permission.REVIEW)
def restore(
    store: Store, form: Form, dataset_id: int, chat: int, version: int, *, who: str, seen: int, undo: bool | None = None
) -> int:
    """Make an old version the newest: values, confirmations, status and note as they were, in a new version.

    It is the decision, or the draft, of who brings it back, for whoever decides is the decider. Only who takes back
    what they have saved last leaves a decision to who made it.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        chat: index of the chat.
        version: the version to bring back.
        who: who does it.
        seen: the newest version that this person saw.
        undo: whether the last change is undone, or a version was picked; ``None``: by which version it is.

    Returns:
        The new version.

    Raises:
        NotFoundError: no such record or version.
        ConflictError: somebody has saved since.
        InputError: nobody's name, or it is the newest version already.
        PermissionDeniedError: somebody else confirmed it, and the role does not allow changing that.
    """
    if not who.strip():
        raise InputError("还不知道是谁在恢复", "请先填写名字")
    with store.write() as session:
        record = record_of(session, dataset_id, chat)
        if record is None:
            raise NotFoundError(f"第 {chat} 条群聊还没有记录", "请先审阅它")
        if refusal := others_record_refusal(session, record):
            raise PermissionDeniedError(f"第 {chat} 条没有恢复：{refusal}", "需要时请找组长")
        late = ConflictError(f"{saved_by(session, record)} 刚刚又保存了这条记录，没有恢复", "请先看新的版本")
        if record.version != seen:
            raise late
        if record.version == version:
            raise InputError(f"现在就是版本 {version}", "请选择更早的版本")
        event = next((e for e in queries.events(session, record.id or 0) if e.version == version), None)
        if event is None:
            raise NotFoundError(f"这条记录没有版本 {version}", "请从列表里选择")
        customers = [
            {**customer, "values": form.coerce(customer["values"]).values} for customer in event.change["customers"]
        ]
        undoing = version == record.version - 1 if undo is None else undo
        status = status_after(event.status, event.change)
        before = version_before_own(session, record, who.strip())
        is_taken_back = before is not None and before.version == version
        decided = status not in (RecordStatus.DRAFT, RecordStatus.UNREVIEWED)
        written = new_version(
            session,
            record,
            form,
            customers=customers,
            who=who.strip(),
            status=status,
            note=str(event.change.get("note", "")),
            reviewer=reviewer_of(session, record, version) if decided and is_taken_back else who.strip(),
            reason=f"撤销版本 {record.version}" if undoing else f"恢复到版本 {version}",
            save_id=str(uuid4()),
            more={"restored": version},
            columns={"base_run_id": run_of_event(session, dataset_id, event, record.base_run_id)},
        )
        if written is None:
            raise late
        return written


def _version(form: Form, event: EventView, before: EventView | None) -> Version:
    customers = event.change.get("customers", [])
    changes = tuple(_changes(form, before, event)) if before is not None else tuple(_first(form, event))
    note = str(event.change.get("note", ""))
    return Version(event.version, event.who, event.at, event.status, event.reason, note, tuple(customers), changes)


def _changes(form: Form, before: EventView, event: EventView) -> list[CellChange]:
    customers: list[dict[str, Any]] = event.change.get("customers", [])
    old_customers = before.change.get("customers", [])
    old, new = values_of(old_customers), values_of(customers)
    same_run = before.change.get("base_run_id") == event.change.get("base_run_id")
    places = match_versions(_identities(form, customers, True), _identities(form, old_customers, same_run))
    changes: list[CellChange] = []
    for position, place in enumerate(places):
        if place is None:
            changes.append(CellChange(position, "", form.subject, None, _name(form, new[position])))
            continue
        changes += [
            CellChange(position, field.key, field.label, was, now)
            for field in form.fields
            if (was := old[place].get(field.key, field.empty)) != (now := new[position].get(field.key, field.empty))
        ]
    removed = [place for place in range(len(old)) if place not in places]
    changes += [CellChange(place, "", form.subject, _name(form, old[place]), None) for place in removed]
    kept = [(position, place) for position, place in enumerate(places) if place is not None]
    if any(place < earlier for (_, earlier), (_, place) in pairwise(kept)):
        was_order = text_of([_name(form, old[place]) for place in sorted(place for _, place in kept)])
        now_order = text_of([_name(form, new[position]) for position, _ in kept])
        changes.append(CellChange(0, ORDER, f"{form.subject}的顺序", was_order, now_order))
    return changes


def _identities(form: Form, customers: list[dict[str, Any]], same_run: bool) -> list[Identity]:
    return [
        Identity(customer.get("source") if same_run else None, form.name_of(customer["values"]))
        for customer in customers
    ]


def _name(form: Form, values: Mapping[str, Value]) -> str:
    return form.name_of(values) or "（未填姓名）"


def _first(form: Form, event: EventView) -> list[CellChange]:
    """What the first version changed against the run that it started from; the values before it were not kept."""
    customers = event.change.get("customers", [])
    changes: list[CellChange] = []
    for cell in event.change.get("fields", []):
        position, _, key = str(cell).partition(":")
        number = int(position)
        if number >= len(customers):
            changes.append(CellChange(number, "", form.subject, "（抽取结果里的一位）", None))
            continue
        values = customers[number]["values"]
        if key == "*":
            changes.append(CellChange(number, "", form.subject, None, _name(form, values)))
        elif key in form:
            changes.append(CellChange(number, key, form.field(key).label, None, values.get(key)))
    return changes
