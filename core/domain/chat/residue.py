"""Finds spreadsheet residue: HTML that an online spreadsheet appends to a cell's text when it is copied.

The cell was an element ``<a href="…" data-online-sheet-link='…' data-sheet-href='…' data-sheets-hyperlink='{…}'
title="" style="…" >…</a>`` whose front was cut off. What remains begins with the conversation, then the quote mark
that closed the first attribute, and then further attributes, each with the whole conversation again (with other made-up
names, and with messages joined by backslashes). Everything from that quote mark on is residue.
"""

import re
from typing import Final

from core.domain.chat.parsed_chat import ParsedChat, Span

# The mark that closed the first attribute (doubled where the cell went through CSV), then attributes of the sheet …
_SHEET = re.compile(r"""["']{1,2}\s{1,3}data-(?:online-)?sheets?-[a-z-]{1,40}=["']{1,2}""")
# … or, where a sheet writes other ones first, the attributes of any element up to its closing bracket.
_PLAIN = re.compile(
    r"""["']{1,2}(?:\s{1,3}(?:title|class|target|rel)=["'][^"'<>\n]{0,200}["']{1,3}){0,4}"""
    r"""\s{1,3}style=["']{1,2}[^"'<>\n]{1,400}["']{1,2}\s{0,3}>"""
)
_OPEN_TAG = re.compile(r"<[A-Za-z][^<>\n]*$")
_COPY = re.compile(r"""\sdata-(?:online-sheet-link|sheet-href)=["']""")
_ELEMENT_TEXT = re.compile(r"""\sstyle=["']{1,2}[^"'<>\n]{0,400}["']{1,2}\s{0,3}>\s*\S""")
_MAX_CANDIDATES: Final = 16
"""Most possible beginnings of residue that are examined; more would take quadratic time."""

_PROBE: Final = 12


def find_residue(text: str) -> Span | None:
    """The range of spreadsheet residue, from the closing quote mark to the end of the text; ``None`` if there is none.

    A mark with attributes behind it is residue only if it does not sit inside a tag that was opened on its own line
    (then somebody quotes HTML) and if what follows repeats the conversation, or breaks off inside an attribute.
    """
    for pattern, literal in ((_SHEET, "data-"), (_PLAIN, "style=")):
        if literal not in text:
            continue  # looking for a few letters is quicker by far than for quote marks
        for number, match in enumerate(pattern.finditer(text)):
            if number == _MAX_CANDIDATES:
                break
            start = match.start()
            line_start = text.rfind("\n", 0, start) + 1
            if _OPEN_TAG.search(text[max(line_start, start - 500) : start]):
                continue
            if _repeats(text, start, match.end()) or (pattern is _SHEET and _cut_off(text, match)):
                return Span(start, len(text))
    return None


def residue_copies(parsed: ParsedChat) -> int:
    """Number of further copies of the conversation (or of a part of it) in the residue; 0 if there is none."""
    copies = 0
    for span in parsed.residue:
        copies += len(_COPY.findall(parsed.text, span.start, span.end))
        copies += _ELEMENT_TEXT.search(parsed.text, span.start, span.end) is not None
    return copies


def _repeats(text: str, start: int, after: int) -> bool:
    """Whether the first or the last words of the conversation occur again behind ``after``.

    Names are left aside, for every copy has its own.
    """
    head_first, _, _ = text[: min(start, 300)].lstrip().partition("\n")
    head_last = text[max(0, start - 300) : start].rstrip().rpartition("\n")[2]
    for words, front in ((head_last, False), (head_first, True)):
        utterance = words.partition("：")[2].strip() or words.strip()
        probe = utterance[:_PROBE] if front else utterance[-_PROBE:]
        if len(probe) >= 2 and text.find(probe, after) >= 0:
            return True
    return False


def _cut_off(text: str, match: re.Match[str]) -> bool:
    """Whether the attribute that was begun never ends, and holds more than a word or two."""
    quote = match.group()[-1]
    return (
        text.find(quote + " ", match.end()) < 0 and text.find(quote, match.end()) < 0 and len(text) - match.end() > 20
    )


def strip_residue(text: str) -> str:
    """The conversation of a stored text without spreadsheet residue; equal to ``parse_chat(text).conversation``.

    Much cheaper than parsing all messages, which matters when ten thousand chats are exported.

    Args:
        text: the stored text.
    """
    residue = find_residue(text)
    return (text if residue is None else text[: residue.start]).rstrip("\n")
