"""Values of messages that programs wrote for nothing (nan, NULL), and numbers of rooms written as ``1001.0``."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from core.domain.chat.chat_writing import SentMessage
from core.domain.form.raw_values import PROGRAM_WORDS
from core.services.datasets.reading_report import ReadingReport, line_places, listed

_KEYS: Final = ("session", "room", "sender_id", "sender")
_WRITTEN: Final = frozenset(("nan", "NaN", "NaT", "<NA>", "None", "NULL"))
"""What programs write for a text that is not there; people write other words."""
_FLOAT: Final = re.compile(r"(\d{1,15})\.0{1,3}")


def without_program_values(messages: Iterable[SentMessage], report: ReadingReport) -> Iterator[SentMessage]:
    """The messages without such values, each of which is noted with its row.

    Args:
        messages: of the whole file.
        report: gets the notes, after the last one.
    """
    nothing: dict[str, None] = {}
    nothing_lines: list[int] = []
    floats: dict[str, None] = {}
    float_lines: list[int] = []
    for message in messages:
        changes: dict[str, Any] = {}
        for part in _KEYS:
            value = getattr(message, part)
            if value and value.casefold() in PROGRAM_WORDS:
                changes[part] = ""
                nothing[value] = None
            elif match := _FLOAT.fullmatch(value):
                changes[part] = match[1]
                floats[value] = None
        if message.text.strip() in _WRITTEN:
            changes["text"] = ""
            nothing[message.text.strip()] = None
        if not changes:
            yield message
            continue
        changed = replace(message, **changes)
        yield changed if changed.sender else replace(changed, sender=changed.sender_id)
        nothing_lines += [message.row] if "" in changes.values() else []
        float_lines += [message.row] if any(changes.values()) else []
    report.note(
        f"有 {{}} 条消息里有程序写的空值（{listed(list(nothing))}），按空处理{line_places(nothing_lines)}",
        len(nothing_lines),
    )
    report.note(
        f"有 {{}} 条消息的编号写成了小数（如 {next(iter(floats), '')}），按整数读{line_places(float_lines)}",
        len(float_lines),
    )
