"""Messages for the workbench: who, to whom, and the words cut at the borders of evidence. JavaScript never counts."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from core.domain.chat import ParsedChat, Role, RoleGuess
from core.domain.chat.parsed_chat import Message, Span
from core.domain.evidence import cut_at_evidence, overlap
from core.services.review.workbench.contract import MessagePayload, Part


def message_slices(
    parsed: ParsedChat,
    roles: dict[str, RoleGuess],
    exchanges: Sequence[Sequence[str]],
    highlights: Sequence[tuple[Span, str]],
    *,
    only_evidence: bool = False,
) -> list[MessagePayload]:
    """Messages in order; evidence is handed out to the messages that it lies in.

    Args:
        parsed: the chat.
        roles: which side each speaker seems to be on.
        exchanges: per message, speakers that it is from or to.
        highlights: ranges with the id of what they are evidence of.
        only_evidence: leave out messages without evidence: the browser has them.
    """
    numbers = {name: number for number, name in enumerate(parsed.speakers)}
    inside = _by_message(parsed.messages, highlights)
    chosen = (parsed.messages[number] for number in sorted(inside)) if only_evidence else parsed.messages
    return [_message(parsed, message, roles, inside.get(message.index, []), exchanges, numbers) for message in chosen]


def _by_message(
    messages: Sequence[Message], highlights: Sequence[tuple[Span, str]]
) -> dict[int, list[tuple[Span, str]]]:
    """Evidence by index of the message that it begins in, in order of the text."""
    starts = [message.span.start for message in messages]
    inside: dict[int, list[tuple[Span, str]]] = {}
    for highlight in sorted(highlights):
        number = bisect_right(starts, highlight[0].start) - 1
        if number >= 0:
            inside.setdefault(number, []).append(highlight)
    return inside


def _message(
    parsed: ParsedChat,
    message: Message,
    roles: dict[str, RoleGuess],
    inside: list[tuple[Span, str]],
    exchanges: Sequence[Sequence[str]],
    numbers: Mapping[str, int],
) -> MessagePayload:
    quote = message.quote
    before = parsed.messages[message.index - 1].speaker if message.index else None
    drawn: MessagePayload = {
        "i": message.index,
        "speaker": message.speaker,
        "role": roles[message.speaker].role if message.speaker in roles else Role.UNKNOWN,
        "kind": message.kind,
        "same": message.speaker == before,
        "near": [numbers[name] for name in exchanges[message.index] if name in numbers],
        "named": [name for span, name in inside if overlap(span, message.speaker_span)],
        "quote": {
            "speaker": quote.speaker,
            "text": quote.text_span.of(parsed.text),
            "parts": slice_span(parsed.text, quote.text_span, inside),
        }
        if quote
        else None,
        "parts": slice_span(parsed.text, message.body, inside),
    }
    if message.time:
        drawn["time"] = message.time
    return drawn


def slice_span(text: str, span: Span, evidence: Sequence[tuple[Span, str]]) -> list[Part]:
    """Slices of ``span`` at the borders of the evidence: ``[{"t": characters, "e": ids of evidence over it}]``.

    Joined, the slices are the span's text.
    """
    if not evidence:  # most messages
        return [{"t": span.of(text), "e": []}] if span.start < span.end else []
    return [
        {"t": piece.span.of(text), "e": [evidence[number][1] for number in piece.evidence]}
        for piece in cut_at_evidence(span, [each for each, _ in evidence])
    ]
