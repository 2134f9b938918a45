"""The better value of each field, picked while comparing: kept as a draft, then a record or a run of its own.

A pick names a source, never a value: ``"0"`` … ``"3"`` for a run, ``"ref"`` for the reference. What is not picked
comes from the first run. Picks are stored with each one, so that a closed browser loses nothing.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from sqlalchemy import delete, select
from sqlmodel import col

from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import Chat, Pick, now
from core.domain.form import Form, FormValues
from core.domain.permissions import Permission
from core.errors import InputError
from core.services.quality.alignment import Alignment, Customer
from core.services.quality.merged_run import MergedChat, store_merged_run, validate_run_name
from core.services.team import permitted

REFERENCE = "ref"
DROP = "drop"
"""Pick of a whole customer (field ``*``): leave it out."""
WHOLE = "*"
_LAYOUT = "@"
"""Key of a chat's stored picks under which the digest of its customers' places stands."""


def selection_of(alignment: Alignment) -> str:
    """Key of the compared runs and reference, under which picks are stored."""
    return "|".join((*(str(run.id) for run in alignment.runs), alignment.reference_key or alignment.against))


@permitted(Permission.PICK)
def pick(
    store: Store,
    alignment: Alignment,
    dataset: DatasetView,
    *,
    chat: int,
    customer: int,
    key: str,
    source: str,
    who: str,
) -> None:
    """Pick one source's value for a field; ``source=""`` undoes the pick.

    Args:
        store: the open store.
        alignment: what is being compared.
        dataset: the dataset.
        chat: index of the chat.
        customer: position in the aligned customers.
        key: the field, or ``*`` for the customer as a whole.
        source: ``"0"`` … for a run, ``"ref"``, ``"drop"`` with ``*``.
        who: the reviewer.

    Raises:
        InputError: nobody picks, or there is no such place or source.
    """
    if not who.strip():
        raise InputError("还不知道是谁在挑选", "请先填写名字")
    valid_sources = {str(n) for n in range(len(alignment.runs))} | ({REFERENCE} if alignment.against else set()) | {""}
    valid_sources |= {DROP} if key == WHOLE else set()
    customers = alignment.chats.get(chat, ())
    if (
        source not in valid_sources
        or not 0 <= customer < len(customers)
        or (key != WHOLE and key not in alignment.form)
    ):
        raise InputError("选中的位置已经变了", "请刷新页面后重选")
    selection = selection_of(alignment)
    with store.write() as session:
        chat_id = queries.chat(session, dataset.id, chat).id
        row = session.execute(
            select(Pick).where(
                col(Pick.chat_id) == chat_id, col(Pick.who) == who.strip(), col(Pick.selection) == selection
            )
        ).scalar_one_or_none()
        if row is None:
            row = Pick(dataset_id=dataset.id, chat_id=chat_id, who=who.strip(), selection=selection)
            session.add(row)
        layout = _layout(customers)
        # What was picked while other customers stood at these places is nobody's any more.
        choices = dict(row.choices) if row.choices.get(_LAYOUT, layout) == layout else {}
        choices[_LAYOUT] = layout
        place = f"{customer}:{key}"
        if source:
            choices[place] = source
        else:
            choices.pop(place, None)
        row.choices, row.at = choices, now()


def picks(store: Store, alignment: Alignment, dataset: DatasetView, who: str) -> dict[int, dict[str, str]]:
    """One person's picks: ``{chat index: {"customer:field": source}}``.

    Picks of a chat whose customers stand at other places by now (a failed answer was asked again) are left out.
    """
    with store.read() as session:
        rows = session.execute(
            select(col(Chat.index), col(Pick.choices))
            .join(Chat, col(Chat.id) == col(Pick.chat_id))
            .where(
                col(Pick.dataset_id) == dataset.id, col(Pick.who) == who, col(Pick.selection) == selection_of(alignment)
            )
            .order_by(col(Chat.index))
        )
        own = {index: _choices_of(alignment, index, choices) for index, choices in rows}
        return {index: choices for index, choices in own.items() if choices}


def _choices_of(alignment: Alignment, chat: int, stored: Mapping[str, str]) -> dict[str, str]:
    layout = _layout(alignment.chats.get(chat, ()))
    if stored.get(_LAYOUT, layout) != layout:
        return {}
    return {place: source for place, source in stored.items() if place != _LAYOUT}


def _layout(customers: Sequence[Customer]) -> str:
    """Digest of who stands where in a chat: places in picks mean something only together with it."""
    places = [[one.gold, *one.positions] for one in customers]
    return sha256(json.dumps(places).encode()).hexdigest()[:16]


@permitted(Permission.PICK)
def drop_picks(store: Store, alignment: Alignment, dataset: DatasetView, who: str) -> None:
    """Delete all picks of one person."""
    with store.write() as session:
        session.execute(
            delete(Pick).where(
                col(Pick.dataset_id) == dataset.id, col(Pick.who) == who, col(Pick.selection) == selection_of(alignment)
            )
        )


def picked_forms(form: Form, customers: Sequence[Customer], choices: Mapping[str, str]) -> list[FormValues]:
    """The forms of one chat with its picks: the first run's values, other sources' where they were picked.

    A customer that the first run lacks comes in if any of its fields was picked, empty elsewhere.
    """
    forms: list[FormValues] = []
    for position, customer in enumerate(customers):
        if choices.get(f"{position}:{WHOLE}") == DROP:
            continue
        base = customer.forms[0]
        values = form.coerce(base).values if base is not None else form.empty()
        touched = base is not None
        for key in form.keys:
            source = choices.get(f"{position}:{key}")
            if source is None:
                continue
            touched = True
            other = customer.reference if source == REFERENCE else customer.forms[int(source)]
            values[key] = (other or {}).get(key, form.field(key).empty)
        if touched:
            forms.append(form.coerce(values).values)
    return forms


@permitted(Permission.RUNS)
def run_from_picks(store: Store, alignment: Alignment, dataset: DatasetView, *, name: str, who: str) -> RunView:
    """Store the first run's answers with one person's picks as a new run.

    Chats that the first run lacks are left out unless something was picked in them.

    Raises:
        InputError: no name, or nothing was picked.
        ConflictError: the name is taken.
    """
    name = validate_run_name(name)
    picked = picks(store, alignment, dataset, who)
    if not picked:
        raise InputError("还没有挑选任何值", "请先在差异处挑选更好的值")
    chats: dict[int, MergedChat] = {}
    for index, customers in alignment.chats.items():
        choices = picked.get(index, {})
        if index in alignment.missing_chats[0] and not choices:
            continue
        notes = [f"挑选：{place} ← {_source_name(alignment, source)}" for place, source in sorted(choices.items())]
        chats[index] = MergedChat(picked_forms(alignment.form, customers, choices), notes)
    about = {
        "runs": [run.name for run in alignment.runs],
        "against": alignment.against,
        "who": who,
        "picks": sum(len(choices) for choices in picked.values()),
    }
    return store_merged_run(store, dataset.id, name=name, about=about, chats=chats, total=dataset.chats)


def _source_name(alignment: Alignment, source: str) -> str:
    if source == REFERENCE:
        return "对照"
    return "不要" if source == DROP else alignment.runs[int(source)].name
