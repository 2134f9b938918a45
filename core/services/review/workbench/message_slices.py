"""Messages for the workbench: who, to whom, and the words cut at the borders of evidence. JavaScript never counts."""

from collections.abc import Sequence

from core.domain.chat import ParsedChat, Role, RoleGuess
from core.domain.chat.parsed_chat import Message, Span
from core.domain.evidence import cut_at_evidence, overlap
from core.services.review.workbench.contract import MessagePayload, Part


def message_slices(
    parsed: ParsedChat,
    roles: dict[str, RoleGuess],
    exchanges: Sequence[Sequence[str]],
    highlights: Sequence[tuple[Span, str]],
) -> list[MessagePayload]:
    """Messages in order; evidence is handed out to the messages that it lies in.

    Args:
        parsed: the chat.
        roles: which side each speaker seems to be on.
        exchanges: per message, speakers that it is from or to.
        highlights: ranges with the id of what they are evidence of.
    """
    numbers = {name: number for number, name in enumerate(parsed.speakers)}
    ordered = sorted(highlights)
    drawn: list[MessagePayload] = []
    position, previous = 0, None
    for message in parsed.messages:
        inside: list[tuple[Span, str]] = []
        while position < len(ordered) and ordered[position][0].start < message.span.end:
            inside.append(ordered[position])
            position += 1
        near = [numbers[name] for name in exchanges[message.index] if name in numbers]
        drawn.append(_message(parsed, message, roles, inside, near, same=message.speaker == previous))
        previous = message.speaker
    return drawn


def _message(
    parsed: ParsedChat,
    message: Message,
    roles: dict[str, RoleGuess],
    inside: list[tuple[Span, str]],
    near: list[int],
    *,
    same: bool,
) -> MessagePayload:
    quote = message.quote
    drawn: MessagePayload = {
        "i": message.index,
        "speaker": message.speaker,
        "role": roles[message.speaker].role if message.speaker in roles else Role.UNKNOWN,
        "kind": message.kind,
        "same": same,
        "near": near,
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
    return [
        {"t": piece.span.of(text), "e": [evidence[number][1] for number in piece.evidence]}
        for piece in cut_at_evidence(span, [each for each, _ in evidence])
    ]
