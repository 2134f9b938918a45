"""Checks training files against a platform before they are uploaded, also files that somebody else wrote.

A platform says so after minutes, or trains on what it could read. Here each bad row is named by line with the reason.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.services.training.length_limits import RowLength
from core.services.training.platforms import Platform, platforms_taking
from core.services.training.row_formats import TrainingFormat, row_texts
from core.services.training.row_shapes import LIST, SHAPES, count_turns, length_of, shape_of, shape_problems
from core.services.training.training_files import ENDINGS, BadLine, files_of, has_byte_order_mark, lines_of
from core.system_errors import system_reason

MOST_NAMED = 200
"""Bad rows of a file that a report names; all are counted."""

_VALIDATION = ("val", "valid", "validation", "test", "dev", "eval")
"""Names of files for which no platform asks for a least number of rows."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A bad row.

    Attributes:
        line: on which it begins, from 1; 0 for the file as a whole.
        reason: Chinese clause.
    """

    line: int
    reason: str


@dataclass(slots=True)
class FileReport:
    """What a check found in one file.

    Attributes:
        path: of the file.
        rows: that could be read, bad ones too.
        format: of the rows; ``None`` where none could be read.
        longest: row, question and answer together; tokens are an estimate.
        problems: the first :data:`MOST_NAMED`, by line.
        bad: how many problems there are.
        remarks: what is worth knowing and stands in nobody's way, Chinese sentences.
    """

    path: Path
    rows: int = 0
    format: TrainingFormat | None = None
    longest: RowLength = RowLength(0, 0)
    problems: list[RowProblem] = field(default_factory=list)
    bad: int = 0
    remarks: list[str] = field(default_factory=list)

    def add(self, line: int, reason: str) -> None:
        """Enter a problem."""
        self.bad += 1
        if len(self.problems) < MOST_NAMED:
            self.problems.append(RowProblem(line, reason))


def check_training(place: Path, platform: Platform) -> list[FileReport]:
    """Check a training file, or all in a folder.

    Args:
        place: file or folder.
        platform: that is to train on it.

    Raises:
        InputError: there is no such file, or the folder cannot be read.
    """
    return [_check_file(path, platform) for path in files_of(place)]


def _check_file(path: Path, platform: Platform) -> FileReport:
    """What is wrong with one file; one that cannot be read is in nobody else's way."""
    report = FileReport(path)
    try:
        _check_rows(path, platform, report)
    except OSError as error:
        report.add(0, f"读不了（{system_reason(error)}），请检查文件和权限")
    return report


def _check_rows(path: Path, platform: Platform, report: FileReport) -> None:
    ending = path.suffix.lower().lstrip(".")
    if ending not in platform.files:
        report.add(0, f"{platform.title}不收 .{ending} 文件，要 {'、'.join(f'.{one}' for one in platform.files)}")
    if ending not in ENDINGS:
        return
    if "utf-8-sig" not in platform.encodings and has_byte_order_mark(path):
        report.add(1, "文件开头有字节顺序标记（BOM），多数读取器会把它当成第一个键的一部分；请另存为不带 BOM 的 UTF-8")
    for line, row in lines_of(path):
        if isinstance(row, BadLine):
            report.add(line, row.reason)
            continue
        report.rows += 1
        for reason in _problems_of_row(row, platform, report):
            report.add(line, reason)
    _check_whole(report, platform)


def _problems_of_row(row: dict[str, Any] | list[Any], platform: Platform, report: FileReport) -> Iterator[str]:
    if isinstance(row, list):
        if not any(LIST in SHAPES[one].keys for one in platform.format_names):
            yield "是一个列表，不是对象"
            return
        row = {LIST: row}
    formats = platform.format_names if report.format is None else (report.format,)
    data_format, lacking = shape_of(row, formats)
    if lacking:
        other = shape_of(row, tuple(TrainingFormat))
        known = ""
        if not other[1] and other[0] not in platform.format_names:
            takers = "、".join(one.name for one in platforms_taking(other[0]))
            known = f"，看起来是 {other[0]} 格式，收它的平台有 {takers}（--platform）"
        yield f"缺少 {'、'.join(lacking)}（{data_format} 格式要有 {'、'.join(SHAPES[data_format].keys)}）{known}"
        return
    report.format = report.format or data_format
    texts = list(row_texts(row))
    if any("\x00" in text for text in texts):
        yield "文本里有空字符（NUL），多数平台会在这里截断"
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        yield "文本里有半个表情符号（孤立的代理字符），不能写成 UTF-8"
        return
    if reasons := shape_problems(data_format, row):
        yield from reasons
        return
    for forbidden in platform.forbidden_keys:
        if any(forbidden.key in part for part in _objects_in(row)):
            yield f"有 {forbidden.key}：{forbidden.why}"
    yield from _misused_keys(row, platform)
    size = length_of(data_format, row)
    report.longest = RowLength(max(report.longest.characters, size.characters), max(report.longest.tokens, size.tokens))
    most = platform.figure("most_characters", data_format)
    if most is not None and size.characters > most:
        yield f"有 {size.characters:,} 字，{platform.title}每行最多 {most:,} 字（提问和答案合起来）"
    most = platform.figure("most_tokens", data_format)
    if most is not None and size.tokens > most:
        yield f"约 {size.tokens:,} token，{platform.title}每行最多 {most:,}"
    most = platform.figure("most_turns", data_format)
    if most is not None and (turns := count_turns(data_format, row)) > most:
        yield f"有 {turns:,} 轮对话，{platform.title}最多 {most} 轮，多出的会被截断"


def _misused_keys(row: dict[str, Any], platform: Platform) -> Iterator[str]:
    """Keys of messages of another role than they are for, or with another value than they may have."""
    for limited in platform.limited_keys:
        using = [part for part in _objects_in(row) if limited.key in part]
        if any(part.get("role") != limited.role for part in using):
            yield f"{limited.key} 只能写在 {limited.role} 的消息里"
        others = [part[limited.key] for part in using if not _is_one_of(part[limited.key], limited.values)]
        if others:
            allowed = "、".join(map(str, limited.values))
            yield f"{limited.key} 是 {json.dumps(others[0])[:20]}，{platform.title}只收 {allowed}"


def _is_one_of(value: Any, numbers: tuple[int, ...]) -> bool:
    return not isinstance(value, bool) and value in numbers


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in a value, however deep."""
    open_parts = [value]
    while open_parts:
        part = open_parts.pop()
        if isinstance(part, dict):
            yield part
            open_parts += part.values()
        elif isinstance(part, list):
            open_parts += part


def _check_whole(report: FileReport, platform: Platform) -> None:
    if not report.rows and not report.problems:
        report.add(0, "文件里一行也没有")
        return
    least = platform.figure("least_rows", report.format)
    is_training = report.path.stem.lower() not in _VALIDATION
    if least is not None and report.rows < least and is_training:
        report.add(0, f"有 {report.rows:,} 行，{platform.title}至少要 {least:,} 行")
    most = platform.figure("most_rows", report.format)
    if most is not None and report.rows > most:
        report.add(0, f"有 {report.rows:,} 行，{platform.title}最多收 {most:,} 行")
    most, size = platform.figure("most_bytes", report.format), report.path.stat().st_size
    if most is not None and size > most:
        report.add(0, f"有 {size:,} 字节，{platform.title}最多收 {most:,} 字节")
    advised = platform.figure("advised_rows", report.format)
    if advised is not None and report.rows < advised and is_training:
        report.remarks.append(f"有 {report.rows:,} 行，{platform.title}建议至少 {advised:,} 行，少了多半看不出效果")
    if unknown := platform.unknown(report.format):
        report.remarks.append(f"{platform.title}的这些数字没有查到，没有核对：{'、'.join(unknown)}")
