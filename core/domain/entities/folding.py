"""Folds texts for comparison: width and case become equal, offsets stay."""

import unicodedata

_SAME = str.maketrans({"—": "-", "–": "-", "−": "-", "“": '"', "”": '"', "‘": "'", "’": "'"})


def fold(text: str) -> str:
    """Normalise width and case character by character; the length stays the same."""
    table: dict[int, str] = {}
    for character in set(text):
        if character >= "\x7f" or character.isupper():
            folded = unicodedata.normalize("NFKC", character).lower()
            if len(folded) == 1 and folded != character:
                table[ord(character)] = folded
    return text.translate(table).translate(_SAME)
