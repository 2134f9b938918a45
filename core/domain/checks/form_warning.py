"""A warning about one field of one customer's form, and its levels."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How urgently a reviewer should look at a warning."""

    WARNING = "warning"  # the first approval goes there instead of on
    HINT = "hint"  # shown, and that is all


@dataclass(frozen=True, slots=True)
class FormWarning:
    """A warning about one field of one customer's form.

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
