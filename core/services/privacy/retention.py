"""How long raw replies and histories of records stay, and the work that deletes what is older, files included."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, and_, delete, exists, func, not_, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import (
    AppliedFormChange,
    Dataset,
    Discussion,
    DiscussionEvent,
    DiscussionStep,
    Extraction,
    FormChangeRow,
    Record,
    RecordEvent,
    Reply,
    Retention,
    Run,
    now,
)
from core.adapters.store.models.form_changes import FORGOTTEN
from core.domain.permissions import Permission
from core.errors import InputError
from core.services.team import AuditKind, permitted, record_audit

_log = logging.getLogger("shiyao.retention")
LONGEST_DAYS = 36_500
_AT_ONCE = 200
_WORDS_OF_A_CALL = ("raw", "system", "user", "examples", "error", "notes")
"""What of a stored call holds words of chats or models; times, tokens, causes and digests stay."""
_LISTS_OF_A_CALL = frozenset({"examples", "notes"})
_GONE = "说明已到保留期限，已删除"
"""What stands in the place of the sentence of a failed extraction, which may quote what a service answered."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long a dataset keeps what; ``None``: as long as the dataset.

    Attributes:
        dataset: its name.
        replies_days: days for questions and raw replies of models.
        history_days: days for earlier versions of records, and of comments that were edited or deleted.
    """

    dataset: str
    replies_days: int | None
    history_days: int | None


@dataclass(frozen=True, slots=True)
class RetentionResult:
    """What was deleted: numbers of extractions without their replies, of versions; and whether the bytes are gone."""

    replies: int
    versions: int
    purged: bool


def retention_rules(store: Store) -> list[RetentionRule]:
    """The rule of each dataset, in order of names."""
    statement = (
        select(col(Dataset.name), col(Retention.replies_days), col(Retention.history_days))
        .outerjoin(Retention, col(Retention.dataset_id) == col(Dataset.id))
        .order_by(col(Dataset.name))
    )
    with store.read() as session:
        return [RetentionRule(*row) for row in session.execute(statement)]


@permitted(Permission.PERSONAL_DATA)
def set_retention(
    store: Store, dataset: int | str, *, replies_days: int | None, history_days: int | None
) -> RetentionRule:
    """Set how long a dataset keeps replies and histories.

    Args:
        store: open store.
        dataset: name or id.
        replies_days: days, ``None``: as long as the dataset.
        history_days: likewise.

    Raises:
        NotFoundError: no such dataset.
        InputError: not a number of days.
    """
    for days in (replies_days, history_days):
        if days is not None and not 0 <= days <= LONGEST_DAYS:
            raise InputError(f"保留天数不能是 {days}", f"请填 0 到 {LONGEST_DAYS:,}，或留空表示一直保留")
    with store.write() as session:
        view = queries.dataset(session, dataset)
        row = session.get(Retention, view.id) or Retention(dataset_id=view.id)
        row.replies_days, row.history_days = replies_days, history_days
        session.add(row)
        detail = f"保留期限：回复 {_days(replies_days)}，历史 {_days(history_days)}"
        record_audit(session, AuditKind.DELETION, view.name, detail)
    return RetentionRule(view.name, replies_days, history_days)


@permitted(Permission.PERSONAL_DATA)
def apply_retention(store: Store, *, rewrite: bool = False) -> RetentionResult:
    """Delete what is older than the rules allow, and whatever deleted rows left in the database's files.

    Args:
        store: open store.
        rewrite: whether the database's files are written anew; others cannot save meanwhile.
    """
    moment = now()
    replies = versions = 0
    with store.read() as session:
        rules = session.execute(
            select(col(Retention.dataset_id), col(Retention.replies_days), col(Retention.history_days))
        ).all()
    for rule in rules:
        old_replies = old_versions = 0
        with store.write() as session:
            if rule.replies_days is not None:
                old_replies = _forget_replies(session, rule.dataset_id, moment - timedelta(days=rule.replies_days))
            if rule.history_days is not None:
                long_ago = moment - timedelta(days=rule.history_days)
                old_versions = _forget_versions(session, rule.dataset_id, long_ago)
                old_versions += _forget_comments(session, rule.dataset_id, long_ago)
                old_versions += _forget_before_changes(session, rule.dataset_id, long_ago)
            if old_replies or old_versions:
                detail = f"到期删除：回复 {old_replies}，历史版本 {old_versions}"
                record_audit(session, AuditKind.DELETION, queries.dataset(session, rule.dataset_id).name, detail)
        replies, versions = replies + old_replies, versions + old_versions
    purged = store.purge_deleted(rewrite=rewrite)
    _log.info("retention: %s extractions without replies, %s versions, purged: %s", replies, versions, purged)
    return RetentionResult(replies, versions, purged)


def _days(days: int | None) -> str:
    return "一直" if days is None else f"{days} 天"


def _forget_replies(session: Session, dataset_id: int, before: datetime) -> int:
    """Empty the words of calls that ended before; returns the number of extractions."""
    statement = (
        select(col(Extraction.id))
        .join(Run, col(Run.id) == col(Extraction.run_id))
        .where(col(Run.dataset_id) == dataset_id, col(Extraction.created_at) < before)
    )
    forgotten = 0
    for extraction_id in list(session.execute(statement).scalars()):
        row = session.get(Extraction, extraction_id)
        if row is None or not _holds_words(row):
            continue
        row.replies = [
            entry
            | {key: [] if key in _LISTS_OF_A_CALL else "" for key in _WORDS_OF_A_CALL if key in entry}
            | {"request": ""}
            for entry in row.replies
        ]
        row.notes, row.error = [], _GONE if row.error else ""
        session.execute(delete(Reply).where(col(Reply.extraction_id) == extraction_id))
        forgotten += 1
    return forgotten


def _holds_words(row: Extraction) -> bool:
    """Whether an extraction still has words of chats or models beside its forms."""
    return (
        bool(row.notes)
        or row.error not in ("", _GONE)
        or any(entry.get(key) for entry in row.replies for key in _WORDS_OF_A_CALL)
    )


def _forget_before_changes(session: Session, dataset_id: int, before: datetime) -> int:
    """Delete how rows were before changes of the form from before, and note that these are undone less exactly."""
    rows = (
        col(FormChangeRow.dataset_id) == dataset_id,
        col(FormChangeRow.kind).not_in(["run", FORGOTTEN]),
        col(FormChangeRow.change_id).in_(select(col(AppliedFormChange.id)).where(col(AppliedFormChange.at) < before)),
    )
    for change_id in list(session.execute(select(col(FormChangeRow.change_id)).where(*rows).distinct()).scalars()):
        session.merge(
            FormChangeRow(change_id=change_id, kind=FORGOTTEN, row_id=dataset_id, dataset_id=dataset_id, before={})
        )
    result = session.execute(delete(FormChangeRow).where(*rows))
    return result.rowcount if isinstance(result, CursorResult) else 0


def _forget_versions(session: Session, dataset_id: int, before: datetime) -> int:
    """Delete versions from before, but never the newest of a record; returns their number."""
    newest = (
        select(func.max(col(RecordEvent.id)))
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .where(col(Record.dataset_id) == dataset_id)
        .group_by(col(RecordEvent.record_id))
    )
    records = select(col(Record.id)).where(col(Record.dataset_id) == dataset_id)
    result = session.execute(
        delete(RecordEvent).where(
            col(RecordEvent.record_id).in_(records),
            col(RecordEvent.at) < before,
            col(RecordEvent.id).not_in(newest),
        )
    )
    return int(getattr(result, "rowcount", 0) or 0)


def _forget_comments(session: Session, dataset_id: int, before: datetime) -> int:
    """Empty comments that were edited or deleted before: what they said then; returns their number."""
    later = aliased(DiscussionEvent)
    again = aliased(DiscussionEvent)
    comment_id = func.coalesce(col(DiscussionEvent.target), col(DiscussionEvent.id))
    is_brought_back = exists().where(
        col(again.target) == col(later.target),
        col(again.id) > col(later.id),
        col(again.kind) == DiscussionStep.RESTORE,
    )
    is_replaced = exists().where(
        col(later.target) == comment_id,
        col(later.id) > col(DiscussionEvent.id),
        col(later.at) < before,
        or_(
            col(later.kind) == DiscussionStep.EDIT,
            and_(col(later.kind) == DiscussionStep.DELETE, not_(is_brought_back)),
        ),
    )
    of_dataset = select(col(Discussion.id)).where(col(Discussion.dataset_id) == dataset_id)
    statement = select(col(DiscussionEvent.id)).where(
        col(DiscussionEvent.discussion_id).in_(of_dataset), col(DiscussionEvent.text) != "", is_replaced
    )
    old = list(session.execute(statement).scalars())
    for ids in queries.chunked(old):
        session.execute(update(DiscussionEvent).where(col(DiscussionEvent.id).in_(ids)).values(text=""))
    return len(old)
