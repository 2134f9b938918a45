"""The process in which files to import are read: ``python -m core.services.datasets.reader_process``.

A stranger's file of a few KB can ask for gigabytes, or end the interpreter inside a library. Here it can do that
without anybody noticing: memory and time are limited by the kernel, and :mod:`core.services.datasets.reader_pool`
turns the end of this process into a sentence. It imports only what reading needs (no database, no Streamlit).
"""

import gc
import os
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

# Loaded before the limits: afterwards every import counts against the file.
import python_calamine  # noqa: F401

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.formula_cells import count_comments
from core.services.datasets.import_preview import make_preview
from core.services.datasets.import_types import (
    ChatRow,
    ColumnError,
    FileFormat,
    FileKind,
    ImportProgress,
    SubmissionRow,
    TableColumns,
)
from core.services.datasets.plain_rows import batches_of_rows
from core.services.datasets.reader_jobs import LookAhead, ReadJob, receive_job
from core.services.datasets.reader_messages import (
    Done,
    Failed,
    Opened,
    Refused,
    Rows,
    send_message,
    send_rows,
)
from core.services.datasets.reading_limits import limit_process, limit_processor, peak_megabytes, processor_seconds
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import SourceFile, open_source
from core.tracebacks import format_traceback

_ROWS, _CHARACTERS = 200, 500_000
_REUSED_BELOW_MB = 256
_GARBAGE_THRESHOLD = 50_000


def main() -> None:
    """Read the files that the parent sends; stops when the parent ends, or when a file left much memory in use."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program; its end is this one's
    channel = socket.socket(fileno=0)
    limit_process()
    # What is imported is no garbage, and a file's rows go without help: looking through them takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD)
    with suppress(OSError, EOFError):
        seen = _SeenFile()
        while received := receive_job(channel):
            job, descriptor = received
            with os.fdopen(descriptor, "rb") as file:
                limit_processor(processor_seconds(os.fstat(descriptor).st_size))
                if isinstance(job, LookAhead):
                    with suppress(Exception):  # whoever reads the file is told
                        seen.look(file, job)
                elif not _do(channel, job, file, seen):
                    return


class _SeenFile:
    """What was found out about a file that is to be read next."""

    def __init__(self) -> None:
        self._seen: tuple[object, SourceFile] | None = None

    def look(self, file: BinaryIO, how: LookAhead) -> None:
        """Find out format, encoding and digest of a file, and keep them.

        Raises:
            InputError: empty, unknown format or unknown encoding.
        """
        key = _key_of(file, how)
        with open_source(file, how.name, how.encoding, how.format) as source:
            self._seen = key, source

    def take(self, file: BinaryIO, how: LookAhead) -> SourceFile:
        """The file as it was found to be, once and while its dates are the same; else it is found out now.

        Raises:
            InputError: empty, unknown format or unknown encoding.
        """
        seen, self._seen = self._seen, None
        if seen is not None and seen[0] == _key_of(file, how):
            return replace(seen[1], file=file)
        with open_source(file, how.name, how.encoding, how.format) as source:
            return source


def _key_of(file: BinaryIO, how: LookAhead) -> tuple[object, ...]:
    status = os.fstat(file.fileno())
    return how, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _do(channel: socket.socket, job: ReadJob, file: BinaryIO, seen: _SeenFile) -> bool:
    """Do one job; false if this process should not do another."""
    try:
        source = seen.take(file, LookAhead(job.name, job.columns.encoding, job.columns.format))
        if job.kind == "preview":
            preview = make_preview(
                source, job.form, job.columns, limit=job.limit, on_progress=lambda now: _progress(channel, now)
            )
            send_message(channel, Done(preview=preview, last=_is_big()))
        elif job.kind == "table":
            _send_table(channel, source, job.form, job.columns)
        else:
            _Stream(channel, RowValidationPass(source, job.form, job.columns, share=job.share)).send(job.kind)
    except InputError as error:
        refused = Refused(_storable(error.message), _storable(error.remedy), last=_is_big())
        if isinstance(error, ColumnError):
            refused = replace(refused, columns=error.columns, sheet=error.sheet, sheets=error.sheets)
        send_message(channel, refused)
    except OSError:
        raise
    except BaseException as error:  # a panic inside calamine is no Exception
        memory = isinstance(error, MemoryError)
        trace = "" if memory else format_traceback(error, 8)
        del error
        gc.collect()
        send_message(channel, Failed(memory, _storable(trace)))
        return False
    return not _is_big()


def _send_table(channel: socket.socket, source: SourceFile, form: Form, columns: TableColumns) -> None:
    report = ReadingReport()
    send_message(channel, Opened(FileKind.CHATS, source.format, source.encoding_label, source.size, source.sha256))
    for batch in batches_of_rows(source, form, columns, report):
        send_message(channel, batch)
    if source.format is FileFormat.EXCEL:
        report.note("有 {} 条批注写在格子旁边，没有带回；要改的值请写在格子里", count_comments(source))
    send_message(channel, Done(tuple(report.notes), last=_is_big()))


def _is_big() -> bool:
    """Whether this process holds so much memory that the next file should have another one."""
    return peak_megabytes() > _REUSED_BELOW_MB


def _progress(channel: socket.socket, now: ImportProgress) -> None:
    send_message(channel, Rows(now.rows, now.share))


def _storable(text: str) -> str:
    """A text without half characters, which stand in names of files and of columns that a shell handed on."""
    return text.encode("utf-8", "replace").decode()


class _Stream:
    """Sends the rows of a pass in batches, good and rejected ones, and how far it is."""

    def __init__(self, channel: socket.socket, validation_pass: RowValidationPass) -> None:
        self._channel = channel
        self._pass = validation_pass
        self._chats: list[ChatRow] = []
        self._forms: list[SubmissionRow] = []
        self._rejected = 0
        validation_pass.on_progress = self._flush_with_progress

    def send(self, kind: str) -> None:
        """Send all rows as chats or as forms; none of a file of forms where chats are wanted."""
        source = self._pass.source
        send_message(
            self._channel,
            Opened(self._pass.kind, source.format, source.encoding_label, source.size, source.sha256),
        )
        if kind == "submissions":
            self._send_forms()
        elif self._pass.kind is FileKind.CHATS:
            self._send_chats()
        self._flush()
        send_message(self._channel, Done(self._pass.notes, last=_is_big(), reading=self._pass.report))

    def _send_chats(self) -> None:
        characters = 0
        for row in self._pass.chats():
            self._chats.append(row)
            characters += len(row.text)
            if len(self._chats) >= _ROWS or characters >= _CHARACTERS:
                self._flush()
                characters = 0

    def _send_forms(self) -> None:
        characters = 0
        for row in self._pass.submissions():
            self._forms.append(row)
            characters += len(row.text)
            if len(self._forms) >= _ROWS or characters >= _CHARACTERS:
                self._flush()
                characters = 0

    def _flush_with_progress(self, now: ImportProgress) -> None:
        self._flush(now.share)

    def _flush(self, share: float | None = None) -> None:
        rejected = self._pass.rejected[self._rejected :]
        send_rows(self._channel, Rows(self._pass.rows, share, self._chats, forms=self._forms, rejected=rejected))
        self._rejected += len(rejected)
        self._chats, self._forms = [], []


if __name__ == "__main__":
    main()
