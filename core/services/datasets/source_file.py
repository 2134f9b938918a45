"""Opening a file from outside: what format it has, how its text is encoded, and one sentence if it cannot be read."""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from core.errors import InputError
from core.services.datasets.import_types import FileFormat

_CHUNK = 1 << 20
_SUFFIXES = {
    ".json": FileFormat.JSON,
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".xlsx": FileFormat.EXCEL,
    ".xlsm": FileFormat.EXCEL,
    ".xls": FileFormat.EXCEL,
    ".txt": FileFormat.TEXT,
}
SUFFIXES = tuple(suffix[1:] for suffix in _SUFFIXES)
"""File name endings that can be imported, without the dot."""

_EXCEL_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENCODING_REMEDY = "请用记事本或 Excel 另存为 UTF-8 后重试"
# Chinese text is nearly all everyday characters (first level of GB 2312); other encodings read as GBK are not.
_EVERYDAY_SHARE = 0.85
_HANZI = re.compile("[\u4e00-\u9fff]")


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
        names = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8（带 BOM）", "gb18030": "GBK / GB18030"}
        return names.get(self.encoding, self.encoding.upper())

    @contextmanager
    def text(self, newline: str | None = "") -> Iterator[TextIOWrapper]:
        """The file from its start as text, ``newline`` as for :func:`open`; the file itself stays open."""
        self.file.seek(0)
        stream = TextIOWrapper(self.file, encoding=self.encoding, newline=newline)
        try:
            yield stream
        finally:
            # A generator that was left in its middle may end after the file.
            if not self.file.closed:
                stream.detach()


@contextmanager
def open_source(source: Path | BinaryIO, filename: str) -> Iterator[SourceFile]:
    """Open a file, find out its format and encoding; a file object that was handed in stays open.

    Args:
        source: a path, or a seekable binary file.
        filename: its name as the person knows it; decides the format.

    Raises:
        InputError: missing, unreadable, empty, unknown format or unknown encoding.
    """
    if not isinstance(source, Path):
        yield _inspect(source, filename)
        return
    try:
        file = source.open("rb")
    except FileNotFoundError as error:
        raise InputError(f"找不到文件 {filename}", "请检查路径") from error
    except IsADirectoryError as error:
        raise InputError(f"{filename} 是文件夹", "请选择其中的文件") from error
    except OSError as error:
        raise InputError(f"打不开文件 {filename}（{error.strerror}）", "请检查文件权限") from error
    with file:
        yield _inspect(file, filename)


def _inspect(file: BinaryIO, name: str) -> SourceFile:
    file.seek(0)
    digest, size, head = sha256(), 0, b""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    bad_line = 0
    lines = 1
    while chunk := file.read(_CHUNK):
        head = head or chunk
        digest.update(chunk)
        if not bad_line:
            try:
                utf8.decode(chunk)
            except UnicodeDecodeError as error:
                bad_line = lines + chunk[: max(0, error.start)].count(b"\n")
        size += len(chunk)
        lines += chunk.count(b"\n")
    if not bad_line:
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            bad_line = lines
    if not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"):
        raise InputError(f"文件 {name} 是空的", "请选择有内容的文件")
    form = _format(head, name)
    encoding = "" if form is FileFormat.EXCEL else _encoding(file, head, name, bad_line)
    if form is FileFormat.JSON:
        form = _json_or_lines(SourceFile(file, name, size, "", form, encoding))
    file.seek(0)
    return SourceFile(file, name, size, digest.hexdigest(), form, encoding)


def _format(head: bytes, name: str) -> FileFormat:
    found = _SUFFIXES.get(Path(name).suffix.lower())
    if head.startswith(_EXCEL_MAGIC):
        # Tables sent on as ".csv" are often Excel files inside; other archives fail with a sentence when opened.
        return FileFormat.EXCEL
    if found is FileFormat.EXCEL:
        raise InputError(f"文件 {name} 不是 Excel 文件，只是用了这个后缀", "请用 Excel 打开后另存为 .xlsx 或 .csv")
    if found is None:
        raise InputError(f"不认识文件 {name} 的格式", f"可以导入 {'、'.join(SUFFIXES)} 文件")
    return found


def _encoding(file: BinaryIO, head: bytes, name: str, bad_line: int) -> str:
    """Strict trial in the order of certainty: mark, UTF-8, UTF-16 by its NULs, GB 18030 by its everyday characters."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if encoding == "utf-8-sig" and bad_line:
                raise InputError(f"文件 {name} 第 {bad_line} 行有不是 UTF-8 的字节", _ENCODING_REMEDY)
            if encoding != "utf-8-sig" and not _decodes(file, encoding):
                raise InputError(f"文件 {name} 标明是 {encoding.upper()}，但内容不是", _ENCODING_REMEDY)
            return encoding
    wide = _wide(head)
    if wide and _decodes(file, wide):
        return wide
    if not bad_line:
        return "utf-8"
    if _decodes(file, "gb18030"):
        share = _everyday_share(head)
        if share is not None and share >= _EVERYDAY_SHARE:
            return "gb18030"
        raise InputError(f"认不出文件 {name} 的文字编码（不是 UTF-8、UTF-16 或 GBK）", _ENCODING_REMEDY)
    raise InputError(f"文件 {name} 第 {bad_line} 行有不是 UTF-8 的字节，也不是 GBK", _ENCODING_REMEDY)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every ASCII character (a line end at least) leaves a NUL on one side."""
    sample = head[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if even == odd == 0:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be" if even > odd else ""


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _everyday_share(head: bytes) -> float | None:
    """Share of everyday characters among the Chinese ones; low where Big5 or Shift JIS was read as GBK."""
    hanzi = _HANZI.findall(head[:65536].decode("gb18030", "ignore"))
    if not hanzi:
        return None
    return sum(map(_is_everyday, hanzi)) / len(hanzi)


def _is_everyday(char: str) -> bool:
    """Whether it is of the first level of GB 2312: 3,755 characters with lead bytes B0 to D7."""
    code = char.encode("gb18030")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1


def _json_or_lines(source: SourceFile) -> FileFormat:
    """Files of one object per line often end in ``.json``: told by a first line that is a whole object."""
    with source.text(newline="\n") as stream:
        while line := stream.readline(_CHUNK):
            if stripped := line.strip():
                # A whole array may stand on one line of any length: its first character is enough.
                if stripped[0] != "{":
                    return FileFormat.JSON
                rest = "" if line.endswith("\n") else stream.readline()
                return FileFormat.JSONL if (stripped + rest).rstrip().endswith("}") else FileFormat.JSON
    return FileFormat.JSON
