"""Cells of CSV tables for spreadsheets: strangers write the chats, so no cell may become a formula."""

import csv
import io
import re
from ast import literal_eval
from collections.abc import Iterable
from typing import Any

_INVISIBLE = (
    r"\s\x00-\x20\x7f-\xa0\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)
"""Spaces, control characters, and what is drawn as nothing: spreadsheets skip them before they look for a ``=``."""

_FORMULA = re.compile(rf"(?<!['{_INVISIBLE}])'*+(?:[\t\r\n]|[{_INVISIBLE}]*+[=+\-@＝＋－＠﹦﹢﹣﹫−])")
_NUMBER = re.compile(r"(?<!')'*+[+-]?\d++(?: \d++|,\d{3})*+(?:\.\d++)?")


_BETWEEN_ITEMS = re.compile(r"[;；\n]+")


def list_items(cell: str) -> list[str] | None:
    """The items of a list as programs and people write lists: ``["甲","乙"]``, ``甲;乙``; ``None`` for one text."""
    if cell.startswith("[") and cell.endswith("]"):
        try:
            items = literal_eval(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            items = None
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return items
    parts = [part for one in _BETWEEN_ITEMS.split(cell) if (part := one.strip())]
    return parts if len(parts) > 1 else None


def escape_formula(cell: str) -> str:
    """A text for a CSV: what a spreadsheet would run as a formula gets an apostrophe in front.

    A formula begins with ``=``, ``+``, ``-`` or ``@``, in their full-width and small forms too (Chinese spreadsheets
    take them for the same), whatever invisible characters stand before it; a cell that begins with a tab or a line
    break likewise (https://owasp.org/www-community/attacks/CSV_Injection). Plain numbers such as ``-5``
    and ``+86 138`` stay; ``+86-138`` and ``+1-1`` would be calculated.
    Apostrophes that stand before a formula already get one more, so that :func:`unescape_formula` gives back the text.
    """
    return f"'{cell}" if _is_formula(cell) else cell


def unescape_formula(cell: str) -> str:
    """The text that :func:`escape_formula` was given."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def csv_row(cells: Iterable[Any]) -> str:
    """One line of a CSV for spreadsheets: texts escaped, every cell in quotes, CR LF at the end.

    In quotes, because a spreadsheet of another country takes ``;`` or a tab for the delimiter, and what follows it for
    a cell of its own.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(escape_formula(cell) if isinstance(cell, str) else cell for cell in cells)
    return buffer.getvalue()


def _is_formula(cell: str) -> bool:
    return _FORMULA.match(cell) is not None and _NUMBER.fullmatch(cell) is None
