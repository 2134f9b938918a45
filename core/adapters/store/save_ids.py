"""What ids of versions begin with, before a dash, that were not saved on the desk, and how they are told apart."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from core.adapters.store.models import RecordEvent

BULK: Final = "bulk"
"""Of a change of many records."""
CELL: Final = "cell"
"""Of an edit of one cell in 记录表."""
UNDO: Final = "undo"
"""Of taking either back."""
PASSED: Final = "pass"
"""Of an approval by threshold."""
FORM_CHANGE: Final = "form"
"""Of a change of the form, or of taking it back."""

BY_MANY: Final = (BULK, UNDO, PASSED, FORM_CHANGE)
"""Of what changes many records at once: nobody has looked at each of them."""
NOT_ON_DESK: Final = (*BY_MANY, CELL)
"""All of them: no browser may send such an id."""


def begins_with(save_id: str, kinds: Sequence[str]) -> bool:
    """Whether the id of a version is one of these kinds."""
    return save_id.startswith(tuple(f"{kind}-" for kind in kinds))


def is_saved_as(*kinds: str) -> ColumnElement[bool]:
    """Condition: an event is a version of one of these kinds."""
    return or_(*(col(RecordEvent.save_id).startswith(f"{kind}-") for kind in kinds))
