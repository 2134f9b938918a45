"""Chats of a dataset with who speaks in them and on whose side."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat
from core.domain.chat import Role, guess_roles, parse_chat

_BATCH = 200


@dataclass(frozen=True, slots=True)
class ChatSpeaker:
    """A speaker of a chat: name, side as the file says or as it is guessed, and number of messages."""

    name: str
    side: Role
    messages: int


@dataclass(frozen=True, slots=True)
class DescribedChat:
    """A chat by its index (from 1): characters, messages, and speakers in the order of their first message."""

    index: int
    characters: int
    messages: int
    speakers: tuple[ChatSpeaker, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "speakers": [asdict(speaker) for speaker in self.speakers]}


def describe_chat(index: int, text: str) -> DescribedChat:
    """A chat's messages and speakers; lines that no person wrote count as messages of nobody."""
    parsed = parse_chat(text)
    roles = guess_roles(parsed)
    counts = Counter(message.speaker for message in parsed.messages)
    speakers = tuple(ChatSpeaker(name, roles[name].role, counts[name]) for name in parsed.speakers)
    return DescribedChat(index, len(text), len(parsed.messages), speakers)


def describe_chats(store: Store, dataset: str | int) -> list[DescribedChat]:
    """All chats of a dataset in order of their index.

    Args:
        store: where they are.
        dataset: name or id.

    Raises:
        NotFoundError: no such dataset.
    """
    with store.read() as session:
        dataset_id = queries.dataset(session, dataset).id
    described: list[DescribedChat] = []
    last = 0
    while True:
        with store.read() as session:
            statement = (
                select(col(Chat.index), col(Chat.text))
                .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) > last)
                .order_by(col(Chat.index))
                .limit(_BATCH)
            )
            rows = list(session.execute(statement))
        if not rows:
            return described
        described += [describe_chat(index, text) for index, text in rows]
        last = rows[-1][0]
