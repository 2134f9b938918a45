"""Messages from the process that reads a file to this program: rows as JSON.

Texts of chats, nearly all of a file, follow their message as they are: writing and reading them as JSON takes longer.
What comes back is never unpickled: the other process has read a stranger's file.
"""

import socket
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from pydantic_core import to_json

from core.services.datasets.import_types import (
    ChatRow,
    FileFormat,
    FileKind,
    ImportPreview,
    RejectedRow,
    SubmissionRow,
)
from core.services.datasets.reader_jobs import LENGTH, receive_bytes
from core.services.datasets.reading_report import ReadingReport

_MAX_MESSAGE = 1 << 29


@dataclass(frozen=True, slots=True)
class Opened:
    """The file was recognised."""

    kind: FileKind
    format: FileFormat
    encoding: str
    size: int
    sha256: str
    type: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows; ``seen`` so far in all, and the ``share`` (0 to 1) of the work done, where it is time to show it.

    ``sizes`` are those of the chats' texts in UTF-8, in bytes; on the way the texts follow the message.
    :func:`send_rows` and :func:`receive_message` see to both.
    """

    seen: int
    share: float | None = None
    chats: list[ChatRow] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    forms: list[SubmissionRow] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    type: Literal["rows"] = "rows"


@dataclass(frozen=True, slots=True)
class PlainRow:
    """A row of a table as it stands in the file.

    ``dates``: columns whose cells are dates or times of Excel; ``uncalculated``: columns with formulas that have no
    stored result; ``problem``: why the row cannot be used, or ``""``.
    """

    line: int
    cells: list[str]
    dates: list[int] = field(default_factory=list)
    uncalculated: list[int] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TableRows:
    """Some rows of a table."""

    rows: list[PlainRow]
    type: Literal["table_rows"] = "table_rows"


@dataclass(frozen=True, slots=True)
class Done:
    """The file was read to its end; ``preview`` where one was asked for.

    ``last`` here and below: the process ends now, for this file has left it big.
    """

    notes: tuple[str, ...] = ()
    preview: ImportPreview | None = None
    last: bool = False
    reading: ReadingReport = field(default_factory=ReadingReport)
    type: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Refused:
    """The file cannot be used: an ``InputError``, or a ``ColumnError`` where ``columns`` is not ``None``."""

    message: str
    remedy: str
    columns: tuple[str, ...] | None = None
    last: bool = False
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    type: Literal["refused"] = "refused"


@dataclass(frozen=True, slots=True)
class Failed:
    """Reading failed in a way that nobody foresaw; ``memory``: for want of memory."""

    memory: bool
    trace: str
    type: Literal["failed"] = "failed"


Message = Annotated[Opened | Rows | TableRows | Done | Refused | Failed, Field(discriminator="type")]
_MESSAGE: TypeAdapter[Opened | Rows | TableRows | Done | Refused | Failed] = TypeAdapter(Message)


def send_message(channel: socket.socket, message: Opened | Rows | TableRows | Done | Refused | Failed) -> None:
    """Send a message to the program."""
    _send(channel, _MESSAGE.dump_json(message))


def _send(channel: socket.socket, body: bytes) -> None:
    channel.sendall(LENGTH.pack(len(body)))
    channel.sendall(body)


def send_rows(channel: socket.socket, rows: Rows) -> None:
    """Send rows to the program; the chats' texts go behind them."""
    texts = [chat.text.encode() if chat.utf8 is None else chat.utf8 for chat in rows.chats]
    chats = [ChatRow(chat.index, "", chat.forms, chat.notes, chat.line) for chat in rows.chats]
    # By the values alone: to look for the type of a message first takes five times as long.
    _send(channel, to_json(replace(rows, chats=chats, sizes=[len(text) for text in texts])))
    channel.sendall(b"".join(texts))


def receive_message(channel: socket.socket) -> Opened | Rows | TableRows | Done | Refused | Failed:
    """Receive the next message.

    Raises:
        EOFError: the other side has ended.
        OSError: the same, or the channel's time is up (``TimeoutError``).
        ValueError: what came is no message.
    """
    (length,) = LENGTH.unpack(receive_bytes(channel, LENGTH.size))
    if length > _MAX_MESSAGE:
        raise ValueError(f"a message of {length} bytes")
    message = _MESSAGE.validate_json(receive_bytes(channel, length))
    return _with_texts(channel, message) if isinstance(message, Rows) and message.chats else message


def _with_texts(channel: socket.socket, rows: Rows) -> Rows:
    """The rows with the texts that follow them.

    Raises:
        ValueError: not as many as there are chats, too long, or no UTF-8.
    """
    if len(rows.sizes) != len(rows.chats) or min(rows.sizes) < 0 or sum(rows.sizes) > _MAX_MESSAGE:
        raise ValueError(f"texts of {sum(rows.sizes)} bytes for {len(rows.chats)} chats")
    data = memoryview(receive_bytes(channel, sum(rows.sizes)))
    texts = [bytes(data[end - size : end]) for size, end in zip(rows.sizes, accumulate(rows.sizes), strict=True)]
    chats = [
        ChatRow(chat.index, utf8.decode(), chat.forms, chat.notes, chat.line, utf8)
        for chat, utf8 in zip(rows.chats, texts, strict=True)
    ]
    return replace(rows, chats=chats)
