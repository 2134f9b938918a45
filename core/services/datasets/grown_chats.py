"""Chats that a dataset holds already up to some message: the same room, exported again later.

Texts differ where an export says when it was made; so messages are compared: who, when, what. The first lines of the
stored chats find those that may be the same; these are parsed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Claim, Pick, Record, Summary, now
from core.domain.chat import ParsedChat, parse_chat
from core.services.datasets.form_notes import listed_rows
from core.services.datasets.import_types import Growth
from core.services.team import everything_shown

_OPENING_CHARACTERS, _OPENING_LINES = 2_000, 12
_MOST_COMPARED = 3
_LINE_CHARACTERS = 200
_FEWEST_MESSAGES = 2

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
        more: messages that only the file has; 0 or less: the stored chat is as long, or longer.
        whole: text of the stored chat with these messages behind it; its own text stands at its beginning, unchanged.
        reviewed: somebody has worked on the stored chat, or is at it.
        separate: the stored chat cannot be gone on with (something else stands behind it).
    """

    chat_id: int
    index: int
    messages: int
    more: int
    whole: str
    reviewed: bool
    separate: bool = False


@dataclass
class GrownChats:
    """Finds the chats of one dataset from which those of a file go on."""

    session: Session
    dataset_id: int
    _places: dict[int, list[int]] | None = field(default=None, init=False)

    def find(self, text: str) -> GrownChat | None:
        """The stored chat whose messages are the first ones of a text, or the other way round."""
        if self._places is None:
            self._places = self._openings()
        if not self._places:
            return None
        shared = Counter(chat_id for pair in _pairs(text) for chat_id in self._places.get(pair, ()))
        if not shared:
            return None
        parsed: ParsedChat | None = None
        for chat_id, _ in shared.most_common(_MOST_COMPARED):
            stored = self.session.get_one(Chat, chat_id)
            if _last_line(stored.text) in text or _last_line(text) in stored.text:
                parsed = parsed or parse_chat(text)
                if grown := self._compared(stored, parsed):
                    return grown
        return None

    def _openings(self) -> dict[int, list[int]]:
        statement = select(col(Chat.id), func.substr(col(Chat.text), 1, _OPENING_CHARACTERS))
        places: dict[int, list[int]] = {}
        for chat_id, opening in self.session.execute(statement.where(col(Chat.dataset_id) == self.dataset_id)):
            for pair in set(_pairs(opening)):
                places.setdefault(pair, []).append(int(chat_id or 0))
        return places

    def _compared(self, stored: Chat, parsed: ParsedChat) -> GrownChat | None:
        before = parse_chat(stored.text)
        old, new = _said(before), _said(parsed)
        both = min(len(old), len(new))
        if both < _FEWEST_MESSAGES or old[:both] != new[:both]:
            return None
        chat_id = stored.id or 0
        return GrownChat(
            chat_id,
            stored.index,
            both,
            len(new) - len(old),
            _whole(stored.text, parsed, len(old)) if len(new) > len(old) else "",
            self._is_worked_on(chat_id),
            bool(stored.residue_characters),
        )

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
    """Lines that follow one another at the beginning of a text, as hashes; blank ones do not count."""
    lines = [line.strip() for line in text[:_OPENING_CHARACTERS].split("\n")]
    filled = [line[:_LINE_CHARACTERS] for line in lines if line][:_OPENING_LINES]
    return map(hash, zip(filled, filled[1:], strict=False))


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _said(parsed: ParsedChat) -> list[Said]:
    return [
        (message.speaker, message.time, message.body.of(parsed.text)) for message in parsed.messages if message.speaker
    ]


def _whole(stored: str, parsed: ParsedChat, spoken: int) -> str:
    """A stored text, and behind it what a longer one says after so many spoken messages."""
    if parsed.text.startswith(stored):
        return parsed.text
    left = spoken
    parts: list[str] = []
    for message in parsed.messages:
        if left == 0:
            parts.append(message.span.of(parsed.text))
        left -= bool(message.speaker) and left > 0
    between = "" if stored.endswith("\n") else "\n"
    return f"{stored}{between}{''.join(parts).lstrip()}"


def growth_of(index: int, grown: GrownChat, *, grow: bool) -> Growth:
    """What an import does with a chat that goes on from a stored one.

    Args:
        index: of the file's chat in the dataset.
        grown: the stored chat.
        grow: whether the longer chat was to take its place.
    """
    replaced = grow and index == grown.index
    return Growth(index, grown.index, grown.messages, grown.more, reviewed=grown.reviewed, replaced=replaced)


def growth_sentences(growths: Sequence[Growth], contained: int, *, grow: bool) -> tuple[str, ...]:
    """What was done with chats that go on from stored ones, in Chinese.

    Args:
        growths: these chats.
        contained: chats of the file that a stored one holds already, though their texts differ.
        grow: whether longer chats were to take the place of stored ones.
    """
    replaced = [one.of for one in growths if one.replaced]
    pairs = [f"第 {one.index} 条接着第 {one.of} 条（多 {one.more:,} 条消息）" for one in growths if not one.replaced]
    reviewed = any(one.reviewed for one in growths if not one.replaced)
    why = "有人审阅过的不能续写，" if grow and reviewed else ""
    offer = "" if grow else "；没人审阅过的可以改为续写原来那条（命令行用 --grown replace）"
    sentences = []
    if replaced:
        sentences.append(f"有 {len(replaced):,} 条群聊变长了，已续写原来那条，编号不变：{listed_rows(replaced)}")
    if pairs:
        shown = "；".join(pairs[:_SHOWN]) + ("……" if len(pairs) > _SHOWN else "")
        sentences.append(f"有 {len(pairs):,} 条像是已有群聊后来的导出，{why}另存为新的一条：{shown}{offer}")
    if contained:
        sentences.append(f"有 {contained:,} 条的消息数据集里已经都有（导出时间等不同），算作已有")
    return tuple(sentences)
