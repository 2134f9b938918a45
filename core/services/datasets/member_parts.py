"""Sessions and rooms of which several files of an archive hold a part (a file a month, a file a thousand rows).

Their parts become one chat where their number and people say so; a number that begins anew in each file does not.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.domain.chat.chat_writing import SentMessage, write_chat
from core.domain.chat.spoken_roles import is_role
from core.services.datasets.import_types import RawRow
from core.services.datasets.message_rows import MAX_MESSAGES
from core.services.datasets.reading_report import ReadingReport, listed

_COUNTED = re.compile(r"\D{0,20}0{0,20}\d{1,4}")
"""A session called so may be another one in each file: 1, S0002."""
_FEWEST_COMMON = 2


@dataclass
class MemberParts:
    """Rows of an archive, in order; those that may go on in a later file are kept back until all are read.

    Attributes:
        report: gets which chats were joined, and which were not though their number is the same.
    """

    report: ReadingReport
    _rows: list[RawRow] = field(default_factory=list, init=False)
    _messages: int = field(default=0, init=False)

    def take(self, row: RawRow) -> Iterator[RawRow]:
        """Rows that are complete with this one."""
        self._messages += len(row.messages)
        if not row.messages and not self._rows:
            yield row
            return
        self._rows.append(row)
        if self._messages > MAX_MESSAGES:
            self.report.note(f"压缩包里的消息超过 {MAX_MESSAGES:,} 条，没有查找几个文件里的同一个会话或群聊")
            yield from map(_without_messages, self._rows)
            self._rows, self._messages = [], 0

    def rest(self) -> Iterator[RawRow]:
        """The rows that were kept back, parts of one chat joined where its first one stands."""
        wholes: dict[str, list[int]] = {}
        joined: dict[str, list[str]] = {}
        apart: dict[str, None] = {}
        dropped = 0
        for number, row in enumerate(self._rows):
            if not row.messages:
                continue
            key = _key(row)
            for place in wholes.get(key, []):
                whole = self._rows[place]
                if whole.file == row.file or whole.value == row.value:
                    continue
                if not _are_one(key, whole, row):
                    apart[key] = None
                    continue
                messages = _joined(whole.messages, row.messages)
                dropped += len(whole.messages) + len(row.messages) - len(messages)
                value = {"chat_text": write_chat(messages).text}
                self._rows[place] = whole._replace(value=value, messages=tuple(messages))
                self._rows[number] = row._replace(value=None, messages=())
                joined.setdefault(key, [whole.file]).append(row.file)
                break
            else:
                wholes.setdefault(key, []).append(number)
        places = [f"{key[:20]}（{'、'.join(files)}）" for key, files in joined.items()]
        self.report.note(
            f"有 {{}} 个会话或群聊分在几个文件里，合成了一条：{listed(places, characters=200)}", len(joined)
        )
        self.report.note("其中有 {} 条消息几个文件里都有，只留一次", dropped)
        self.report.note(
            f"有 {{}} 个会话或群聊编号在几个文件里都有，但参与的人不同，没有合成一条：{listed(list(apart))}", len(apart)
        )
        yield from (_without_messages(row) for row in self._rows if row.value is not None or row.problem)


def _without_messages(row: RawRow) -> RawRow:
    return row._replace(messages=())


def _key(row: RawRow) -> str:
    return row.messages[0].session or row.messages[0].room


def _are_one(key: str, whole: RawRow, row: RawRow) -> bool:
    """Whether two rows of the same number are parts of one chat, by who takes part."""
    common = _people(whole) & _people(row)
    if _COUNTED.fullmatch(key):
        return sum(not is_role(one) for one in common) >= _FEWEST_COMMON
    return bool(common)


def _people(row: RawRow) -> set[str]:
    return {name for message in row.messages if (name := message.sender_id or message.sender)}


def _joined(first: tuple[SentMessage, ...], second: tuple[SentMessage, ...]) -> list[SentMessage]:
    """The messages of both, by time where all have one; what stands in both with its time stands once."""
    left = Counter(_said(message) for message in first if message.time)
    messages = list(first)
    for message in second:
        if left[_said(message)]:
            left[_said(message)] -= 1
        else:
            messages.append(message)
    if all(message.time for message in messages):
        messages.sort(key=lambda message: message.time)
    return messages


def _said(message: SentMessage) -> SentMessage:
    return replace(message, row=0)
