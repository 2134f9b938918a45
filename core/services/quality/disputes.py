"""Disputes about labels: a reviewer says that a label is wrong, and why; scores are shown with and without it.

A dispute is about one cell of one label form. As long as nobody has dismissed it, scores "without disputed cells"
leave the cell out. The label itself is never changed.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Dispute, DisputeBase, DisputeStatus, now
from core.adapters.store.views import View
from core.domain.form import Form, Value, load_named_form, text_of
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError, NotFoundError
from core.services.team import permitted

COUNTED = (DisputeStatus.OPEN, DisputeStatus.UPHELD)
"""Disputes that scores without disputed cells leave out; a dismissed one changes nothing."""


class DisputeView(DisputeBase, View):
    """A dispute: ``chat`` is the chat's index, ``label`` the label as it is now (``None`` where it is gone)."""

    id: int
    chat: int
    label: Value | None


@permitted(Permission.DISPUTE)
def dispute(
    store: Store, *, dataset: str | int, chat: int, customer: int, field: str, reason: str, who: str
) -> DisputeView:
    """Raise a dispute about one cell of a label.

    Args:
        store: where the labels are.
        dataset: name or id.
        chat: index of the chat.
        customer: position of the label's form, from 0.
        field: key of the field.
        reason: why, in the reviewer's words.
        who: the reviewer.

    Raises:
        NotFoundError: no such dataset, labels, chat, customer or field.
        InputError: no reason, or nobody says it.
        ConflictError: the cell is disputed already.
    """
    if not reason.strip():
        raise InputError("还没有写明理由", "请写一句为什么认为这条标注有误")
    if not who.strip():
        raise InputError("还不知道是谁提出的", "请先填写名字")
    with store.write() as session:
        source = queries.dataset(session, dataset)
        form = load_named_form(source.form)
        chat_row = queries.chat(session, source.id, chat)
        labels = queries.labels_run(session, source.id)
        if labels is None:
            raise NotFoundError(f"数据集「{source.name}」没有标注", "只有标注才能提出争议")
        forms = next((e.forms for e in queries.extractions(session, labels.id, [chat_row.id])), None) or []
        if field not in form or not 0 <= customer < len(forms):
            raise NotFoundError(
                f"第 {chat} 条群聊的标注里没有第 {customer + 1} 位{form.subject}的「{field}」", "请刷新页面后重选"
            )
        taken = session.execute(
            select(Dispute).where(
                col(Dispute.chat_id) == chat_row.id,
                col(Dispute.customer) == customer,
                col(Dispute.field) == field,
                col(Dispute.status) == DisputeStatus.OPEN,
            )
        ).scalars()
        if (other := next(iter(taken), None)) is not None:
            raise ConflictError(f"{other.who} 已经对这一格提出争议", "请到「标注争议」查看")
        row = Dispute(
            dataset_id=source.id,
            chat_id=chat_row.id,
            customer=customer,
            field=field,
            value=forms[customer].get(field, form.field(field).empty),
            reason=reason.strip(),
            who=who.strip(),
        )
        session.add(row)
        session.flush()
        return _view(row, chat, row.value)


@permitted(Permission.ADJUDICATE)
def decide(
    store: Store,
    dispute_id: int,
    *,
    status: DisputeStatus,
    who: str,
    decision: str = "",
    seen: DisputeView | None = None,
) -> None:
    """Uphold or dismiss a dispute, or open it again.

    Args:
        store: where the labels are.
        dispute_id: the dispute's.
        status: what is decided.
        who: who decides.
        decision: why.
        seen: the dispute as it was on screen; ``None``: whatever it is now.

    Raises:
        NotFoundError: there is no such dispute.
        InputError: nobody decides.
        ConflictError: somebody has decided since it was on screen.
    """
    if not who.strip():
        raise InputError("还不知道是谁处理的", "请先填写名字")
    with store.write() as session:
        row = session.get(Dispute, dispute_id)
        if row is None:
            raise NotFoundError("这条争议已经不在了", "请刷新页面")
        if seen is not None and (row.status, row.decided_at) != (seen.status, seen.decided_at):
            by = f"{row.decided_by} 刚刚处理为「{row.status}」" if row.decided_by else "刚刚改回待定"
            raise ConflictError(f"这条争议{by}，这次没有改动", "请看过新的处理再决定")
        opened = status is DisputeStatus.OPEN
        row.status = status
        row.decided_by = "" if opened else who.strip()
        row.decided_at = None if opened else now()
        row.decision = decision.strip()


def disputes(store: Store, dataset: str | int, statuses: Sequence[str] = tuple(DisputeStatus)) -> list[DisputeView]:
    """Disputes of a dataset in order of the chats."""
    with store.read() as session:
        source = queries.dataset(session, dataset)
        labels = queries.labels_run(session, source.id)
        rows = session.execute(
            select(Dispute, col(Chat.index))
            .join(Chat, col(Chat.id) == col(Dispute.chat_id))
            .where(col(Dispute.dataset_id) == source.id, col(Dispute.status).in_(list(statuses)))
            .order_by(col(Chat.index), col(Dispute.customer), col(Dispute.id))
        ).all()
        ids = sorted({row.chat_id for row, _ in rows})
        forms = {}
        if labels is not None:
            for part in queries.chunked(ids):
                forms.update({e.chat_id: e.forms or [] for e in queries.extractions(session, labels.id, part)})
        views = []
        for row, index in rows:
            of_chat = forms.get(row.chat_id, [])
            label = of_chat[row.customer].get(row.field) if row.customer < len(of_chat) else None
            views.append(_view(row, index, label))
    return views


def counted_cells(session: Session, dataset_id: int, form: Form) -> dict[int, set[tuple[int, int]]]:
    """Cells that scores without disputes leave out: ``{chat index: {(position of the form, number of the field)}}``."""
    numbers = {key: number for number, key in enumerate(form.keys)}
    rows = session.execute(
        select(col(Chat.index), col(Dispute.customer), col(Dispute.field))
        .join(Chat, col(Chat.id) == col(Dispute.chat_id))
        .where(col(Dispute.dataset_id) == dataset_id, col(Dispute.status).in_(COUNTED))
    )
    cells: dict[int, set[tuple[int, int]]] = {}
    for index, customer, key in rows:
        if key in numbers:
            cells.setdefault(index, set()).add((customer, numbers[key]))
    return cells


def dispute_counts(store: Store, dataset_id: int) -> dict[str, int]:
    """Number of disputes per status."""
    with store.read() as session:
        rows = session.execute(
            select(col(Dispute.status), func.count())
            .where(col(Dispute.dataset_id) == dataset_id)
            .group_by(col(Dispute.status))
        )
        return {str(status): int(count) for status, count in rows}


def dispute_rows(views: Sequence[DisputeView]) -> list[dict[str, str | int]]:
    """Disputes as rows of a table, Chinese headings."""
    return [
        {
            "群聊": one.chat,
            "客户": one.customer + 1,
            "字段": one.field,
            "标注": text_of(one.value),
            "理由": one.reason,
            "提出人": one.who,
            "提出时间": f"{one.at.astimezone():%Y-%m-%d %H:%M}",
            "状态": one.status,
            "处理人": one.decided_by,
            "处理说明": one.decision,
        }
        for one in views
    ]


def _view(row: Dispute, index: int, label: Value | None) -> DisputeView:
    return DisputeView.from_row(row, chat=index, label=label, value=row.value if row.value is not None else "")
