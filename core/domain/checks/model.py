"""One remark about one field of one customer's form."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a remark asks of the reviewer."""

    WARNING = "warning"  # the first approval goes there instead of on
    HINT = "hint"  # shown, and that is all


@dataclass(frozen=True, slots=True)
class FormWarning:
    """A remark.

    Attributes:
        customer: position of the form, from 0.
        key: the field that it is about.
        level: see :class:`Level`.
        text: one Chinese sentence.
    """

    customer: int
    key: str
    level: Level
    text: str
