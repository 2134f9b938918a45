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
    return samples_of(_TEXTS, kind)


def ordinary_by_hand() -> list[str]:
    """Messages in which nobody is told."""
    return list(lines_of(_TEXTS, ORDINARY))


def samples_of(texts: Path, kind: str) -> list[Sample]:
    """The messages of a kind in a file of marked messages, one sample for each marked value."""
    return [sample for line in lines_of(texts, kind) for sample in _samples(line)]


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
def lines_of(texts: Path, kind: str) -> tuple[str, ...]:
    """The lines of a section of a file of marked messages."""
    lines: dict[str, list[str]] = {}
    section = ""
    for line in texts.read_text("utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:-1].replace("_", "").isalpha() and line.isascii():
            section = line[1:-1]
        elif line and section:
            lines.setdefault(section, []).append(line.replace("\\n", "\n"))
    return tuple(lines[kind])
