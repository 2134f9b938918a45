"""The runs that approved records were started from: a run that is measured by such records flatters itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.kept_reads import read_value_once
from core.adapters.store.models import Record, Run, RunKind
from core.services.quality.passed_cells import passed_by_index
from core.services.team import withheld

FLATTERED = "记录从它改起，偏高"
"""What stands beside the score of a run against records that were started from it."""


LEARNED = "可能学过这些群聊，偏高"
"""What stands beside the score of a run that was made from labels or approved records."""


LABELLED = "标注，不是模型的结果"
"""What stands beside labels where runs are ranked by another reference."""


@dataclass(frozen=True, slots=True)
class RecordOrigins:
    """The runs that the confirmed records of a dataset were started from.

    Attributes:
        runs: chats by the run's name, the most first; under ``""`` those that were started from an empty form, or from
            a run that was deleted.
        by_id: chats by the run's id, of those that are still there.
        labels: names of those runs that are labels.
        deleted: of those under ``""``, how many were started from a run that was deleted.
        passed: number of values that a threshold let pass and that nobody has looked at since, in approved chats.
    """

    runs: Mapping[str, int]
    by_id: Mapping[int, int]
    labels: frozenset[str] = frozenset()
    deleted: int = 0
    passed: int = 0

    @property
    def main(self) -> str:
        """Name of the run that most records were started from, labels left aside; ``""`` where none was."""
        return next((name for name in self.runs if name and name not in self.labels), "")

    @property
    def sentence(self) -> str:
        """Chinese: how many records were started from what; ``""`` where there are none."""
        parts = [f"{self._title(name)}{count:,} 条" for name, count in self.runs.items() if name]
        if self.deleted:
            parts.append(f"已删除的抽取任务 {self.deleted:,} 条")
        if empty := self.runs.get("", 0) - self.deleted:
            parts.append(f"空表单 {empty:,} 条")
        return (f"已确认的记录改自：{'，'.join(parts)}。" if parts else "") + self.passed_sentence

    @property
    def passed_sentence(self) -> str:
        """Chinese: how many values nobody has looked at; ``""`` for none."""
        return f"其中 {self.passed:,} 格是按阈值放行的，没有人逐项看过。" if self.passed else ""

    @property
    def from_labels(self) -> int:
        """How many of the records were started from labels: these are no second opinion about the labels."""
        return sum(self.runs[name] for name in self.labels)

    def _title(self, name: str) -> str:
        return f"标注「{name}」" if name in self.labels else f"「{name}」"


NO_ORIGINS = RecordOrigins({}, {})


def record_origins(session: Session, dataset_id: int) -> RecordOrigins:
    """The runs that the confirmed records of a dataset were started from; read once until anything is written."""
    key = (dataset_id, withheld(session).chats)
    return read_value_once(session, "origins of records", key, lambda: _origins(session, dataset_id))


def _origins(session: Session, dataset_id: int) -> RecordOrigins:
    chats = func.count(func.distinct(col(Record.chat_id)))
    of_dataset = (col(Record.dataset_id) == dataset_id, queries.is_final(), ~queries.is_passed())
    statement = (
        select(col(Run.id), func.coalesce(col(Run.name), ""), chats, func.max(col(Run.kind)))
        .select_from(Record)
        .outerjoin(Run, col(Run.id) == col(Record.base_run_id))
        .where(*of_dataset)
        .group_by(col(Run.id), col(Run.name))
    )
    rows = [(run_id, str(name), int(count), kind) for run_id, name, count, kind in session.execute(statement)]
    rows.sort(key=lambda row: (-row[2], row[1]))
    return RecordOrigins(
        {name: count for _, name, count, _ in rows},
        {run_id: count for run_id, _, count, _ in rows if run_id is not None},
        frozenset(name for _, name, _, kind in rows if kind == RunKind.LABELS),
        int(session.execute(select(chats).where(*of_dataset, *_started_from_a_deleted_run())).scalar_one())
        if any(run_id is None for run_id, *_ in rows)
        else 0,
        sum(one.cells for one in passed_by_index(session, dataset_id).values()),
    )


def _started_from_a_deleted_run() -> tuple[ColumnElement[bool], ...]:
    """Conditions on records without a run of which some value says that it came from one."""
    return col(Record.base_run_id).is_(None), cast(col(Record.customers), Text).like('%"run:%')
