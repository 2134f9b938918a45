"""Names with what a text writes around them to say that they speak, or to whom: ``小满 说：``, ``小满 -> 小王：``."""

import re
from collections import Counter
from collections.abc import Collection
from typing import Final

from core.domain.chat.name_patterns import name_shape

_ARROW: Final = r"\s?(?:-{1,2}>|=>|→|➡|➜|⇒|＞|>{2,3}|▶|►)\s?"
_TO: Final = rf"(?:{_ARROW}|\s{{1,3}}(?:to|回复|@)\s{{1,3}}|(?<=\S)\s?(?:回复|对)\s?(?=\S))"
_SAYS: Final = r"\s?(?:说道?|問道|问道|回复道|says?|said|wrote)"
_TOWARDS: Final = re.compile(rf"(?P<name>[^\s>→➡＞-].{{0,60}}?){_ARROW}(?P<to>\S.*)")
_BLANK_SAYS: Final = re.compile(r"\s(?:说道?|says?|said)$")
_ADDRESSED: Final = re.compile(rf"(?P<name>\S.{{0,38}}?)(?:{_TO}\S.{{0,38}}?(?:{_SAYS})?|{_SAYS})")


def may_be_addressed(name: str) -> bool:
    """Whether words before a colon could be a name with such words around it."""
    return _ADDRESSED.fullmatch(name) is not None


def speaking_names(names: Collection[str]) -> dict[str, str]:
    """The bare names of speakers: behind an arrow anything is left out, other words where all names have them.

    Args:
        names: of all messages, as often as they stand there.
    """
    every = set(names)
    arrows = {name: match["name"] for name in every if (match := _TOWARDS.fullmatch(name))}
    matches = {name: match for name in every if (match := _ADDRESSED.fullmatch(name))}
    if len(matches) < len(every) or not matches:
        return arrows
    bare = {name: match["name"].rstrip() for name, match in matches.items()}
    uses = Counter(bare[name] for name in names)
    if min(map(name_shape, uses)) <= -3 or len(uses) == 1 and not all(_BLANK_SAYS.search(name) for name in every):
        return arrows
    return bare
