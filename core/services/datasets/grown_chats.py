"""Chats of which a dataset holds a part already: the same room, exported again, from its beginning or from a later day.

Texts differ where an export says when it was made; so messages are compared: who, when, what. Lines that follow one
another find the stored chats that may be the same; these are parsed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Claim, Pick, Place, Record, Run, RunStatus, Summary, now
from core.domain.chat import ParsedChat, parse_chat
from core.services.datasets.form_notes import listed_rows
from core.services.datasets.import_types import Growth
from core.services.team import everything_shown

_MOST_COMPARED = 3
_MOST_HOLDERS = 20
"""Lines that so many stored chats hold are greetings, and find nothing."""
_LINE_CHARACTERS = 200
_READ_AT_ONCE = 200
_MOST_PLACES = 100
"""Places where a chat may begin in another; one message a thousand times has no more."""
_FEWEST_MESSAGES = 2
_FEWEST_UNDATED, _FEWEST_WORDS = 4, 20
"""Messages and characters that chats without times must share where they do not begin alike: 好的, 谢谢 end many."""

_SHOWN = 5

Said = tuple[str, str, str]
"""Who, when, what."""


@dataclass(frozen=True, slots=True)
class GrownChat:
    """A chat of a file that goes on from one that its dataset holds.

    Attributes:
        chat_id: of the stored chat.
        index: of the stored chat.
        messages: what both hold, spoken ones only.
        more: messages that only the file has behind them; 0 or less: the stored chat goes as far, or farther.
        whole: text of the stored chat with these messages behind it; its own text stands at its beginning, unchanged.
        reviewed: somebody has worked on the stored chat, or is at it.
        separate: the stored chat cannot be gone on with (something else stands behind it, or the file begins earlier).
        earlier: messages that only the file has before them.
        since: number, from 1, of the stored chat's message with which the file begins; 1 where both begin alike.
        being_read: a run of the dataset is under way.
    """

    chat_id: int
    index: int
    messages: int
    more: int
    whole: str
    reviewed: bool
    separate: bool = False
    earlier: int = 0
    since: int = 1
    being_read: bool = False

    @property
    def is_held(self) -> bool:
        """Whether the stored chat holds all of the file's messages."""
        return self.more <= 0 and not self.earlier


class _Shared(NamedTuple):
    """Where two lists of messages are the same: how many, from which place of each."""

    messages: int
    old: int
    new: int


@dataclass
class GrownChats:
    """Finds the chats of one dataset from which those of a file go on."""

    session: Session
    dataset_id: int
    _places: "tuple[NDArray[np.int64], NDArray[np.int64]] | None" = field(default=None, init=False)
    _being_read: bool | None = field(default=None, init=False)

    def find(self, text: str) -> GrownChat | None:
        """The stored chat that shares messages with a text: the end of one is in the other, or all of it."""
        if self._places is None:
            self._places = self._stored_pairs()
        pairs, holders = self._places
        if not len(pairs):
            return None
        wanted_pairs = np.unique(np.fromiter(_pairs(text), dtype=np.int64))
        first = np.searchsorted(pairs, wanted_pairs, side="left")
        last = np.searchsorted(pairs, wanted_pairs, side="right")
        shared: Counter[int] = Counter()
        for start, end in zip(first.tolist(), last.tolist(), strict=True):
            if 0 < end - start <= _MOST_HOLDERS:
                shared.update(holders[start:end].tolist())
        parsed: ParsedChat | None = None
        for chat_id, _ in shared.most_common(_MOST_COMPARED):
            stored = self.session.get_one(Chat, chat_id)
            if _last_line(stored.text) in text or _last_line(text) in stored.text:
                parsed = parsed or parse_chat(text)
                if grown := self._compared(stored, parsed):
                    return grown
        return None

    def _stored_pairs(self) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """Hashes of the lines that follow one another in stored chats, in order, and the chats that hold them."""
        statement = select(col(Chat.id), col(Chat.text)).where(col(Chat.dataset_id) == self.dataset_id)
        pairs: list[NDArray[np.int64]] = []
        holders: list[NDArray[np.int64]] = []
        for chat_id, text in self.session.execute(statement.execution_options(yield_per=_READ_AT_ONCE)):
            own = np.unique(np.fromiter(_pairs(text), dtype=np.int64))
            pairs.append(own)
            holders.append(np.full(len(own), int(chat_id or 0), dtype=np.int64))
        if not pairs:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        every = np.concatenate(pairs)
        order = np.argsort(every, kind="stable")
        return every[order], np.concatenate(holders)[order]

    def _compared(self, stored: Chat, parsed: ParsedChat) -> GrownChat | None:
        before = parse_chat(stored.text)
        old, new = _said(before), _said(parsed)
        shared = _shared(old, new)
        if shared is None:
            return None
        chat_id = stored.id or 0
        more = shared.old + len(new) - shared.new - len(old)
        return GrownChat(
            chat_id,
            stored.index,
            shared.messages,
            more,
            _whole(before, parsed, shared.messages) if more > 0 and not shared.new else "",
            self._is_worked_on(chat_id),
            bool(stored.residue_characters) or shared.new > 0,
            shared.new,
            shared.old + 1,
            self._is_being_read(),
        )

    def _is_being_read(self) -> bool:
        """Whether a run of the dataset is under way: what it answers would not fit a text that grows meanwhile."""
        if self._being_read is None:
            placed = select(col(Place.chat_id)).where(col(Place.run_id) == col(Run.id)).exists()
            under_way = select(col(Run.id)).where(
                col(Run.dataset_id) == self.dataset_id, or_(col(Run.status) == RunStatus.RUNNING, placed)
            )
            self._being_read = self.session.execute(under_way.limit(1)).first() is not None
        return self._being_read

    def _is_worked_on(self, chat_id: int) -> bool:
        work = (
            select(col(Record.id)).where(col(Record.chat_id) == chat_id),
            select(col(Pick.chat_id)).where(col(Pick.chat_id) == chat_id),
            select(col(Summary.chat_id)).where(col(Summary.chat_id) == chat_id, col(Summary.run_id).is_(None)),
            select(col(Claim.chat_id)).where(col(Claim.chat_id) == chat_id, col(Claim.until) > now()),
        )
        with everything_shown(self.session):  # whether somebody has worked on it, not with what
            return any(self.session.execute(statement.limit(1)).first() is not None for statement in work)


def _pairs(text: str) -> Iterator[int]:
    """Lines that follow one another in a text, as hashes; blank ones do not count."""
    filled = [line[:_LINE_CHARACTERS] for raw in text.split("\n") if (line := raw.strip())]
    return map(hash, zip(filled, filled[1:], strict=False))


def _shared(old: Sequence[Said], new: Sequence[Said]) -> _Shared | None:
    """Where the messages of two chats are the same up to the end of one; ``None`` where they are not."""
    if not old or not new:
        return None
    both = min(len(old), len(new))
    if both >= _FEWEST_MESSAGES and old[:both] == new[:both]:
        return _Shared(both, 0, 0)
    later = ((place, 0) for place in range(1, len(old)) if old[place] == new[0])
    earlier = ((0, place) for place in range(1, len(new)) if new[place] == old[0])
    for at_old, at_new in (*islice(later, _MOST_PLACES), *islice(earlier, _MOST_PLACES)):
        both = min(len(old) - at_old, len(new) - at_new)
        same = old[at_old : at_old + both]
        if same == new[at_new : at_new + both] and _tells(same):
            return _Shared(both, at_old, at_new)
    return None


def _tells(same: Sequence[Said]) -> bool:
    """Whether messages are enough to say that two chats are one: with times, or many of several words."""
    if len(same) < _FEWEST_MESSAGES:
        return False
    if all(time for _, time, _ in same):
        return any("T" in time for _, time, _ in same) or len(same) >= _FEWEST_UNDATED
    return len(set(same)) >= _FEWEST_UNDATED and sum(len(words) for _, _, words in same) >= _FEWEST_WORDS


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _said(parsed: ParsedChat) -> list[Said]:
    return [
        (message.speaker, message.time, message.body.of(parsed.text)) for message in parsed.messages if message.speaker
    ]


def _whole(stored: ParsedChat, parsed: ParsedChat, spoken: int) -> str:
    """A stored text, and behind it what another one says after so many spoken messages."""
    if parsed.text.startswith(stored.text):
        return parsed.text
    left = spoken
    notices = _notices_at_end(stored)
    parts: list[str] = []
    for message in parsed.messages:
        if left == 0:
            if not message.speaker and notices and message.body.of(parsed.text) == notices[0]:
                notices.pop(0)  # stands in both
                continue
            notices = []
            parts.append(message.span.of(parsed.text))
        left -= bool(message.speaker) and left > 0
    between = "" if stored.text.endswith("\n") else "\n"
    return f"{stored.text}{between}{''.join(parts).lstrip()}"


def _notices_at_end(parsed: ParsedChat) -> list[str]:
    """What stands behind the last spoken message and is said by nobody."""
    notices: list[str] = []
    for message in reversed(parsed.messages):
        if message.speaker:
            break
        notices.insert(0, message.body.of(parsed.text))
    return notices


def growth_of(index: int, grown: GrownChat, *, grow: bool) -> Growth:
    """What an import does with a chat that goes on from a stored one.

    Args:
        index: of the file's chat in the dataset.
        grown: the stored chat.
        grow: whether the longer chat was to take its place.
    """
    replaced = grow and index == grown.index
    return Growth(
        index,
        grown.index,
        grown.messages,
        max(0, grown.more),
        reviewed=grown.reviewed,
        replaced=replaced,
        earlier=grown.earlier,
        since=grown.since,
        being_read=grown.being_read,
    )


def growth_sentences(growths: Sequence[Growth], contained: int, *, grow: bool) -> tuple[str, ...]:
    """What was done with chats that go on from stored ones, in Chinese.

    Args:
        growths: these chats.
        contained: chats of the file that a stored one holds already, though their texts differ.
        grow: whether longer chats were to take the place of stored ones.
    """
    replaced = [one.of for one in growths if one.replaced]
    pairs = [_pair_sentence(one) for one in growths if not one.replaced and not one.earlier]
    wider = [_pair_sentence(one) for one in growths if one.earlier]
    reviewed = any(one.reviewed for one in growths if not one.replaced)
    being_read = any(one.being_read for one in growths if not one.replaced)
    why = "有人审阅过的不能续写，" if grow and reviewed else ""
    why += "正在抽取时不能续写（等抽取完再导入），" if grow and being_read else ""
    offer = "" if grow else "；没人审阅过的可以改为续写原来那条（命令行用 --grown replace）"
    sentences = []
    if replaced:
        sentences.append(f"有 {len(replaced):,} 条群聊变长了，已续写原来那条，编号不变：{listed_rows(replaced)}")
    if pairs:
        shown = "；".join(pairs[:_SHOWN]) + ("……" if len(pairs) > _SHOWN else "")
        sentences.append(f"有 {len(pairs):,} 条像是已有群聊后来的导出，{why}另存为新的一条：{shown}{offer}")
    if wider:
        shown = "；".join(wider[:_SHOWN]) + ("……" if len(wider) > _SHOWN else "")
        sentences.append(f"有 {len(wider):,} 条包含已有的群聊，前面还有更早的消息，不能续写，另存为新的一条：{shown}")
    if contained:
        sentences.append(f"有 {contained:,} 条的消息数据集里已经都有（导出时间等不同），算作已有")
    return tuple(sentences)


def _pair_sentence(growth: Growth) -> str:
    if growth.earlier:
        behind = f"，后面多 {growth.more:,} 条" if growth.more else ""
        return f"第 {growth.index} 条比第 {growth.of} 条前面多 {growth.earlier:,} 条消息{behind}"
    since = f"从它的第 {growth.since:,} 条消息起，" if growth.since > 1 else ""
    return f"第 {growth.index} 条接着第 {growth.of} 条（{since}多 {growth.more:,} 条消息）"
