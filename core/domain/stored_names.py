"""Which names people may give to what is stored: one rule for datasets, runs, batches and models."""

import re
import unicodedata

from core.domain.unseen_characters import UNSEEN, is_blank

LONGEST_RUN_NAME = 200
"""Characters; names of runs are put together of others."""
LONGEST_DATASET_NAME = 100
NAME_RULE = "不含换行、看不见的字符和 ../ 这样的路径"
"""What a name may not hold, for sentences that refuse one."""

_PATH_SIGN = re.compile(r"[/\\]")


def stored_name(typed: str) -> str:
    """A name as it is stored: without white space around it, and composed (NFC).

    ``é`` may be one character, or an ``e`` and an accent, as macOS writes it in names of files: the two look the same.
    """
    return unicodedata.normalize("NFC", typed.strip())


def stored_spellings(typed: str) -> tuple[str, ...]:
    """The names that may be meant: as typed, which older databases may hold, and as it is stored now."""
    return tuple(dict.fromkeys((typed, stored_name(typed))))


def is_usable_name(name: str, most: int) -> bool:
    """Whether a name can be read on one line, told from others, and taken for no path out of a folder.

    Args:
        name: as :func:`stored_name` gives it.
        most: characters that it may have.
    """
    if is_blank(name) or len(name) > most or not name.isprintable() or UNSEEN.search(name):
        return False
    parts = _PATH_SIGN.split(name)
    return len(parts) == 1 or not {".", ".."} & set(parts)
