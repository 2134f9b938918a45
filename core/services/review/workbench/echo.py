"""Echo: the reviewer has made the same correction for the third time; which undecided chats have the same value?

A correction is a field, what the run said and what was approved instead. Nothing is ever changed by this: the chats are
opened one by one, and each is decided like any other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, func, literal_column, select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Claim, Extraction, Pass, Record, RecordStatus, now
from core.domain.form import Form, FormValues, Value
from core.services.review.queue.filters import EMPTY, FILTERS, Filter, some_customer, with_record, with_status
from core.services.review.queue.order import QueueSpec, still_open
from core.services.review.records.baselines import source_form
from core.services.review.workbench.echo_contract import EchoPayload, WalkPayload
from core.services.review.workbench.sync import AHEAD
from core.services.team import withheld

EQUAL = 3
"""Equal corrections from which the like are offered."""
LOOKED_BACK = 300
"""The reviewer's latest approved chats in which equal corrections are counted."""
LOOKED_AHEAD = 5000
"""Chats, from the one just approved on and round, among which the like are looked for."""
MOST_CHATS = 200
"""Chats that are offered at most."""
MOST_OF_EMPTY = 50
"""Chats beyond which an empty answer is no likeness: it is what most chats have."""
_UNDECIDED = FILTERS[Filter().queue]

Correction = tuple[str, Value, Value]
"""A field's key, what the run said, and what was approved."""


def corrections_of(
    form: Form, customers: Sequence[Mapping[str, Any]], answer: Sequence[FormValues]
) -> list[Correction]:
    """What a reviewer changed in a chat: each correction once, in the order of the form.

    Left out is what says nothing of other chats: a value put in where the run had none, unless the form suggests it.

    Args:
        form: the dataset's form.
        customers: as they are stored.
        answer: the run's forms, which the customers' ``source`` counts in.
    """
    made: list[Correction] = []
    for customer in customers:
        run_form = source_form(customer, answer)
        if run_form is None:
            continue
        for field in form.fields:
            was, approved = run_form[field.key], customer["values"].get(field.key, field.empty)
            if _same(was, approved) or (not was and not _is_suggested(approved, field.values)):
                continue
            if not any(key == field.key and _same(was, one) and _same(approved, put) for key, one, put in made):
                made.append((field.key, was, approved))
    order = {key: place for place, key in enumerate(form.keys)}
    return sorted(made, key=lambda correction: order[correction[0]])


def _same(one: Value, other: Value) -> bool:
    """Whether two values are one: a list's order means nothing."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(one) == sorted(other)
    return one == other


def _is_suggested(value: Value, values: Sequence[str]) -> bool:
    return set(value if isinstance(value, list) else [value]) <= set(values)


def find_echo(
    session: Session, form: Form, queue_spec: QueueSpec, approved: int, decided: Collection[int] = ()
) -> EchoPayload | None:
    """What to offer after an approval: the first of its corrections that this reviewer has made :data:`EQUAL` times.

    Counted are the reviewer's latest :data:`LOOKED_BACK` chats of the dataset that are approved and came from this run.
    Offered are chats that nobody has decided and nobody else is at, in which the same run said the same of some
    customer; none where the run's answer was empty in more than :data:`MOST_OF_EMPTY` of them.

    Args:
        session: open session that reads: what it withholds is left out.
        form: the dataset's form.
        queue_spec: dataset, run and reviewer.
        approved: index of the chat that was just approved.
        decided: indices of chats that are being decided right now.

    Returns:
        ``None`` where there is nothing to offer.
    """
    if queue_spec.base_run is None or queue_spec.delta or not queue_spec.reviewer:
        return None
    mine = _approved_by(queue_spec)
    just_made = [
        corrections_of(form, customers, _answer(form, forms))
        for _, customers, forms in session.execute(mine.where(col(Chat.index) == approved))
    ]
    if not just_made or not just_made[0]:
        return None
    others = mine.where(col(Chat.index) != approved).order_by(col(Record.updated_at).desc()).limit(LOOKED_BACK - 1)
    counts = [1] * len(just_made[0])
    for _, customers, forms in session.execute(others):
        for place, correction in enumerate(just_made[0]):
            counts[place] += _has_made(form, correction, customers, forms or ())
    for correction, count in zip(just_made[0], counts, strict=True):
        if count < EQUAL:
            continue
        chats, held = _like(session, form, queue_spec, correction, after=approved, without={approved, *decided})
        if chats and (correction[1] or len(chats) <= MOST_OF_EMPTY):
            key, was, put = correction
            return {
                "key": key,
                "was": was,
                "now": put,
                "chats": chats[:MOST_CHATS],
                "more": len(chats) > MOST_CHATS,
                "held": held,
            }
    return None


def _approved_by(queue_spec: QueueSpec) -> Select[*tuple[Any, ...]]:
    """The reviewer's approved chats that came from the run: index, customers, and what the run said."""
    return (
        select(col(Chat.index), col(Record.customers), col(Extraction.forms))
        .join(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
        .join(
            Extraction, and_(col(Extraction.run_id) == col(Record.base_run_id), col(Extraction.chat_id) == col(Chat.id))
        )
        .where(
            col(Record.dataset_id) == queue_spec.dataset_id,
            col(Record.reviewer) == queue_spec.reviewer,
            col(Record.status) == RecordStatus.CONFIRMED,
            col(Record.base_run_id) == queue_spec.base_run,
        )
    )


def _has_made(
    form: Form, correction: Correction, customers: Sequence[Mapping[str, Any]], forms: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether a correction was made in an approved chat; the run's form is read only where the outcome is the same."""
    key, was, put = correction
    for customer in customers:
        if _same(customer["values"].get(key, form.field(key).empty), put):
            run_form = source_form(customer, forms)
            if run_form is not None and _same(form.coerce(run_form).values[key], was):
                return True
    return False


def _answer(form: Form, forms: Sequence[Mapping[str, Any]] | None) -> list[FormValues]:
    return [form.coerce(values).values for values in forms or ()]


def _like(
    session: Session, form: Form, queue_spec: QueueSpec, correction: Correction, *, after: int, without: Collection[int]
) -> tuple[list[int], int]:
    """Undecided chats in which the run said the same, those behind a chat first; and how many more others are at."""
    key, was, _ = correction
    sqlite = session.get_bind().dialect.name == "sqlite"
    text = was[0] if isinstance(was, list) and was else was
    value = Filter(field=key, value=str(text)) if text else Filter(field=key, filled=EMPTY)
    answered = func.coalesce(col(Extraction.forms), literal_column("'[]'"))
    near = (
        select(col(Chat.id))
        .where(col(Chat.dataset_id) == queue_spec.dataset_id)
        .order_by(col(Chat.index) <= after, col(Chat.index))
        .limit(LOOKED_AHEAD)
    )
    statement = (
        with_record(select(col(Chat.index), col(Extraction.forms)))
        .join(Extraction, and_(col(Extraction.run_id) == queue_spec.base_run, col(Extraction.chat_id) == col(Chat.id)))
        .where(
            col(Chat.id).in_(near),
            with_status(_UNDECIDED),
            some_customer(answered, (key,), value, sqlite=sqlite),
        )
        .order_by(col(Chat.index) <= after, col(Chat.index))
    )
    if hidden := withheld(session).chats:
        statement = statement.where(col(Chat.id).not_in(hidden))
    like = [
        index
        for index, forms in session.execute(statement)
        if index not in without and any(_same(values[key], was) for values in _answer(form, forms))
    ]
    walkable = walk_of(session, queue_spec, like)
    return walkable["open"], len(walkable["held"])


def following_in(walk: Sequence[int], left: WalkPayload, at: int | None) -> list[int]:
    """The next chats of a walk that can be opened: those behind the one on screen, :data:`AHEAD` at most.

    Args:
        walk: all of its chats, in order.
        left: what is left of it.
        at: the chat on screen; one that is none of it comes before all.
    """
    start = walk.index(at) + 1 if at in walk else 0
    can_open = set(left["open"])
    return [index for index in walk[start:] if index in can_open and index != at][:AHEAD]


def walk_of(session: Session, queue_spec: QueueSpec, indices: Sequence[int]) -> WalkPayload:
    """What is left of some chats that somebody walks through: those to be opened, and those that others are at.

    What is in neither was decided meanwhile, or is withheld.

    Args:
        session: open session that reads.
        queue_spec: dataset and reviewer.
        indices: of the chats, in order.
    """
    undecided = replace(queue_spec, filter=Filter(), delta=False)
    left = [index for some in queries.chunked(indices) for index in still_open(session, undecided, list(some))]
    known = set(left)
    rest = [index for index in indices if index not in known]
    held = (
        with_record(select(col(Chat.index)))
        .join(Claim, col(Claim.chat_id) == col(Chat.id))
        .where(
            col(Chat.dataset_id) == queue_spec.dataset_id,
            col(Chat.index).in_(rest[:MOST_CHATS]),
            with_status(_UNDECIDED),
            col(Claim.until) >= now(),
            col(Claim.reviewer) != queue_spec.reviewer,
        )
        .order_by(col(Chat.index))
    )
    return {"open": left, "held": list(session.execute(held).scalars()) if rest else []}
