"""The outbox: what other programs are to be told is written in the transaction of what it tells of.

A message says which record was decided, how and by whom, and nothing of what is in it: whoever may read that asks by
the API, which withholds what is to be withheld.
"""

from typing import Any
from uuid import uuid4

from sqlalchemy import or_, select
from sqlmodel import Session, col

from core.adapters.store.models import (
    Chat,
    Dataset,
    Record,
    RecordStatus,
    Webhook,
    WebhookMessage,
    now,
)

RECORD_DECIDED = "record.decided"
DECIDED = frozenset({RecordStatus.CONFIRMED, RecordStatus.DISCUSS, RecordStatus.SKIPPED})
"""Statuses that are a decision; drafts are none."""


def note_decision(session: Session, record: Record, *, version: int, status: str, who: str) -> None:
    """Put a message into the outbox of every address that is to be told of a record's new version.

    Args:
        session: open for writing, in which the version is saved.
        record: that was decided.
        version: its new version.
        status: what was decided; other statuses are passed over.
        who: who decided.
    """
    if status not in DECIDED:
        return
    addresses = list(
        session.execute(
            select(col(Webhook.id)).where(
                col(Webhook.disabled).is_(False),
                or_(col(Webhook.dataset_id).is_(None), col(Webhook.dataset_id) == record.dataset_id),
            )
        ).scalars()
    )
    if not addresses:
        return
    index, dataset = session.execute(
        select(col(Chat.index), col(Dataset.name))
        .join(Dataset, col(Dataset.id) == col(Chat.dataset_id))
        .where(col(Chat.id) == record.chat_id)
    ).one()
    moment = now()
    payload: dict[str, Any] = {
        "type": RECORD_DECIDED,
        "timestamp": moment.isoformat(),
        "data": {
            "dataset_id": record.dataset_id,
            "dataset": dataset,
            "chat": index,
            "review": str(record.review_pass),
            "status": str(status),
            "version": version,
            "who": who,
        },
    }
    for webhook_id in addresses:
        session.add(
            WebhookMessage(
                webhook_id=webhook_id or 0,
                message_id=f"msg_{uuid4().hex}",
                payload=payload,
                created_at=moment,
                next_at=moment,
            )
        )
