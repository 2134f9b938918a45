"""我的改正: what a second pass changed in one's own first reviews, and planted errors that went through.

The second pass is the adjudication of both reviews where there is one, else the blind second review: then nobody has
said yet who is right, and the page says so.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, Pass, PlantedError, PlantedStatus, Record, RecordStatus
from core.domain.form import Form, FormValues, cell_text
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.services.team import permitted


class SecondPass(StrEnum):
    """What it was that said otherwise."""

    ADJUDICATED = "仲裁"
    BLIND = "盲审，还没有仲裁"
    PLANTED = "预埋错误"


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """A cell of one's own review that a second pass has otherwise.

    Attributes:
        chat: index of the chat.
        customer: name of the customer, else its number.
        field: label of the field; ``""`` where the customer is missing on one side.
        mine: my value, as text.
        theirs: the other value.
        source: what it was that said otherwise.
        who: who did; ``""`` for a planted error, which is nobody's.
        at: when.
    """

    chat: int
    customer: str
    field: str
    mine: str
    theirs: str
    source: SecondPass
    who: str
    at: datetime


@permitted(Permission.REVIEW)
def corrections_of_mine(store: Store, dataset: DatasetView, form: Form, *, reviewer: str) -> list[ChangedCell]:
    """What second passes changed in a person's own first reviews, the latest first.

    Args:
        store: the open store.
        dataset: the dataset.
        form: its form.
        reviewer: whose reviews; nobody asks for another one's.
    """
    with store.read() as session:
        changed = [*_second_passes(session, dataset.id, form, reviewer), *_planted(session, dataset.id, form, reviewer)]
    return sorted(changed, key=lambda cell: (cell.at, -cell.chat), reverse=True)


def _second_passes(session: Session, dataset_id: int, form: Form, reviewer: str) -> list[ChangedCell]:
    own = select(col(Record.chat_id)).where(
        col(Record.dataset_id) == dataset_id,
        col(Record.review_pass) == Pass.PRIMARY,
        col(Record.status) == RecordStatus.CONFIRMED,
        col(Record.reviewer) == reviewer,
    )
    others = select(col(Record.chat_id)).where(
        col(Record.dataset_id) == dataset_id,
        col(Record.review_pass) != Pass.PRIMARY,
        col(Record.status) == RecordStatus.CONFIRMED,
        col(Record.chat_id).in_(own),
    )
    chat_ids = sorted(set(session.execute(others).scalars()))
    scorer, cells = Scorer(form), list[ChangedCell]()
    for ids in queries.chunked(chat_ids):
        statement = (
            select(Record, col(Chat.index))
            .join(Chat, col(Chat.id) == col(Record.chat_id))
            .where(col(Record.chat_id).in_(ids), col(Record.status) == RecordStatus.CONFIRMED)
        )
        by_chat: dict[int, dict[str, Record]] = {}
        for record, index in session.execute(statement):
            by_chat.setdefault(index, {})[record.review_pass] = record
        for index, passes in by_chat.items():
            other = passes.get(Pass.ADJUDICATED) or passes.get(Pass.SECOND)
            if Pass.PRIMARY in passes and other is not None:
                cells += _differing(scorer, index, passes[Pass.PRIMARY], other)
    return cells


def _differing(scorer: Scorer, chat: int, mine: Record, other: Record) -> list[ChangedCell]:
    """Cells that compare as different, customers matched as a score matches them."""
    form = scorer.form
    source = SecondPass.ADJUDICATED if other.review_pass == Pass.ADJUDICATED else SecondPass.BLIND
    ours, theirs = _forms(form, mine), _forms(form, other)
    prepared = [scorer.prepare(values) for values in ours], [scorer.prepare(values) for values in theirs]
    pairs = {pair.pred: pair.gold for pair in scorer.chat(*prepared).pairs}

    def cell(customer: str, label: str, one: str, two: str) -> ChangedCell:
        return ChangedCell(chat, customer, label, one, two, source, other.reviewer, other.updated_at)

    there, lacking = f"有这位{form.subject}", f"没有这位{form.subject}"
    cells = []
    for position, values in enumerate(ours):
        name = form.name_of(values) or f"{form.subject} {position + 1}"
        if position not in pairs:
            cells.append(cell(name, "", there, lacking))
            continue
        partner = pairs[position]
        a, b = prepared[0][position], prepared[1][partner]
        cells += [
            cell(name, field.label, cell_text(values[field.key]), cell_text(theirs[partner][field.key]))
            for number, field in enumerate(form.fields)
            if a[number] != b[number]
        ]
    taken = set(pairs.values())
    cells += [
        cell(form.name_of(values) or f"{form.subject} {position + 1}", "", lacking, there)
        for position, values in enumerate(theirs)
        if position not in taken
    ]
    return cells


def _forms(form: Form, record: Record) -> list[FormValues]:
    customers: list[dict[str, Any]] = record.customers
    return [form.coerce(customer["values"]).values for customer in customers]


def _planted(session: Session, dataset_id: int, form: Form, reviewer: str) -> list[ChangedCell]:
    """Planted errors that this person let through: the record has the right value."""
    statement = (
        select(PlantedError, col(Chat.index))
        .join(Chat, col(Chat.id) == col(PlantedError.chat_id))
        .where(
            col(PlantedError.dataset_id) == dataset_id,
            col(PlantedError.reviewer) == reviewer,
            col(PlantedError.status) == PlantedStatus.MISSED,
        )
    )
    return [
        ChangedCell(
            index,
            f"{form.subject} 1",
            form.field(row.field).label,
            row.value,
            row.right,
            SecondPass.PLANTED,
            "",
            row.decided_at or row.at,
        )
        for row, index in session.execute(statement)
        if row.field in form
    ]
