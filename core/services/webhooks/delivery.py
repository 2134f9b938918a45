"""Sends what is in the outbox: at least once, later each time that it fails, until it is given up.

A message is claimed by putting off when it is due. A process that dies leaves it to whoever looks once that is over, so
a restart loses nothing; its receiver may get it twice and tells by its id.
"""

import json
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, Final

from sqlalchemy import CursorResult, delete, func, select, update
from sqlmodel import col

from core.adapters.http_post import PostOutcome, post
from core.adapters.store import Store
from core.adapters.store.models import Webhook, WebhookMessage, now
from core.errors import SettingsError
from core.metrics import count_webhook
from core.services.webhooks.addresses import secret_of
from core.services.webhooks.signature import sign

WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400))
"""How long is waited after each attempt that failed; after the last one a message is given up: about two days."""
LEASE: Final = timedelta(seconds=60)
"""For so long one process may be at a message; longer than an answer may take."""
LOOK_SECONDS: Final = 2.0
AT_ONCE: Final = 50
KEPT: Final = timedelta(days=30)
"""Messages that were delivered or given up are kept so long."""
_log = logging.getLogger("shiyao.webhooks")


@dataclass(frozen=True, slots=True)
class _Due:
    """A message that this process is to send now."""

    id: int
    webhook_id: int
    message_id: str
    payload: dict[str, Any]
    attempts: int
    url: str
    secret_env: str


def deliver_due(store: Store, *, moment: datetime | None = None) -> int:
    """Send what is due; returns how many messages were taken by their receivers.

    An address that did not take one gets no other one this time: whoever is slow or gone holds up nobody else.

    Args:
        store: the open store.
        moment: when it is, aware; now unless given.
    """
    delivered = 0
    failing: set[int] = set()
    for _ in range(AT_ONCE):
        due = _claim(store, moment or now(), failing)
        if due is None:
            break
        outcome = _sent(due)
        if not outcome.accepted:
            failing.add(due.webhook_id)
        delivered += outcome.accepted
        count_webhook(is_taken=outcome.accepted)
        _note(store, due, outcome, moment or now())
    return delivered


def _claim(store: Store, moment: datetime, failing: Collection[int]) -> _Due | None:
    """The message that is due longest, for this process alone; ``None`` where there is none."""
    waiting = (col(WebhookMessage.delivered_at).is_(None), col(WebhookMessage.given_up_at).is_(None))
    statement = (
        select(WebhookMessage, col(Webhook.url), col(Webhook.secret_env))
        .join(Webhook, col(Webhook.id) == col(WebhookMessage.webhook_id))
        .where(*waiting, col(WebhookMessage.next_at) <= moment, col(Webhook.disabled).is_(False))
        .order_by(col(WebhookMessage.next_at), col(WebhookMessage.id))
        .limit(1)
    )
    if failing:
        statement = statement.where(col(WebhookMessage.webhook_id).not_in(failing))
    while True:
        with store.read() as session:
            first = session.execute(statement).first()
            if first is None:
                return None
            row, url, variable = first
            due = _Due(row.id or 0, row.webhook_id, row.message_id, row.payload, row.attempts, url, variable)
            next_at = row.next_at
        with store.write() as session:
            claimed = session.execute(
                update(WebhookMessage)
                .where(col(WebhookMessage.id) == due.id, col(WebhookMessage.next_at) == next_at, *waiting)
                .values(next_at=moment + LEASE)
            )
            if isinstance(claimed, CursorResult) and claimed.rowcount == 1:
                return due


def _sent(due: _Due) -> PostOutcome:
    body = json.dumps(due.payload, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        signed = sign(secret_of(due.secret_env), due.message_id, int(now().timestamp()), body)
        return post(due.url, body, {"content-type": "application/json", "user-agent": "shiyao-webhook/1", **signed})
    except SettingsError as error:
        return PostOutcome(None, error.message)
    except Exception as error:
        # Whatever it is, it counts as an attempt: it is given up in the end, and holds up no other message.
        _log.warning("message %s could not be sent", due.message_id, exc_info=True)
        return PostOutcome(None, f"发送时出错（{type(error).__name__}）")


def _note(store: Store, due: _Due, outcome: PostOutcome, moment: datetime) -> None:
    attempts = due.attempts + 1
    changes: dict[str, Any] = {"attempts": attempts, "problem": outcome.problem[:200]}
    if outcome.accepted:
        changes["delivered_at"] = moment
    elif attempts > len(WAITS):
        changes["given_up_at"] = moment
        _log.warning("message %s was given up: %s", due.message_id, outcome.problem)
    else:
        changes["next_at"] = moment + WAITS[attempts - 1]
    with store.write() as session:
        session.execute(update(WebhookMessage).where(col(WebhookMessage.id) == due.id).values(**changes))
        if outcome.accepted:
            ended = col(WebhookMessage.delivered_at) < moment - KEPT
            session.execute(delete(WebhookMessage).where(ended))
            session.execute(delete(WebhookMessage).where(col(WebhookMessage.given_up_at) < moment - KEPT))


def waiting_messages(store: Store) -> int:
    """Number of messages that some receiver is still to get; those of receivers that are switched off do not count."""
    waiting = (
        select(func.count())
        .select_from(WebhookMessage)
        .join(Webhook, col(Webhook.id) == col(WebhookMessage.webhook_id))
        .where(
            col(WebhookMessage.delivered_at).is_(None),
            col(WebhookMessage.given_up_at).is_(None),
            col(Webhook.disabled).is_(False),
        )
    )
    with store.read() as session:
        return int(session.execute(waiting).scalar_one())


class WebhookSender:
    """A thread that sends what is in the outbox until :meth:`stop`."""

    def __init__(self, store: Callable[[], Store | None], *, look_seconds: float = LOOK_SECONDS) -> None:
        """Prepare.

        Args:
            store: gives the open store; ``None`` while nobody has had it opened.
            look_seconds: how often to look.
        """
        self._store, self._look_seconds = store, look_seconds
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="shiyao-webhooks", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; a message under way is sent to its end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._look_seconds):
            try:
                if (store := self._store()) is not None:
                    deliver_due(store)
            except Exception:
                # The next look tries again: what is due stays due.
                _log.warning("messages are not sent", exc_info=True)
