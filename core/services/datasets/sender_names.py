"""Senders of whom a row gives only the number: other rows often give the name."""

from collections.abc import Sequence
from dataclasses import replace

from core.domain.chat.chat_writing import SentMessage
from core.services.datasets.reading_report import ReadingReport, line_places


def with_names_by_id(messages: Sequence[SentMessage], report: ReadingReport) -> list[SentMessage]:
    """The messages; a sender without a name gets the one that his number has elsewhere, if it has only one.

    Args:
        messages: of the whole file; without a name, the number stands in its place.
        report: gets the notes.
    """
    names: dict[str, set[str]] = {}
    for message in messages:
        if message.sender_id and message.sender != message.sender_id:
            names.setdefault(message.sender_id, set()).add(message.sender)
    if not names:
        return list(messages)  # a file of numbers only
    named: list[int] = []
    numbered: list[int] = []
    completed: list[SentMessage] = []
    for message in messages:
        if message.sender_id and message.sender == message.sender_id:
            known = names.get(message.sender_id, set())
            (named if len(known) == 1 else numbered).append(message.row)
            message = replace(message, sender=next(iter(known))) if len(known) == 1 else message
        completed.append(message)
    report.note(f"有 {{}} 条消息没有发送人的名字，按编号从别的行补上{line_places(named)}", len(named))
    report.note(f"有 {{}} 条消息没有发送人的名字，用编号代替{line_places(numbered)}", len(numbered))
    return completed
