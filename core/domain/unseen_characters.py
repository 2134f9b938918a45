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

NO_SHAPE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What is drawn as nothing (Default_Ignorable_Code_Point), and as a blank (Hangul fillers, an empty Braille cell), as a
pattern writes it between brackets. ``core/ui/workbench/js/values.js`` has the same list; both are tested by
``tests/domain/unseen_characters.json``."""
_BLANK: Final = re.compile(rf"[\s{NO_SHAPE}]*+")


def is_blank(text: str) -> bool:
    """Whether nothing in a text can be seen: white space, and characters without a shape."""
    return _BLANK.fullmatch(text) is not None


def without_invisible(text: str) -> str:
    """A text without characters that nobody sees: zero width, direction marks, stray joiners."""
    # None of them is printable, so most texts of one line need no look at each character.
    return text if text.isascii() or text.isprintable() else UNSEEN.sub("", text)
