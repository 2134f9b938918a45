"""The files of a training set: written into a folder, read back and compared before the folder is published.

A set is ``train.jsonl``, with a validation part ``val.jsonl``, for LLaMA-Factory ``dataset_info.json`` with what one
needs to train and serve on one's own machine (``local_tuning``), a card for Hugging Face (``set_card``), and
``manifest.json`` with every choice, count, digest and the provenance of each distinct row. The same choices over the
same data give the same bytes.
"""

import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from core.domain.form import Form
from core.domain.replies import parse_reply
from core.errors import ExportError
from core.private_files import private_folder, private_opener
from core.services.export.atomic_file import (
    HashingReader,
    PendingFile,
    fingerprint,
    mismatch_error,
    pending_file,
    require_replaceable,
)
from core.services.export.dataset_card import require_own_card
from core.services.export.export_result import ExportResult
from core.services.training.arrange import Arrangement
from core.services.training.local_tuning import GUIDE_FILE, MODEL_FILE, TRAIN_FILE, local_files
from core.services.training.row_formats import (
    TrainingFormat,
    check_info,
    check_row,
    dataset_info,
    rejected_of,
    target_of,
)
from core.services.training.rows import SpooledRow
from core.services.training.set_card import CARD, has_card, set_card
from core.system_errors import system_reason

TRAIN, VALIDATION, INFO, MANIFEST = "train.jsonl", "val.jsonl", "dataset_info.json", "manifest.json"
FILE_NAMES = (TRAIN, VALIDATION, INFO, TRAIN_FILE, MODEL_FILE, GUIDE_FILE, CARD, MANIFEST)
"""Every file that a set may have."""


@contextmanager
def temporary_folder_beside(out: Path) -> Iterator[Path]:
    """A temporary folder beside ``out``, removed at the end.

    Raises:
        ExportError: ``out`` is a file, or its folder cannot be written.
    """
    try:
        if out.exists() and not out.is_dir():
            raise ExportError(f"{out} 是一个文件", "训练集是一个文件夹，请换一个名字")
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".partial"))
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = system_reason(error) if isinstance(error, OSError) else "名称里有不能用的字符"
        raise ExportError(f"写不了 {out}（{reason}）", "请检查路径、权限和磁盘空间") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_files(
    folder: Path,
    spool: PendingFile,
    arrangement: Arrangement,
    data_format: TrainingFormat,
    parameters: dict[str, Any],
    counts: Mapping[str, int],
    out: Path,
    form: Form,
) -> ExportResult:
    """Write all files of a set from its spool, each read back and compared.

    Args:
        folder: where they are written.
        spool: the rows.
        arrangement: their order.
        data_format: of the rows.
        parameters: every choice.
        counts: of the set.
        out: where the files are to be published.
        form: the whole form of the datasets.

    Raises:
        ExportError: the disk is full, or a file reads back differently.
    """
    parts = {TRAIN: arrangement.order, **({VALIDATION: arrangement.validation} if arrangement.validation else {})}
    with spool.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as source:
        digests = {name: _write_part(folder / name, rows, source, data_format) for name, rows in parts.items()}
    contents: dict[str, Any] = {}
    texts: dict[str, str] = {}
    names = {"shiyao": TRAIN, **({"shiyao_val": VALIDATION} if VALIDATION in digests else {})}
    if info := dataset_info(data_format, names):
        check_info(info)
        contents[INFO] = info
        texts = local_files(data_format, counts, has_validation=VALIDATION in digests)
    if has_card(data_format):
        splits = {"train": TRAIN, **({"validation": VALIDATION} if VALIDATION in digests else {})}
        texts[CARD] = set_card(form, arrangement, data_format, parameters, counts, splits)
    contents[MANIFEST] = {
        "parameters": parameters,
        "counts": dict(counts),
        "files": {name: {"sha256": sha256, "bytes": size} for name, (sha256, size) in digests.items()},
        "rows": provenance_of(arrangement),
    }
    for name, text in texts.items():
        digests[name] = _write_text(folder / name, text)
    for name, content in contents.items():
        digests[name] = _write_json(folder / name, content, _manifest_text(content) if name == MANIFEST else None)
    return ExportResult(
        kind="training",
        out=out,
        sha256=digests[TRAIN][0],
        size=digests[TRAIN][1],
        counts=counts,
        files={name: sha256 for name, (sha256, _) in digests.items()},
        masked=tuple(parameters.get("mask", ())),
    )


def provenance_of(arrangement: Arrangement) -> list[dict[str, Any]]:
    """Provenance of the distinct rows in order: where it comes from, its part, and its copies in one pass."""
    validation_starts = {row.start for row in arrangement.validation}
    rows = sorted([*arrangement.train, *arrangement.validation], key=lambda row: row.start)
    return [
        {
            **row.provenance,
            "part": "val" if row.start in validation_starts else "train",
            **({"copies": arrangement.copies[row.start]} if arrangement.copies.get(row.start, 1) > 1 else {}),
        }
        for row in rows
    ]


def publish_set(folder: Path, out: Path) -> None:
    """Move the files of a set into ``out``; files of an earlier set that this one does not have are removed.

    One file after the other, the manifest last and an earlier one's away first: a folder without it was broken off.
    A set is logged in the transaction around this, which ends later: what dies in between leaves a set that is not
    logged, never an entry without its files.
    """
    try:
        private_folder(out)
        for name in FILE_NAMES:
            require_replaceable(out / name)
        require_own_card(out)
        (out / MANIFEST).unlink(missing_ok=True)
        for name in FILE_NAMES:
            if (folder / name).exists():
                os.replace(folder / name, out / name)
            else:
                (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"写不了 {out}（{system_reason(error)}）", "请检查路径、权限和磁盘空间") from error


def _write_part(path: Path, rows: list[SpooledRow], source: mmap.mmap, data_format: TrainingFormat) -> tuple[str, int]:
    """Write one file from the spool, read it back and compare it; returns sha256 and size in bytes."""
    try:
        with open(path, "wb", opener=private_opener) as file:
            # Not forced onto the disk: gigabytes would take longer than all the rest, and a set can be built again.
            for row in rows:
                file.write(source[row.start : row.end])
    except OSError as error:
        raise ExportError(f"写不了 {path.name}（{system_reason(error)}）", "请检查磁盘空间") from error
    seen: set[int] = set()
    with path.open("rb") as file:
        reader = HashingReader(file)
        for number, row in enumerate(rows, start=1):
            line = reader.read(row.end - row.start)
            if line != source[row.start : row.end]:
                raise mismatch_error(path.name, f"第 {number} 行")
            # Equal bytes say the same thing: each distinct row is parsed once, however often it is repeated.
            if row.start not in seen:
                _verify_row(line, row, data_format, f"{path.name} 第 {number} 行，{row.place}")
                seen.add(row.start)
        size = reader.size
        reader.read_to_end()
        if reader.size != size:
            raise mismatch_error(path.name, "多出了内容")
        return reader.sha256(), size


def _verify_row(line: bytes, row: SpooledRow, data_format: TrainingFormat, place: str) -> None:
    """Read a row with another JSON reader than the writer's, check its shape, read its target as an answer is read."""
    try:
        value = from_json(line)
        check_row(data_format, value)
    except (ValueError, ValidationError) as error:
        raise mismatch_error("训练集", place) from error
    if line.count(b"\n") != 1 or not line.endswith(b"\n") or fingerprint(value) != row.row:
        raise mismatch_error("训练集", place)
    answers = [(target_of(data_format, value), row.forms)]
    if row.rejected:
        answers.append((rejected_of(data_format, value), row.rejected))
    for text, forms in answers:
        answer = parse_reply(row.task.form, text)
        if answer.status != "ok" or fingerprint(answer.forms) != forms:
            raise mismatch_error("答案", place)


def _manifest_text(manifest: dict[str, Any]) -> str:
    """The manifest with a line for each row: what is indented by Python takes seconds, and who reads wants lines."""
    head = json.dumps({**manifest, "rows": []}, ensure_ascii=False, indent=2).removesuffix("[]\n}")
    rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in manifest["rows"])
    return f"{head}[\n{rows}\n  ]\n}}"


def _write_text(path: Path, text: str) -> tuple[str, int]:
    with pending_file(path) as file:
        file.write(text)
        file.finish()
        with file.path.open("rb") as reading:
            reader = HashingReader(reading)
            if reader.read() != text.encode():
                raise mismatch_error(path.name)
        file.publish()
        return reader.sha256(), reader.size


def _write_json(path: Path, content: Any, text: str | None = None) -> tuple[str, int]:
    with pending_file(path) as file:
        file.write((text or json.dumps(content, ensure_ascii=False, indent=2)) + "\n")
        file.finish()
        with file.path.open("rb") as reading:
            reader = HashingReader(reading)
            if from_json(reader.read()) != content:
                raise mismatch_error(path.name)
        file.publish()
        return reader.sha256(), reader.size
