"""A chat whose messages nobody may need: a model is shown its text as it stands."""

from dataclasses import dataclass
from functools import cached_property

from core.domain.chat.parsed_chat import ParsedChat, Span
from core.domain.chat.parser import parse_chat
from core.domain.chat.residue import find_residue
from core.domain.chat.unseen import SeenText
from core.domain.unseen_characters import UNSEEN


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
