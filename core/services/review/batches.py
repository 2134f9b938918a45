"""Batches: chats assigned to reviewers, with their progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, exists, func, insert, select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Batch, BatchChat, Chat, Record, RecordStatus
from core.domain.form import Form
from core.domain.permissions import Permission
from core.domain.stored_names import NAME_RULE, is_usable_name, stored_name
from core.errors import InputError, NotFoundError
from core.services.review.progress import review_pace
from core.services.review.queue import order
from core.services.review.queue.filters import FILTERS, Filter, with_record, with_status
from core.services.team import everything_shown, permitted

_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch and its progress.

    Attributes:
        id: its number.
        name: what the lead calls it.
        reviewer: who is to review it.
        who: who gave it out.
        created_at: when.
        chats: how many chats it holds.
        confirmed: of these, 已确认.
        left: of these, still to be decided.
        pace_seconds: what the reviewer's last chats took, median; ``None`` before the first few.
    """

    id: int
    name: str
    reviewer: str
    who: str
    created_at: datetime
    chats: int
    confirmed: int
    left: int
    pace_seconds: float | None

    @property
    def left_seconds(self) -> float | None:
        """Estimated seconds until the batch is done, at the present pace."""
        return self.pace_seconds * self.left if self.pace_seconds is not None else None


@permitted(Permission.BATCHES)
def assign(
    store: Store,
    form: Form,
    dataset_id: int,
    *,
    name: str,
    reviewers: Sequence[str],
    count: int,
    who: str,
    narrow: Filter,
    in_order: str = order.INDEX,
    base_run: int | None = None,
) -> list[int]:
    """Assign chats to reviewers: the first unassigned ones of a queue, distributed in turn.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        name: of the batch.
        reviewers: who gets them; each gets a batch of their own.
        count: chats in all.
        who: who gives them out.
        narrow: which chats.
        in_order: one of :data:`core.services.review.queue.order.ORDERS`.
        base_run: the run that order and filter go by.

    Returns:
        Numbers of the batches, in the order of the reviewers; where there are fewer chats than reviewers, the last
        ones get none.

    Raises:
        InputError: a name is missing, or there are no such chats.
    """
    people = list(dict.fromkeys(person.strip() for person in reviewers if person.strip()))
    if not who.strip():
        raise InputError("还不知道是谁在分派", "请先填写名字")
    if not is_usable_name(stored_name(name), _NAME_LENGTH):
        raise InputError(f"批次的名称不能用（1 到 {_NAME_LENGTH} 字，{NAME_RULE}）", "请起一个短的名称")
    if not people:
        raise InputError("还没有选择审阅人", "请写上至少一位审阅人的名字")
    if count < len(people):
        raise InputError(f"{count:,} 条群聊分给 {len(people):,} 人，有人会没有", "请增加条数，或减少审阅人")
    queue_spec = order.QueueSpec(dataset_id, narrow, in_order, base_run, who)
    with store.read() as session:
        chats_to_assign = order.review_queue(session, form, queue_spec, fresh=True).indices
    chosen: list[int] = []
    with store.write() as session:
        for chunk in queries.chunked(chats_to_assign):
            held = exists().where(col(BatchChat.chat_id) == col(Chat.id))
            statement = select(col(Chat.index), col(Chat.id)).where(
                col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(list(chunk)), ~held
            )
            ids = {index: int(chat_id or 0) for index, chat_id in session.execute(statement)}
            chosen += [ids[index] for index in chunk if index in ids]
            if len(chosen) >= count:
                break
        if not chosen:
            raise InputError("没有可以分派的群聊：符合条件的都已在别的批次里，或没有符合条件的", "请放宽条件")
        made = []
        for position, person in enumerate(people[: len(chosen)]):
            batch = Batch(
                dataset_id=dataset_id,
                name=stored_name(name),
                reviewer=person,
                who=who.strip(),
                selection={"filter": narrow.as_query(), "order": in_order, "count": count},
            )
            session.add(batch)
            session.flush()
            batch_id = batch.id or 0
            mine = chosen[:count][position :: len(people)]
            session.execute(insert(BatchChat), [{"batch_id": batch_id, "chat_id": chat} for chat in mine])
            made.append(batch_id)
        return made


@permitted(Permission.BATCHES)
def withdraw(store: Store, batch_id: int) -> None:
    """Delete a batch; its chats and their records stay.

    Raises:
        NotFoundError: it is gone already.
    """
    with store.write() as session:
        if session.get(Batch, batch_id) is None:
            raise NotFoundError("这个批次已经不在了", "请刷新页面")
        session.execute(delete(Batch).where(col(Batch.id) == batch_id))


def waiting_in_batches(store: Store, reviewer: str) -> dict[int, int]:
    """How many chats of a reviewer's batches are still to be decided, by dataset id; datasets without any are left out.

    Args:
        store: the open store.
        reviewer: the person; ``""`` for nobody.
    """
    if not reviewer:
        return {}
    statement = (
        select(col(Batch.dataset_id), func.count(func.distinct(col(Chat.id))))
        .select_from(Batch)
        .join(BatchChat, col(BatchChat.batch_id) == col(Batch.id))
        .join(Chat, col(Chat.id) == col(BatchChat.chat_id))
        .where(col(Batch.reviewer) == reviewer, with_status(FILTERS["待审阅"]))
        .group_by(col(Batch.dataset_id))
    )
    with store.read() as session, everything_shown(session):  # how many, not with what
        return {int(dataset_id): int(count) for dataset_id, count in session.execute(with_record(statement))}


def batches(store: Store, dataset_id: int) -> list[BatchView]:
    """All batches of a dataset, newest first."""
    undecided = with_status(FILTERS["待审阅"])
    with store.read() as session, everything_shown(session):  # how many are done, not with what
        statement = (
            select(
                Batch,
                func.count(col(Chat.id)),
                func.coalesce(func.sum(case((col(Record.status) == RecordStatus.CONFIRMED, 1), else_=0)), 0),
                func.coalesce(func.sum(case((col(Chat.id).is_not(None) & undecided, 1), else_=0)), 0),
            )
            .select_from(Batch)
            .outerjoin(BatchChat, col(BatchChat.batch_id) == col(Batch.id))
            .outerjoin(Chat, col(Chat.id) == col(BatchChat.chat_id))
            .where(col(Batch.dataset_id) == dataset_id)
            .group_by(col(Batch.id))
            .order_by(col(Batch.id).desc())
        )
        rows = session.execute(with_record(statement)).all()
        paces = {person: review_pace(session, dataset_id, person) for person in {row[0].reviewer for row in rows}}
        return [
            BatchView(
                batch.id,
                batch.name,
                batch.reviewer,
                batch.who,
                batch.created_at,
                int(chats),
                int(confirmed),
                int(left),
                paces[batch.reviewer],
            )
            for batch, chats, confirmed, left in rows
        ]
