"""A cleaning step: messages that stand for something that was not text."""

from typing import Final

from core.chat import MessageKind, ParsedChat

DROPPED: Final = frozenset(
    {MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.VOICE, MessageKind.STICKER, MessageKind.RECALL}
)
"""Files and links stay: that an offer or a contract was sent says how far the customer is."""


def without_placeholders(chat: ParsedChat) -> str:
    """The conversation without images, videos, voice messages, stickers and recalled messages.

    Everything else stays letter for letter. A reply with a quotation stays, for the quoted words are text, and so does
    the first message of whoever sends nothing else: no speaker is lost.

    Args:
        chat: a parsed chat.
    """
    talking = {message.speaker for message in chat.messages if message.kind not in DROPPED}
    kept: list[str] = []
    for message in chat.messages:
        if message.kind in DROPPED and message.quote is None and message.speaker in talking:
            continue
        talking.add(message.speaker)
        kept.append(message.span.of(chat.text))
    return "".join(kept).rstrip("\n")
