"""The discussions of a dataset as a list: which of them, and as rows of a table or texts beside a record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Discussion, DiscussionEvent, DiscussionStep, Pass
from core.domain.form import Form, load_named_form
from core.errors import InputError, NotFoundError
from core.services.discussion.remark_types import MOST_OF_NAME
from core.services.discussion.threads import DiscussionView, Turn, discussions_in, is_open

OPEN, RESOLVED, EVERY_STATE = "未解决", "已解决", "全部"
STATES = (OPEN, RESOLVED, EVERY_STATE)
EVERYBODY, MINE, AWAITS_ME = "所有人", "我参与的", "@我"
WHOSE = (EVERYBODY, MINE, AWAITS_ME)
WHOLE_CHAT = "整条群聊"
"""What a discussion that is about no field is called."""


@dataclass(frozen=True, slots=True)
class DiscussionFilter:
    """Which discussions are listed.

    Attributes:
        state: one of :data:`STATES`.
        whose: one of :data:`WHOSE`: those that somebody opened or commented, or in which they are awaited.
        field: key of a field, :data:`WHOLE_CHAT`, or ``""`` for any.
        chat: index of a chat; ``None`` for any.
    """

    state: str = OPEN
    whose: str = EVERYBODY
    field: str = ""
    chat: int | None = None


def discussions(
    store: Store, dataset: str | int, which: DiscussionFilter | None = None, *, viewer: str = ""
) -> list[DiscussionView]:
    """Discussions of a dataset in order of the chats, with what was said in them.

    Args:
        store: the open store.
        dataset: name or id.
        which: which of them; the open ones by default.
        viewer: whose those that are "mine" are.

    Raises:
        NotFoundError: no such dataset, or no such chat in it.
        InputError: no such state or field, or nobody is named of whom they are.
    """
    which = which or DiscussionFilter()
    if which.state not in STATES or which.whose not in WHOSE:
        raise InputError(f"没有「{which.state}」「{which.whose}」这样的讨论", f"请选 {'、'.join((*STATES, *WHOSE))}")
    if which.whose != EVERYBODY and not viewer:
        raise InputError("还不知道是谁", "请先填写名字")
    conditions: list[ColumnElement[bool]] = []
    if which.state != EVERY_STATE:
        conditions.append(is_open() if which.state == OPEN else col(Discussion.resolved_at).is_not(None))
    if which.field:
        conditions.append(col(Discussion.field) == ("" if which.field == WHOLE_CHAT else which.field))
    if which.whose == MINE:
        spoke = exists().where(
            col(DiscussionEvent.discussion_id) == col(Discussion.id),
            col(DiscussionEvent.who) == viewer,
            col(DiscussionEvent.kind) == DiscussionStep.COMMENT,
        )
        conditions.append(or_(col(Discussion.opened_by) == viewer, spoke))
    with store.read() as session:
        source = queries.dataset(session, dataset)
        _require_known(session, source, which)
        if which.whose == AWAITS_ME:
            # Names are in a JSON list, which the databases search in ways of their own; open ones are few.
            rows = session.execute(
                select(col(Discussion.id), col(Discussion.awaiting)).where(
                    col(Discussion.dataset_id) == source.id, *conditions
                )
            )
            conditions = [col(Discussion.id).in_([number for number, names in rows if viewer in names])]
        chats = None if which.chat is None else [which.chat]
        return discussions_in(session, source.id, conditions, chats=chats)


def _require_known(session: Session, source: DatasetView, which: DiscussionFilter) -> None:
    """Refuse a chat that is not there, and a field that neither the form has nor any discussion is about."""
    if which.chat is not None and not queries.has_chat(session, source.id, which.chat):
        raise NotFoundError(f"数据集「{source.name}」里没有第 {which.chat} 条群聊", "请检查编号")
    if which.field in ("", WHOLE_CHAT) or which.field in load_named_form(source.form):
        return
    # A field that an earlier form had.
    about = exists().where(col(Discussion.dataset_id) == source.id, col(Discussion.field) == which.field)
    if not session.execute(select(about)).scalar_one():
        raise InputError(f"表单没有字段「{which.field}」，也没有关于它的讨论", "请检查字段名")


def place_text(view: DiscussionView, form: Form) -> str:
    """What a discussion is about, in words: 整条群聊, or the customer and the field.

    Args:
        view: the discussion.
        form: the dataset's form.
    """
    if view.customer is None:
        return WHOLE_CHAT
    label = form.field(view.field).label if view.field in form else view.field
    who = f"{form.subject} {view.customer + 1}" + (f" {view.customer_name}" if view.customer_name else "")
    return f"{who} · {label}" if label else who


def turn_text(turn: Turn) -> str:
    """One line of a discussion as plain text."""
    at = f"{turn.at.astimezone():%Y-%m-%d %H:%M}"
    if turn.step != DiscussionStep.COMMENT:
        return f"{turn.who} {at} {turn.step}"
    words = "（评论已删除）" if turn.deleted_by else turn.text or "（没有写原因）"
    return f"{turn.who} {at}：{words}"


def discussion_text(view: DiscussionView, form: Form) -> str:
    """A whole discussion as plain text: what it is about, its state, and each line."""
    state = OPEN if view.is_open else f"{view.resolved_by} 已解决"
    return "\n".join([f"{place_text(view, form)}（{state}）", *map(turn_text, view.turns)])


def discussion_rows(views: Sequence[DiscussionView], form: Form) -> list[dict[str, str | int]]:
    """Discussions as rows of a table, Chinese headings."""
    return [
        {
            "群聊": view.chat,
            "关于": place_text(view, form),
            "状态": OPEN if view.is_open else RESOLVED,
            "提出人": view.opened_by,
            "最后一句": last_words(view),
            "评论": view.comments,
            "等谁回复": "、".join(view.awaiting) if view.is_open else "",
            "最近": f"{view.last_at.astimezone():%Y-%m-%d %H:%M}",
            "解决人": view.resolved_by,
            "全文": discussion_text(view, form),
        }
        for view in views
    ]


def last_words(view: DiscussionView) -> str:
    """Who spoke last in a discussion and what they said."""
    last = next((turn for turn in reversed(view.turns) if turn.is_comment), None)
    return f"{last.who}：{last.text or '（没有写原因）'}" if last is not None else ""


def texts_of_customers(views: Iterable[DiscussionView], names: Sequence[str], form: Form) -> list[list[str]]:
    """Discussions of a chat beside the customers that they are about: a list of texts for each customer.

    A customer is found by name, by position where the discussion has no name or several have it; what is about the
    whole chat, or about a customer who is there no more, stands with the first one, as about 整条群聊 and with the name
    it had. Where there are no customers, discussions have no place.

    Args:
        views: discussions of the chat.
        names: names of its customers, in order.
        form: the dataset's form.
    """
    texts: list[list[str]] = [[] for _ in names]
    for view in views if texts else ():
        place = _place_among(view, names)
        text = discussion_text(view, form)
        if place is None and view.customer is not None:
            text = f"{WHOLE_CHAT} · 原{text}"
        texts[place or 0].append(text)
    return texts


def _place_among(view: DiscussionView, names: Sequence[str]) -> int | None:
    """Position of the customer that a discussion is about; ``None`` for the whole chat or somebody who is gone."""
    if view.customer is None:
        return None
    if name := view.customer_name.strip():
        places = [place for place, other in enumerate(names) if other.strip()[:MOST_OF_NAME] == name]
        # Among several of the name the position says which, as on the desk.
        return view.customer if view.customer in places else next(iter(places), None)
    return view.customer if view.customer < len(names) else None


def is_blind(view: DiscussionView) -> bool:
    """Whether a discussion belongs to a blind second review."""
    return view.review_pass == Pass.SECOND
