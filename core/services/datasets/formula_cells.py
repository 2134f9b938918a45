"""Finds formulas of an .xlsx without a stored result, and errors (#N/A): they read as empty cells, and are none."""

import re
import zipfile

from core.services.datasets.sheet_reader import column_number, sheet_parts
from core.services.datasets.source_file import SourceFile

# A cell with a formula and no value, or an empty one; lengths are bounded, so it stays linear.
_UNCALCULATED = re.compile(
    rb"""<(?:\w{1,20}:)?c\s[^<>]{0,200}?\br=["']([A-Za-z]{1,3})(\d{1,7})["'][^<>]{0,200}(?<!/)>\s{0,9}"""
    rb"""<(?:\w{1,20}:)?f\b[^<>]{0,200}(?:/>|>[^<>]{0,60000}</(?:\w{1,20}:)?f>)\s{0,9}"""
    rb"""(?:<(?:\w{1,20}:)?v\s{0,9}/>|<(?:\w{1,20}:)?v>\s{0,9}</(?:\w{1,20}:)?v>)?\s{0,9}</(?:\w{1,20}:)?c>"""
)
_ERROR = re.compile(rb"""<(?:\w{1,20}:)?c\s([^<>]{0,200}?\bt=["']e["'][^<>]{0,200})(?<!/)>""")
_PLACE = re.compile(rb"""\br=["']([A-Za-z]{1,3})(\d{1,7})["']""")
_COMMENTS = re.compile(r"xl/(?:comments/)?comments?\d{0,5}\.xml")
_COMMENT = re.compile(rb"<(?:\w{1,20}:)?comment\s")
_COMMENT_OVERLAP = 8
_CHUNK, _OVERLAP = 1 << 20, 70_000


def count_comments(source: SourceFile) -> int:
    """Number of comments beside the cells of all sheets; 0 for an old .xls."""
    before = source.file.tell()
    source.file.seek(0)
    count = 0
    try:
        with zipfile.ZipFile(source.file) as archive:
            for name in filter(_COMMENTS.fullmatch, archive.namelist()):
                with archive.open(name) as content:
                    tail = b""
                    while chunk := content.read(_CHUNK):
                        window = tail + chunk
                        count += len(_COMMENT.findall(window))
                        tail = window[-_COMMENT_OVERLAP:] if len(chunk) == _CHUNK else b""
    except zipfile.BadZipFile:
        return 0
    finally:
        source.file.seek(before)
    return count


def uncalculated_cells(source: SourceFile, sheet: str) -> dict[int, list[int]]:
    """Columns, from 0, of formulas without a stored result and of errors, by line, from 1; empty for an old .xls."""
    by_line: dict[int, set[int]] = {}
    before = source.file.tell()
    source.file.seek(0)
    try:
        with zipfile.ZipFile(source.file) as archive:
            part = dict(sheet_parts(archive)).get(sheet)
            if part is None:
                return {}
            tail = b""
            with archive.open(part) as content:
                while chunk := content.read(_CHUNK):
                    window = tail + chunk
                    errors = (place.groups() for one in _ERROR.findall(window) if (place := _PLACE.search(one)))
                    for column, line in (*_UNCALCULATED.findall(window), *errors):
                        by_line.setdefault(int(line), set()).add(column_number(column) - 1)
                    tail = window[-_OVERLAP:]
    except zipfile.BadZipFile:
        return {}
    finally:
        source.file.seek(before)
    return {line: sorted(columns) for line, columns in by_line.items()}
