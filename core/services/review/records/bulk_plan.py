"""Plans of bulk changes: requested cell values against the current records. Writes nothing."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, select
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Pass, Record
from core.domain.form import Form, Value
from core.errors import InputError
from core.services.review.records.versions import record_states, saved_by


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
    store: Store, form: Form, dataset_id: int, edits: Sequence[CellEdit], *, base_run: int | None = None
) -> Plan:
    """Plan setting these cells.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        edits: wanted values; the last one for a cell counts.
        base_run: the run whose values a chat without a record starts from.

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
        for state in record_states(session, form, dataset_id, sorted(edits_by_chat), base_run):
            cells = edits_by_chat.pop(state.index)
            expected = {edit.version for edit in cells.values()} - {None, state.version}
            if expected:
                skipped.append(Skipped(state.index, f"{saved_by(session, state.record)}刚刚改过，请重新载入后再改"))
                continue
            for (customer, key), edit in cells.items():
                if not 0 <= customer < len(state.customers):
                    skipped.append(Skipped(state.index, f"没有第 {customer + 1} 位客户"))
                    continue
                before = state.customers[customer]["values"].get(key, form.field(key).empty)
                after = coerced(form, key, edit.value)
                if before == after:
                    unchanged += 1
                else:
                    changes.append(PlannedChange(state.index, customer, key, before, after, state.version))
    skipped += [Skipped(chat, "这个数据集里没有这条群聊") for chat in edits_by_chat]
    return Plan(dataset_id, tuple(changes), tuple(skipped), unchanged)


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
    return Plan(dataset_id, tuple(changes))


def _replaced(value: Value, find: str, replacement: str, *, whole: bool) -> Value:
    def one(text: str) -> str:
        if whole:
            return replacement if text == find else text
        return text.replace(find, replacement)

    if isinstance(value, list):
        if whole and not find:
            return [replacement] if not value else value
        items = [one(item) for item in value]
        return value if items == value else list(dict.fromkeys(items))
    return one(value)


def coerced(form: Form, key: str, raw: Any) -> Value:
    """One cell's value as the form stores it; a text for a list is split at ``、``, ``，`` and ``,``."""
    if form.field(key).is_list and isinstance(raw, str):
        raw = [part for part in raw.replace("，", "、").replace(",", "、").split("、") if part.strip()]
    return form.coerce({key: raw}).values[key]
