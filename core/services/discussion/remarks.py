"""Writes discussions: comments, edits, deletions, and that one is resolved or opened again, each exactly once.

Every step is an event; the discussion's own row says what they come to, so that lists and counts need not read them.
Steps in one chat go one after another: on SQLite a writing transaction is alone, on PostgreSQL each first locks the
chat's row.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import func, not_, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Discussion, DiscussionEvent, DiscussionStep, Pass
from core.adapters.store.outages import is_outage
from core.domain.mentions import MentionFinder
from core.domain.permissions import Permission
from core.domain.unseen_characters import is_blank
from core.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError, ShiyaoError, StoreError
from core.services.discussion.known_people import known_people
from core.services.discussion.remark_types import (
    MOST_CHANGES,
    MOST_EVENTS,
    MOST_OF_NAME,
    MOST_REMARKS,
    Remark,
    RemarkAck,
    read_remark,
)
from core.services.discussion.steps import append_step, turns_in
from core.services.discussion.threads import Turn, of_pass
from core.services.team import (
    BLIND_JUST_NOW,
    AuditKind,
    is_allowed,
    is_of_undecided_blind,
    is_reviewing_blind,
    permitted,
    record_audit,
)

_log = logging.getLogger("shiyao.discussion")
_CHANGES = (DiscussionStep.EDIT, DiscussionStep.DELETE, DiscussionStep.RESTORE)
_GONE = "请刷新页面，看看现在的讨论"


@permitted(Permission.DISCUSS)
def apply_remarks(
    store: Store, dataset_id: int, remarks: Sequence[object], *, reviewer: str, review_pass: str = Pass.PRIMARY
) -> list[RemarkAck]:
    """Apply what a browser has to say, oldest first, each in its own transaction and once, however often it is sent.

    Args:
        store: the open store.
        dataset_id: the dataset under review.
        remarks: raw remarks as they came from the browser.
        reviewer: who is at the workbench. A remark in another name is set aside, never stored.
        review_pass: of which review the discussions are.

    Returns:
        One answer per remark that has an id, in order. While the database is away a remark gets none, and those behind
        it wait with it. One that fails by itself is refused and the others go on.
    """
    acks: list[RemarkAck] = []
    for raw in remarks[:MOST_REMARKS]:
        try:
            remark = read_remark(raw)
            if remark.reviewer.strip() != reviewer.strip():
                why = f"这条评论是「{remark.reviewer}」写的，现在的审阅人是「{reviewer or '还没填写'}」"
                acks.append(RemarkAck(remark.id, "set_aside", f"{why}，没有存到别人名下。"))
            else:
                acks.append(add_remark(store, dataset_id, remark, who=reviewer, review_pass=review_pass))
        except StoreError:
            _log.exception("a remark could not be stored; it stays in the browser")
            break
        except ShiyaoError as error:
            if number := _id_of(raw):
                acks.append(RemarkAck(number, "refused", f"{str(error).rstrip('。')}。"))
        except Exception as error:
            _log.exception("a remark failed")
            if is_outage(error):  # it stays in the browser
                break
            if number := _id_of(raw):
                acks.append(RemarkAck(number, "refused", _FAILED.format(number[:8])))
    return acks


_FAILED = "这条评论出了意外，没有存进数据库，其他评论照常保存。请再写一次，仍不行时把编号 {} 告诉管理员。"


def _id_of(raw: object) -> str:
    """The id that a remark can be answered by; ``""`` where it has none that may travel."""
    number = raw.get("id") if isinstance(raw, Mapping) else None
    return number if isinstance(number, str) and len(number) <= 64 else ""


@permitted(Permission.DISCUSS)
def add_remark(
    store: Store, dataset_id: int, remark: Remark, *, who: str, review_pass: str = Pass.PRIMARY
) -> RemarkAck:
    """Take one step in a discussion: comment, edit, delete, restore, resolve or open it again.

    Args:
        store: the open store.
        dataset_id: the dataset.
        remark: what is said or done. With 解决 and 重开 its text is a comment before it.
        who: who does it.
        review_pass: of which review the discussion is, where it is opened or looked up by its place.

    Raises:
        InputError: nothing is said, or nobody says it.
        NotFoundError: the chat, the discussion or the comment is not there (any more).
        PermissionDeniedError: it is another person's comment, or a review that is kept from who acts.
        ConflictError: a comment is added to a discussion that is full, a deleted one is edited, or what it is about
            went just now.
    """
    who = who.strip()
    if not who:
        raise InputError("还不知道是谁写的", "请先填写名字")
    mentions = _mentions(store, dataset_id, remark)
    with _refusing_what_is_gone(), store.write() as session:
        chat_id = session.execute(
            select(col(Chat.id))
            .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) == remark.chat)
            .with_for_update(key_share=True)
        ).scalar_one_or_none()
        done = session.execute(
            select(DiscussionEvent).where(col(DiscussionEvent.save_id) == remark.id)
        ).scalar_one_or_none()
        if done is not None:
            return RemarkAck(remark.id, "saved", _told_before(session, remark, done, mentions), done.discussion_id)
        if chat_id is None:
            raise NotFoundError(f"第 {remark.chat} 条群聊已不在这个数据集里", _GONE)
        if review_pass != Pass.SECOND and is_reviewing_blind(session, chat_id):
            raise PermissionDeniedError(f"第 {remark.chat} 条不能讨论：{BLIND_JUST_NOW}", "请先完成盲审")
        discussion = _discussion_for(session, dataset_id, chat_id, remark, who, review_pass)
        return _take_step(session, discussion, remark, who, mentions)


@contextmanager
def _refusing_what_is_gone() -> Iterator[None]:
    """Context manager: what went, or was said under the same id, at this very moment is refused with a sentence."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError("这处讨论刚刚有变化，这一步没有存进去", "请再做一次") from error


def _mentions(store: Store, dataset_id: int, remark: Remark) -> MentionFinder:
    """Whom a remark mentions, and what else stands in a discussion that it changes: read before anybody has to wait."""
    is_change = DiscussionStep(remark.kind) in _CHANGES
    if not is_change and not set(remark.text) & {"@", "＠"}:
        return MentionFinder(())
    with store.read() as session:
        mentions = MentionFinder(known_people(session, dataset_id))
        texts = [remark.text]
        if is_change and (row := session.get(Discussion, remark.discussion)) is not None:
            texts += [turn.text for turn in turns_in(session, row)]
    for text in texts:
        mentions.people(text)
    return mentions


def discussion_at(
    session: Session,
    chat_id: int,
    review_pass: str,
    *,
    customer: int | None,
    customer_name: str,
    field: str,
    who: str,
    of_several: bool = False,
) -> Discussion | None:
    """The discussion of a chat, a customer or a field, the newest where there are several.

    A customer is the same one by name; by position only where the discussion has no name, for whoever stands there now
    may be somebody else, and among several of one name.

    Args:
        session: open session.
        chat_id: the chat's id.
        review_pass: of which review.
        customer: position; ``None`` for the whole chat.
        customer_name: the customer's name, perhaps empty.
        field: key of the field; ``""`` for the whole.
        who: who asks: in a blind second review everybody has their own.
        of_several: whether the chat has several customers of this name.
    """
    statement = select(Discussion).where(
        col(Discussion.chat_id) == chat_id, of_pass(review_pass), col(Discussion.field) == field
    )
    if review_pass == Pass.SECOND:
        statement = statement.where(col(Discussion.opened_by) == who)
    rows = list(session.execute(statement.order_by(col(Discussion.id).desc())).scalars())
    if customer is None:
        return next((row for row in rows if row.customer is None), None)
    of_customers = [row for row in rows if row.customer is not None]
    named = [row for row in of_customers if customer_name and row.customer_name == customer_name]
    if of_several:
        named = [row for row in named if row.customer == customer]
    nameless = [row for row in of_customers if row.customer == customer and not row.customer_name]
    return next(iter([*named, *nameless]), None)


def new_discussion(
    session: Session,
    dataset_id: int,
    chat_id: int,
    review_pass: str,
    *,
    who: str,
    customer: int | None = None,
    customer_name: str = "",
    field: str = "",
) -> Discussion:
    """Open a discussion; it is shown once something is said in it.

    Args:
        session: open for writing.
        dataset_id: the dataset.
        chat_id: the chat's id.
        review_pass: of which review.
        who: who opens it.
        customer: position of the customer; ``None`` for the whole chat.
        customer_name: the customer's name.
        field: key of the field.
    """
    row = Discussion(
        dataset_id=dataset_id,
        chat_id=chat_id,
        review_pass=review_pass,
        customer=customer,
        customer_name=customer_name,
        field=field,
        opened_by=who,
    )
    session.add(row)
    session.flush()
    return row


def _discussion_for(
    session: Session, dataset_id: int, chat_id: int, remark: Remark, who: str, review_pass: str
) -> Discussion:
    if remark.discussion:
        readable = select(Discussion).where(col(Discussion.id) == remark.discussion, not_(is_of_undecided_blind(who)))
        row: Discussion | None = session.execute(readable).scalar_one_or_none()
        if row is None or row.chat_id != chat_id:
            raise NotFoundError("这处讨论已经不在了", _GONE)
        is_kept_back = review_pass == Pass.SECOND and row.opened_by != who
        if is_kept_back:
            raise PermissionDeniedError("盲审时只能写自己提出的讨论", "确认之后再到「待讨论」回复")
        return row
    place: dict[str, Any] = {
        "customer": remark.customer,
        "customer_name": remark.customer_name[:MOST_OF_NAME],
        "field": remark.field,
        "who": who,
    }
    row = discussion_at(session, chat_id, review_pass, **place, of_several=remark.of_several)
    if row is not None:
        return row
    if DiscussionStep(remark.kind) is not DiscussionStep.COMMENT:
        raise NotFoundError("这里还没有讨论", "先写一条评论")
    _require_text(remark)
    return new_discussion(session, dataset_id, chat_id, review_pass, **place)


def _take_step(
    session: Session, discussion: Discussion, remark: Remark, who: str, mentions: MentionFinder
) -> RemarkAck:
    ack = RemarkAck(remark.id, "saved", discussion=discussion.id or 0)
    kind = DiscussionStep(remark.kind)
    _require_room(session, discussion, kind)
    is_open = discussion.resolved_at is None
    if kind in _CHANGES:
        _change_comment(session, discussion, remark, who, mentions)
        return ack
    if kind is DiscussionStep.COMMENT:
        _require_text(remark)
        append_step(session, discussion, kind, who=who, save_id=remark.id, text=remark.text, mentions=mentions)
        nobody = _nobody_sentence(mentions, remark.text)
        if is_open:
            return replace(ack, why=nobody)
        resolver = discussion.resolved_by
        reopen = DiscussionStep.REOPEN  # a question in a resolved discussion would wait for nobody
        append_step(session, discussion, reopen, who=who, save_id=f"{remark.id} {reopen}")
        return replace(ack, why=f"{_reopened_sentence(remark, resolver)}{nobody}")
    if is_open == (kind is DiscussionStep.REOPEN):  # somebody else was faster
        why = _faster_sentence(remark, discussion.resolved_by)
        if not is_blank(remark.text):
            comment = DiscussionStep.COMMENT
            append_step(session, discussion, comment, who=who, save_id=remark.id, text=remark.text, mentions=mentions)
        return replace(ack, why=why)
    if not is_blank(remark.text):
        comment = DiscussionStep.COMMENT
        append_step(
            session, discussion, comment, who=who, save_id=f"{remark.id} {comment}", text=remark.text, mentions=mentions
        )
    append_step(session, discussion, kind, who=who, save_id=remark.id)
    return ack


def _reopened_sentence(remark: Remark, resolver: str) -> str:
    """That a comment has reopened a discussion which somebody had resolved (a Chinese sentence)."""
    just = "刚刚" if remark.seen_open else ""
    return f"{resolver} {just}解决了这处讨论，您的评论把它重开了；没有别的事就再解决它。"


def _faster_sentence(remark: Remark, resolver: str) -> str:
    """That somebody else had resolved or reopened a discussion already (a Chinese sentence)."""
    done = "重开" if DiscussionStep(remark.kind) is DiscussionStep.REOPEN else f"由 {resolver} 解决"
    comment = "" if is_blank(remark.text) else "，您的评论已记在后面"
    return f"这处讨论已经{done}{comment}。"


def _told_before(session: Session, remark: Remark, done: DiscussionEvent, mentions: MentionFinder) -> str:
    """What was to be told about a remark that comes once more: its first answer may have been lost on the way."""
    kind = DiscussionStep(remark.kind)
    if DiscussionStep(done.kind) is not DiscussionStep.COMMENT:
        return ""
    before = select(col(DiscussionEvent.who)).where(
        col(DiscussionEvent.discussion_id) == done.discussion_id,
        col(DiscussionEvent.kind) == DiscussionStep.RESOLVE,
        col(DiscussionEvent.id) < done.id,
    )
    resolver = session.execute(before.order_by(col(DiscussionEvent.id).desc()).limit(1)).scalar() or ""
    if kind is not DiscussionStep.COMMENT:
        return _faster_sentence(remark, resolver)
    reopened = select(col(DiscussionEvent.id)).where(
        col(DiscussionEvent.save_id) == f"{remark.id} {DiscussionStep.REOPEN}"
    )
    has_reopened = session.execute(reopened).first() is not None
    reopening = _reopened_sentence(remark, resolver) if has_reopened else ""
    return f"{reopening}{_nobody_sentence(mentions, remark.text)}"


def _require_room(session: Session, discussion: Discussion, kind: DiscussionStep) -> None:
    """A full discussion takes no further comment; it is still resolved, and what stands in it changed, to a bound."""
    most = {
        DiscussionStep.COMMENT: MOST_EVENTS,
        DiscussionStep.EDIT: MOST_CHANGES,
        DiscussionStep.RESTORE: MOST_CHANGES,
    }
    if kind not in most:
        return
    count = select(func.count()).where(col(DiscussionEvent.discussion_id) == discussion.id)
    if session.execute(count).scalar_one() >= most[kind]:
        what = "评论" if kind is DiscussionStep.COMMENT else kind
        raise ConflictError(f"这处讨论已有 {most[kind]:,} 条，不能再{what}", "请解决它，结论可以一并写下")


def _nobody_sentence(mentions: MentionFinder, text: str) -> str:
    """Whom a comment mentions though nobody is called so (a Chinese sentence); ``""`` for nobody."""
    unknown = mentions.unknown(text)
    named = "、".join(f"「{name}」" for name in unknown[:3])
    return f"评论已记下；没有叫{named}的审阅人，不会提醒到谁。" if unknown else ""


def _require_text(remark: Remark) -> None:
    if is_blank(remark.text):
        raise InputError("还没有写什么", "请写一句再提交")


def _change_comment(
    session: Session, discussion: Discussion, remark: Remark, who: str, mentions: MentionFinder
) -> None:
    turn = next((turn for turn in turns_in(session, discussion) if turn.id == remark.target), None)
    if turn is None or turn.step != DiscussionStep.COMMENT:
        raise NotFoundError("这条评论已经不在了", _GONE)
    kind = DiscussionStep(remark.kind)
    _require_may_change(turn, kind, who)
    if kind is DiscussionStep.EDIT:
        _require_text(remark)
        if turn.deleted_by:
            raise ConflictError("这条评论已经删除，不能再改", "可以先恢复它")
    if (kind is DiscussionStep.DELETE) == bool(turn.deleted_by) and kind is not DiscussionStep.EDIT:
        return  # it is so already
    append_step(
        session, discussion, kind, who=who, save_id=remark.id, text=remark.text, target=turn.id, mentions=mentions
    )
    if kind is DiscussionStep.DELETE and turn.who != who:
        target = session.execute(select(col(Chat.index)).where(col(Chat.id) == discussion.chat_id)).scalar_one()
        record_audit(session, AuditKind.DELETION, f"第 {target} 条群聊的讨论", f"删除了 {turn.who} 的一条评论")


def _require_may_change(turn: Turn, kind: DiscussionStep, who: str) -> None:
    """Everybody changes their own comments; a lead may delete others', and whoever deleted one brings it back."""
    if turn.who == who and turn.deleted_by in ("", who):
        return
    if kind is DiscussionStep.EDIT:
        raise PermissionDeniedError(f"这条评论是「{turn.who}」写的，不能替别人改", "可以另写一条")
    if not is_allowed(Permission.DELETE_COMMENTS):
        raise PermissionDeniedError(f"这条评论是「{turn.who}」写的，只有本人、组长或管理员能删", "可以另写一条")
