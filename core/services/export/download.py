"""Exports for download: built in a temporary folder, then returned as bytes; folders are zipped."""

import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import ExportError
from core.places import COMMAND
from core.services.export.export_result import ExportResult
from core.services.export.file_names import refuse_path
from core.system_errors import system_reason

LIMIT = 300 * 1024 * 1024
"""Bytes that a page hands to a browser: they are held in memory until it has them."""

# Nothing in a ZIP may depend on when it was made.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Download:
    """A finished export in memory.

    Attributes:
        name: suggested file name.
        data: the file.
        report: of the export; its ``out`` is gone.
    """

    name: str
    data: bytes
    report: ExportResult


def download(name: str, make: Callable[[Path], ExportResult]) -> Download:
    """Run an export and return its file in memory.

    Args:
        name: file name, or the name of a folder (which becomes ``name.zip``).
        make: writes to the path that it is given, and reports.

    Raises:
        ExportError: from ``make``, it is too large for a browser, or ``name`` is a path.
    """
    refuse_path(name)
    try:
        with tempfile.TemporaryDirectory(prefix="shiyao-export-") as folder:
            path = Path(folder) / name
            report = make(path)
            if path.is_dir():
                path = _zip(path)
            if path.stat().st_size > LIMIT:
                raise ExportError(
                    f"这个文件有 {path.stat().st_size / 1e6:,.0f} MB，太大，不能从网页下载",
                    f"请在命令行用 {COMMAND} export 导出",
                )
            return Download(path.name, path.read_bytes(), report)
    except OSError as error:
        raise ExportError(f"写不进临时文件夹（{system_reason(error)}）", "请检查服务器的磁盘空间后重试") from error


def _zip(folder: Path) -> Path:
    target = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as copy:
                while block := source.read(1 << 20):
                    copy.write(block)
    return target
