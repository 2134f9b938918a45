"""Processes that read files to import, started once and used again, ended when a file is too much for them."""

import atexit
import logging
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.errors import InputError
from core.services.datasets.import_types import ColumnError, ReadersBusyError
from core.services.datasets.reader_jobs import ReadJob, send_job
from core.services.datasets.reader_messages import (
    Done,
    Failed,
    Opened,
    Refused,
    Rows,
    TableRows,
    receive_message,
)
from core.services.datasets.reader_start import take_process
from core.services.datasets.reading_limits import MEMORY_MB, POLLED, clock_seconds, processor_seconds

MAX_READERS = 2
"""Files that are read at the same time by one program; more of them wait."""

_WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.25
_MEMORY_SIGNALS = (signal.SIGABRT, signal.SIGKILL)
_log = logging.getLogger("shiyao.datasets")

_slots = threading.BoundedSemaphore(MAX_READERS)
_lock = threading.Lock()
_idle: list["Reader"] = []


class Reader:
    """A process that reads one file after the other (:mod:`core.services.datasets.reader_process`)."""

    def __init__(self) -> None:
        self._started = take_process()
        self.process, self._channel = self._started.process, self._started.channel
        self._busy = False

    @property
    def is_ready(self) -> bool:
        """Whether it lives, has done its last job to the end and can take another one."""
        return not self._busy and self.process.poll() is None

    def read(self, job: ReadJob, file_descriptor: int, size: int) -> Iterator[Opened | Rows | TableRows | Done]:
        """Have a file read; what comes last is :class:`Done`.

        Args:
            job: what to do.
            file_descriptor: of the open file.
            size: of the file in bytes; decides how long it may take.

        Raises:
            InputError: the file cannot be used, or takes more memory or time than files may.
        """
        self._busy = True
        deadline = time.monotonic() + clock_seconds(size)
        try:
            send_job(self._channel, job, file_descriptor)
            while True:
                message = self._receive(job.name, size, deadline)
                if isinstance(message, Refused):
                    self._busy = message.last
                    if message.columns is not None:
                        raise ColumnError(
                            message.message,
                            message.remedy,
                            message.columns,
                            sheet=message.sheet,
                            sheets=message.sheets,
                        )
                    raise InputError(message.message, message.remedy)
                if isinstance(message, Failed):
                    _log.warning("reading a file failed: %s", message.trace or "out of memory")
                    raise _too_big(job.name) if message.memory else _unreadable(job.name)
                # Before it is handed on: whoever iterates need not come back for more.
                self._busy = not isinstance(message, Done) or message.last
                yield message
                if isinstance(message, Done):
                    return
        except (EOFError, ConnectionError, ValueError) as error:
            raise self._explain_end(job.name, size) from error

    def end(self) -> None:
        """End the process, whatever it does."""
        self._started.end()

    def _receive(self, name: str, size: int, deadline: float) -> Opened | Rows | TableRows | Done | Refused | Failed:
        if POLLED:
            self._wait_within_memory(name, deadline)
        left = deadline - time.monotonic()
        if left <= 0:  # also where messages come without a pause
            raise _too_slow(name, clock_seconds(size))
        self._channel.settimeout(left)
        try:
            return receive_message(self._channel)
        except TimeoutError as error:
            raise _too_slow(name, clock_seconds(size)) from error

    def _wait_within_memory(self, name: str, deadline: float) -> None:
        """Wait for a message, and look at the process's memory meanwhile (where the kernel does not)."""
        self._channel.settimeout(_POLL_SECONDS)
        while time.monotonic() < deadline:
            if resident_megabytes(self.process.pid) > MEMORY_MB:
                raise _too_big(name)
            with suppress(TimeoutError):
                self._channel.recv(1, socket.MSG_PEEK)
                return

    def _explain_end(self, name: str, size: int) -> InputError:
        """Why the process ended, as a sentence."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        code = self.process.returncode
        _log.warning("the process that read a file ended with %s", code)
        if code == -signal.SIGXCPU:
            return _too_slow(name, processor_seconds(size))
        return _too_big(name) if code is not None and -code in _MEMORY_SIGNALS else _unreadable(name)


@contextmanager
def borrowed_reader() -> Iterator[Reader]:
    """Lend a reader process for one file; a reader that failed is stopped instead of being used again.

    Raises:
        ReadersBusyError: other files are being read for too long.
    """
    if not _slots.acquire(timeout=_WAIT_SECONDS):
        raise ReadersBusyError("正在读取其他文件，一直没有读完", "请过几分钟再试")
    try:
        reader = _take_idle() or Reader()
        try:
            yield reader
        finally:
            _give_back(reader)
    finally:
        _slots.release()


def prepare_reader() -> None:
    """Start a reader if none is idle, without waiting for it: the next file is read at once."""
    with _lock:
        if not _idle:
            _idle.append(Reader())


def resident_megabytes(process_id: int) -> float:
    """Memory that a process holds now, in MB, as ``ps`` says; 0 where there is no such process."""
    command = ["ps", "-o", "rss=", "-p", str(process_id)]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return int(output) / 1024 if output.strip().isdigit() else 0.0


def _take_idle() -> Reader | None:
    with _lock:
        while _idle:
            reader = _idle.pop()
            if reader.is_ready:
                return reader
            reader.end()
    return None


def _give_back(reader: Reader) -> None:
    if reader.is_ready:
        with _lock:
            if not _idle:
                _idle.append(reader)
                return
    reader.end()


@atexit.register
def end_idle_readers() -> None:
    """End readers that wait for a file; those at work end when they cannot hand on what they read."""
    with _lock:
        while _idle:
            _idle.pop().end()


def _too_big(name: str) -> InputError:
    return InputError(
        f"读取文件 {name} 需要的内存超过 {MEMORY_MB // 1024} GB 的上限，没有读完",
        "表格请在 Excel 里按 Ctrl+End 看最后一格，删去远处多余的行和列；其他文件请拆成几个再导入",
    )


def _too_slow(name: str, seconds: float) -> InputError:
    return InputError(
        f"读取文件 {name} 超过了 {seconds:.0f} 秒的上限，没有读完",
        "请检查内容是否正常，或拆成几个文件再导入",
    )


def _unreadable(name: str) -> InputError:
    return InputError(f"文件 {name} 读到一半出错，无法读取", "请用原来的程序另存一份（最好是 JSON 或 CSV）后重试")
