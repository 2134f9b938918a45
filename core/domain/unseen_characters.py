"""Characters that nobody sees and that are copied along: zero width and direction marks, stray joiners."""

import re
from typing import Final

# U+200D alone joins the parts of an emoji.
INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_EMOJI = "\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
_JOINER = f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])"
UNSEEN: Final = re.compile(f"{INVISIBLE.pattern}|{_JOINER}")
"""A character that nobody sees: zero width, a direction mark, a joiner that joins no emoji."""


def without_invisible(text: str) -> str:
    """A text without characters that nobody sees: zero width, direction marks, stray joiners."""
    return UNSEEN.sub("", text) if not text.isascii() else text
