"""Events of 增量审阅 that only put a draft beside an approved record: their status is the draft's, not the record's."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from core.adapters.store.models import RecordEvent, RecordStatus


def is_delta_draft(change: Mapping[str, Any]) -> bool:
    """Whether an event only put a draft beside the record, and left what was approved."""
    draft = change.get("pending") or {}
    return bool(draft) and not draft.get("carried")


def event_is_delta_draft() -> ColumnElement[bool]:
    """Condition: what :func:`is_delta_draft` says of an event."""
    change = col(RecordEvent.change)
    return and_(change["pending"].as_string().is_not(None), change["pending", "carried"].as_string().is_(None))


def status_after(status: str, change: Mapping[str, Any]) -> str:
    """A record's status after an event; a draft beside approved values leaves it approved."""
    return RecordStatus.CONFIRMED if is_delta_draft(change) else status
