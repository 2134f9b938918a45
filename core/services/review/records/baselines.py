"""The run that a record was started from: whether it is still there, and what a version was started from.

Positions of a run's forms (``source`` of a stored customer) mean something only together with that run. A record keeps
its run whatever run the workbench shows; where it was deleted there is nothing to compare with.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import EventView
from core.adapters.store.models import Extraction, RecordEvent, Run
from core.domain.form import FormValues


def existing_run(
    session: Session, dataset_id: int, run_id: int | None, *, before: datetime | None = None
) -> int | None:
    """The run's id, if it is a run of this dataset; ``None`` where it was deleted.

    Args:
        session: open.
        dataset_id: the dataset.
        run_id: as it was noted.
        before: when it was noted: a younger run that was given the id of a deleted one is not it.
    """
    if run_id is None:
        return None
    statement = select(col(Run.id)).where(col(Run.id) == run_id, col(Run.dataset_id) == dataset_id)
    if before is not None:
        statement = statement.where(col(Run.created_at) <= before)
    existing_id: int | None = session.execute(statement).scalar_one_or_none()
    return existing_id


def answered_run(session: Session, dataset_id: int, run_id: int | None, chat_id: int) -> int | None:
    """The run that a new record of a chat starts from; ``None`` where that run has no answer about the chat (yet).

    Nobody has seen an answer that arrives later: it must not count as changed by whoever decided without it.
    """
    existing_id = existing_run(session, dataset_id, run_id)
    if existing_id is None:
        return None
    statement = select(col(Extraction.forms)).where(
        col(Extraction.run_id) == existing_id, col(Extraction.chat_id) == chat_id
    )
    return existing_id if session.execute(statement).scalar_one_or_none() is not None else None


def run_of_event(session: Session, dataset_id: int, event: EventView | RecordEvent, now: int | None) -> int | None:
    """The run that the sources of an event's customers count in.

    Events from before it was kept say it by the origins of their values, where one of them is a run's.

    Args:
        session: open.
        dataset_id: the dataset.
        event: of the record.
        now: the record's run now, taken where the event says nothing.
    """
    if "base_run_id" in event.change:
        return existing_run(session, dataset_id, event.change["base_run_id"], before=event.at)
    for customer in event.change.get("customers", []):
        for origin in customer.get("origin", {}).values():
            kind, _, run_id = str(origin).partition(":")
            if kind == "run" and run_id.isdecimal():
                return existing_run(session, dataset_id, int(run_id), before=event.at)
    return now


def source_form(customer: Mapping[str, Any], forms: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """What the run said about a stored customer; ``None`` for one that came from no form of it."""
    source = customer.get("source")
    if isinstance(source, int) and not isinstance(source, bool) and 0 <= source < len(forms):
        return forms[source]
    return None


def changes_of_baseline(baseline: Sequence[FormValues], customers: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a first version changed of the run's forms, as ``save_types.changed_fields``.

    ``"<customer>:<key>"`` of every cell that differs from the customer's own form, ``"<customer>:*"`` for a customer
    whom a person added, and for a form that nobody took, under a number behind those of the customers.
    """
    changed: list[str] = []
    for position, customer in enumerate(customers):
        before = source_form(customer, baseline)
        if before is None:
            changed.append(f"{position}:*")
        else:
            changed += [f"{position}:{key}" for key, value in customer["values"].items() if before.get(key) != value]
    taken = {customer.get("source") for customer in customers}
    dropped = sum(source not in taken for source in range(len(baseline)))
    return changed + [f"{len(customers) + number}:*" for number in range(dropped)]
