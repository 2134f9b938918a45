"""File format detection: by the name's ending, corrected by the first bytes and the first line."""

import re
from pathlib import Path
from typing import BinaryIO, TextIO

from core.errors import InputError
from core.services.datasets.file_signatures import foreign_kind
from core.services.datasets.import_types import FileFormat

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
    ".zip": FileFormat.ZIP,
}
SUFFIXES = tuple(suffix[1:] for suffix in _SUFFIXES)
"""File name endings that can be imported, without the dot."""

TEXT_FORMATS = (FileFormat.JSON, FileFormat.JSONL, FileFormat.CSV, FileFormat.TEXT)
"""Formats of texts, between which a person can choose."""

_FIRST_LINE_CHARACTERS = 1 << 20
_OPENING_CHARACTERS = 1_000
_JSON_OPENING = re.compile(r'\A\s*+(?:\{\s*+"(?:[^"\\]|\\.){0,200}"\s*+:|\[\s*+(?:[{\[]\s*+["{\[]|"))')
_OFFICE_MAGIC = b"PK\x03\x04"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_EXCEL_PARTS = (b"xl/workbook.xml", b"[Content_Types].xml")
_EXCEL_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def detect_format(file: BinaryIO, head: bytes, name: str) -> FileFormat:
    """The format by the file's name, or Excel where the first bytes are those of an Excel file.

    Args:
        file: a seekable file; its position is moved.
        head: its first bytes.
        name: the file's name as the person knows it.

    Raises:
        InputError: an unknown ending, an Excel file only by its name, or a document, picture or the like; names it.
    """
    by_suffix = _SUFFIXES.get(Path(name).suffix.lower())
    foreign = foreign_kind(file, head)
    if foreign and not (by_suffix is FileFormat.ZIP and foreign.is_archive):
        kind = f" {foreign.kind}" if foreign.kind[:1].isascii() else foreign.kind
        known = f"文件 {name} 其实是{kind}，不是聊天数据" if by_suffix else f"不认识文件 {name} 的格式：它是{kind}"
        raise InputError(known, foreign.remedy)
    if by_suffix is FileFormat.ZIP:
        if foreign is not None:
            return FileFormat.ZIP  # an archive by its own directory: the first bytes may be those of a file inside
        if head.startswith(_OFFICE_MAGIC) and any(part in head for part in _EXCEL_PARTS):
            return FileFormat.EXCEL
        if not head.startswith(_ZIP_MAGIC):
            raise InputError(f"文件 {name} 不是 ZIP 压缩包，只是用了这个后缀", "请重新压缩，或解压后导入")
        return FileFormat.ZIP
    if head.startswith(_EXCEL_MAGIC):
        # Tables sent on as ".csv" are often Excel files inside; other archives fail with a sentence when opened.
        return FileFormat.EXCEL
    if by_suffix is FileFormat.EXCEL:
        raise InputError(f"文件 {name} 不是 Excel 文件，只是用了这个后缀", "请用 Excel 打开后另存为 .xlsx 或 .csv")
    if by_suffix is None:
        raise InputError(f"不认识文件 {name} 的格式", f"可以导入 {'、'.join(SUFFIXES)} 文件")
    return by_suffix


def require_format(file: BinaryIO, head: bytes, name: str, chosen: str) -> FileFormat:
    """The format that a person chose, if a text can be read so.

    Args:
        file: a seekable file; its position is moved.
        head: its first bytes.
        name: the file's name as the person knows it.
        chosen: JSON, JSONL, CSV or TXT, in any case.

    Raises:
        InputError: no such format, or the file is no text.
    """
    by_name = {one.upper(): one for one in TEXT_FORMATS}
    wanted_format = by_name.get(chosen.strip().upper())
    if wanted_format is None:
        raise InputError(f"不认识格式「{chosen[:20]}」", f"可以写 {'、'.join(TEXT_FORMATS)}")
    if head.startswith(_EXCEL_MAGIC) or foreign_kind(file, head):
        # What it is says the usual way; an Excel file or an archive has one way to be read.
        actual = detect_format(file, head, name)
        raise InputError(f"文件 {name} 是 {actual} 文件，不能按 {wanted_format} 读", "请不指明格式，由程序识别")
    return wanted_format


def is_json_text(stream: TextIO) -> bool:
    """Whether a text that is not named so is JSON: an object, or a list of objects, lists or strings.

    Args:
        stream: the text from its start.
    """
    return _JSON_OPENING.match(stream.read(_OPENING_CHARACTERS).lstrip("\ufeff")) is not None


def is_json_lines(stream: TextIO) -> bool:
    """Whether a JSON text is one object per line: such files often end in ``.json``; the first two lines tell.

    Args:
        stream: the text from its start; only a line feed ends a line.
    """
    objects = 0
    while objects < 2 and (line := stream.readline(_FIRST_LINE_CHARACTERS)):
        if stripped := line.strip():
            # A whole array may stand on one line of any length: its first character is enough.
            if stripped[0] != "{":
                return False
            while not line.endswith("\n") and (more := stream.readline(_FIRST_LINE_CHARACTERS)):
                # Only the end counts: a line of any length is not kept.
                line = line[-1:] + more
            if not line.rstrip().endswith("}"):
                return objects > 0
            objects += 1
    return objects > 1


def is_whole_json(stream: TextIO) -> bool:
    """Whether a text named as one object per line is a JSON text over several lines: its first line opens it.

    Args:
        stream: the text from its start.
    """
    while line := stream.readline(_FIRST_LINE_CHARACTERS):
        if stripped := line.lstrip("\ufeff").strip():
            return stripped[0] == "[" or stripped[0] == "{" and stripped[-1] in "{["
    return False
