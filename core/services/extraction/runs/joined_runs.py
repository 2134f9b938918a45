"""Joined runs: several models answer the same chats, and what they said is merged per field into one run.

All of it stands in the store. The joined run is a row of its own from the beginning, and whoever executes runs merges
its parts once they have finished: in one transaction, so that a process that dies leaves nothing half done.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind, RunStatus
from core.adapters.store.named_rows import hold_run_names, run_named
from core.domain.form import load_named_form
from core.domain.merge import Method
from core.domain.permissions import Permission
from core.domain.stored_names import stored_name
from core.errors import ConflictError, RunError, ShiyaoError, StoreError
from core.services.extraction.pipeline import Pipeline
from core.services.extraction.runs.joined_parts import FIRST, PARTS, part_ids, parts_of
from core.services.extraction.runs.lifecycle import create_run, start
from core.services.quality.run_ancestry import SOURCE_IDS
from core.services.team import SERVER, acting_as, permitted

_log = logging.getLogger("shiyao.runs")
_STOPPED = (RunStatus.PAUSED, RunStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class JoinedPart:
    """What one model is asked in a joined run.

    Attributes:
        title: of the part, in the name of its run.
        provider: of the model.
        model: its entry's name.
        pipeline: what it is asked.
        fields: keys whose values are taken from it first.
    """

    title: str
    provider: str
    model: str
    pipeline: Pipeline
    fields: tuple[str, ...] = ()


@permitted(Permission.RUNS)
def start_joined(
    store: Store,
    *,
    dataset: str | int,
    name: str,
    parts: Sequence[JoinedPart],
    chat_indices: Iterable[int] | None = None,
) -> RunView:
    """Start the runs of all parts and the run that they are merged into; called again it goes on.

    Args:
        store: open store.
        dataset: name or id.
        name: of the joined run; its parts are named after it.
        parts: the first one gives every value that no other is asked for first.
        chat_indices: only these chats; ``None`` for all.

    Raises:
        RunError: fewer than two parts, no name, keys are missing, or nothing to extract.
        ConflictError: another run has the name.
        NotFoundError: no such dataset.
    """
    name = stored_name(name)
    if not name or len(parts) < 2:
        raise RunError("一起抽取要有名称和两个以上的模型", "请填写名称，并登记好每个模型")
    indices = None if chat_indices is None else list(chat_indices)
    with store.read() as session:
        data = queries.dataset(session, dataset)
        _require_free(session, data.id, name, [])
    runs = [
        create_run(
            store,
            dataset=data.id,
            name=f"{part.title} · {name}",
            provider=part.provider,
            model=part.model,
            pipeline=part.pipeline,
            chat_indices=indices,
        )
        for part in parts
    ]
    first = {key: run.id for part, run in zip(parts, runs, strict=True) for key in part.fields}
    ids = [run.id for run in runs]
    with store.write() as session:
        hold_run_names(session, data.id)
        row = _require_free(session, data.id, name, ids)
        if row is None:
            row = Run(dataset_id=data.id, name=name, kind=RunKind.MERGE, status=RunStatus.WAITING)
            session.add(row)
        row.parameters = {
            "merge": {
                "method": Method.PRIORITY.value,
                "runs": [run.name for run in runs],
                SOURCE_IDS: ids,
                PARTS: ids,
                FIRST: first,
            }
        }
        row.total = max(run.total for run in runs)
        session.flush()
        run_id = row.id or 0
    return start(store, run_id)


def _require_free(session: Session, dataset_id: int, name: str, ids: Sequence[int]) -> Run | None:
    """The joined run with a name, to go on with; ``None`` where the name is free.

    Raises:
        ConflictError: another run has the name.
    """
    row = run_named(session, dataset_id, name)
    if row is not None and (not part_ids(row) or (ids and list(part_ids(row)) != list(ids))):
        raise ConflictError(f"这个数据集已经有名为「{name}」的抽取任务", "请换一个名称")
    return row


def finish_joined(store: Store) -> None:
    """Merge the joined runs whose parts have finished; those whose parts stand still are paused.

    Called by whoever executes runs, several at once as well.
    """
    with store.read() as session:
        going = select(Run).where(col(Run.kind) == RunKind.MERGE, col(Run.status) == RunStatus.RUNNING)
        states = {row.id or 0: _state(session, row) for row in session.execute(going).scalars()}
    for run_id, state in states.items():
        if state == RunStatus.RUNNING:
            continue
        with acting_as(SERVER):
            try:
                _merge(store, run_id) if state == RunStatus.FINISHED else _pause(store, run_id)
            except ConflictError:
                _log.info("parts of joined run %d have got other answers meanwhile", run_id)
            except StoreError:
                raise  # the database comes back, and nothing is lost
            except (ShiyaoError, ValueError, KeyError, TypeError):
                # One that cannot be merged must not stop the others.
                _log.exception("joined run %d cannot be merged", run_id)
                _pause(store, run_id)


def _state(session: Session, row: Run) -> RunStatus:
    """Finished where all parts have, paused where one stands still or is gone or none has an answer, else running."""
    parts = parts_of(session, row, missing_ok=True)
    if len(parts) < len(part_ids(row)) or any(part.status in _STOPPED for part in parts):
        return RunStatus.PAUSED
    if any(part.status != RunStatus.FINISHED for part in parts):
        return RunStatus.RUNNING
    answered = select(col(Extraction.id)).where(
        col(Extraction.run_id).in_(part_ids(row)), col(Extraction.status) != ExtractionStatus.FAILED
    )
    return RunStatus.FINISHED if session.execute(answered.limit(1)).first() else RunStatus.PAUSED


def _pause(store: Store, run_id: int) -> None:
    with store.write() as session:
        row = session.get(Run, run_id)
        if row is not None and row.status == RunStatus.RUNNING:
            row.status = RunStatus.PAUSED


def _merge(store: Store, run_id: int) -> None:
    from core.services.extraction.merging import merge_into, plan_merge  # with numpy: no other run has to wait for it

    with store.read() as session:
        view = queries.run(session, run_id)
        form = load_named_form(queries.dataset(session, view.dataset_id).form)
    ids = part_ids(view)
    first: Mapping[str, int] = view.parameters["merge"].get(FIRST) or {}
    # A field may have gone from the form since.
    order = {key: [number] for key, number in first.items() if key in form and number in ids}
    plan = plan_merge(store, dataset=view.dataset_id, runs=list(ids), method=Method.PRIORITY, field_order=order)
    merge_into(store, plan, run_id)


def joined_progress(store: Store, run: RunView) -> list[RunView]:
    """The parts of a joined run, how far each is; empty for any other run."""
    with store.read() as session:
        known = set(session.execute(select(col(Run.id)).where(col(Run.id).in_(part_ids(run)))).scalars())
        return [queries.run(session, number) for number in part_ids(run) if number in known]
