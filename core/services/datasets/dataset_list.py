"""List of datasets: what each holds, its chats page by page, and deletion."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.call_batches import is_at_service
from core.adapters.store.erasure import forget_job_results, forget_search_index
from core.adapters.store.models import (
    CallBatch,
    Chat,
    Dataset,
    Pass,
    Record,
    RecordStatus,
    Run,
    RunKind,
    RunStatus,
)
from core.domain.chat import parse_chat
from core.domain.permissions import Permission
from core.domain.unseen_characters import without_invisible
from core.errors import ConflictError, InputError
from core.services.team import AuditKind, everything_shown, permitted, record_audit

_OPENING = 60


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset with its counts.

    Attributes:
        dataset: its name, split, chats and expected chats.
        confirmed: chats whose record is 已确认.
        records: chats with any record.
        runs: runs besides the labels.
        labels: chats with labels.
    """

    dataset: DatasetView
    confirmed: int
    records: int
    runs: int
    labels: int

    @property
    def absent(self) -> int:
        """Number of chats in the source that were not imported."""
        return max(0, self.dataset.expected - self.dataset.chats)


@dataclass(frozen=True, slots=True)
class ChatListItem:
    """A chat in a list.

    Attributes:
        index: position in the source, from 1.
        opening: its first words, line ends shown as spaces.
        messages: of the conversation, without residue.
        characters: of the conversation, likewise.
        residue: characters of spreadsheet residue in it.
        status: of its record; ``""`` if it has none.
        reviewer: of its record.
    """

    index: int
    opening: str
    messages: int
    characters: int
    residue: int
    status: str
    reviewer: str


def list_datasets(store: Store) -> list[DatasetSummary]:
    """All datasets, newest first."""
    with store.read() as session:
        return [_summary(session, view) for view in queries.datasets(session)]


def dataset_summary(store: Store, dataset_id: int) -> DatasetSummary:
    """One dataset with its counts.

    Raises:
        NotFoundError: there is none.
    """
    with store.read() as session:
        return _summary(session, queries.dataset(session, dataset_id))


def _summary(session: Session, view: DatasetView) -> DatasetSummary:
    with everything_shown(session):  # how many are done, not with what
        records = queries.record_counts(session, view.id)
    runs = queries.runs(session, view.id)
    return DatasetSummary(
        dataset=view,
        confirmed=records.get(RecordStatus.CONFIRMED, 0),
        records=sum(records.values()),
        runs=sum(run.kind != RunKind.LABELS for run in runs),
        labels=sum(run.done for run in runs if run.kind == RunKind.LABELS),
    )


def list_chats(store: Store, dataset_id: int, *, page: int = 1, size: int = 50) -> list[ChatListItem]:
    """One page of a dataset's chats in order of their index.

    Messages are counted here and not at import: for one page that is nothing.

    Args:
        store: where they are.
        dataset_id: the dataset.
        page: from 1.
        size: chats per page.
    """
    with store.read() as session:
        statement = (
            select(col(Chat.id), col(Chat.index), col(Chat.text), col(Chat.residue_characters))
            .where(col(Chat.dataset_id) == dataset_id)
            .order_by(col(Chat.index))
            .offset((page - 1) * size)
            .limit(size)
        )
        chats = list(session.execute(statement))
        records = _records(session, [int(row[0] or 0) for row in chats])
    lines = []
    for chat_id, index, text, residue in chats:
        parsed = parse_chat(text)
        status, reviewer = records.get(int(chat_id or 0), ("", ""))
        opening = " ".join(parsed.conversation[: 2 * _OPENING].split())[:_OPENING]
        length = len(parsed.conversation)
        lines.append(ChatListItem(index, opening, len(parsed.messages), length, residue, status, reviewer))
    return lines


def _records(session: Session, chat_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    statement = select(col(Record.chat_id), col(Record.status), col(Record.reviewer)).where(
        col(Record.chat_id).in_(chat_ids), col(Record.review_pass) == Pass.PRIMARY
    )
    with everything_shown(session):  # that somebody has reviewed a chat is no secret
        return {chat_id: (status, reviewer) for chat_id, status, reviewer in session.execute(statement)}


def is_name_typed(typed: str, name: str) -> bool:
    """Whether a dataset's name was typed, or copied from a page: pages part addresses in it by invisible characters."""
    return without_invisible(typed).strip() == without_invisible(name).strip()


@permitted(Permission.DELETE_DATASET)
def delete_dataset(store: Store, dataset_id: int, *, confirmation: str) -> DatasetView:
    """Delete a dataset with its chats, runs and records; what was exported from it stays listed.

    Args:
        store: where it is.
        dataset_id: which one.
        confirmation: its name, typed by the person who wants this.

    Returns:
        What it was.

    Raises:
        NotFoundError: it is gone already.
        InputError: the name is not its name.
        ConflictError: a run of it is going on, or has a batch at a service.
    """
    with store.write() as session:
        view = queries.dataset(session, dataset_id)
        if not is_name_typed(confirmation, view.name):
            raise InputError(f"输入的名称不是「{view.name}」，没有删除", "请输入完整的数据集名称")
        running = session.execute(
            select(func.count()).where(
                col(Run.dataset_id) == dataset_id,
                col(Run.kind) == RunKind.MODEL,
                col(Run.status) == RunStatus.RUNNING,
            )
        ).scalar_one()
        if running:
            raise ConflictError(f"数据集「{view.name}」有 {running} 个抽取任务正在进行，没有删除", "请先取消或等它完成")
        at_service = session.execute(
            select(col(Run.name))
            .join(CallBatch, col(CallBatch.run_id) == col(Run.id))
            .where(col(Run.dataset_id) == dataset_id, is_at_service())
            .limit(1)
        ).scalar_one_or_none()
        if at_service is not None:
            raise ConflictError(
                f"抽取任务「{at_service}」还有批量在服务方，没有删除数据集「{view.name}」",
                "请等它结束，或先取消它，等服务方停下并收回结果",
            )
        # The database takes everything that hangs on it (ON DELETE CASCADE).
        session.execute(delete(Dataset).where(col(Dataset.id) == dataset_id))
        forget_search_index(session)
        forget_job_results(session)
        record_audit(session, AuditKind.DELETION, view.name, f"数据集，{view.chats:,} 条群聊")
    store.purge_deleted()
    return view
