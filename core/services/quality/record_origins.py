"""The runs that approved records were started from: a run that is measured by such records flatters itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import RunView, queries
from core.adapters.store.models import Record, Run

FLATTERED = "记录从它改起，偏高"
"""What stands beside the score of a run against records that were started from it."""


LEARNED = "可能学过这些群聊，偏高"
"""What stands beside the score of a run that was made from labels or approved records."""


def has_learned(run: Run | RunView) -> bool:
    """Whether a run was made from what people said: a learned extractor's, or one corrected by habits."""
    return run.provider == "learned" or (run.parameters.get("merge") or {}).get("method") == "habits"


@dataclass(frozen=True, slots=True)
class RecordOrigins:
    """The runs that the confirmed records of a dataset were started from.

    Attributes:
        runs: chats by the run's name, the most first; under ``""`` those that were started from an empty form, or from
            a run that was deleted.
        by_id: chats by the run's id, of those that are still there.
    """

    runs: Mapping[str, int]
    by_id: Mapping[int, int]

    @property
    def main(self) -> str:
        """Name of the run that most records were started from; ``""`` where none was."""
        return next((name for name in self.runs if name), "")

    @property
    def sentence(self) -> str:
        """Chinese: how many records were started from what; ``""`` where there are none."""
        titles = {name: f"「{name}」" if name else "空表单或已删除的抽取任务 " for name in self.runs}
        parts = [f"{titles[name]}{count:,} 条" for name, count in self.runs.items()]
        return f"已确认的记录改自：{'，'.join(parts)}。" if parts else ""


NO_ORIGINS = RecordOrigins({}, {})


def record_origins(session: Session, dataset_id: int) -> RecordOrigins:
    """The runs that the confirmed records of a dataset were started from."""
    chats = func.count(func.distinct(col(Record.chat_id)))
    statement = (
        select(col(Run.id), func.coalesce(col(Run.name), ""), chats)
        .select_from(Record)
        .outerjoin(Run, col(Run.id) == col(Record.base_run_id))
        .where(col(Record.dataset_id) == dataset_id, queries.is_final())
        .group_by(col(Run.id), col(Run.name))
    )
    rows = [(run_id, str(name), int(count)) for run_id, name, count in session.execute(statement)]
    rows.sort(key=lambda row: (-row[2], row[1]))
    return RecordOrigins(
        {name: count for _, name, count in rows}, {run_id: count for run_id, _, count in rows if run_id is not None}
    )
