"""Files that appear whole or not at all: written beside their target, checked, then moved into place."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import ExportError
from core.system_errors import system_reason

# Nothing that is exported holds itself, and looking for that takes a tenth of the time.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_BUFFER = 1 << 20


class PendingFile:
    """A file under construction beside its target; made by :func:`pending_file`."""

    def __init__(self, target: Path, file: IO[bytes]) -> None:
        self.target = target
        self.path = Path(file.name)
        self._file = file

    def write(self, text: str) -> None:
        """Append text as UTF-8."""
        self._file.write(text.encode("utf-8"))

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Append bytes."""
        self._file.write(data)

    def finish(self) -> None:
        """Flush everything to the disk and close the file, so that it can be read back."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def publish(self) -> None:
        """Move the finished file into place."""
        os.replace(self.path, self.target)


def require_replaceable(target: Path) -> None:
    """Refuse a target that a file must not take the place of: a device, a pipe, a socket, a link to one, a folder.

    Raises:
        ExportError: there is something else than a regular file.
        OSError: it cannot be looked at.
    """
    if target.is_dir():
        raise ExportError(f"{target} 是一个文件夹", "请写明文件名")
    # What /dev/stdout points at may be a file; the link is the machine's all the same.
    link_of_machine = target.is_symlink() and target.parent.resolve() == Path("/dev")
    if link_of_machine or (target.exists() and not target.is_file()):
        raise ExportError(f"{target} 不是普通文件（是设备、管道之类），没有写入", "请换一个文件名")


@contextmanager
def pending_file(target: Path) -> Iterator[PendingFile]:
    """A file under construction that is removed at the end unless it is published.

    Raises:
        ExportError: the target is no regular file, the folder cannot be written, the disk is full, or a text cannot be
            stored as UTF-8.
    """
    path: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        require_replaceable(target)
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", suffix=".partial", delete=False, buffering=_BUFFER
        ) as file:
            path = Path(file.name)
            # It is for its owner alone, and stays so when it is published: it holds personal data.
            yield PendingFile(target, file)
    except UnicodeEncodeError as error:
        raise ExportError("有文本含不成对的代理字符，不能存为 UTF-8", "请先修正导入的数据") from error
    except OSError as error:
        raise ExportError(f"写不了 {target}（{system_reason(error)}）", "请检查路径、权限和磁盘空间") from error
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


class HashingReader:
    """Reads a file once, for its content, its size and its sha256."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self._hash.update(data)
        self.size += len(data)
        return data

    def read_to_end(self) -> None:
        """Read to the end, so that the hash is of the whole file."""
        while self.read(1 << 20):
            pass

    def sha256(self) -> str:
        """Digest of what was read so far, hexadecimal."""
        return self._hash.hexdigest()


def file_digest(path: Path) -> tuple[str, int]:
    """sha256 (hexadecimal) and size in bytes of a file."""
    with path.open("rb") as file:
        reader = HashingReader(file)
        reader.read_to_end()
        return reader.sha256(), reader.size


def fingerprint(value: Any) -> bytes:
    """A digest of any JSON value, order of keys included; equal for what was meant and what is read back."""
    return hashlib.blake2b(_encode(value).encode(), digest_size=16).digest()


def mismatch_error(name: str, place: str = "") -> ExportError:
    """The error for a file that reads back differently from what was written."""
    where = f"（{place}）" if place else ""
    return ExportError(f"{name}读回后与应有的内容不一致{where}，已放弃导出", "请重试；再次出现请把日志交给工程师")


def compare_rows(rows: Iterable[list[str]], fingerprints: Sequence[bytes], name: str) -> None:
    """Compare the rows of a table that was read back with what was written.

    Args:
        rows: cells of each row.
        fingerprints: of the rows that were written.
        name: of the file, for the message.

    Raises:
        ExportError: a row differs, is missing or is one too many.
    """
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > len(fingerprints) or fingerprint(row) != fingerprints[count - 1]:
            raise mismatch_error(name, f"第 {count} 行")
    if count != len(fingerprints):
        raise mismatch_error(name, f"应有 {len(fingerprints):,} 行，读到 {count:,} 行")
