"""The oracle: what each reviewer typed and last saw acknowledged, compared with the store at the end."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bench.chaos.tally import Tally
from core.adapters.store import Store
from core.adapters.store.models import Chat, Record, RecordEvent

MARKED = "基本信息-姓名"
"""The field that carries each save's own mark."""

PREFIX = "记"
"""What every mark begins with."""


@dataclass(frozen=True)
class SentSave:
    """A save as it was sent: its mark stands in no other one.

    Attributes:
        after: one's own save that this one follows, so that its version counts instead of ``base_version``.
    """

    save_id: str
    reviewer: str
    chat: int
    base_version: int
    mark: str
    after: str = ""


@dataclass(frozen=True)
class _Version:
    """One version of a record as the store keeps it."""

    record_id: int
    number: int
    save_id: str
    who: str
    mark: str


class Oracle:
    """Keeps what was typed and what was answered; used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._typed: dict[str, SentSave] = {}
        self._answers: dict[str, tuple[str, int]] = {}

    @property
    def stored(self) -> int:
        """Number of saves acknowledged as saved."""
        with self._lock:
            return sum(result == "saved" for result, _ in self._answers.values())

    def sent(self, save: SentSave) -> None:
        """Keep what somebody typed, before it is on its way."""
        with self._lock:
            self._typed[save.save_id] = save

    def acknowledge(self, save: SentSave, ack: Mapping[str, Any]) -> None:
        """Keep the answer to a save."""
        with self._lock:
            self._typed[save.save_id] = save
            self._answers[save.save_id] = (ack["result"], ack["version"])

    def compare(self, store: Store, dataset_id: int, tally: Tally) -> None:
        """Count what the store has lost, doubled or overwritten."""
        with store.read() as session:
            records = session.execute(
                select(col(Record.id), col(Chat.index), col(Record.version), col(Record.customers))
                .join(Chat, col(Chat.id) == col(Record.chat_id))
                .where(col(Record.dataset_id) == dataset_id)
            ).all()
            columns = (RecordEvent.record_id, RecordEvent.version, RecordEvent.save_id, RecordEvent.who)
            rows = session.execute(
                select(*map(col, columns), col(RecordEvent.change)).order_by(col(RecordEvent.version))
            ).all()
        versions = [
            _Version(record_id, number, save_id, who, _mark(change.get("customers")))
            for record_id, number, save_id, who, change in rows
        ]
        self._compare_saves(versions, tally)
        _compare_histories(records, versions, tally)
        answers = Counter(result for result, _ in self._answers.values())
        tally.figures["saves"] = ", ".join(f"{number:,} {result}" for result, number in sorted(answers.items()))

    def _compare_saves(self, versions: Sequence[_Version], tally: Tally) -> None:
        stored = {version.save_id: version for version in versions}
        for save_id, save in self._typed.items():
            result, number = self._answers.get(save_id, ("", 0))
            kept = stored.get(save_id)
            if result in ("saved", ""):
                if kept is None or kept.mark != save.mark:
                    tally.count("lost", f"{save}, answered {result or 'never'}")
                elif result and (kept.number != number or kept.who != save.reviewer):
                    tally.count("overwritten", f"{save} is version {kept.number} by {kept.who}, not {number}")
                elif kept.number != self._base(save, stored) + 1:
                    tally.count("overwritten", f"{save} became version {kept.number}")
            elif kept is not None:
                # Whoever is told that it is not stored does it again.
                tally.count("doubled", f"{save} is stored, and was answered with {result}")

    def _base(self, save: SentSave, stored: Mapping[str, _Version]) -> int:
        before = stored.get(save.after)
        return before.number if before is not None else save.base_version


def _compare_histories(records: Sequence[Any], versions: Sequence[_Version], tally: Tally) -> None:
    for mark, number in Counter(version.mark for version in versions if version.mark.startswith(PREFIX)).items():
        if number > 1:
            tally.count("doubled", f"{mark} stands in {number} versions", number - 1)
    histories: dict[int, list[_Version]] = defaultdict(list)
    for version in versions:
        histories[version.record_id].append(version)
    for record_id, index, newest, customers in records:
        numbers = [version.number for version in histories[record_id]]
        if numbers != list(range(1, newest + 1)):
            tally.count("overwritten", f"chat {index} has versions {numbers}, is {newest}")
        elif histories[record_id][-1].mark != _mark(customers):
            tally.count("lost", f"chat {index} is not what its last version says")


def _mark(customers: Any) -> str:
    return str(customers[0]["values"].get(MARKED, "")) if customers else ""
