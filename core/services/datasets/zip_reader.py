"""Reader of ZIP archives: the chats of every file inside, one after the other; what is left out is named."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain, islice
from pathlib import PurePosixPath

from core.errors import InputError
from core.services.datasets.file_format import SUFFIXES
from core.services.datasets.import_types import FileKind, RawRow
from core.services.datasets.member_parts import MemberParts
from core.services.datasets.reading_limits import MAX_MEMBER_MB, MAX_MEMBERS, MAX_UNPACKED_MB
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.row_validation import detect_file_kind
from core.services.datasets.source_file import SourceFile, open_source

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
_SYSTEM = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_DIGITS = re.compile(r"(\d+)")
_NAMED = 100
_PEEK = 50

ReadMember = Callable[[SourceFile, ReadingReport], Iterator[RawRow]]


def read_zip(source: SourceFile, read_member: ReadMember, report: ReadingReport) -> Iterator[RawRow]:
    """Read the rows of all files in an archive, numbered on; files in the order of their names.

    Args:
        source: an open archive.
        read_member: reads the rows of one file.
        report: gets what was read and what was left out, file by file.

    Raises:
        InputError: no archive, too big, or without any chats.
    """
    source.file.seek(0)
    try:
        archive = zipfile.ZipFile(source.file)
    except _BROKEN as error:
        raise InputError(f"文件 {source.name} 不是完整的 ZIP 压缩包", "请重新取得，或解压后分别导入") from error
    with archive:
        members = sorted((one for one in archive.infolist() if not one.is_dir()), key=_natural_order)
        _require_fitting(source.name, members)
        yield from _rows(archive, members, read_member, report, source.name)


def _rows(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    read_member: ReadMember,
    report: ReadingReport,
    archive_name: str,
) -> Iterator[RawRow]:
    counts: list[tuple[str, int]] = []
    left_out: dict[str, list[str]] = {}
    position = unpacked = 0
    parts = MemberParts(report)
    for member in members:
        name = _name(member)
        why = _why_not(member, name)
        data = b""
        if not why:
            try:
                with archive.open(member) as stream:
                    data = stream.read((MAX_MEMBER_MB << 20) + 1)
            except _BROKEN:
                why = "读不出来，可能已损坏"
        unpacked += len(data)
        if len(data) > MAX_MEMBER_MB << 20:
            why = f"解压后超过 {MAX_MEMBER_MB} MB"
        if unpacked > MAX_UNPACKED_MB << 20:
            raise _too_big(archive_name)
        if why:
            left_out.setdefault(why, []).append(name)
            continue
        inner = ReadingReport()
        count = 0
        try:
            for row in _member_rows(data, name, read_member, inner):
                count += 1
                for whole in parts.take(row._replace(file=name)):
                    position += 1
                    yield whole._replace(position=position)
        except InputError as error:
            left_out.setdefault(f"{error.message}；{error.remedy}".rstrip("；"), []).append(name)
        counts.append((name, count))
        report.messages += inner.messages
        report.joined = inner.joined or report.joined
        report.notes += [f"{name}：{note}" for note in inner.notes]
    for whole in parts.rest():
        position += 1
        yield whole._replace(position=position)
    read = [f"{name}（{count:,} 条）" for name, count in counts if count]
    report.note(f"压缩包里读了 {{}} 个文件：{_listed(read)}", len(read))
    for why, names in left_out.items():
        report.note(f"压缩包里有 {{}} 个文件没有读：{_listed(names)}（{why}）", len(names))
    if not position:
        reasons = "；".join(f"{_listed(names)}：{why}" for why, names in left_out.items())
        raise InputError(f"压缩包 {archive_name} 里没有能导入的群聊", reasons or "压缩包是空的")


def _member_rows(data: bytes, name: str, read_member: ReadMember, report: ReadingReport) -> Iterator[RawRow]:
    """The rows of a file in the archive."""
    with open_source(BytesIO(data), name) as source:
        rows = iter(read_member(source, report))
        head = list(islice(rows, _PEEK))
        if detect_file_kind(head) is FileKind.SUBMISSION:
            raise InputError("只有 infos，没有聊天文本", "请单独作为抽取任务导入")
        # Their own numbers, which other files have too, do not count; the pass says so.
        yield from chain(head, rows)


def _why_not(member: zipfile.ZipInfo, name: str) -> str:
    """Why a file in the archive is not read, a Chinese clause; ``""`` where it is."""
    if _SYSTEM.search(name):
        return "系统文件"
    suffix = PurePosixPath(name).suffix.lower().lstrip(".")
    if suffix == "zip":
        return "压缩包里的压缩包，请解开后导入"
    if suffix not in SUFFIXES:
        return "不是能导入的格式"
    if member.flag_bits & _ENCRYPTED:
        return "有密码"
    return ""


def _require_fitting(name: str, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise InputError(
            f"压缩包 {name} 里有 {len(members):,} 个文件，超过 {MAX_MEMBERS:,} 个的上限", "请分成几个压缩包"
        )
    readable = [one for one in members if not _why_not(one, _name(one))]
    if sum(one.file_size for one in readable) > MAX_UNPACKED_MB << 20:
        raise _too_big(name)


def _too_big(name: str) -> InputError:
    return InputError(f"压缩包 {name} 解压后超过 {MAX_UNPACKED_MB} MB 的上限", "请分成几个压缩包")


def _name(member: zipfile.ZipInfo) -> str:
    """The name of a file in the archive; Windows writes Chinese names as GBK without saying so."""
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _natural_order(member: zipfile.ZipInfo) -> list[tuple[int, str]]:
    """2.txt before 10.txt."""
    return [
        (int(part), "") if part.isdigit() and len(part) < 20 else (-1, part) for part in _DIGITS.split(_name(member))
    ]


def _listed(names: list[str]) -> str:
    more = f" 等 {len(names):,} 个" if len(names) > _NAMED else ""
    return "、".join(name[-60:] for name in names[:_NAMED]) + more
