"""Speakers in subtitles below the time of each cue: ``<v 林小满>你好</v>`` (WebVTT), ``林小满：你好`` (SRT)."""

import re
from collections.abc import Sequence
from typing import Final

from core.domain.chat.header_patterns import HeaderStyle
from core.domain.chat.message_headers import Header, Headers
from core.domain.chat.speaker_lines import MAX_NAME, Line

_VOICE: Final = re.compile(r"\s{0,8}(?:-\s?)?<v(?:\.[\w.]{1,40})?\s{1,4}(?P<name>[^<>\n]{1,60}?)\s{0,4}>")
_NAMED: Final = re.compile(r"\s{0,8}(?:-\s?)?(?P<name>[^\s:：<>][^:：<>\n]{0,38}?)\s?[:：](?!//)\s{0,4}(?=\S)")
_CUE: Final = re.compile(r"\s{0,8}(?P<start>(?:\d{1,3}:)?\d{2}:\d{2})[.,]\d{3}\s{1,4}-->\s")
_HEAD: Final = "WEBVTT"


def find_subtitle_headers(lines: Sequence[Line]) -> Headers | None:
    """The lines of subtitles that name their speakers; ``None`` where the text is written otherwise.

    Times of cues, and the numbers above them, are nobody's words.

    Args:
        lines: of the conversation.
    """
    first = next((line.text.strip() for line in lines if line.text.strip()), "")
    if not first.startswith(_HEAD) and not first.isdecimal() and not _CUE.match(first):
        return None
    headers: dict[int, Header] = {}
    dividers: set[int] = set()
    named: dict[int, Header] = {}
    time = ""
    for number, line in enumerate(lines):
        if cue := _CUE.match(line.text):
            time = cue["start"]
            above = lines[number - 1].text.strip() if number else ""
            dividers.add(
                number - 1 if above and number - 1 not in headers and not _is_words(lines, number - 1) else number
            )
        elif (voice := _VOICE.match(line.text)) and len(voice["name"]) <= MAX_NAME:
            start = line.start + voice.start("name")
            headers[number] = Header(number, voice["name"], start, line.start + voice.end(), time)
        elif time and _CUE.match(lines[number - 1].text) and (name := _NAMED.match(line.text)):
            named[number] = Header(number, name["name"], line.start + name.start("name"), line.start + name.end(), time)
    if not headers and 2 * len(named) >= len(dividers) > 1:
        headers = named
    return Headers(HeaderStyle.ONE_LINE, headers, frozenset(dividers)) if headers and dividers else None


def _is_words(lines: Sequence[Line], number: int) -> bool:
    """Whether a line above the time of a cue is no name of the cue: the cue's name stands below a blank line."""
    return number > 0 and bool(lines[number - 1].text.strip())
