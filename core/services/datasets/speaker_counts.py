"""Counts messages and speakers of the chats of a file, and finds those in which nobody speaks."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from sys import maxsize
from typing import TYPE_CHECKING

from core.domain.chat import MessageKind, ParsedChat, parse_chat
from core.domain.chat.plain_dates import DateOrder, undecided_order
from core.domain.chat.unread_headers import names_like_times, unread_headers, unspoken_openings
from core.services.datasets.form_notes import listed_rows

if TYPE_CHECKING:
    from core.services.datasets.import_types import ChatRow

QUICK_CHARACTERS = 300_000
"""So much is looked at where nobody asked for counts: a fraction of a second."""

_CHARACTERS_PER_CHAT = 100
"""What a chat costs beside its text, however short it is, in characters."""

_ROWS_BETWEEN = 50
_PLACES = 5


@dataclass
class SpeakerCounts:
    """What the chats of a file hold.

    Attributes:
        most_characters: chats beyond so many characters, a hundred more for each, are not looked at; parsing is most of
            the work of an import.
        chats: chats seen.
        counted: chats looked at.
        messages: in these chats.
        names: of everybody who speaks in them.
        without_speakers: index of each chat in which no speaker is recognised.
        unread_headers: index of each chat with lines that look like headers and were read as words; the lines' numbers.
        unspoken: index of each chat with many lines that open with a name of nobody who speaks; the lines' numbers.
        wordless: index of each chat in which people speak and none of them says a word.
        names_like_times: speakers whose names hold a time.
        system_lines: messages that nobody said: somebody joined, recalled a message; dates and titles among them.
        undecided_dates: index of each chat with dates that may be two days each, and how they were read.
    """

    most_characters: int = maxsize
    chats: int = 0
    counted: int = 0
    messages: int = 0
    names: set[str] = field(default_factory=set)
    without_speakers: list[int] = field(default_factory=list)
    unread_headers: dict[int, list[int]] = field(default_factory=dict)
    unspoken: dict[int, list[int]] = field(default_factory=dict)
    wordless: list[int] = field(default_factory=list)
    names_like_times: set[str] = field(default_factory=set)
    undecided_dates: dict[int, DateOrder] = field(default_factory=dict)
    system_lines: int = 0
    _characters: int = 0

    def count(self, rows: "Iterator[ChatRow]") -> "Iterator[ChatRow]":
        """The same rows, counted while they pass.

        Whoever reads them waits for whoever looks at one. So where only the first are looked at, they are one by one,
        between the others that come meanwhile; the rest of them after the last row.
        """
        every = 1 if self.most_characters == maxsize else _ROWS_BETWEEN
        waiting: deque[ChatRow] = deque()
        characters = self._characters
        for number, row in enumerate(rows, start=1):
            yield row
            characters += len(row.text) + _CHARACTERS_PER_CHAT
            if characters <= self.most_characters:
                waiting.append(row)
            else:
                self.chats += 1
            if waiting and number % every == 0:
                self.add(waiting.popleft())
        for row in waiting:
            self.add(row)
        self._characters = characters

    def add(self, row: "ChatRow") -> ParsedChat | None:
        """Count one chat; gives it parsed, or ``None`` where it was not looked at."""
        self.chats += 1
        self._characters += len(row.text) + _CHARACTERS_PER_CHAT
        if self._characters > self.most_characters:
            return None
        parsed = parse_chat(row.text)
        self.counted += 1
        self.messages += len(parsed.messages)
        self.names.update(parsed.speakers)
        self.system_lines += sum(
            message.kind is MessageKind.SYSTEM and not message.speaker for message in parsed.messages
        )
        if not parsed.speakers:
            self.without_speakers.append(row.index)
        if lines := unread_headers(parsed):
            self.unread_headers[row.index] = lines
        if lines := unspoken_openings(parsed):
            self.unspoken[row.index] = lines
        bodies = [message.body for message in parsed.messages if message.speaker]
        if len(bodies) > 1 and all(body.start == body.end for body in bodies):
            self.wordless.append(row.index)
        self.names_like_times.update(names_like_times(parsed))
        if any(message.time for message in parsed.messages) and (order := undecided_order(row.text)):
            self.undecided_dates[row.index] = order
        return parsed

    def sentences(self) -> tuple[str, ...]:
        """Chinese sentences about chats without speakers, and about what may have been read wrongly."""
        looked = f"（只看了前 {self.counted:,} 条）" if self.counted < self.chats else ""
        sentences = []
        if rows := self.without_speakers:
            sentences.append(f"有 {len(rows):,} 条认不出发言人{looked}：{listed_rows(rows)}")
        if self.unread_headers:
            sentences.append(
                f"有 {_count(self.unread_headers):,} 行像是消息的开头（名字和时间），但不能确定，"
                f"算作上一条消息的文字{looked}：{_places(self.unread_headers)}"
            )
        if self.unspoken:
            sentences.append(
                f"有 {_count(self.unspoken):,} 行像是「名字：话」，但不能确定，没有算作那人的话{looked}："
                f"{_places(self.unspoken)}"
            )
        if rows := self.wordless:
            sentences.append(f"有 {len(rows):,} 条里谁都没有说话，可能把话认成了名字{looked}：{listed_rows(rows)}")
        if self.names_like_times:
            names = "、".join(sorted(self.names_like_times)[:_PLACES])
            sentences.append(f"有 {len(self.names_like_times):,} 个发言人的名字里有时间，可能没有认对{looked}：{names}")
        if self.system_lines:
            sentences.append(
                f"有 {self.system_lines:,} 条不是人说的（撤回、入群等系统提示，日期、标题），"
                f"留在聊天里，不算谁的话{looked}"
            )
        if self.undecided_dates:
            index, order = next(iter(self.undecided_dates.items()))
            sentences.append(
                f"有 {len(self.undecided_dates):,} 条的日期分不清日和月{looked}"
                f"（如第 {index} 条的「{order.example}」），{order.sentence}"
            )
        return tuple(sentences)


def _count(lines_by_chat: Mapping[int, list[int]]) -> int:
    return sum(map(len, lines_by_chat.values()))


def _places(lines_by_chat: Mapping[int, list[int]]) -> str:
    """The first chats with their lines."""
    places = "；".join(
        f"第 {index} 条的{_listed_lines(lines)}" for index, lines in list(lines_by_chat.items())[:_PLACES]
    )
    return places + ("等" if len(lines_by_chat) > _PLACES else "")


def _listed_lines(lines: list[int]) -> str:
    shown = "、".join(map(str, lines[:_PLACES]))
    return f"第 {shown} 行{'等' if len(lines) > _PLACES else ''}"
