"""How many tokens a model really takes for a question, as a multiple of the estimate; learned from earlier calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec, is_remote
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind
from core.services.extraction.pipeline import estimate_tokens, newest_attempt

ENOUGH = 5
"""Calls from which a model's scale is used."""
_CHATS = 60
"""The newest chats that are looked at: texts of their questions are long."""


@dataclass(frozen=True, slots=True)
class TokenScale:
    """What a model's own count makes of estimated tokens.

    Attributes:
        factor: counted tokens for each that was estimated.
        error: by how much a single question is off after that, as a share of all tokens (mean absolute error).
        calls: number of calls that it was learned from.
    """

    factor: float
    error: float
    calls: int

    def scaled(self, tokens: int) -> int:
        """Tokens that the model will count, of so many estimated ones."""
        return round(tokens * self.factor)


def token_scale(session: Session, spec: ModelSpec) -> TokenScale | None:
    """The scale of a model; ``None`` where it has answered fewer than :data:`ENOUGH` questions or never counts.

    Only calls that were answered at the first try count: what a service took for the others is a sum.

    Args:
        session: open session.
        spec: the model; runs of its entry are looked at, with whichever prompt.
    """
    if not is_remote(spec.provider):
        return None
    counted = list(_counted_calls(session, spec))
    estimated, real = (sum(column) for column in zip(*counted, strict=True)) if counted else (0, 0)
    if len(counted) < ENOUGH or not estimated or not real:
        return None
    factor = real / estimated
    return TokenScale(factor, sum(abs(took - factor * guess) for guess, took in counted) / real, len(counted))


def _counted_calls(session: Session, spec: ModelSpec) -> Iterator[tuple[int, int]]:
    """``(estimated, counted)`` tokens of the newest questions to a model."""
    statement = (
        select(col(Extraction.replies))
        .join(Run, col(Run.id) == col(Extraction.run_id))
        .where(
            col(Run.kind) == RunKind.MODEL,
            col(Run.provider) == spec.provider,
            col(Run.model) == spec.name,
            col(Extraction.status) != ExtractionStatus.FAILED,
            col(Extraction.tokens_in) > 0,
        )
        .order_by(col(Extraction.id).desc())
        .limit(_CHATS)
    )
    for replies in session.execute(statement).scalars():
        for reply in newest_attempt(replies):
            if (counted := _counted(reply)) and (estimated := estimate_tokens(_question(reply))):
                yield estimated, counted


def _counted(reply: Mapping[str, Any]) -> int:
    tokens = None if reply.get("tokens_estimated") else reply.get("tokens_in")
    return tokens if isinstance(tokens, int) and reply.get("ok") and reply.get("attempts") == 1 else 0


def _question(reply: Mapping[str, Any]) -> str:
    return f"{reply.get('system') or ''}\n{reply.get('user') or ''}"
