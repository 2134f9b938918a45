"""Filters of chats: one value, stored in the page address, with its conditions in SQL.

The workbench and the record table share it. Values of fields are those on screen: the record's, or, while nobody has
opened the chat, those of the run that the workbench starts from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, literal_column, or_, select
from sqlmodel import Session, col

from core.adapters.store.models import (
    Batch,
    BatchChat,
    Chat,
    ChatPriority,
    Extraction,
    ExtractionStatus,
    Pass,
    PlantedError,
    PlantedStatus,
    Record,
    RecordStatus,
    ReviewCheck,
)
from core.domain.indices import parse_index
from core.services.review.queue import search
from core.services.review.records.save_types import UNREVIEWED
from core.services.team import withheld

EVERY = "全部"
FILTERS: dict[str, tuple[str, ...]] = {
    "待审阅": (UNREVIEWED, RecordStatus.DRAFT),
    EVERY: tuple(RecordStatus),
    "已确认": (RecordStatus.CONFIRMED,),
    "待讨论": (RecordStatus.DISCUSS,),
    "已跳过": (RecordStatus.SKIPPED,),
}
"""Queues that a reviewer can choose, with the statuses they contain; the first is the default."""

FILLED, EMPTY = "有值", "为空"
WARNED, NOTED, FAILED = "有提醒", "有备注", "抽取失败"
FLAGS = (WARNED, NOTED, FAILED)
MINE = "我的批次"
DIFFERING = "有分歧"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of chats; every part narrows it further. All parts are texts, as in the page address.

    Attributes:
        queue: name of a set of statuses, a key of :data:`FILTERS`.
        by: records of this reviewer only.
        field: key of the field that ``filled`` and ``value`` are about.
        filled: :data:`FILLED` or :data:`EMPTY`: of some customer; a chat without customers has the field empty.
        value: text that the field's value contains.
        differ: :data:`DIFFERING` for chats on which runs disagree.
        flag: one of :data:`FLAGS`.
        text: words that the conversation contains, each of them.
        batch: :data:`MINE`, or the number of a batch.
    """

    queue: str = "待审阅"
    by: str = ""
    field: str = ""
    filled: str = ""
    value: str = ""
    differ: str = ""
    flag: str = ""
    text: str = ""
    batch: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Filter":
        """Read a filter from page parameters; unknown or missing parts get their default."""
        known = {field.name: str(given.get(field.name) or "") for field in fields(cls)}
        if known["queue"] not in FILTERS:
            known["queue"] = next(iter(FILTERS))
        return cls(**known)

    def as_query(self) -> dict[str, str]:
        """The page parameters of the filter, without defaults."""
        default = Filter()
        pairs = ((field.name, str(getattr(self, field.name))) for field in fields(self))
        return {name: value for name, value in pairs if value != getattr(default, name)}

    @property
    def statuses(self) -> tuple[str, ...]:
        """Statuses that the queue contains."""
        return FILTERS[self.queue]

    @property
    def narrow(self) -> int:
        """Number of parts that narrow the queue."""
        return sum(name not in ("queue", "field") for name in self.as_query())

    @property
    def by_value(self) -> bool:
        """Whether it depends on what the forms say, so that who sees which chats it leaves knows something of them."""
        return bool(self.field and (self.filled or self.value))

    @property
    def cheap(self) -> bool:
        """Whether the filter can be applied without reading texts or forms."""
        return not (self.text or self.by_value)


def with_status(statuses: tuple[str, ...]) -> ColumnElement[bool]:
    """Condition: the chat's record has one of these statuses; without a record it counts as 未审阅."""
    condition: ColumnElement[bool] = col(Record.status).in_(statuses)
    return or_(col(Record.id).is_(None), condition) if UNREVIEWED in statuses else condition


def with_record(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A statement over chats, joined with their primary records."""
    return statement.outerjoin(
        Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY)
    )


def apply_filter(
    statement: Select[*tuple[Any, ...]],
    session: Session,
    wanted: Filter,
    *,
    dataset_id: int,
    base_run: int | None,
    reviewer: str = "",
    desk_of: str = "",
) -> Select[*tuple[Any, ...]]:
    """Restrict a statement made by :func:`with_record` to a filter, without chats that are withheld from who reads.

    Args:
        statement: selects from chats with their record.
        session: for what the database can do.
        wanted: the filter.
        dataset_id: the dataset.
        base_run: whose values chats without a record have.
        reviewer: whose batches :data:`MINE` are.
        desk_of: whose desk the chats are for, on which planted errors are shown; ``""`` where what is stored is shown.
    """
    statement = statement.where(col(Chat.dataset_id) == dataset_id)
    if hidden := withheld(session).chats:
        statement = statement.where(col(Chat.id).not_in(hidden))
    if wanted.queue != EVERY:
        statement = statement.where(with_status(wanted.statuses))
    if wanted.by:
        statement = statement.where(col(Record.reviewer) == wanted.by)
    if wanted.text:
        statement = statement.where(search.containing(session, wanted.text))
    if wanted.differ:
        statement = statement.where(_has_priority(base_run, col(ChatPriority.differing) > 0))
    if wanted.flag == WARNED:
        statement = statement.where(_has_priority(base_run, col(ChatPriority.warnings) > 0))
    elif wanted.flag == NOTED:
        statement = statement.where(col(Record.note) != "")
    elif wanted.flag == FAILED:
        failed = col(Extraction.status) == ExtractionStatus.FAILED
        statement = statement.where(
            exists().where(col(Extraction.run_id) == base_run, col(Extraction.chat_id) == col(Chat.id), failed)
        )
    if wanted.batch:
        statement = statement.where(_in_batch(wanted.batch, reviewer))
    if wanted.by_value:
        statement = statement.outerjoin(
            Extraction, and_(col(Extraction.run_id) == base_run, col(Extraction.chat_id) == col(Chat.id))
        ).where(_of_field(session, wanted, dataset_id, base_run, desk_of))
    return statement


def _has_priority(base_run: int | None, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(col(ChatPriority.run_id) == base_run, col(ChatPriority.chat_id) == col(Chat.id), condition)


def _in_batch(batch: str, reviewer: str) -> ColumnElement[bool]:
    chats = select(col(BatchChat.chat_id)).join(Batch, col(Batch.id) == col(BatchChat.batch_id))
    if number := parse_index(batch):
        return col(Chat.id).in_(chats.where(col(Batch.id) == number))
    return col(Chat.id).in_(chats.where(col(Batch.reviewer) == reviewer))


def _of_field(
    session: Session, wanted: Filter, dataset_id: int, base_run: int | None, desk_of: str
) -> ColumnElement[bool]:
    """A customer of the chat has this field filled, empty, or with a value that contains the wanted one.

    Where a reviewer's desk shows a planted error in the field, in place of the run's answer or in their draft, what it
    shows decides: a queue by value that went by what is stored would give the error away.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    recorded = some_customer(col(Record.customers), ("values", wanted.field), wanted, sqlite=sqlite)
    answered = func.coalesce(col(Extraction.forms), literal_column("'[{}]'"))
    untouched = some_customer(answered, (wanted.field,), wanted, sqlite=sqlite)
    stored = or_(
        and_(col(Record.id).is_not(None), recorded),
        and_(col(Record.id).is_(None), untouched),
    )
    checks = session.get(ReviewCheck, dataset_id) if desk_of else None
    if checks is None or not checks.planted_share:
        return stored
    planted = exists().where(
        col(PlantedError.chat_id) == col(Chat.id),
        col(PlantedError.run_id) == base_run,
        col(PlantedError.field) == wanted.field,
        col(PlantedError.status).in_((PlantedStatus.WAITING, PlantedStatus.STANDING)),
        col(PlantedError.version) == func.coalesce(col(Record.version), 0),
        col(PlantedError.reviewer).in_(("", desk_of)),
    )
    shown: ColumnElement[bool] = literal(wanted.filled != EMPTY)
    if wanted.value:
        shown = and_(shown, planted.where(col(PlantedError.value).icontains(wanted.value, autoescape=True)))
    return or_(and_(planted, shown), and_(~planted, stored))


def some_customer(forms: Any, path: tuple[str, ...], wanted: Filter, *, sqlite: bool) -> ColumnElement[bool]:
    """Condition: some customer's cell is filled, empty or contains a text, as ``filled`` and ``value`` of a filter say.

    Args:
        forms: SQL for the JSON list of customers.
        path: keys that lead to the cell in each of them.
        wanted: the filter.
        sqlite: whether the database is SQLite.
    """
    each = (func.json_each(forms) if sqlite else func.json_array_elements(forms)).table_valued("value")
    value = cell(each.c.value, path, sqlite=sqlite)
    conditions = []
    if wanted.filled == EMPTY:
        conditions.append(func.coalesce(value, "").in_(("", "[]")))
    elif wanted.filled == FILLED:
        conditions.append(func.coalesce(value, "").not_in(("", "[]")))
    if wanted.value:
        conditions.append(value.icontains(wanted.value, autoescape=True))
    some = exists(select(literal_column("1")).select_from(each).where(*conditions))
    if wanted.filled == EMPTY and not wanted.value:
        return or_(func.json_array_length(forms) == 0, some)
    return some


def cell(customer: Any, path: tuple[str, ...], *, sqlite: bool) -> Any:
    """SQL for the text of one cell of a customer's JSON; a list as JSON, a missing value as NULL."""
    if sqlite:
        return func.json_extract(customer, "$" + "".join(f'."{name}"' for name in path))
    for name in path[:-1]:
        customer = customer.op("->")(name)
    return customer.op("->>")(path[-1])
