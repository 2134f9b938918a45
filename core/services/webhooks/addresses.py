"""Addresses that are told of decided records: added and taken away by who manages the server."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.http_post import check_address
from core.adapters.store import Store, queries
from core.adapters.store.models import Dataset, Webhook, WebhookMessage, now
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError, NotFoundError, SettingsError
from core.secrets import is_key_name, secret
from core.services.team import AuditKind, current_actor, permitted, record_audit

USUAL_SECRET = "WEBHOOK_SECRET"
SHORTEST_SECRET = 24
"""Characters of a secret that nobody can guess."""
LONGEST_NAME, LONGEST_URL = 60, 500
MOST_MESSAGES = 100
_SECRET_NAME = re.compile(r"[A-Z0-9_]{0,100}WEBHOOK_SECRET")


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An address that is told of decided records.

    Attributes:
        id: its number; never given twice.
        name: what people call it.
        url: where it is.
        dataset: name of the only dataset that it is told of; ``""``: of all.
        secret_env: variable of its secret.
        disabled: whether it is told nothing for now.
        waiting: messages that it is still to get.
        given_up: messages that nobody tries to send any more.
    """

    id: int
    name: str
    url: str
    dataset: str
    secret_env: str
    disabled: bool
    waiting: int
    given_up: int


@dataclass(frozen=True, slots=True)
class WebhookMessageView:
    """A message: what it says, and how far it came.

    Attributes:
        message_id: the same each time that it is sent.
        webhook: name of the address.
        payload: what it says.
        attempts: how often it was sent.
        state: 已送达, 等待 or 已放弃.
        next_at: when it is sent next, while it waits.
        problem: why the last attempt failed, or ``""``.
    """

    message_id: str
    webhook: str
    payload: dict[str, object]
    attempts: int
    state: str
    next_at: datetime | None
    problem: str


@permitted(Permission.WEBHOOKS)
def add_webhook(
    store: Store, name: str, url: str, *, dataset: str | int | None = None, secret_env: str = USUAL_SECRET
) -> WebhookView:
    """Add an address that is told of decided records from now on.

    Args:
        store: the open store.
        name: what people call it.
        url: ``https``, or ``http`` on this machine; the rules are those of models' addresses.
        dataset: name or id of the only dataset that it is told of; ``None``: of all.
        secret_env: variable of the secret that its messages are signed with.

    Raises:
        InputError: the name or the address cannot be used.
        SettingsError: nothing may be sent there, or the variable holds no secret.
        NotFoundError: no such dataset.
        ConflictError: the name is taken.
    """
    name, url = " ".join(name.split()), url.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"回调的名称不能用（1 到 {LONGEST_NAME} 字）", "请写它通知谁，例如「客户系统」")
    if len(url) > LONGEST_URL or not url.startswith(("https://", "http://")):
        raise InputError("回调的地址不能用", "应以 https:// 开头，最多 500 个字符")
    check_address(url)
    secret_of(secret_env)
    try:
        with store.write() as session:
            dataset_id = queries.dataset(session, dataset).id if dataset is not None else None
            row = Webhook(name=name, url=url, dataset_id=dataset_id, secret_env=secret_env, who=current_actor().name)
            session.add(row)
            session.flush()
            record_audit(session, AuditKind.WEBHOOK, name, f"新建：{url.partition('?')[0]}，密钥变量 {secret_env}")
            return _view(session, row)
    except IntegrityError as error:
        raise ConflictError(f"已经有名为「{name}」的回调", "请换一个名称，或先删除它") from error


@permitted(Permission.WEBHOOKS)
def webhooks(store: Store) -> list[WebhookView]:
    """All addresses, by name."""
    with store.read() as session:
        return [_view(session, row) for row in session.execute(select(Webhook).order_by(col(Webhook.name))).scalars()]


@permitted(Permission.WEBHOOKS)
def set_webhook_disabled(store: Store, name: str, disabled: bool) -> WebhookView:
    """Tell an address nothing for now, or tell it again; what waits for it stays.

    Raises:
        NotFoundError: there is no such address.
    """
    with store.write() as session:
        row = _named(session, name)
        if row.disabled != disabled:
            row.disabled = disabled
            record_audit(session, AuditKind.WEBHOOK, row.name, "停用" if disabled else "重新启用")
        return _view(session, row)


@permitted(Permission.WEBHOOKS)
def delete_webhook(store: Store, name: str) -> WebhookView:
    """Delete an address with its messages.

    Raises:
        NotFoundError: there is no such address.
    """
    with store.write() as session:
        row = _named(session, name)
        view = _view(session, row)
        session.delete(row)
        record_audit(session, AuditKind.WEBHOOK, view.name, f"删除，还有 {view.waiting:,d} 条没有送达")
    return view


@permitted(Permission.WEBHOOKS)
def webhook_messages(store: Store, name: str, *, limit: int = MOST_MESSAGES) -> list[WebhookMessageView]:
    """The last messages to an address, newest first.

    Raises:
        NotFoundError: there is no such address.
    """
    with store.read() as session:
        row = _named(session, name)
        statement = (
            select(WebhookMessage)
            .where(col(WebhookMessage.webhook_id) == row.id)
            .order_by(col(WebhookMessage.id).desc())
            .limit(limit)
        )
        return [
            WebhookMessageView(
                one.message_id,
                row.name,
                one.payload,
                one.attempts,
                "已送达" if one.delivered_at else "已放弃" if one.given_up_at else "等待",
                None if one.delivered_at or one.given_up_at else one.next_at,
                one.problem,
            )
            for one in session.execute(statement).scalars()
        ]


@permitted(Permission.WEBHOOKS)
def send_again(store: Store, name: str) -> int:
    """Have the messages sent that were given up for an address, from the beginning; returns how many.

    Raises:
        NotFoundError: there is no such address.
    """
    with store.write() as session:
        row = _named(session, name)
        given_up = col(WebhookMessage.webhook_id) == row.id, col(WebhookMessage.given_up_at).is_not(None)
        count = int(session.execute(select(func.count()).where(*given_up)).scalar_one())
        session.execute(update(WebhookMessage).where(*given_up).values(given_up_at=None, attempts=0, next_at=now()))
        return count


def secret_of(variable: str) -> bytes:
    """The secret that messages are signed with.

    Raises:
        SettingsError: the variable cannot be one, is not set, or holds what can be guessed.
    """
    if not is_key_name(variable) or not _SECRET_NAME.fullmatch(variable):
        raise SettingsError("回调的密钥变量不能用", f"名称应以 {USUAL_SECRET} 结尾，例如 {USUAL_SECRET}")
    value = secret(variable).get_secret_value()
    if len(value) < SHORTEST_SECRET:
        lack = "太短，别人可能猜到" if value else "没有设置"
        raise SettingsError(
            f"回调的密钥 {variable} {lack}", f"请在环境变量或密钥文件里写至少 {SHORTEST_SECRET} 个随机字符"
        )
    return value.encode()


def _named(session: Session, name: str) -> Webhook:
    row: Webhook | None = session.execute(select(Webhook).where(col(Webhook.name) == name)).scalar_one_or_none()
    if row is None:
        raise NotFoundError(f"没有名为「{name}」的回调", "用 webhook list 查看所有回调")
    return row


def _view(session: Session, row: Webhook) -> WebhookView:
    counts: Sequence[int] = [
        int(
            session.execute(
                select(func.count()).where(
                    col(WebhookMessage.webhook_id) == row.id, col(WebhookMessage.delivered_at).is_(None), condition
                )
            ).scalar_one()
        )
        for condition in (col(WebhookMessage.given_up_at).is_(None), col(WebhookMessage.given_up_at).is_not(None))
    ]
    dataset = session.get(Dataset, row.dataset_id) if row.dataset_id is not None else None
    return WebhookView(
        row.id or 0, row.name, row.url, dataset.name if dataset else "", row.secret_env, row.disabled, *counts
    )
