"""Length limits of trainers, lengths of rows, and what truncation would leave of a chat.

Trainers cut in silence. The answer survives, for without it a row teaches nothing; what goes is the end of the
question, which is the end of the chat. This is what :func:`chars_kept` assumes.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from core.services.extraction.pipeline.token_estimate import estimate_tokens
from core.services.training.questions import Question


class LengthUnit(StrEnum):
    """What a limit counts."""

    CHARACTERS = "字"
    TOKENS = "token"


@dataclass(frozen=True, slots=True)
class LengthLimit:
    """The greatest length of a row, question and answer together.

    Attributes:
        label: how it is named on screen.
        amount: the greatest length, in units.
        unit: characters or estimated tokens.
    """

    label: str
    amount: int
    unit: LengthUnit


@dataclass(frozen=True, slots=True)
class RowLength:
    """How long a row is, question and answer together; tokens are an estimate."""

    characters: int
    tokens: int

    def within(self, limit: LengthLimit | None) -> bool:
        """Whether the row fits a limit; anything fits ``None``."""
        if limit is None:
            return True
        return (self.tokens if limit.unit is LengthUnit.TOKENS else self.characters) <= limit.amount

    def words(self, limit: LengthLimit) -> str:
        """The size in the limit's unit, as a person reads it."""
        if limit.unit is LengthUnit.TOKENS:
            return f"约 {self.tokens:,} token"
        return f"{self.characters:,} 字"


@lru_cache(maxsize=256)
def _tokens_before(system: str, head: str) -> int:
    return estimate_tokens(system) + estimate_tokens(head)


def tokens_of(question: Question, target: str) -> int:
    """Estimated tokens of a row."""
    return _tokens_before(question.system, question.head) + estimate_tokens(question.body) + estimate_tokens(target)


def chars_kept(limit: LengthLimit, question: Question, shown: str, target: str, size: RowLength) -> int:
    """Characters of the chat that a truncating trainer would leave.

    Args:
        limit: of the trainer.
        question: the question, in which the shown text stands.
        shown: chat, cleaned chat or summary.
        target: the answer.
        size: of the row.

    Returns:
        0 to ``len(shown)``.
    """
    if limit.unit is LengthUnit.CHARACTERS:
        behind = max(0, len(question.body) - len(shown))
        return max(0, min(len(shown), len(shown) + behind - (size.characters - limit.amount)))
    room = limit.amount - _tokens_before(question.system, question.head) - estimate_tokens(target)
    low, high = 0, len(shown)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate_tokens(shown[:middle]) <= room:
            low = middle
        else:
            high = middle - 1
    return low
