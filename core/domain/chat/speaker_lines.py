"""Lines of a text with their offsets, and possible speaker names at the beginning of a line."""

import re
from typing import Final, NamedTuple

MAX_NAME: Final = 40
"""Longest speaker name considered, in characters; WeChat allows 32, an anonymiser or a remark may add to it."""

FULL_COLON: Final = "："
HALF_COLON: Final = ":"

_QUOTED: Final = "> "
"""Stands before a line that somebody quotes."""

_ANSWERS: Final = re.compile(r"(?:回复|引用)\s?@?(?:\s|(?<=@))\S")
"""Stands before the name of whom a message answers, and before what is quoted of it: 回复 小满：…"""

_LINE_END = re.compile(r"\r\n|\n|\r")
# A half-width colon is no separator between digits (9:30) or in an address (https://), nor behind a letter that
# stands before a name.
_HALF_OPENING = re.compile(r"((?:[A-Za-z]:(?=[^\s：:])|\d{1,2}:\d\d(?=[^\s\d：:]))?[^：:\n\r]{1,40}):(?!//|(?<=\d:)\d)")


class Line(NamedTuple):
    """One line of a text.

    Attributes:
        start: offset of its first character.
        text: its characters without the line break.
        end: offset after its line break, which is where the next line starts.
    """

    start: int
    text: str
    end: int


class Opening(NamedTuple):
    """The words before the first colon of a line, which may be a speaker's name.

    Attributes:
        line: number of the line in the list of lines.
        name: the words before the colon, without white space around them.
        name_start: offset of the name in the text.
        body_start: offset after the colon.
        first: what stands after the colon on this line, without white space around it.
    """

    line: int
    name: str
    name_start: int
    body_start: int
    first: str


def split_lines(text: str, end: int) -> list[Line]:
    r"""Lines of ``text[:end]``; ``\n``, ``\r\n`` and a lone ``\r`` end a line, nothing else does."""
    lines: list[Line] = []
    start = 0
    for match in _LINE_END.finditer(text, 0, end):
        lines.append(Line(start, text[start : match.start()], match.end()))
        start = match.end()
    if start < end:
        lines.append(Line(start, text[start:end], end))
    return lines


def opening_of(number: int, line: Line, colon: str) -> Opening | None:
    """The words before the first colon of a line, if they are short enough to be a name; else ``None``.

    Args:
        number: the line's position in the list of lines.
        line: the line.
        colon: :data:`FULL_COLON` or :data:`HALF_COLON`; which one a chat uses is decided for the whole chat.
    """
    if colon == FULL_COLON:
        # Leading white space does not count, but an endless run of it must not be searched through either.
        at = line.text.find(FULL_COLON, 0, MAX_NAME + 20)
    else:
        match = _HALF_OPENING.match(line.text)
        at = match.end() - 1 if match else -1
    if at < 0:
        return None
    raw = line.text[:at]
    # A file cut out of CSV may begin with the quote mark of its cell, which is not part of the first name.
    skip = 1 if line.start == 0 and raw.startswith('"') else 0
    name = raw[skip:].strip()
    if not name or len(name) > MAX_NAME or name.startswith(_QUOTED) or _ANSWERS.match(name):
        return None
    return Opening(number, name, line.start + raw.index(name, skip), line.start + at + 1, line.text[at + 1 :].strip())
