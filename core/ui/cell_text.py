"""A cell's value in one line, with the pages' word for an empty one."""

from typing import Any

from core.domain.form import text_of

EMPTY_CELL = "（空）"


def cell_text(value: Any) -> str:
    """A value as text; :data:`EMPTY_CELL` where there is none."""
    return text_of(value, empty=EMPTY_CELL)
