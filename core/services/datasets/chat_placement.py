"""Where the chats of a file go in a dataset: which are new, which are there already, which do not fit.

Reads only, so that a dry run says what an import does without locking anybody out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat
from core.services.datasets.grown_chats import GrownChat, GrownChats
from core.services.datasets.growth_notes import alike_in_words
from core.services.datasets.import_types import RejectedRow
from core.services.datasets.staging import StagedChat

_TAKEN = "数据集里这个 index 已有另一条群聊，未改动"


@dataclass(frozen=True, slots=True)
class PlacedChats:
    """Some chats of a file: new ones, those that the dataset holds already, and those that it refuses.

    ``longer``: chats that take the place of the shorter ones that the dataset holds.
    """

    fresh: list[StagedChat]
    same: list[StagedChat]
    rejected: list[RejectedRow]
    longer: list[tuple[StagedChat, GrownChat]] = field(default_factory=list)


@dataclass
class ChatPlacement:
    """Places the chats of one file, batch by batch.

    Attributes:
        session: reads the dataset.
        dataset_id: 0 for a dataset that is not there yet.
        appending: the chats have no position of their own; they go behind the last one.
        last: the highest index that is known to the dataset or was given here.
        is_empty: the dataset held no chat before this file, which has each index once: nothing is looked up by it.
        grow: a chat that goes on from one that the dataset holds, and on which nobody has worked, takes its place.
        repeats: appended chats that stand twice in the file; only the first goes in.
        alike: index of new chats that say the same as one before them in the file; each is stored.
        grown: ``(index of the file's chat, stored chat)`` of those that go on from a stored one.
    """

    session: Session
    dataset_id: int
    appending: bool
    last: int = 0
    grow: bool = False
    is_empty: bool = False
    grown: list[tuple[int, GrownChat]] = field(default_factory=list, init=False)
    alike: list[int] = field(default_factory=list, init=False)
    repeats: int = field(default=0, init=False)
    _own: dict[str, int] = field(default_factory=dict, init=False)
    _taken: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._grown = GrownChats(self.session, self.dataset_id)
        if self.appending:
            statement = select(func.max(col(Chat.index))).where(col(Chat.dataset_id) == self.dataset_id)
            self.last = max(self.last, self.session.execute(statement).scalar_one() or 0)

    def place(self, batch: Sequence[StagedChat]) -> PlacedChats:
        """Tell the new chats of a batch from the others; an appended chat gets its index here."""
        return self._append(batch) if self.appending else self._by_index(batch)

    def _by_index(self, batch: Sequence[StagedChat]) -> PlacedChats:
        present = {} if self.is_empty else stored_chats(self.session, self.dataset_id, [chat.index for chat in batch])
        fresh = [chat for chat in batch if chat.index not in present]
        same = [chat for chat in batch if present.get(chat.index, ("", 0))[0] == chat.sha256]
        for chat in fresh:
            if self._own.setdefault(chat.sha256, chat.index) != chat.index:
                self.alike.append(chat.index)
        held = {chat.index for chat in (*fresh, *same)}
        placed = PlacedChats(fresh, same, [])
        for chat in batch:
            if chat.index not in held:
                grown = self._grown.find(chat.text)
                grown = grown if grown and grown.index == chat.index else None
                if grown and self._goes_on(chat, grown, placed):
                    continue
                why = f"{_TAKEN}（{alike_in_words(chat.index, grown)}）" if grown else _TAKEN
                placed.rejected.append(RejectedRow(chat.index, why, chat.line))
        return placed

    def _append(self, batch: Sequence[StagedChat]) -> PlacedChats:
        known = self._known([chat.sha256 for chat in batch])
        placed = PlacedChats([], [], [])
        for chat in batch:
            index = self._own.get(chat.sha256)
            if index is not None:
                self.repeats += 1
            else:
                index = known.get(chat.sha256)
            if index is not None:
                placed.same.append(replace(chat, index=index))
                continue
            grown = self._grown.find(chat.text)
            if grown and self._goes_on(chat, grown, placed):
                self._own[chat.sha256] = grown.index
                continue
            index = self._own[chat.sha256] = self.last = self.last + 1
            placed.fresh.append(replace(chat, index=index))
            if grown:
                self.grown.append((index, grown))
        return placed

    def _goes_on(self, chat: StagedChat, grown: GrownChat, placed: PlacedChats) -> bool:
        """Whether a chat needs no place of its own: the stored one holds it, or is gone on with."""
        here = replace(chat, index=grown.index)
        if grown.overlap.is_held:
            placed.same.append(here)
        elif (
            self.grow
            and not (grown.reviewed or grown.separate or grown.being_read)
            and grown.chat_id not in self._taken
        ):
            self._taken.add(grown.chat_id)
            placed.longer.append((here, grown))
        else:
            return False
        self.grown.append((grown.index, grown))
        return True

    def _known(self, digests: Sequence[str]) -> dict[str, int]:
        """``{sha256: index}`` of the texts that the dataset holds."""
        statement = (
            select(col(Chat.sha256), func.min(col(Chat.index)))
            .where(col(Chat.dataset_id) == self.dataset_id, col(Chat.sha256).in_(digests))
            .group_by(col(Chat.sha256))
        )
        rows: list[tuple[str, int]] = [(digest, index) for digest, index in self.session.execute(statement)]
        return dict(rows)


def stored_chats(session: Session, dataset_id: int, indices: Sequence[int]) -> dict[int, tuple[str, int]]:
    """``{index: (sha256, chat id)}`` of those that the dataset holds."""
    statement = select(col(Chat.index), col(Chat.sha256), col(Chat.id)).where(
        col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(indices)
    )
    return {index: (digest, int(chat_id or 0)) for index, digest, chat_id in session.execute(statement)}
