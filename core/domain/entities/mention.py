"""What every finder gives back."""

from typing import NamedTuple


class Mention(NamedTuple):
    """A value that was recognised in a text.

    Attributes:
        value: what a field would be given.
        start: offset in the text.
        end: behind the last character.
    """

    value: str
    start: int
    end: int
