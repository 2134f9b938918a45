"""The cleaning steps: which messages each one drops, or which characters it removes or replaces."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.domain.chat import Message, MessageKind, ParsedChat, Span
from core.domain.chat.message_kinds import LINK

RESIDUE: Final = "residue"
PLACEHOLDERS: Final = "placeholders"
RECALLED: Final = "recalled"
BROADCASTS: Final = "broadcasts"
LINKS: Final = "links"
RUNS: Final = "runs"

_SHORTEST_BROADCAST: Final = 20
"""Fewest characters of a repeated broadcast; shorter texts (好的收到，谢谢) repeat by chance."""
_NOT_TEXT: Final = frozenset({MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.VOICE, MessageKind.STICKER})
"""Kinds dropped as not text; files and links are kept, since a sent offer or contract shows how far a customer is."""
_LINK_PLACEHOLDER: Final = "[链接]"
_NOISE = re.compile(r"@\S+|(?!(?<=\d)[.．,，:：/／~～\-－\s](?=\d)|[-－−+＋](?=\d)|(?<=\d)[%％‰])[\W_]")
"""What broadcasts may differ in: mentions, blanks and punctuation, but for what makes a number another one."""


class Removal(NamedTuple):
    """A range of the original text and its replacement (mostly empty)."""

    span: Span
    message: int
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One cleaning step.

    Attributes:
        name: for runs and the command line.
        title: for pages, in Chinese.
        description: one Chinese sentence.
        drops: numbers of the messages that may go whole; a message stays if a speaker would be lost with it.
        edits: changes inside the messages that stay, given all that stay.
    """

    name: str
    title: str
    description: str
    drops: Callable[[ParsedChat], Collection[int]] | None = None
    edits: Callable[[ParsedChat, list[Message]], Iterator[Removal]] | None = None


def _placeholders(chat: ParsedChat) -> set[int]:
    # A reply with a quotation stays: the quoted words are text.
    return {message.index for message in chat.messages if message.kind in _NOT_TEXT and message.quote is None}


def _recalled(chat: ParsedChat) -> set[int]:
    return {
        message.index
        for message in chat.messages
        if (message.kind is MessageKind.RECALL and message.quote is None)
        or (message.kind is MessageKind.SYSTEM and "撤回了一条消息" in message.body.of(chat.text))
    }


def _broadcasts(chat: ParsedChat) -> set[int]:
    seen: set[str] = set()
    repeated: set[int] = set()
    for message in chat.messages:
        if message.kind is not MessageKind.TEXT or message.quote is not None:
            continue
        words = _NOISE.sub("", message.body.of(chat.text))
        if len(words) < _SHORTEST_BROADCAST:
            continue
        if words in seen:
            repeated.add(message.index)
        seen.add(words)
    return repeated


def _links(chat: ParsedChat, stay: list[Message]) -> Iterator[Removal]:
    for message in stay:
        for match in LINK.finditer(chat.text, message.speaker_span.end, message.span.end):
            yield Removal(Span(*match.span()), message.index, _LINK_PLACEHOLDER)


def _runs(chat: ParsedChat, stay: list[Message]) -> Iterator[Removal]:
    for before, message in zip(stay, stay[1:], strict=False):
        if message.speaker and message.speaker == before.speaker:
            words_start = message.quote.span.start if message.quote else message.body.start
            if words_start > message.span.start:
                yield Removal(Span(message.span.start, words_start), message.index)


STEPS: Final[dict[str, Step]] = {
    step.name: step
    for step in (
        Step(RESIDUE, "表格残留", "去掉从在线表格复制带来的重复副本；每次都做。"),
        Step(RECALLED, "撤回的消息", "去掉“[撤回消息]”和“撤回了一条消息”的提示。", drops=_recalled),
        Step(
            PLACEHOLDERS, "占位消息", "去掉整条只有图片、视频、语音或表情的消息；文件和链接保留。", drops=_placeholders
        ),
        Step(BROADCASTS, "重复的群发", "同样的长消息只留第一次。", drops=_broadcasts),
        Step(LINKS, "网址", "把网址换成“[链接]”。", edits=_links),
        Step(RUNS, "连续发言", "同一个人连着说的几条只写一次名字。", edits=_runs),
    )
}
"""All cleaning steps by name, in the order in which they are applied."""
