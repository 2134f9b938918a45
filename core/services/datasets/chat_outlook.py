"""The first chats of a file as they will look: who speaks on which side, and the first messages."""

from collections import Counter
from dataclasses import dataclass

from core.domain.chat import ParsedChat, Role, guess_roles, parse_chat
from core.domain.chat.residue import find_residue, strip_residue

_MESSAGES, _CHARACTERS = 12, 160
_LONG_CHAT = 20_000


@dataclass(frozen=True, slots=True)
class SpeakerOutlook:
    """A speaker, the side as the file says or as it is guessed, and the number of messages."""

    name: str
    side: Role
    messages: int


@dataclass(frozen=True, slots=True)
class MessageOutlook:
    """A message: speaker (``""`` for what the application wrote), side, time (``""`` if unknown), beginning."""

    speaker: str
    side: Role
    time: str
    text: str


@dataclass(frozen=True, slots=True)
class ChatOutlook:
    """A chat of a file.

    Attributes:
        index: in the file, from 1.
        characters: of the conversation, without what a spreadsheet left behind it; as the desk counts them.
        residue: characters of that.
        messages: number of messages.
        speakers: in the order of their first message.
        opening: the first messages.
        partial: a very long chat of which only the beginning was looked at.
    """

    index: int
    characters: int
    messages: int
    speakers: tuple[SpeakerOutlook, ...]
    opening: tuple[MessageOutlook, ...]
    partial: bool = False
    residue: int = 0


def outlook_of(index: int, text: str, parsed: ParsedChat | None) -> ChatOutlook:
    """How a chat will look.

    Args:
        index: of the chat.
        text: of the chat.
        parsed: the same, parsed; ``None``: its beginning is parsed here.
    """
    partial = parsed is None and len(text) > _LONG_CHAT
    whole = parsed or parse_chat(text[:_LONG_CHAT])
    roles = guess_roles(whole)
    counts = Counter(message.speaker for message in whole.messages)
    opening = tuple(
        MessageOutlook(
            message.speaker,
            roles[message.speaker].role if message.speaker else Role.UNKNOWN,
            message.time,
            _cut(message.body.of(whole.text)),
        )
        for message in whole.messages[:_MESSAGES]
    )
    speakers = tuple(SpeakerOutlook(name, roles[name].role, counts[name]) for name in whole.speakers)
    residue = find_residue(text)
    left = residue.end - residue.start if residue else 0
    return ChatOutlook(index, len(strip_residue(text)), len(whole.messages), speakers, opening, partial, left)


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}……"
