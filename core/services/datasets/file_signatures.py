"""Says what a file really is, by its first bytes or by what lies in its archive: Word, PDF, picture and so on."""

import zipfile
import zlib
from typing import BinaryIO, NamedTuple

_OPEN_AND_SAVE = "请打开后把聊天文字另存为 .txt（或整理成 .xlsx、.csv）再导入"
_UNPACK = "请先解压，再导入里面的文件"
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "PDF 文档", _OPEN_AND_SAVE),
    (b"\x89PNG\r\n", "图片（PNG）", "图片里的文字读不出来，请导出聊天的文字"),
    (b"\xff\xd8\xff", "图片（JPEG）", "图片里的文字读不出来，请导出聊天的文字"),
    (b"GIF87a", "图片（GIF）", "图片里的文字读不出来，请导出聊天的文字"),
    (b"GIF89a", "图片（GIF）", "图片里的文字读不出来，请导出聊天的文字"),
    (b"II*\x00", "图片（TIFF）", "图片里的文字读不出来，请导出聊天的文字"),
    (b"MM\x00*", "图片（TIFF）", "图片里的文字读不出来，请导出聊天的文字"),
    (b"{\\rtf", "RTF 文档", _OPEN_AND_SAVE),
    (b"Rar!", "压缩包（RAR）", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "压缩包（7z）", _UNPACK),
    (b"\x1f\x8b\x08", "压缩包（gzip）", _UNPACK),
    (b"BZh", "压缩包（bzip2）", _UNPACK),
    (b"\xfd7zXZ\x00", "压缩包（xz）", _UNPACK),
    (b"SQLite format 3\x00", "SQLite 数据库", "请用导出工具把聊天导出成 .csv、.xlsx 或 .txt"),
    (b"<?xml", "XML 文件", "请用导出工具把聊天导出成 .csv、.xlsx 或 .txt"),
    (b"PAR1", "Parquet 数据文件", "请转成 .csv、.jsonl 或 .xlsx 后导入"),
    (b"ID3", "音频（MP3）", "请先转写成文字"),
    (b"OggS", "音频（Ogg）", "请先转写成文字"),
    (b"#!AMR", "音频（AMR）", "请先转写成文字"),
    (b"\x02#!SILK", "音频（微信语音）", "请先转写成文字"),
    (b"\x7fELF", "程序", "请选择聊天文件"),
    (b"MZ\x90", "程序", "请选择聊天文件"),
)
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What stands in the archive of a document → what it is; an Excel file or a spreadsheet is read.
_IN_ZIP: tuple[tuple[str, str], ...] = (
    ("word/", "Word 文档"),
    ("ppt/", "PowerPoint 演示文稿"),
    ("visio/", "Visio 图"),
    ("Index/Document.iwa", "Numbers、Pages 或 Keynote 文档"),
    ("Index.zip", "Numbers、Pages 或 Keynote 文档"),
    ("META-INF/container.xml", "电子书（EPUB）"),
    ("AndroidManifest.xml", "安卓安装包"),
)
_MIME: tuple[tuple[bytes, str], ...] = (
    (b"opendocument.text", "文字文档（ODT）"),
    (b"opendocument.presentation", "演示文稿（ODP）"),
    (b"epub", "电子书（EPUB）"),
)
_IN_OLE: tuple[tuple[str, str], ...] = (
    ("Workbook", ""),
    ("Book", ""),
    ("EncryptedPackage", ""),
    ("WordDocument", "Word 文档（.doc）"),
    ("PowerPoint Document", "PowerPoint 演示文稿（.ppt）"),
    ("__properties_version1.0", "Outlook 邮件（.msg）"),
    ("VisioDocument", "Visio 图"),
)
_ARCHIVE = "压缩包（ZIP）"
_OLE_BYTES = 1 << 26


class Foreign(NamedTuple):
    """What a file is, and what to do with it; ``is_archive``: a ZIP that holds no document of a known kind."""

    kind: str
    remedy: str
    is_archive: bool = False


def foreign_kind(file: BinaryIO, head: bytes) -> Foreign | None:
    """What a file is that holds no chats to read, and what to do; ``None`` where it may be read.

    Args:
        file: an open file; its position is moved.
        head: its first bytes.
    """
    for magic, kind, remedy in _SIGNATURES:
        if head.startswith(magic):
            return Foreign(kind, remedy)
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        kind = {b"WEBP": "图片（WebP）", b"WAVE": "音频（WAV）"}.get(head[8:12], "视频（AVI）")
        return Foreign(kind, "请导出聊天的文字")
    if head[4:8] == b"ftyp":
        return Foreign("视频、音频或 HEIC 图片", "请导出聊天的文字")
    if head[:2] == b"BM" and len(head) > 14 and head[6:10] == b"\x00\x00\x00\x00":
        return Foreign("图片（BMP）", "图片里的文字读不出来，请导出聊天的文字")
    plain = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if plain.startswith((b"<!doctype html", b"<html")) or plain.startswith(b"<") and b"<html" in plain:
        return Foreign("网页（HTML）", "请用 Excel 或浏览器打开，另存为 .xlsx、.csv 或 .txt 后导入")
    if head.startswith(_ZIP):
        kind = _zip_kind(file)
        if kind == _ARCHIVE:
            return Foreign(kind, "请把后缀改成 .zip，或解压后导入", is_archive=True)
        return Foreign(kind, _OPEN_AND_SAVE) if kind else None
    if head.startswith(_OLE):
        kind = _ole_kind(file)
        return Foreign(kind, _OPEN_AND_SAVE) if kind else None
    return None


def _zip_kind(file: BinaryIO) -> str:
    """What an archive is; ``""`` for a workbook, and for one that is broken: who opens it says how."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            mime = archive.read("mimetype")[:100] if "mimetype" in names and _small(archive, "mimetype") else b""
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError):
        return ""
    if any(name.startswith("xl/") for name in names) or b"opendocument.spreadsheet" in mime:
        return ""
    for part, kind in _MIME:
        if part in mime:
            return kind
    for place, kind in _IN_ZIP:
        if any(name.startswith(place) or name.endswith(f"/{place}") for name in names):
            return kind
    return _ARCHIVE


def _small(archive: zipfile.ZipFile, name: str) -> bool:
    return archive.getinfo(name).file_size < 1_000


def _ole_kind(file: BinaryIO) -> str:
    """What a document of old Office is, by the names of its streams; ``""`` for a workbook and for the unknown."""
    file.seek(0)
    content = file.read(_OLE_BYTES)
    return next((kind for name, kind in _IN_OLE if name.encode("utf-16-le") + b"\x00\x00" in content), "")
