"""Personal data as people type it into a chat, written down by hand: a third hand for the masking bench."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from bench.masking_texts import Sample

ORDINARY: Final = "ordinary"
_TEXTS: Final = Path(__file__).with_name("masking_by_hand.txt")
_MARKED = re.compile("⟦([^⟧]*)⟧")


def by_hand(kind: str) -> list[Sample]:
    """The messages of a kind, one sample for each marked value."""
    return [sample for line in _lines(kind) for sample in _samples(line)]


def ordinary_by_hand() -> list[str]:
    """Messages in which nobody is told."""
    return list(_lines(ORDINARY))


def _samples(line: str) -> list[Sample]:
    message = f"客户1：{line}\n客服：好的\n"
    samples, left_out = [], 0
    for match in _MARKED.finditer(message):
        start = match.start() - left_out
        samples.append((start, start + len(match[1])))
        left_out += 2
    plain = _MARKED.sub(r"\1", message)
    return [Sample(plain, start, end) for start, end in samples]


@cache
def _lines(kind: str) -> tuple[str, ...]:
    lines: dict[str, list[str]] = {}
    section = ""
    for line in _TEXTS.read_text("utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:-1].replace("_", "").isalpha() and line.isascii():
            section = line[1:-1]
        elif line and section:
            lines.setdefault(section, []).append(line.replace("\\n", "\n"))
    return tuple(lines[kind])
