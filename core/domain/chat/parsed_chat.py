"""Types of a parsed chat: messages, quotes, roles, and spans of the original text.

All offsets are Python string indices (code points) into the original text, half open. JavaScript counts UTF-16 units,
so the browser gets slices, never offsets.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of characters of the original text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of ``text`` that the span covers."""
        return text[self.start : self.end]


class MessageKind(StrEnum):
    """The kind of a message, such as text, image, sticker or system line."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"
    LINK = "link"
    VIDEO = "video"
    VOICE = "voice"
    RECALL = "recall"
    STICKER = "sticker"
    OTHER = "other"  # a placeholder for something else: [未知消息], [位置], [会话记录消息]
    SYSTEM = "system"


class Role(StrEnum):
    """The side that a speaker is on: customer or service staff."""

    CUSTOMER = "客户"
    STAFF = "客服"
    UNKNOWN = "未知"


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that a reply quotes.

    Attributes:
        span: the whole quotation with its announcement and its line of dashes.
        speaker: who is quoted; ``""`` where the text does not say.
        text_span: the quoted words.
    """

    span: Span
    speaker: str
    text_span: Span


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        index: position in the chat, from 0.
        span: everything that belongs to the message, up to the next one (line end included), so that the spans of
            all messages and residue joined give the original text back.
        speaker: the name before the colon; ``""`` for lines before the first speaker.
        speaker_span: where that name stands (empty span where there is none).
        body: what was said, without speaker, quote and final line break.
        kind: see :class:`MessageKind`.
        quote: the quoted message, if any.
        mentions: names after ``@`` in the body.
        time: when it was sent, ISO 8601 (or only ``10:21``), where the text is an export that says so; else ``""``.
        sender_id: the speaker's number or address there, or ``""``.
        side: the speaker's side where the text itself says so.
    """

    index: int
    span: Span
    speaker: str
    speaker_span: Span
    body: Span
    kind: MessageKind
    quote: Quote | None = None
    mentions: tuple[str, ...] = ()
    time: str = ""
    sender_id: str = ""
    side: Role = Role.UNKNOWN


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """A guess at a speaker's role, with score and reasons.

    Attributes:
        role: the guess.
        score: above 0 speaks for 客服, below 0 for 客户; the size says how sure.
        reasons: short Chinese sentences, strongest first.
    """

    role: Role
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)  # without slots: the speakers are kept
class ParsedChat:
    """A chat text parsed into messages, with the residue marked.

    Attributes:
        text: the original text, untouched.
        messages: of the conversation (the first copy) only, in order.
        residue: what an online spreadsheet left behind it: never part of prompts, evidence, roles, counts or rows.
            Empty, or ranges after (or between) the messages.
    """

    text: str
    messages: tuple[Message, ...]
    residue: tuple[Span, ...] = ()

    @property
    def all_spans(self) -> tuple[Span, ...]:
        """All spans of the text in order; joined they give the original text."""
        return tuple(sorted((*(message.span for message in self.messages), *self.residue)))

    @property
    def conversation(self) -> str:
        """The text without spreadsheet residue, as a model sees it."""
        return "".join(message.span.of(self.text) for message in self.messages).rstrip("\n")

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """Distinct speakers in order of their first message."""
        return tuple(dict.fromkeys(m.speaker for m in self.messages if m.speaker))
