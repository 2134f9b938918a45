"""Opening a file to import: its format, encoding, size and digest, or one sentence why it cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from core.errors import InputError
from core.services.datasets.encoding import CHUNK_BYTES, Utf8Check, detect_encoding, require_encoding
from core.services.datasets.file_format import detect_format, is_json_lines, is_json_text, is_whole_json, require_format
from core.services.datasets.import_types import FileFormat
from core.system_errors import system_reason


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An open file. ``encoding`` is Python's name, ``""`` for Excel; ``size`` in bytes, ``sha256`` of the bytes."""

    file: BinaryIO
    name: str
    size: int
    sha256: str
    format: FileFormat
    encoding: str

    @property
    def encoding_label(self) -> str:
        """The encoding as a person names it."""
        names = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8（带 BOM）", "gb18030": "GBK / GB18030", "big5": "Big5（繁体）"}
        return names.get(self.encoding, self.encoding.upper())

    @contextmanager
    def text(self, newline: str | None = "") -> Iterator[TextIOWrapper]:
        """The file from its start as text, ``newline`` as for Python's ``open``; the file itself stays open."""
        self.file.seek(0)
        stream = TextIOWrapper(self.file, encoding=self.encoding, newline=newline)
        try:
            yield stream
        finally:
            # A generator that was left in its middle may end after the file.
            if not self.file.closed:
                stream.detach()


@contextmanager
def open_source(file: BinaryIO, filename: str, encoding: str = "", file_format: str = "") -> Iterator[SourceFile]:
    """Detect the format and encoding of an open file; the file stays open.

    Args:
        file: a seekable binary file.
        filename: its name as the person knows it; decides the format.
        encoding: as a person chose it; ``""``: it is found out.
        file_format: of a text, as a person chose it (JSON, JSONL, CSV, TXT); ``""``: it is found out.

    Raises:
        InputError: empty, unknown format or unknown encoding.
    """
    yield _inspect(file, filename, encoding, file_format)


def open_path(path: Path, filename: str) -> BinaryIO:
    """Open a file that a person named.

    Args:
        path: where it is.
        filename: its name, for messages.

    Raises:
        InputError: missing, a folder or a device, or not readable.
    """
    try:
        # A device or a pipe has no end, or lets whoever opens it wait for ever.
        if not path.is_dir() and path.exists() and not path.is_file():
            raise InputError(f"{filename} 不是普通文件", "请先存成文件再导入")
        return path.open("rb")
    except FileNotFoundError as error:
        raise InputError(f"找不到文件 {filename}", "请检查路径") from error
    except IsADirectoryError as error:
        raise InputError(f"{filename} 是文件夹", "请选择其中的文件") from error
    except OSError as error:
        raise InputError(f"打不开文件 {filename}（{system_reason(error)}）", "请检查文件权限") from error


def _inspect(file: BinaryIO, name: str, chosen_encoding: str, chosen_format: str) -> SourceFile:
    file.seek(0)
    digest, size, head = sha256(), 0, b""
    utf8 = Utf8Check()
    while chunk := file.read(CHUNK_BYTES):
        head = head or chunk
        digest.update(chunk)
        utf8.feed(chunk)
        size += len(chunk)
    utf8.finish()
    if not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"):
        raise InputError(f"文件 {name} 是空的", "请选择有内容的文件")
    file_format = require_format(file, head, name, chosen_format) if chosen_format else detect_format(file, head, name)
    if file_format in (FileFormat.EXCEL, FileFormat.ZIP):
        encoding = ""
    elif chosen_encoding:
        encoding = require_encoding(file, head, name, chosen_encoding)
    else:
        encoding = detect_encoding(file, head, name, utf8.bad_line)
    source = SourceFile(file, name, size, digest.hexdigest(), file_format, encoding)
    if file_format is FileFormat.TEXT and not chosen_format:
        with source.text(newline="\n") as stream:
            if is_json_text(stream):
                file_format = FileFormat.JSON
                source = replace(source, format=file_format)
    if file_format in (FileFormat.JSON, FileFormat.JSONL) and not chosen_format:
        other = FileFormat.JSONL if file_format is FileFormat.JSON else FileFormat.JSON
        with source.text(newline="\n") as stream:
            if is_json_lines(stream) if other is FileFormat.JSONL else is_whole_json(stream):
                source = replace(source, format=other)
    file.seek(0)
    return source
