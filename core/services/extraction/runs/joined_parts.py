"""The parts of a joined run: runs of models whose answers are merged per field once all of them are there."""

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import Run, RunBase, RunKind
from core.errors import RunError

PARTS, FIRST = "parts", "first"
"""Keys of ``parameters["merge"]``: ids of the parts in order, and ``{field key: id}`` of whose value goes first."""


def part_ids(run: RunBase) -> tuple[int, ...]:
    """Ids of the runs that a joined run is made of, in order; empty for any other run."""
    if run.kind != RunKind.MERGE:
        return ()
    merge = (run.parameters or {}).get("merge") or {}
    return tuple(int(number) for number in merge.get(PARTS) or ())


def parts_of(session: Session, run: RunBase, *, missing_ok: bool = False) -> list[Run]:
    """The rows of these runs, in order.

    Args:
        session: open session.
        run: the joined run; any other has no parts.
        missing_ok: leave out those that were deleted.

    Raises:
        RunError: one was deleted.
    """
    ids = part_ids(run)
    rows = {row.id: row for row in session.execute(select(Run).where(col(Run.id).in_(ids))).scalars()} if ids else {}
    if len(rows) < len(ids) and not missing_ok:
        raise RunError(f"「{run.name}」要合并的抽取任务有 {len(ids) - len(rows):,} 个已删除", "请重新开始一次")
    return [rows[number] for number in ids if number in rows]
