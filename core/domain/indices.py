"""Indices of chats and ids as people, addresses and files write them."""

MAX_INDEX = 2**31 - 1
"""What an integer column of PostgreSQL holds; SQLite and Python's own parser give up later."""

_MAX_DIGITS = 10


def parse_index(text: str) -> int | None:
    """Read an index or id: a whole number from 1 to :data:`MAX_INDEX`, full-width digits too.

    Args:
        text: as it was typed or linked, of any length.

    Returns:
        The number; ``None`` for anything else, such as ``1,2``, ``-1``, ``1e400`` or thousands of digits.
    """
    digits = text.strip().lstrip("0０") if len(text) <= 100 else ""
    if not digits.isdecimal() or len(digits) > _MAX_DIGITS:
        return None
    number = int(digits)
    return number if number <= MAX_INDEX else None
