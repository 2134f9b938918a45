"""Spellings put together before the rules were read: what to expect of those that nobody has thought of."""

from pathlib import Path
from typing import Final

from bench.masking_hand import ORDINARY, lines_of, samples_of
from bench.masking_texts import Sample

_TEXTS: Final = Path(__file__).with_name("masking_unseen.txt")


def unseen(kind: str) -> list[Sample]:
    """The messages of a kind, at least 200."""
    return samples_of(_TEXTS, kind)


def ordinary_unseen() -> list[str]:
    """Messages with numbers and words that only look like somebody's, more than 1,000."""
    return list(lines_of(_TEXTS, ORDINARY))
