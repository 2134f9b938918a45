"""Strict reader of CSV files: what a quotation mark that is not closed would swallow is named with its line."""

import csv
import re
from collections.abc import Callable, Iterator
from typing import TextIO

from core.errors import InputError
from core.services.datasets.reading_limits import MAX_FIELD_CHARACTERS
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.source_file import SourceFile
from core.services.datasets.table_row import TableRow

# A cell may hold a whole chat; the csv module refuses more than 131,072 characters otherwise.
csv.field_size_limit(MAX_FIELD_CHARACTERS)

_DELIMITERS = ",\t;|"
_SAMPLE_LINES, _LINE_CHARACTERS, _SAMPLE_CHARACTERS = 30, 1 << 20, 1 << 22
_JUDGED_CHARACTERS = 20_000
# Excel's own way to name the delimiter, before the header.
_SEPARATOR = re.compile(r"\ufeff?[\"']?sep=(\\t|[^\w\"'\s]|\t)[\"']?[,;\s]*", re.IGNORECASE)
_REMEDY = "格子里有换行、逗号或双引号时，要整格用双引号括起来，里面的双引号写成两个；请用 Excel 另存为 CSV 后重试"
_SHOWN = 40


def read_csv(source: SourceFile, known_names: Callable[[list[str]], int], report: ReadingReport) -> Iterator[TableRow]:
    """The rows of a CSV file, the header among them.

    Args:
        source: an open file.
        known_names: how many names of columns a line holds; the delimiter that makes most of them is taken.
        report: is told that delimiter.

    Raises:
        InputError: a cell over several lines whose quotation marks do not match, or that is too long; named with its
            line. Where only one line is affected, the row itself says so.
    """
    with source.text() as stream:
        sample = _sample(stream)
        separator = _SEPARATOR.fullmatch(sample[0]) if sample else None
        delimiter = _delimiter(sample, known_names)
        stream.seek(0)
        start = 1
        if separator:
            delimiter = "\t" if separator[1] == "\\t" else separator[1]
            stream.readline()
            start = 2
        report.separator = delimiter
        lines = _CountedLines(stream)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        skipped = start - 1
        while True:
            lines.begin_row()
            problem = ""
            try:
                cells = next(reader, None)
            except csv.Error as error:
                problem = _problem(source.name, error, start, reader.line_num + skipped)
                cells = [lines.first_line.strip()[:_SHOWN]]
            if cells is None:
                return
            if not problem and lines.quotes % 2:
                problem = "有单独的双引号，这一格可能不完整"
            yield TableRow(start, cells, problem)
            start = reader.line_num + skipped + 1


def _problem(name: str, error: csv.Error, start: int, end: int) -> str:
    """What is wrong with a row of one line.

    Raises:
        InputError: the row has swallowed other lines, or nobody knows how much.
    """
    if "field limit" in str(error):
        raise InputError(
            f"文件 {name} 从第 {start} 行起有一格超过 {MAX_FIELD_CHARACTERS:,} 字的上限",
            "可能少了一个双引号，请用 Excel 另存为 CSV 后重试",
        ) from error
    is_open = "unexpected end" in str(error)
    if end > start:
        mismatch = f"直到第 {end} 行文件结束" if is_open else f"到第 {end} 行对不上"
        raise InputError(f"文件 {name} 第 {start} 行有一格的双引号没有成对（{mismatch}）", _REMEDY) from error
    if not is_open and "expected after" not in str(error):
        raise InputError(f"文件 {name} 第 {start} 行不是合法的 CSV（{error}）", _REMEDY) from error
    return "有一格的双引号没有结束" if is_open else "结束的双引号后面还有文字"


class _CountedLines:
    """The lines of a stream; counts the quotation marks of the row that is being read."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.quotes = 0
        self.first_line = ""

    def begin_row(self) -> None:
        """Count from here."""
        self.quotes, self.first_line = 0, ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self.quotes += line.count('"')
        self.first_line = self.first_line or line[:_JUDGED_CHARACTERS]
        return line


def _sample(stream: TextIO) -> list[str]:
    lines: list[str] = []
    left = _SAMPLE_CHARACTERS
    while len(lines) < _SAMPLE_LINES and left > 0 and (line := stream.readline(_LINE_CHARACTERS)):
        lines.append(line)
        left -= len(line)
    return lines


def _delimiter(lines: list[str], known_names: Callable[[list[str]], int]) -> str:
    """The delimiter that gives most known names on one line; else the one that stands most often in the first."""
    short = [line for line in lines if len(line) <= _JUDGED_CHARACTERS]

    def names(delimiter: str) -> int:
        return max((known_names(_split(line, delimiter)) for line in short), default=0)

    first = lines[0] if lines else ""
    return max(_DELIMITERS, key=lambda delimiter: (names(delimiter), first.count(delimiter)))


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])
