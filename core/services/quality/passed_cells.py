"""Values that a threshold let pass and nobody has looked at since, though a person has approved the rest of the chat.

Who approves a chat of which cells had passed answers for all of it, but has looked at the others only: what a run said
of itself must not teach, nor be counted as what people say. A passed value that somebody confirms by itself or changes
is a person's from then on.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import exists, select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Confirmation, PassingRule, Record, RecordEvent
from core.adapters.store.save_ids import PASSED

PASSED_SAVES: Final = f"{PASSED}-"

Keys = tuple[frozenset[str], ...]
"""Per customer of a record, in its order, the keys of the values that passed."""


class PassedCells(NamedTuple):
    """The passed values of one record.

    Attributes:
        keys: per customer.
        whole: whether there is no other value in it.
    """

    keys: Keys
    whole: bool

    @property
    def cells(self) -> int:
        """Number of values."""
        return sum(map(len, self.keys))


def passed_cells(session: Session, versions: Mapping[int, int]) -> dict[int, PassedCells]:
    """The passed values of records; those without any are omitted.

    Args:
        session: open session.
        versions: by record id, the version that is looked at.
    """
    by_record: dict[int, PassedCells] = {}
    if not anything_passed(session):
        return by_record
    for ids in queries.chunked(sorted(versions)):
        begun = select(col(RecordEvent.record_id)).where(
            col(RecordEvent.record_id).in_(ids), col(RecordEvent.save_id).startswith(PASSED_SAVES)
        )
        statement = (
            select(
                col(RecordEvent.record_id), col(RecordEvent.version), col(RecordEvent.save_id), col(RecordEvent.change)
            )
            .where(col(RecordEvent.record_id).in_(begun))
            .order_by(col(RecordEvent.record_id), col(RecordEvent.version))
        )
        events: dict[int, list[tuple[str, Sequence[Mapping[str, Any]]]]] = {}
        for record_id, version, save_id, change in session.execute(statement):
            if version <= versions[record_id] and (customers := change.get("customers")):
                events.setdefault(record_id, []).append((save_id, customers))
        for record_id, of_record in events.items():
            if (passed := _still_passed(of_record)).cells:
                by_record[record_id] = passed
    return by_record


def _still_passed(events: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> PassedCells:
    """What passed at some version and is as it passed in all later ones, by the customers of the last one."""
    passed: dict[tuple[Any, str], Any] = {}
    for save_id, customers in events:
        bulk = dict(_bulk_values(customers))
        if save_id.startswith(PASSED_SAVES):
            passed |= bulk
        passed = {cell: value for cell, value in passed.items() if cell in bulk and bulk[cell] == value}
    last = events[-1][1]
    keys = tuple(frozenset(key for source, key in passed if source == one.get("source")) for one in last)
    return PassedCells(keys, sum(map(len, keys)) == sum(len(one["values"]) for one in last))


def _bulk_values(customers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[Any, str], Any]]:
    """Values that are 批量确认, by the customer's place in the run and key."""
    for customer in customers:
        for key, confirmation in customer.get("confirmed", {}).items():
            if confirmation == Confirmation.BULK and customer.get("source") is not None:
                yield (customer["source"], key), customer["values"].get(key)


def passed_by_index(session: Session, dataset_id: int) -> dict[int, PassedCells]:
    """The passed values of a dataset's approved records, by chat index; records of which all passed, too."""
    if not anything_passed(session):
        return {}
    statement = (
        select(col(Chat.index), col(Record.id), col(Record.version))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(col(Record.dataset_id) == dataset_id, queries.is_final(), ~queries.is_passed(), begun_by_passing())
    )
    rows = session.execute(statement).all()
    passed = passed_cells(session, {record_id: version for _, record_id, version in rows})
    return {index: passed[record_id] for index, record_id, _ in rows if record_id in passed}


def anything_passed(session: Session) -> bool:
    """Whether there ever was a passing rule: without one nobody's records are searched."""
    return session.execute(select(col(PassingRule.id)).limit(1)).first() is not None


def begun_by_passing() -> Any:
    """Condition on records: a threshold let something of them pass at some time."""
    return exists().where(
        col(RecordEvent.record_id) == col(Record.id), col(RecordEvent.save_id).startswith(PASSED_SAVES)
    )
