"""Types of an import: formats, rows that passed, rows that were rejected and why, and the reports about them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from core.domain.chat.chat_writing import SentMessage
from core.domain.form import FormValues
from core.errors import InputError
from core.services.datasets.chat_outlook import ChatOutlook
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.speaker_counts import SpeakerCounts


class FileKind(StrEnum):
    """Whether the rows of a file are chats or forms for existing chats."""

    CHATS = "chats"
    SUBMISSION = "submission"


class FileFormat(StrEnum):
    """Format of a file."""

    JSON = "JSON"
    JSONL = "JSONL"
    CSV = "CSV"
    EXCEL = "Excel"
    TEXT = "TXT"
    ZIP = "ZIP"


class ImportProgress(NamedTuple):
    """Progress of an import: rows seen and chats stored so far, and the share (0 to 1) of the whole work."""

    rows: int
    share: float
    stored: int | None = None


OnProgress = Callable[[ImportProgress], None]


class RawRow(NamedTuple):
    """One row as it was read, not validated.

    Attributes:
        position: from 1, blank lines not counted.
        value: what stands there; ``None`` if ``problem`` says why it could not be read.
        line: line in the file, from 1, for formats of lines.
        problem: one Chinese clause, or ``""``.
        notes: what reading it had to decide, Chinese clauses.
        file: name of the file inside an archive, or ``""``.
        outermost: an object of a JSON file that stands in no array.
        messages: of a chat that was joined by its session or room.
        utf8: its text, encoded, once that was looked through for what cannot be stored, which takes a while.
    """

    position: int
    value: Any
    line: int | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    file: str = ""
    outermost: bool = False
    messages: tuple[SentMessage, ...] = ()
    utf8: bytes | None = None


PASTED_NAME = "粘贴的聊天.txt"
"""What a pasted chat is called in previews and in the history of a dataset."""
BY_POSITION = "-"
"""Stands for: no index column, rows are counted."""


@dataclass(frozen=True, slots=True)
class TableColumns:
    """How a file is read: names of the columns of a table (``""``: found by the usual names), sheet, encoding.

    Attributes:
        text: the whole chat, or the message where a row is one.
        index: number of the chat.
        sender: who wrote the message; makes a table one of messages.
        time: when.
        room: the group.
        session: the conversation, surer than the room.
        side: whether the sender is one of us.
        sender_id: what tells senders of one name apart.
        pause_minutes: a silence longer than this begins a new chat; 0: none does.
        sheet: which sheet of an Excel file; ``""``: the first that holds chats or messages.
        encoding: of a text file; ``""``: it is found out.
        format: of a text file (:class:`FileFormat`); ``""``: it is found out.
        join: what messages are joined by: ``session``, ``room``, ``pause`` (in each room), ``none`` (all are one chat),
            or ``row`` where each row is a whole chat; ``""``: it is found out.
        swap_sides: who is read as staff is the customer, and the other way round.
    """

    text: str = ""
    index: str = ""
    sender: str = ""
    time: str = ""
    room: str = ""
    session: str = ""
    side: str = ""
    sender_id: str = ""
    pause_minutes: int = 0
    sheet: str = ""
    encoding: str = ""
    format: str = ""
    join: str = ""
    swap_sides: bool = False


JOINS = ("session", "room", "pause", "none", "row")
"""What a person can have messages joined by; see :class:`TableColumns`."""

BY_NAME = TableColumns()
"""All columns are found by their names."""


class ColumnError(InputError):
    """A table whose text column is not known by its name.

    Attributes:
        columns: those that it has.
        sheet: the sheet of an Excel file that was looked at, or ``""``.
        sheets: all sheets that hold anything.
    """

    def __init__(
        self, message: str, remedy: str, columns: tuple[str, ...], *, sheet: str = "", sheets: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, remedy)
        self.columns = columns
        self.sheet = sheet
        self.sheets = sheets


class ReadersBusyError(InputError):
    """Other files are being read for so long that this one was not looked at."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is not imported.

    Attributes:
        index: the row's index (from 1): its position in the source, or the one that it carries itself.
        reason: one Chinese clause.
        line: line in the file (from 1) where that says more than the index; ``None`` where it does not.
    """

    index: int
    reason: str
    line: int | None = None

    @property
    def why(self) -> str:
        """The reason, with the row's line where the file has lines."""
        return self.reason if self.line is None else f"第 {self.line} 行：{self.reason}"

    def __str__(self) -> str:
        """One line of a list of rejected rows."""
        place = f"（第 {self.line} 行）" if self.line is not None else ""
        return f"第 {self.index} 条{place}：{self.reason}"


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A valid chat; ``forms`` is ``None`` where the source says nothing about customers.

    ``utf8`` is its text, encoded, where somebody has done that already: it takes long enough to be done once.
    """

    index: int
    text: str
    forms: list[FormValues] | None
    notes: tuple[str, ...] = ()
    line: int | None = None
    utf8: Annotated[bytes | None, Field(exclude=True)] = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """The forms of one chat, from a submission file (``text`` empty) or from a file of labelled chats."""

    index: int
    forms: list[FormValues]
    text: str = ""
    notes: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """Result of an import's preview.

    Attributes:
        kind: chats, or forms for chats that are there already.
        format: how the file is written.
        encoding: how its text is encoded, as a person names it; ``""`` for Excel.
        rows: rows in the source, rejected ones included.
        good: rows that would go in (a dataset may hold some of them already).
        labels: good rows with at least one form; 0 where all forms are empty.
        customers: forms in all good rows.
        rejected: the others.
        chats: the first good rows of a file of chats.
        forms: the first good rows of a submission.
        columns: columns of a table; empty for other formats.
        notes: what else a person should know, Chinese sentences.
        reading: what messages were joined by, and from which columns.
        outlooks: the first chats as they will look.
        looked_at: so many chats were counted; parsing is most of the work, so big files are not counted whole.
        messages: of these chats.
        speakers: different names in them.
        without_speakers: index of each of them in which no speaker is recognised.
    """

    kind: FileKind
    format: FileFormat
    encoding: str
    rows: int
    good: int
    labels: int
    customers: int
    rejected: tuple[RejectedRow, ...]
    chats: tuple[ChatRow, ...] = ()
    forms: tuple[SubmissionRow, ...] = ()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reading: ReadingReport = field(default_factory=ReadingReport)
    outlooks: tuple[ChatOutlook, ...] = ()
    looked_at: int = 0
    messages: int = 0
    speakers: int = 0
    without_speakers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Growth:
    """A chat of a file that goes on from one that its dataset holds, or is the same with some messages changed.

    Attributes:
        index: where it is in the dataset now.
        of: index of the stored chat; the same where it took that one's place.
        messages: messages that both hold.
        more: messages that only the file has behind these.
        reviewed: somebody has worked on the stored chat, or is at it.
        replaced: its messages went behind the stored chat's; otherwise it is a chat of its own.
        earlier: messages that only the file has before those of both.
        since: number, from 1, of the stored chat's message with which the file begins.
        being_read: a run of the dataset was under way.
        held: the stored chat holds all of its messages; it counts as there already.
        changed: messages of both that say something else in the file.
        gone: messages of the stored chat that the file lacks, though it has some before and behind them.
        between: messages that only the file has between those of both.
        changed_at: numbers, from 1, of the first changed messages in the stored chat.
        gone_at: likewise.
    """

    index: int
    of: int
    messages: int
    more: int
    reviewed: bool
    replaced: bool
    earlier: int = 0
    since: int = 1
    being_read: bool = False
    held: bool = False
    changed: int = 0
    gone: int = 0
    between: int = 0
    changed_at: tuple[int, ...] = ()
    gone_at: tuple[int, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the file says something else where the stored chat says something."""
        return bool(self.changed or self.between)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of an import.

    Attributes:
        kind: chats, or forms for chats that were there already.
        dataset_id: where the rows went.
        dataset: its name.
        added: chats added; for a run: forms of so many chats added.
        skipped: rows that were there already, the same.
        rejected: rows that did not go in.
        labels: chats whose labels were added.
        total: rows in the source.
        run_id: the run that holds the labels or the imported forms; ``None`` where there is none.
        run: its name, or ``""``.
        notes: what else a person should know, Chinese sentences.
        reading: what messages were joined by, and from which columns.
        format: how the file is written.
        encoding: how its text is encoded, as a person names it; ``""`` for Excel.
        counts: messages and speakers of its chats.
        import_id: its number in the dataset's history, by which it can be taken back; 0 for a dry run.
        grown: chats of the file that go on from stored ones.
        existing: chats that the dataset held before.
    """

    kind: FileKind
    dataset_id: int
    dataset: str
    added: int
    skipped: int
    rejected: tuple[RejectedRow, ...]
    labels: int
    total: int
    run_id: int | None = None
    run: str = ""
    notes: tuple[str, ...] = field(default=())
    reading: ReadingReport = field(default_factory=ReadingReport)
    format: FileFormat = FileFormat.JSON
    encoding: str = ""
    counts: SpeakerCounts | None = None
    import_id: int = 0
    grown: tuple[Growth, ...] = ()
    existing: int = 0
