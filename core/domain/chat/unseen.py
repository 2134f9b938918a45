"""Format characters in chats: a text is parsed without them, and every span is put back onto the text as it stands."""

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate

from core.domain.chat.parsed_chat import Message, ParsedChat, Quote, Span
from core.domain.unseen_characters import UNSEEN


class SeenText:
    """A text without characters that nobody sees (zero width, direction marks), and where the others stood.

    Attributes:
        text: what is seen.
    """

    def __init__(self, text: str) -> None:
        self._length = len(text)
        pieces: list[str] = []
        self._starts: list[int] = []
        at = 0
        for match in UNSEEN.finditer(text):
            if match.start() > at:
                pieces.append(text[at : match.start()])
                self._starts.append(at)
            at = match.end()
        if at < len(text):
            pieces.append(text[at:])
            self._starts.append(at)
        self.text = "".join(pieces)
        # Where each piece begins in the text that is seen.
        self._seen_starts = list(accumulate((len(piece) for piece in pieces), initial=0))[:-1]

    def place(self, offset: int) -> int:
        """Offset in the whole text of a seen character; of the end for the end."""
        if offset >= len(self.text):
            return self._length
        piece = bisect_right(self._seen_starts, offset) - 1
        return self._starts[piece] + offset - self._seen_starts[piece]

    def tile(self, span: Span) -> Span:
        """A span that joins its neighbours: what is unseen belongs to what stands before it."""
        return Span(self.place(span.start) if span.start else 0, self.place(span.end))

    def words(self, span: Span) -> Span:
        """A span of words: it begins and ends with a seen character."""
        start = self.place(span.start)
        return Span(start, start if span.end <= span.start else self.place(span.end - 1) + 1)


def put_back(parsed: ParsedChat, seen: SeenText, text: str) -> ParsedChat:
    """The same chat with spans of the whole text.

    Args:
        parsed: of ``seen.text``.
        seen: what is seen of the text.
        text: the whole text.
    """
    messages = tuple(_message(message, seen) for message in parsed.messages)
    return ParsedChat(text, messages, tuple(seen.tile(span) for span in parsed.residue))


def _message(message: Message, seen: SeenText) -> Message:
    quote = message.quote
    return replace(
        message,
        span=seen.tile(message.span),
        speaker_span=seen.words(message.speaker_span),
        body=seen.words(message.body),
        quote=Quote(seen.words(quote.span), quote.speaker, seen.words(quote.text_span)) if quote else None,
    )
