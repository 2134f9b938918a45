"""Chats in which each message stands below the name of who said it, without a time, parted by blank lines."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from core.domain.chat.header_names import is_header_name
from core.domain.chat.header_patterns import HeaderStyle
from core.domain.chat.message_headers import Header, Headers
from core.domain.chat.message_kinds import PLACEHOLDER, is_system_line, is_title_line
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.speaker_lines import Line
from core.domain.chat.speakers import is_talk

_FEWEST_BLOCKS: Final = 4
_LONGEST_NAME: Final = 20
_NO_NAME: Final = frozenset("，。？！?!…；;：:,、")
_A_LABEL: Final = -3
"""Shape of a name that is a label beyond doubt."""


def find_named_blocks(lines: Sequence[Line]) -> Headers | None:
    """The names above the messages; ``None`` where the text is written otherwise.

    Each block has a name and words; at least two people speak, and names come back while words do not.

    Args:
        lines: of the conversation.
    """
    firsts = [
        number
        for number, line in enumerate(lines)
        if line.text.strip() and (number == 0 or not lines[number - 1].text.strip())
    ]
    names = Counter(lines[number].text.strip() for number in firsts)
    if len(firsts) < _FEWEST_BLOCKS or not 1 < len(names) <= len(firsts) // 2 or not all(map(_may_be_name, names)):
        return None
    below = [lines[number + 1].text.strip() if number + 1 < len(lines) else "" for number in firsts]
    if not all(below) or 2 * len(set(below)) <= len(below) or min(map(name_shape, names)) <= _A_LABEL:
        return None
    headers = {}
    for number in firsts:
        line = lines[number]
        name = line.text.strip()
        headers[number] = Header(number, name, line.start + line.text.index(name), line.start + len(line.text))
    return Headers(HeaderStyle.NAME_COLON, headers, frozenset())


def _may_be_name(text: str) -> bool:
    return (
        len(text) <= _LONGEST_NAME
        and not _NO_NAME.intersection(text)
        and is_header_name(text)
        and not is_talk(text)
        and not (is_system_line(text) or is_title_line(text) or PLACEHOLDER.match(text))
    )
