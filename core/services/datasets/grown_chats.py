"""Chats of which a dataset holds a part already: the same room exported again, later, from a later day, or changed.

Texts differ where an export says when it was made; so messages are compared: who, when, what. Lines that follow one
another find the stored chats that may be the same; these are parsed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Claim, Pick, Place, Record, Run, RunStatus, Summary, now
from core.domain.chat import ParsedChat, parse_chat
from core.services.datasets.message_overlap import (
    Overlap,
    Said,
    changed_messages,
    same_messages,
    spoken_messages,
)
from core.services.team import everything_shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_COMPARED = 3
_MOST_HOLDERS = 20
"""Lines that so many stored chats hold are greetings, and find nothing."""
_LINE_CHARACTERS = 200
_READ_AT_ONCE = 200
_SHARED_PAIRS, _SHARED_SHARE = 8, 0.4
"""Lines behind one another that two chats share before their messages are compared: so many, or this part of the
shorter one's."""


@dataclass(frozen=True, slots=True)
class GrownChat:
    """A chat of a file that goes on from one that its dataset holds, or is the same with some messages changed.

    Attributes:
        chat_id: of the stored chat.
        index: of the stored chat.
        overlap: what both hold, and what only one does.
        whole: text of the stored chat with these messages behind it; its own text stands at its beginning, unchanged.
        reviewed: somebody has worked on the stored chat, or is at it.
        separate: the stored chat cannot be gone on with (something else stands behind it, the file begins earlier or
            says something else).
        being_read: a run of the dataset is under way.
    """

    chat_id: int
    index: int
    overlap: Overlap
    whole: str
    reviewed: bool
    separate: bool = False
    being_read: bool = False


@dataclass
class _Candidate:
    """A stored chat that shares so many lines behind one another with a text; parsed when it is needed."""

    chat: Chat
    shared: int

    @cached_property
    def parsed(self) -> ParsedChat:
        return parse_chat(self.chat.text)

    @cached_property
    def messages(self) -> list[Said]:
        return spoken_messages(self.parsed)


@dataclass
class GrownChats:
    """Finds the chats of one dataset from which those of a file go on."""

    session: Session
    dataset_id: int
    _places: "tuple[NDArray[np.int64], NDArray[np.int64]] | None" = field(default=None, init=False)
    _is_looked_through: bool = field(default=False, init=False)
    _being_read: bool | None = field(default=None, init=False)

    def find(self, text: str) -> GrownChat | None:
        """The stored chat that shares messages with a text: one's end with the other, or most of them."""
        if not self._is_looked_through:
            self._places, self._is_looked_through = self._stored_pairs(), True
        if self._places is None:
            return None
        import numpy as np

        pairs, holders = self._places
        wanted_pairs = np.unique(np.fromiter(_pairs(text), dtype=np.int64))
        first = np.searchsorted(pairs, wanted_pairs, side="left")
        last = np.searchsorted(pairs, wanted_pairs, side="right")
        shared: Counter[int] = Counter()
        for start, end in zip(first.tolist(), last.tolist(), strict=True):
            if 0 < end - start <= _MOST_HOLDERS:
                shared.update(holders[start:end].tolist())
        likeliest = shared.most_common(_MOST_COMPARED)
        candidates = [_Candidate(self.session.get_one(Chat, chat_id), count) for chat_id, count in likeliest]
        parsed: ParsedChat | None = None
        for candidate in candidates:
            if _last_line(candidate.chat.text) in text or _last_line(text) in candidate.chat.text:
                parsed = parsed or parse_chat(text)
                if overlap := same_messages(candidate.messages, spoken_messages(parsed)):
                    return self._grown(candidate, parsed, overlap)
        for candidate in candidates:
            fewer = min(len(wanted_pairs), int(np.count_nonzero(holders == candidate.chat.id)))
            if candidate.shared >= min(_SHARED_PAIRS, _SHARED_SHARE * fewer):
                parsed = parsed or parse_chat(text)
                if overlap := changed_messages(candidate.messages, spoken_messages(parsed)):
                    return self._grown(candidate, parsed, overlap)
        return None

    def _stored_pairs(self) -> "tuple[NDArray[np.int64], NDArray[np.int64]] | None":
        """Hashes of the lines that follow one another in stored chats, in order, and the chats that hold them.

        Returns:
            ``None`` where there are none.
        """
        statement = select(col(Chat.id), col(Chat.text)).where(col(Chat.dataset_id) == self.dataset_id)
        if self.session.execute(statement.limit(1)).first() is None:
            return None
        import numpy as np  # takes its time to import, and a new dataset needs none of it

        pairs: list[NDArray[np.int64]] = []
        holders: list[NDArray[np.int64]] = []
        for chat_id, text in self.session.execute(statement.execution_options(yield_per=_READ_AT_ONCE)):
            own = np.unique(np.fromiter(_pairs(text), dtype=np.int64))
            pairs.append(own)
            holders.append(np.full(len(own), int(chat_id or 0), dtype=np.int64))
        every = np.concatenate(pairs)
        order = np.argsort(every, kind="stable")
        return every[order], np.concatenate(holders)[order]

    def _grown(self, candidate: _Candidate, parsed: ParsedChat, overlap: Overlap) -> GrownChat:
        stored, more = candidate.chat, overlap.more
        chat_id = stored.id or 0
        separate = bool(stored.residue_characters) or overlap.earlier > 0 or overlap.differs
        shared = sum(1 for message in parsed.messages if message.speaker) - more
        return GrownChat(
            chat_id,
            stored.index,
            overlap,
            _whole(candidate.parsed, parsed, shared) if more > 0 and not separate else "",
            self._is_worked_on(chat_id),
            separate,
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


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


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
