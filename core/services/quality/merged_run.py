"""Stores sets of forms as a new run of kind *merge*: merged runs and picked values alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind, RunStatus
from core.adapters.store.named_rows import hold_run_names, run_named
from core.domain.form import FormValues
from core.domain.permissions import Permission
from core.domain.stored_names import LONGEST_RUN_NAME, NAME_RULE, is_usable_name, stored_name
from core.errors import ConflictError, InputError
from core.services.quality.run_ancestry import FROM_PEOPLE, SOURCE_IDS, is_from_people
from core.services.team import permitted


@dataclass(frozen=True, slots=True)
class MergedChat:
    """The forms of one chat in a merged run, with their origin.

    Attributes:
        forms: one per customer.
        notes: for the analyst: where values come from.
        replies: for ``Extraction.replies``: the same by machine.
    """

    forms: Sequence[FormValues]
    notes: Sequence[str] = ()
    replies: Sequence[Mapping[str, Any]] = ()


def validate_run_name(name: str) -> str:
    """The name of a new run without surrounding blanks.

    Raises:
        InputError: nothing is left, or it cannot be read on one line.
    """
    if not name.strip():
        raise InputError("合并任务还没有名称", "请起一个名称")
    if not is_usable_name(stored_name(name), LONGEST_RUN_NAME):
        raise InputError(f"合并任务的名称不能用（最多 {LONGEST_RUN_NAME} 字，{NAME_RULE}）", "请换一个名称")
    return stored_name(name)


@permitted(Permission.RUNS)
def store_merged_run(
    store: Store,
    dataset_id: int,
    *,
    name: str,
    about: Mapping[str, Any],
    chats: Mapping[int, MergedChat],
    total: int | None = None,
) -> RunView:
    """Store forms as a new, finished run.

    Args:
        store: open store.
        dataset_id: of the chats.
        name: of the new run.
        about: how it was made, for ``Run.parameters["merge"]``.
        chats: by index; indices that the dataset does not have are left out.
        total: chats that the run is about; ``None`` for those that are stored.

    Raises:
        InputError: no name.
        ConflictError: the name is taken.
    """
    name = validate_run_name(name)
    with store.write() as session:
        dataset = queries.dataset(session, dataset_id)
        hold_run_names(session, dataset.id)
        if run_named(session, dataset.id, name) is not None:
            raise ConflictError(f"数据集「{dataset.name}」已经有名为「{name}」的抽取任务", "请换一个名称")
        row = Run(dataset_id=dataset.id, name=name, kind=RunKind.MERGE, status=RunStatus.FINISHED)
        row.parameters = {"merge": {**about, **_sources(session, dataset.id, about)}}
        session.add(row)
        session.flush()
        stored = _add_answers(session, row, about, chats)
        row.total = stored if total is None else total
        session.flush()
        return queries.run(session, row.id or 0)


@permitted(Permission.RUNS)
def fill_merged_run(store: Store, run_id: int, *, about: Mapping[str, Any], chats: Mapping[int, MergedChat]) -> None:
    """Store forms in a run of kind *merge* that still waits for them, in one transaction; its earlier ones go.

    Args:
        store: open store.
        run_id: the run; where it is gone or runs no more, nothing is stored.
        about: how it was made; what the run says of itself already stays.
        chats: by index; indices that the dataset does not have are left out.
    """
    with store.write() as session:
        row = session.execute(select(Run).where(col(Run.id) == run_id).with_for_update()).scalar_one_or_none()
        if row is None or row.kind != RunKind.MERGE or row.status != RunStatus.RUNNING:
            return
        session.execute(delete(Extraction).where(col(Extraction.run_id) == run_id))
        merge = {**about, **(row.parameters.get("merge") or {}), **_sources(session, row.dataset_id, about)}
        row.parameters = {**row.parameters, "merge": {**merge, "differing": about.get("differing")}}
        row.status = RunStatus.FINISHED
        row.total = max(row.total, _add_answers(session, row, about, chats))


def _add_answers(session: Session, row: Run, about: Mapping[str, Any], chats: Mapping[int, MergedChat]) -> int:
    """Add the answers of a merged run; returns how many."""
    ids = queries.chat_ids(session, row.dataset_id)
    stored = {ids[index]: chat for index, chat in chats.items() if index in ids}
    made_on = _made_on(session, row.dataset_id, about.get("runs"))
    session.add_all(
        Extraction(
            run_id=row.id or 0,
            chat_id=chat_id,
            status=ExtractionStatus.OK,
            forms=[dict(values) for values in chat.forms],
            replies=[dict(reply) for reply in chat.replies],
            notes=list(chat.notes),
            made_on=made_on.get(chat_id),
        )
        for chat_id, chat in stored.items()
    )
    return len(stored)


def _sources(session: Session, dataset_id: int, about: Mapping[str, Any]) -> dict[str, Any]:
    """Which runs a merge is made of, and whether what people said is in it; empty where it says nothing of runs."""
    reference = str(about.get("against") or "")
    names = [*(about.get("runs") or ()), *([reference.removeprefix("run:")] if reference.startswith("run:") else [])]
    every = queries.runs(session, dataset_id)
    sources = [run for run in every if run.name in names]
    taught = any(run.kind == RunKind.LABELS or is_from_people(run, every) for run in sources)
    return {SOURCE_IDS: sorted(run.id for run in sources)} | ({FROM_PEOPLE: True} if taught else {}) if sources else {}


def _made_on(session: Session, dataset_id: int, names: Any) -> dict[int, int]:
    """``{chat id: characters}`` of the chats that one of the merged runs read before an import went on with them."""
    if not isinstance(names, list):
        return {}
    statement = (
        select(col(Extraction.chat_id), func.min(col(Extraction.made_on)))
        .join(Run, col(Run.id) == col(Extraction.run_id))
        .where(col(Run.dataset_id) == dataset_id, col(Run.name).in_(names), col(Extraction.made_on).is_not(None))
        .group_by(col(Extraction.chat_id))
    )
    return {int(chat_id): int(characters) for chat_id, characters in session.execute(statement)}
