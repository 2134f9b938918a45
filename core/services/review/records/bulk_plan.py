"""Plans of bulk changes: requested cell values against the current records. Writes nothing."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Pass, Record, RecordEvent
from core.adapters.store.save_ids import CELL, UNDO, begins_with
from core.domain.form import Form, Value, items_of, split_list
from core.errors import InputError
from core.services.review.records.versions import ChatState, record_states, saved_by
from core.services.team import BLIND_JUST_NOW, remember_seen_in, withheld_chats


@dataclass(frozen=True, slots=True)
class CellEdit:
    """A requested value for one cell.

    Attributes:
        chat: index of the chat, from 1.
        customer: position of the form, from 0.
        key: field.
        value: raw; coerced by the form.
        version: of the record that the person saw; ``None``: whatever it is now; 0: there was none.
    """

    chat: int
    customer: int
    key: str
    value: Any
    version: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One cell of a plan: value before and after; ``version`` is the record version the plan is based on."""

    chat: int
    customer: int
    key: str
    before: Value
    after: Value
    version: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is not changed, and why (one Chinese clause)."""

    chat: int
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A planned bulk change; nothing is written yet.

    Attributes:
        dataset_id: of which dataset.
        changes: cells that change, in order of the chats.
        skipped: records that cannot be changed.
        unchanged: cells that have the wanted value already.
    """

    dataset_id: int
    changes: tuple[PlannedChange, ...]
    skipped: tuple[Skipped, ...] = ()
    unchanged: int = 0

    @property
    def chats(self) -> list[int]:
        """Indices of the chats that change, in order, without repeats."""
        return list(dict.fromkeys(change.chat for change in self.changes))


def plan_edits(
    store: Store,
    form: Form,
    dataset_id: int,
    edits: Sequence[CellEdit],
    *,
    base_run: int | None = None,
    who: str = "",
) -> Plan:
    """Plan setting these cells.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        edits: wanted values; the last one for a cell counts.
        base_run: the run whose values a chat without a record starts from.
        who: whose edits they are: what this person has changed in the table since is no conflict.

    Raises:
        InputError: a field that the form does not have.
    """
    edits_by_chat: dict[int, dict[tuple[int, str], CellEdit]] = defaultdict(dict)
    for edit in edits:
        if edit.key not in form:
            raise InputError(f"表单没有字段「{edit.key}」", "请从列表里选择字段")
        edits_by_chat[edit.chat][edit.customer, edit.key] = edit
    changes: list[PlannedChange] = []
    skipped: list[Skipped] = []
    unchanged = 0
    with store.read() as session:
        for chat in withheld_chats(session, dataset_id) & edits_by_chat.keys():
            del edits_by_chat[chat]
            skipped.append(Skipped(chat, BLIND_JUST_NOW))
        for state in record_states(session, form, dataset_id, sorted(edits_by_chat), base_run):
            cells = edits_by_chat.pop(state.index)
            expected = {edit.version for edit in cells.values() if edit.version is not None} - {state.version}
            if expected and not _only_own_since(session, state, min(expected), who):
                skipped.append(Skipped(state.index, f"{saved_by(session, state.record)}刚刚改过，请重新载入后再改"))
                continue
            for (customer, key), edit in cells.items():
                if not 0 <= customer < len(state.customers):
                    skipped.append(Skipped(state.index, f"没有第 {customer + 1} 位{form.subject}"))
                    continue
                before = state.customers[customer]["values"].get(key, form.field(key).empty)
                after = coerced(form, key, edit.value)
                if before == after or (isinstance(before, list) and items_of(before) == items_of(after)):
                    unchanged += 1
                else:
                    changes.append(PlannedChange(state.index, customer, key, before, after, state.version))
        remember_seen_in(session, dataset_id, {change.chat for change in changes})
    skipped += [Skipped(chat, "这个数据集里没有这条群聊") for chat in edits_by_chat]
    return Plan(dataset_id, tuple(changes), tuple(skipped), unchanged)


def _only_own_since(session: Session, state: ChatState, version: int, who: str) -> bool:
    """Whether all versions after this one are this person's edits of single cells, or took such ones back."""
    if state.record is None or not who:
        return False
    events = session.execute(
        select(col(RecordEvent.who), col(RecordEvent.save_id)).where(
            col(RecordEvent.record_id) == state.record.id, col(RecordEvent.version) > version
        )
    ).all()
    return all(author == who and begins_with(str(save_id), (CELL, UNDO)) for author, save_id in events)


def plan_replace(
    store: Store,
    form: Form,
    dataset_id: int,
    *,
    find: str,
    replacement: str,
    keys: Sequence[str] = (),
    whole: bool = False,
    chats: Iterable[int] | None = None,
) -> Plan:
    """Plan a find-and-replace, in existing records only: a chat without a record has nothing to correct.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        find: what to look for; the empty text finds empty cells, with ``whole`` only.
        replacement: what to put there; an item of a list that becomes empty vanishes.
        keys: fields to look in; none: all.
        whole: only cells, or items of lists, that are this text and nothing more.
        chats: indices to keep to; ``None``: the whole dataset.

    Raises:
        InputError: nothing to look for, or a field that the form does not have.
    """
    if not find and not whole:
        raise InputError("还没有要查找的内容", "请填写要查找的文字，或选择整个值相同")
    unknown = [key for key in keys if key not in form]
    if unknown:
        raise InputError(f"表单没有字段「{unknown[0]}」", "请从列表里选择字段")
    fields = [form.field(key) for key in keys or form.keys]
    within = set(chats) if chats is not None else None
    statement = (
        select(col(Chat.index), col(Record.version), col(Record.customers))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(col(Record.dataset_id) == dataset_id, col(Record.review_pass) == Pass.PRIMARY)
        .order_by(col(Chat.index))
        .execution_options(yield_per=500)
    )
    if find:
        # What is looked for stands in the stored JSON as it is written there: only records that have it are read.
        # On SQLite this also lets through what differs in capitals; what is read is looked at exactly.
        stored = json.dumps(find, ensure_ascii=False)[1:-1]
        statement = statement.where(cast(col(Record.customers), Text).contains(stored, autoescape=True))
    changes: list[PlannedChange] = []
    with store.read() as session:
        for index, version, customers in session.execute(statement):
            if within is not None and index not in within:
                continue
            for number, customer in enumerate(customers):
                for field in fields:
                    before = customer["values"].get(field.key, field.empty)
                    after = coerced(form, field.key, _replaced(before, find, replacement, whole=whole))
                    if after != before:
                        changes.append(PlannedChange(index, number, field.key, before, after, version))
        plan = Plan(dataset_id, tuple(changes))
        remember_seen_in(session, dataset_id, plan.chats)
    return plan


def _replaced(value: Value, find: str, replacement: str, *, whole: bool) -> Value:
    def one(text: str) -> str:
        if whole:
            return replacement if text == find else text
        return text.replace(find, replacement)

    if isinstance(value, list):
        if whole and not find:
            return [replacement] if not value else value
        changed = [_replaced_items(item, one, whole=whole) for item in value]
        kept = set(split_list(item for item, items in zip(value, changed, strict=True) if items is None))
        new_items: list[str] = []
        for item, items in zip(value, changed, strict=True):
            new_items += [item] if items is None else [one for one in items if one not in kept]
        return value if all(items is None for items in changed) else list(dict.fromkeys(new_items))
    return one(value)


def _replaced_items(item: str, one: Callable[[str], str], *, whole: bool) -> list[str] | None:
    """The items that one item of a list becomes; ``None`` where nothing in it is replaced.

    Labels write several values into one string: each of them counts, and so does each of a replacement.
    """
    if (text := one(item)) != item:
        return split_list([text])
    parts = split_list([item])
    replaced = [one(part) for part in parts] if whole else parts
    return split_list(replaced) if replaced != parts else None


def coerced(form: Form, key: str, raw: Any) -> Value:
    """One cell's value as the form stores it; a text for a list is split at ``、``, ``，`` and ``,``, once each."""
    if form.field(key).is_list and isinstance(raw, str):
        raw = split_list([raw])
    return form.coerce({key: raw}).values[key]
