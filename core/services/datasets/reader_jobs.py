"""What the process that reads files is asked to do, and how a job and its open file get there.

Imports next to nothing: a command sends the first job before it has imported what the answer takes.
"""

import pickle
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from core.domain.form import Form
    from core.services.datasets.import_types import TableColumns

LENGTH = struct.Struct("!Q")
"""How many bytes follow, before each job and each message."""


@dataclass(frozen=True, slots=True)
class ReadJob:
    """What to do with a file: preview its first ``limit`` good rows, or give all chats, forms or rows of a table."""

    kind: Literal["preview", "chats", "submissions", "table"]
    name: str
    form: "Form"
    columns: "TableColumns"
    limit: int = 0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class LookAhead:
    """Find out format, encoding and digest of a file that is to be read next, and keep them; there is no answer."""

    name: str
    encoding: str = ""
    format: str = ""


def send_job(channel: socket.socket, job: ReadJob | LookAhead, file_descriptor: int) -> None:
    """Send a job and the open file that it is about."""
    body = pickle.dumps(job)
    socket.send_fds(channel, [LENGTH.pack(len(body))], [file_descriptor])
    channel.sendall(body)


def receive_job(channel: socket.socket) -> tuple[ReadJob | LookAhead, int] | None:
    """Wait for a job and its file; ``None`` when the other side has ended."""
    head, descriptors, _, _ = socket.recv_fds(channel, LENGTH.size, 1)
    if len(head) < LENGTH.size or not descriptors:
        return None
    body = receive_bytes(channel, LENGTH.unpack(head)[0])
    # From the program that started this process.
    job: ReadJob | LookAhead = pickle.loads(body)
    return job, descriptors[0]


def receive_bytes(channel: socket.socket, length: int) -> bytearray:
    """Receive exactly so many bytes; they are written where they stay.

    Raises:
        EOFError: the other side ended before.
    """
    received = bytearray(length)
    left = memoryview(received)
    while left:
        count = channel.recv_into(left)
        if not count:
            raise EOFError("the other side has ended")
        left = left[count:]
    return received
