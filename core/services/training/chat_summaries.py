"""Summaries of chats: edited versions that are never overwritten, taken from a run, checked for what they lost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Chat, Summary
from core.domain.chat import strip_residue
from core.domain.form import Form, FormValues, load_named_form
from core.domain.permissions import Permission
from core.domain.prompts import read_summary
from core.errors import ExportError, NotFoundError
from core.services.extraction.pipeline import latest_notes, newest_attempt
from core.services.team import permitted
from core.services.training.lost_evidence import LostValue, find_lost_values

SUMMARY_STAGE = "summary"
"""Name of the stage, among a run's raw replies, whose text is a summary."""
_AT_ONCE = 200
"""Chats whose summaries are stored in one transaction: short enough that other saves do not wait for long."""


@dataclass(frozen=True, slots=True)
class SummaryView:
    """One version of a chat's summary.

    Attributes:
        chat_id: of the chat.
        index: the chat's position in its source.
        version: from 1; the highest counts.
        text: the summary.
        run_id: the run it came from, if any.
        who: reviewer or model.
        created_at: aware, UTC.
    """

    chat_id: int
    index: int
    version: int
    text: str
    run_id: int | None
    who: str
    created_at: datetime


_COLUMNS = tuple(getattr(Chat if name == "index" else Summary, name) for name in SummaryView.__dataclass_fields__)
"""What a view holds, as columns: streamed rows must not be live ones (see ``View.columns``)."""


def latest_summaries(session: Session, dataset_id: int) -> Iterator[tuple[int, SummaryView]]:
    """``(index, newest summary)`` of a dataset's chats in order, streamed; chats without one do not occur."""
    newest = (
        select(col(Summary.chat_id), func.max(col(Summary.version)).label("version"))
        .group_by(col(Summary.chat_id))
        .subquery()
    )
    statement = (
        select(*_COLUMNS)
        .join(newest, (newest.c.chat_id == col(Summary.chat_id)) & (newest.c.version == col(Summary.version)))
        .join(Chat, col(Chat.id) == col(Summary.chat_id))
        .where(col(Chat.dataset_id) == dataset_id)
        .order_by(col(Chat.index))
        .execution_options(yield_per=200)
    )
    for row in queries.stream_rows(session, statement):
        view = SummaryView(**row)
        yield view.index, view


def newest_versions(session: Session, dataset_id: int) -> dict[int, int]:
    """``{chat index: number of the newest summary}`` of a dataset; chats without one are left out. No text is read."""
    statement = (
        select(col(Chat.index), func.max(col(Summary.version)))
        .join(Summary, col(Summary.chat_id) == col(Chat.id))
        .where(col(Chat.dataset_id) == dataset_id)
        .group_by(col(Chat.index))
    )
    return {int(index): int(version) for index, version in session.execute(statement)}


def summary_versions(session: Session, chat_id: int) -> list[SummaryView]:
    """All versions of a chat's summary, newest first."""
    statement = (
        select(*_COLUMNS)
        .join(Chat, col(Chat.id) == col(Summary.chat_id))
        .where(col(Summary.chat_id) == chat_id)
        .order_by(col(Summary.version).desc())
    )
    return [SummaryView(**row) for row in session.execute(statement).mappings()]


@permitted(Permission.TRAINING)
def save_summary(
    store: Store, *, chat_id: int, text: str, who: str, base_version: int, run_id: int | None = None
) -> SummaryView:
    """Save a new version of a chat's summary.

    Args:
        store: the open store.
        chat_id: of the chat.
        text: the summary; outer white space is dropped.
        who: reviewer or model.
        base_version: the version that was edited, 0 for none: somebody else's newer one is not passed over unseen.
        run_id: the run that it comes from.

    Raises:
        ExportError: it is empty, or there is a newer version than the one that was edited.
        NotFoundError: no such chat.
    """
    new_text = text.strip()
    if not new_text:
        raise ExportError("摘要是空的", "请写下摘要后再保存")
    with store.write() as session:
        chat = session.get(Chat, chat_id) if _locked(session, [chat_id]) else None
        if chat is None:
            raise NotFoundError("这条群聊已经不在了", "请刷新页面")
        newest = next(iter(summary_versions(session, chat_id)), None)
        version = newest.version if newest else 0
        if newest is not None and newest.text == new_text:
            return newest
        if version != base_version:
            by = newest.who if newest else ""
            raise ExportError(f"{by} 刚刚保存了第 {version} 版摘要", "请刷新页面，对照后再保存")
        row = Summary(chat_id=chat_id, version=version + 1, text=new_text, run_id=run_id, who=who)
        session.add(row)
        session.flush()
        return _view(row, chat.index)


@permitted(Permission.TRAINING)
def summaries_from_run(store: Store, run_id: int) -> int:
    """Save the summaries that a run wrote on its way to the forms, as the next stage read them; equal ones only once.

    A chat whose newest attempt did not summarise each of its windows has no summary yet.

    A summary that a person has edited stays the newest: a run's text is taken only where it would follow a run's.

    Returns:
        Number of summaries saved.

    Raises:
        NotFoundError: no such run.
    """
    with store.read() as session:
        run = queries.run(session, run_id)
        form = load_named_form(queries.dataset(session, run.dataset_id).form)
        summaries = [
            (extraction.chat_id, text)
            for extraction in queries.extractions(session, run.id)
            if (text := _summary_in(extraction.replies, form))
        ]
    stored = 0
    for start in range(0, len(summaries), _AT_ONCE):
        with store.write() as session:
            stored += _store_newer(session, dict(summaries[start : start + _AT_ONCE]), run)
    return stored


def _store_newer(session: Session, texts: Mapping[int, str], run: RunView) -> int:
    """Store a run's summaries, by chat, where they would follow a run's; returns how many."""
    there = _locked(session, texts)
    newer = aliased(Summary)
    is_newest = ~exists().where(col(newer.chat_id) == col(Summary.chat_id), col(newer.version) > col(Summary.version))
    newest = session.execute(select(Summary).where(col(Summary.chat_id).in_(there), is_newest)).scalars()
    before = {summary.chat_id: summary for summary in newest}
    stored = 0
    for chat_id in there:
        old, text = before.get(chat_id), texts[chat_id].strip()
        if not text or (old is not None and (old.run_id is None or old.text == text)):
            continue
        version = old.version + 1 if old is not None else 1
        session.add(Summary(chat_id=chat_id, version=version, text=text, run_id=run.id, who=run.model or run.name))
        stored += 1
    return stored


def _locked(session: Session, chat_ids: Iterable[int]) -> list[int]:
    """Those of the chats that are still there; nobody else stores a summary of theirs until the transaction ends."""
    statement = select(col(Chat.id)).where(col(Chat.id).in_(sorted(chat_ids))).order_by(col(Chat.id)).with_for_update()
    return [int(chat_id or 0) for chat_id in session.execute(statement).scalars()]


def _summary_in(replies: Sequence[dict[str, Any]], form: Form) -> str:
    """The summary that the newest attempt at a chat went by, window after window; ``""`` where a window has none."""
    newest = newest_attempt(replies)
    numbers = [int(window["number"]) for window in latest_notes(newest)["windows"]]
    if not numbers:
        numbers = list(range(1, max((int(reply.get("window", 1)) for reply in newest), default=0) + 1))
    by_window = {
        int(reply.get("window", 1)): read_summary(str(reply.get("raw", "")), form)[0]
        for reply in newest
        if reply.get("stage") == SUMMARY_STAGE and reply.get("ok", True) and reply.get("sample", 1) == 1
    }
    texts = [by_window.get(number, "") for number in numbers]
    return "\n\n".join(texts) if all(texts) else ""


def lost_values(form: Form, stored_text: str, summary: str, forms: Sequence[FormValues]) -> list[LostValue]:
    """Values of the answer that stand in the chat, and no longer in its summary.

    Judgements count only where their words stand in the chat.
    """
    return find_lost_values(form, strip_residue(stored_text), summary, forms)


def _view(row: Summary, index: int) -> SummaryView:
    return SummaryView(row.chat_id, index, row.version, row.text, row.run_id, row.who, row.created_at)
