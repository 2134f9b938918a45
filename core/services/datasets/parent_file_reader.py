"""The parent's side of reading a file: rows as the reader process validated them, for import and preview."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from core.errors import InputError
from core.services.datasets.import_types import (
    ChatRow,
    FileFormat,
    FileKind,
    ImportProgress,
    OnProgress,
    RejectedRow,
    SubmissionRow,
)
from core.services.datasets.reader_jobs import ReadJob
from core.services.datasets.reader_messages import Done, Opened, Rows, TableRows
from core.services.datasets.reader_pool import borrowed_reader
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.source_file import open_path
from core.system_errors import system_reason


@dataclass
class ParentFileReader:
    """Validated rows of a file, as a reader process sends them. Iterate :meth:`chats` or :meth:`submissions` once.

    Attributes:
        name: the file's name as the person knows it.
        kind: what the first rows look like.
        format: how the file is written.
        sha256: of its bytes.
        rows: rows seen so far, rejected ones included.
        rejected: rows that do not go in, in order.
        notes: Chinese sentences about the file that a person should know; complete after the last row.
        reading: what messages were joined by; complete after the last row.
    """

    name: str
    opened: Opened
    messages: Iterator[Opened | Rows | TableRows | Done]
    on_progress: OnProgress | None = None
    rows: int = field(init=False, default=0)
    rejected: list[RejectedRow] = field(init=False, default_factory=list)
    notes: tuple[str, ...] = field(init=False, default=())
    reading: ReadingReport = field(init=False, default_factory=ReadingReport)

    @property
    def kind(self) -> FileKind:
        """What the first rows look like."""
        return self.opened.kind

    @property
    def format(self) -> FileFormat:
        """How the file is written."""
        return self.opened.format

    @property
    def encoding(self) -> str:
        """How its text is encoded, as a person names it."""
        return self.opened.encoding

    @property
    def sha256(self) -> str:
        """Of the file's bytes, hexadecimal."""
        return self.opened.sha256

    def chats(self) -> Iterator[ChatRow]:
        """The good chats, in the order of the file.

        Raises:
            InputError: the file breaks, holds no rows at all, or takes too much memory or time.
        """
        for batch in self._batches():
            yield from batch.chats

    def submissions(self) -> Iterator[SubmissionRow]:
        """The good rows of a submission, or of a file of labelled chats.

        Raises:
            InputError: the file breaks, holds no rows at all, or takes too much memory or time.
        """
        for batch in self._batches():
            yield from batch.forms

    def require_rows(self, count: int) -> None:
        """Refuse a file without a good row; call after iterating.

        Args:
            count: good rows.

        Raises:
            InputError: there is none; names the first rejected row and its reason.
        """
        if not count:
            first = self.rejected[0]
            raise InputError(f"文件 {self.name} 的 {self.rows:,} 条都不能导入；{first}", "请按原因修改后重试")

    def _batches(self) -> Iterator[Rows]:
        for message in self.messages:
            if isinstance(message, Rows):
                self.rows = message.seen
                self.rejected += message.rejected
                if self.on_progress and message.share is not None:
                    self.on_progress(ImportProgress(message.seen, message.share))
                yield message
            elif isinstance(message, Done):
                self.notes, self.reading = message.notes, message.reading


@contextmanager
def open_pass(
    source: Path | BinaryIO, job: ReadJob, on_progress: OnProgress | None = None
) -> Iterator[ParentFileReader]:
    """Start a pass over a file for import.

    Args:
        source: a path, or a seekable binary file (it stays open).
        job: what to read, of the kind ``chats`` or ``submissions``.
        on_progress: called now and then from this thread.

    Raises:
        InputError: missing, unreadable, empty, unknown format or encoding, or too much for a file.
    """
    with read_file(source, job) as messages:
        opened = next(message for message in messages if isinstance(message, Opened))
        yield ParentFileReader(job.name, opened, messages, on_progress)


@contextmanager
def read_file(source: Path | BinaryIO, job: ReadJob) -> Iterator[Iterator[Opened | Rows | TableRows | Done]]:
    """Have a file read by another process; the messages come while it reads.

    Raises:
        InputError: see :func:`open_pass`; also from the iterator.
    """
    with _real_file(source, job.name) as file, borrowed_reader() as reader:
        descriptor = file.fileno()
        yield reader.read(job, descriptor, os.fstat(descriptor).st_size)


@contextmanager
def _real_file(source: Path | BinaryIO, name: str) -> Iterator[BinaryIO]:
    """A file that another process can read: an upload lies in memory and is copied into a nameless file."""
    if isinstance(source, Path):
        with open_path(source, name) as file:
            yield file
        return
    with TemporaryFile() as copy:
        source.seek(0)
        try:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
        except OSError as error:
            raise InputError(
                f"文件 {name} 写不进临时文件夹（{system_reason(error)}）", "请检查服务器的磁盘空间后重试"
            ) from error
        yield copy
