"""What reading a file found out besides its rows; filled by the readers, shown in previews and reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_PLACES = 5


class Joined(StrEnum):
    """What the rows of a file with one message a row were joined by."""

    SESSION = "session"
    ROOM = "room"
    PAUSE = "pause"
    NONE = "none"


@dataclass
class ReadingReport:
    """What the readers of a file noticed; complete after the last row.

    Attributes:
        joined: what messages were joined by; ``None``: the rows of the file are chats.
        columns: what was read from which column, ``{"sender": "talker", …}``.
        names: all columns, in order.
        messages: messages read; 0 where rows are chats.
        notes: Chinese sentences for a person.
        sheet: the sheet of an Excel file that was read, or ``""``.
        sheets: all sheets that hold anything.
        pauses: ``(minutes, chats)``: chats that there would be if a silence of so many minutes parted them.
        numbered: the chats have an index of their own in the file.
        separator: what parts the cells of a CSV file, or ``""``.
    """

    joined: Joined | None = None
    columns: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    messages: int = 0
    notes: list[str] = field(default_factory=list)
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    pauses: tuple[tuple[int, int], ...] = ()
    numbered: bool = False
    separator: str = ""

    def note(self, sentence: str, count: int = 1) -> None:
        """Note a sentence, unless there is nothing to count; ``{}`` in it becomes the count."""
        if count:
            self.notes.append(sentence.replace("{}", f"{count:,}"))


def listed(names: Sequence[str], shown: int = 12, characters: int = 20) -> str:
    """The first names of a list, each cut to a few characters."""
    few = "、".join(name[:characters] for name in names[:shown])
    return few + ("……" if len(names) > shown else "")


def line_places(lines: list[int]) -> str:
    """The first lines of a list, as a person reads them: ``（第 3、7 行等）``."""
    if not lines:
        return ""
    shown = "、".join(map(str, lines[:_PLACES]))
    return f"（第 {shown} 行{'等' if len(lines) > _PLACES else ''}）"
