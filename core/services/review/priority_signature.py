"""The part of a priority's signature that says which answers were assessed."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.adapters.store.models import Extraction

DIGEST_BEHIND: Final = "|"
"""What stands in a stored signature between the answers and the digest of the forms that were assessed."""


def answers_read(base: type[Extraction], other_run_ids: Iterable[int]) -> ColumnElement[str]:
    """SQL text that changes with a run's answer for a chat, with its retries, and with other runs' answers.

    Args:
        base: the run's extractions in the statement.
        other_run_ids: runs whose answers were compared.
    """
    other = aliased(Extraction)
    newest = (
        select(func.coalesce(func.max(col(other.id)), 0))
        .where(col(other.chat_id) == col(base.chat_id), col(other.run_id).in_(list(other_run_ids)))
        .scalar_subquery()
    )
    parts = (col(base.id), col(base.attempts), newest)
    text: ColumnElement[str] = literal("")
    for part in parts:
        text = text + literal(".") + cast(part, String)
    return text


def answer_digest(forms: Sequence[dict[str, Any]] | None) -> str:
    """Digest of the forms that were assessed; of ``None`` where the extraction failed."""
    return hashlib.sha256(json.dumps(forms, sort_keys=True).encode()).hexdigest()[:16]
