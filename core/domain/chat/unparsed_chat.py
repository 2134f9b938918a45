"""A chat whose messages nobody may need, for a model is shown its text as it stands; and parsing it all the same.

The parser is imported with the first chat that is parsed: to compile its patterns takes a tenth of a second.
"""

from dataclasses import dataclass
from functools import cached_property

from core.domain.chat.parsed_chat import ParsedChat, Span
from core.domain.chat.residue import find_residue
from core.domain.chat.unseen import SeenText, put_back
from core.domain.unseen_characters import UNSEEN


def parse_chat(text: str) -> ParsedChat:
    """Parse a chat text of any shape; never raises.

    Time is linear in the length of the text.

    Args:
        text: the chat as it was imported; nothing is normalised, so that offsets hold. Characters that nobody sees
            are overlooked: they part no names.

    Returns:
        Messages and residue whose spans, joined in order, are the text. A text without any speaker is one message
        with the speaker ``""``; an empty text has no messages.
    """
    from core.domain.chat.parser import parse_seen

    if text.isascii() or not UNSEEN.search(text):
        return parse_seen(text)
    seen = SeenText(text)
    return put_back(parse_seen(seen.text), seen, text) if seen.text else parse_seen(text)


@dataclass(frozen=True)  # without slots: what was found is kept
class UnparsedChat:
    """A chat of which the residue is looked for, which is quick, and the messages only when they are asked for.

    Attributes:
        text: the original text, untouched.
    """

    text: str

    @cached_property
    def residue(self) -> tuple[Span, ...]:
        """The same as of the parsed chat."""
        if self.text.isascii() or not UNSEEN.search(self.text):
            residue = find_residue(self.text)
            return (residue,) if residue else ()
        seen = SeenText(self.text)
        residue = find_residue(seen.text)
        return (seen.tile(residue),) if residue else ()

    @cached_property
    def parsed(self) -> ParsedChat:
        """The chat with its messages."""
        return parse_chat(self.text)

    @property
    def conversation(self) -> str:
        """The text without spreadsheet residue, as a model sees it."""
        return self.text[: self.residue[0].start if self.residue else len(self.text)].rstrip("\n")
