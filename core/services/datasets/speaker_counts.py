"""Counts messages and speakers of the chats of a file, and finds those in which nobody speaks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import maxsize
from typing import TYPE_CHECKING

from core.domain.chat import ParsedChat, parse_chat
from core.services.datasets.form_notes import listed_rows

if TYPE_CHECKING:
    from core.services.datasets.import_types import ChatRow

QUICK_CHARACTERS = 300_000
"""So much is looked at where nobody asked for counts: a fraction of a second."""


@dataclass
class SpeakerCounts:
    """What the chats of a file hold.

    Attributes:
        most_characters: chats beyond so many characters are not looked at; parsing is most of the work of an import.
        chats: chats seen.
        counted: chats looked at.
        messages: in these chats.
        names: of everybody who speaks in them.
        without_speakers: index of each chat in which no speaker is recognised.
    """

    most_characters: int = maxsize
    chats: int = 0
    counted: int = 0
    messages: int = 0
    names: set[str] = field(default_factory=set)
    without_speakers: list[int] = field(default_factory=list)
    _characters: int = 0

    def count(self, rows: "Iterator[ChatRow]") -> "Iterator[ChatRow]":
        """The same rows, counted while they pass."""
        for row in rows:
            self.add(row)
            yield row

    def add(self, row: "ChatRow") -> ParsedChat | None:
        """Count one chat; gives it parsed, or ``None`` where it was not looked at."""
        self.chats += 1
        self._characters += len(row.text)
        if self._characters > self.most_characters:
            return None
        parsed = parse_chat(row.text)
        self.counted += 1
        self.messages += len(parsed.messages)
        self.names.update(parsed.speakers)
        if not parsed.speakers:
            self.without_speakers.append(row.index)
        return parsed

    def sentences(self) -> tuple[str, ...]:
        """Chinese sentences about chats without speakers."""
        if not self.without_speakers:
            return ()
        looked = f"（只看了前 {self.counted:,} 条）" if self.counted < self.chats else ""
        return (f"有 {len(self.without_speakers):,} 条认不出发言人{looked}：{listed_rows(self.without_speakers)}",)
