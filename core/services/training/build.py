"""Writing a training set: a folder, streamed, read back and compared before it appears.

A set is ``train.jsonl``, with a validation part ``val.jsonl``, for LLaMA-Factory ``dataset_info.json``, and
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
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from core.adapters.store import Store
from core.domain.replies import parse_reply
from core.errors import ExportError
from core.services.export.atomic_file import HashingReader, PendingFile, fingerprint, mismatch_error, pending_file
from core.services.export.export_log import log_training_set
from core.services.export.export_result import ExportResult
from core.services.training.arrange import Arrangement, arrange
from core.services.training.compose import Composition, compose
from core.services.training.row_formats import TrainingFormat, check_info, check_row, dataset_info, target_of
from core.services.training.rows import SpooledRow
from core.services.training.set_notes import counts_of, notes_of, refuse_too_long
from core.services.training.training_options import TrainingOptions

TRAIN, VALIDATION, INFO, MANIFEST = "train.jsonl", "val.jsonl", "dataset_info.json", "manifest.json"
_OURS = (TRAIN, VALIDATION, INFO, MANIFEST)


def export_training(
    store: Store, *, options: TrainingOptions, out: Path, name: str = "", who: str = ""
) -> ExportResult:
    """Build a training set in the folder ``out``; files of an earlier set there are replaced.

    Chats without an answer are no rows; how many there are is in the report.

    Args:
        store: the open store.
        options: every choice.
        out: the folder.
        name: of the set; by default the folder's.
        who: builds it.

    Returns:
        The report; its lists ``skipped``, ``cleaned``, ``summarised`` and ``windowed`` name rows that were over the
        limit.

    Raises:
        ExportError: choices that make no sense, datasets with different forms, no row at all, rows over the limit
            that the policy does not help (all are named, with what would be lost), or a file that reads back
            differently.
        NotFoundError: no such dataset.
        PromptError: no such prompt.
    """
    options.check()
    with folder_beside(out) as folder, store.read() as session, pending_file(folder / "rows") as spooled:
        made = compose(session, options, spooled.write_bytes)
        prompt = made.prompt
        spooled.finish()
        refuse_too_long(made, options)
        plan = arrange(made, options)
        resolved = replace(options, datasets=tuple(dataset.name for dataset in made.datasets), prompt=prompt.id)
        parameters = {
            **resolved.as_json(),
            "prompt_sha256": prompt.sha256,
            "form": made.form.name,
            "form_version": made.form.version,
        }
        report = write_set(folder, spooled, plan, options.format, parameters, counts_of(made, plan), out)
        report = replace(report, lists=_lists(made), notes=notes_of(made, plan))
        with store.write() as writing:
            log_training_set(
                writing,
                report,
                name=name or out.name,
                who=who,
                data_format=str(options.format),
                # The whole prompt: its file may be gone when the set is built again.
                parameters={**parameters, "prompt_text": prompt.source},
                provenance=provenance_of(plan),
            )
            publish(folder, out)
    return report


@contextmanager
def folder_beside(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that vanishes.

    Raises:
        ExportError: ``out`` is a file, or its folder cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise ExportError(f"{out} 是一个文件", "训练集是一个文件夹，请换一个名字")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".partial"))
    except OSError as error:
        raise ExportError(f"写不了 {out}（{error.strerror or error}）", "请检查路径、权限和磁盘空间") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_set(
    folder: Path,
    spooled: PendingFile,
    plan: Arrangement,
    data_format: TrainingFormat,
    parameters: dict[str, Any],
    counts: Mapping[str, int],
    out: Path,
) -> ExportResult:
    """Write all files of a set from its spool, each read back and compared.

    Raises:
        ExportError: the disk is full, or a file reads back differently.
    """
    parts = {TRAIN: plan.order, **({VALIDATION: plan.validation} if plan.validation else {})}
    with spooled.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as source:
        sums = {name: _write_part(folder / name, rows, source, data_format) for name, rows in parts.items()}
    contents: dict[str, Any] = {}
    names = {"shiyao": TRAIN, **({"shiyao_val": VALIDATION} if VALIDATION in sums else {})}
    if info := dataset_info(data_format, names):
        check_info(info)
        contents[INFO] = info
    contents[MANIFEST] = {
        "parameters": parameters,
        "counts": dict(counts),
        "files": {name: {"sha256": sha256, "bytes": size} for name, (sha256, size) in sums.items()},
        "rows": provenance_of(plan),
    }
    for name, content in contents.items():
        sums[name] = _write_json(folder / name, content, _lines(content) if name == MANIFEST else None)
    return ExportResult(
        kind="training",
        out=out,
        sha256=sums[TRAIN][0],
        size=sums[TRAIN][1],
        counts=counts,
        files={name: sha256 for name, (sha256, _) in sums.items()},
    )


def provenance_of(plan: Arrangement) -> list[dict[str, Any]]:
    """One entry per distinct row in order: where it comes from, its part, and its copies in one pass."""
    held = {row.start for row in plan.validation}
    there = sorted([*plan.train, *plan.validation], key=lambda row: row.start)
    return [
        {
            **row.provenance,
            "part": "val" if row.start in held else "train",
            **({"copies": plan.copies[row.start]} if plan.copies.get(row.start, 1) > 1 else {}),
        }
        for row in there
    ]


def publish(folder: Path, out: Path) -> None:
    """Move the files in, and files of an earlier set that this one does not have out."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in _OURS:
            if (folder / name).exists():
                os.replace(folder / name, out / name)
            else:
                (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"写不了 {out}（{error.strerror or error}）", "请检查路径、权限和磁盘空间") from error


def _write_part(path: Path, rows: list[SpooledRow], source: mmap.mmap, data_format: TrainingFormat) -> tuple[str, int]:
    """Write one file from the spool, read it back and compare it; returns sha256 and size in bytes."""
    try:
        with path.open("wb") as file:
            # Not forced onto the disk: gigabytes would take longer than all the rest, and a set can be built again.
            for row in rows:
                file.write(source[row.start : row.end])
    except OSError as error:
        raise ExportError(f"写不了 {path.name}（{error.strerror or error}）", "请检查磁盘空间") from error
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
        reader.rest()
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
    answer = parse_reply(row.task.form, target_of(data_format, value))
    if answer.status != "ok" or fingerprint(answer.forms) != row.forms:
        raise mismatch_error("答案", place)


def _lines(manifest: dict[str, Any]) -> str:
    """The manifest with a line for each row: what is indented by Python takes seconds, and who reads wants lines."""
    head = json.dumps({**manifest, "rows": []}, ensure_ascii=False, indent=2).removesuffix("[]\n}")
    rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in manifest["rows"])
    return f"{head}[\n{rows}\n  ]\n}}"


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


def _lists(made: Composition) -> dict[str, list[Any]]:
    lists: dict[str, list[Any]] = {}
    for over in made.over:
        size = over.after or over.size
        note = {
            "dataset": over.dataset,
            "index": over.index,
            "characters": size.characters,
            "tokens": size.tokens,
            "would_lose": list(over.lost),
            **({"windows": over.pieces} if over.action == "windowed" else {}),
        }
        lists.setdefault(over.action, []).append(note)
    if made.no_summary:
        lists["no_summary"] = made.no_summary
    return lists
