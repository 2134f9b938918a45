"""What stands between a speaker and his colon and is no part of his name: ``林小满 说：``, ``林小满 -> 小王：``."""

import re
from collections.abc import Collection
from typing import Final

_SAYS: Final = re.compile(r"(?P<name>\S.*?)(?P<blank>\s?)(?:说道?|回复道?|says|said)")
_TOWARDS: Final = re.compile(r"(?P<name>[^\s>→➡＞-].*?)\s?(?:-{1,2}>|=>|→|➡|＞)\s?(?P<to>\S.*)")


def without_speech_marks(names: Collection[str]) -> dict[str, str]:
    """The speakers whose names end otherwise than a text writes them: names as written, and the names alone.

    「小说」 may be a name: without a blank, the word counts only where all speakers have it.

    Args:
        names: of all speakers of a text.
    """
    plain = {name: match["name"] for name in names if (match := _TOWARDS.fullmatch(name))}
    saying = {name: match for name in names if (match := _SAYS.fullmatch(name))}
    if len(saying) == len(names) and (len(names) > 1 or all(match["blank"] for match in saying.values())):
        plain |= {name: match["name"] for name, match in saying.items()}
    return plain
