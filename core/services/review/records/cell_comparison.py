"""Tells an edited cell from one that only a spreadsheet has written otherwise."""

import re
from collections.abc import Mapping

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from core.domain.form import Form, split_list
from core.services.datasets.spreadsheet_cells import list_items, unescape_formula
from core.services.review.records.written_days import exported_day, is_same_day, is_same_number

_CODE_PAGES = ("gbk", "big5", "cp1252")
"""What Excel writes a CSV in that is not saved as UTF-8; a character outside becomes one ``?``, or two."""
_WHOLE = re.compile(r"[+-]?\d{1,15}\.0")
_TEXT_AS_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_NUMBER_AS_TEXT = re.compile(r"'[+-]?\d[\d\s.-]{0,40}")


def is_same_cell(cell: str, exported: str, *, is_list: bool = False) -> bool:
    """Whether a cell says what was exported, apart from what a spreadsheet changes.

    That is: apostrophes, ``32.0`` for 32, another way to write the same day or digits, characters that the code page
    lacks, and for a list its order.
    """
    plain, written = _written(exported), _written(cell)
    if plain in (written, _written(plain_cell(cell, exported))):
        return True
    if is_list and sorted(split_list([plain])) == sorted(split_list([_written(plain_cell(cell, exported))])):
        return True
    day = exported_day(plain)
    if is_same_number(plain, written) or (day is not None and is_same_day(day, written)):
        return True
    return bool(lost_characters(written, plain, whole=True))


def is_same_value(form: Form, key: str, cell: str, exported: Mapping[str, str]) -> bool:
    """Whether a field's cell says what was exported for its row; see :func:`is_same_cell`."""
    return is_same_cell(cell, exported[key], is_list=form.field(key).is_list)


def plain_cell(cell: str, exported: str) -> str:
    """A cell as it was meant: without guards (``'``, ``="…"``), and 32 for ``32.0`` where a whole number may stand."""
    text = unescape_formula(cell.strip())
    if (as_text := _TEXT_AS_FORMULA.fullmatch(text)) and not exported.strip().startswith("="):
        text = as_text[1].replace('""', '"')
    if _NUMBER_AS_TEXT.fullmatch(text) and not exported.strip().startswith("'"):
        text = text[1:]
    if _WHOLE.fullmatch(text) and (not exported.strip() or exported.strip().lstrip("+-").isdecimal()):
        text = text.removesuffix(".0")
    return text


def list_cell(text: str) -> str | list[str]:
    """A cell of a list as programs and people write lists: ``["甲","乙"]``, ``甲;乙``.

    Args:
        text: the cell as it was meant.

    Returns:
        Its items, or the text as we write it.
    """
    items = list_items(text)
    return text if items is None else items


def lost_characters(cell: str, exported: str, *, whole: bool = False) -> str:
    """The exported characters that became ``?`` when the table was saved in an old code page; ``""``: none.

    Args:
        cell: as it stands in the edited table.
        exported: as it was exported.
        whole: only where that is all that has changed.
    """
    if "?" not in cell or "?" in exported:
        return ""
    for code_page in _CODE_PAGES:
        lost = [character for character in exported if not _fits(character, code_page)]
        if not lost:
            continue
        if not whole and code_page == _CODE_PAGES[0] and not any(character in cell for character in lost):
            return "".join(lost)
        pattern = "".join(r"\?{1,2}" if one in lost else re.escape(one) for one in exported)
        if re.fullmatch(pattern, cell):
            return "".join(lost)
    return ""


def _fits(character: str, code_page: str) -> bool:
    try:
        character.encode(code_page)
    except UnicodeEncodeError:
        return False
    return True


def _written(text: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
