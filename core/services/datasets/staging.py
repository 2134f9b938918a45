"""Chats staged in a temporary file, so that the database is locked only while rows are inserted."""

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO

from core.adapters.store.stored_json import dump_json
from core.domain.chat.residue import find_residue
from core.domain.form import Form
from core.services.datasets.import_types import ChatRow

BATCH = 200
_BATCH_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class StagedChat:
    """A chat ready to be inserted.

    ``utf8`` is its text as SQLite stores it, of so many ``characters``. ``forms_text`` are its forms as the database
    holds them, in JSON; ``None`` where the source says nothing about customers. Both are made while the file is read,
    when this process has time, and not while nobody else can save.
    """

    index: int
    utf8: bytes
    characters: int
    sha256: str
    residue_characters: int
    forms_text: str | None
    notes: tuple[str, ...] = ()
    line: int | None = None

    @property
    def text(self) -> str:
        """Its text, decoded anew."""
        return self.utf8.decode()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as what it is made of: half as long to read as by the names of its fields."""
        values = (self.index, self.utf8, self.characters, self.sha256, self.residue_characters)
        return StagedChat, (*values, self.forms_text, self.notes, self.line)


@dataclass
class StagingFile:
    """A temporary file of staged chats, in batches.

    Attributes:
        labelled: whether any form of any chat is filled; where none is, the source has no labels.
        last_index: the highest index.
    """

    file: BinaryIO
    labelled: bool = field(default=False, init=False)
    last_index: int = field(default=0, init=False)
    count: int = field(default=0, init=False)

    def fill(self, rows: Iterable[ChatRow], form: Form) -> None:
        """Stage all rows."""
        batch: list[StagedChat] = []
        characters = 0
        for row in rows:
            batch.append(stage_chat(row))
            self.count += 1
            self.last_index = max(self.last_index, row.index)
            self.labelled = self.labelled or any(not form.is_empty(values) for values in row.forms or ())
            characters += len(row.text)
            if len(batch) == BATCH or characters >= _BATCH_CHARACTERS:
                pickle.dump(batch, self.file, pickle.HIGHEST_PROTOCOL)
                batch, characters = [], 0
        if batch:
            pickle.dump(batch, self.file, pickle.HIGHEST_PROTOCOL)

    def batches(self) -> Iterator[list[StagedChat]]:
        """The staged chats, batch by batch, in order."""
        self.file.seek(0)
        while True:
            try:
                # Our own file of a moment ago, never anyone else's.
                yield pickle.load(self.file)
            except EOFError:
                return


def stage_chat(row: ChatRow) -> StagedChat:
    """Stage a chat: measure its residue and hash its text.

    Messages are not counted: that is nine tenths of the time of a whole import.
    """
    residue = find_residue(row.text)
    utf8 = row.text.encode() if row.utf8 is None else row.utf8
    return StagedChat(
        index=row.index,
        utf8=utf8,
        characters=len(row.text),
        sha256=sha256(utf8).hexdigest(),
        residue_characters=residue.end - residue.start if residue else 0,
        forms_text=None if row.forms is None else dump_json(row.forms),
        notes=row.notes,
        line=row.line,
    )


def text_hash(text: str) -> str:
    """sha256 of a chat's text, hexadecimal; equal texts are the same chat."""
    return sha256(text.encode("utf-8")).hexdigest()
