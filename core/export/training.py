"""Training sets: one row per chat with an answer, repeated as the platform demands, split by chat, with a manifest.

A set is a folder: ``train.jsonl``, with a validation part ``val.jsonl``, for LLaMA-Factory's formats
``dataset_info.json``, and ``manifest.json`` with every choice, count, digest and the provenance of each distinct row.
The same choices over the same data give the same bytes.
"""

import json
import mmap
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from core.errors import ExportError
from core.export.formats import dataset_info, target_of
from core.export.ledger import enter_training_set
from core.export.questions import Asking
from core.export.report import ExportReport
from core.export.training_options import TrainingOptions
from core.export.training_rows import RowNote, Spool, spool_rows
from core.export.writing import HashingReader, differs, draft, fingerprint
from core.form import Form, load_named_form
from core.parsing import parse_reply
from core.prompts import load_prompt
from core.store import DatasetView, Store, queries

TRAIN, VALIDATION, INFO, MANIFEST = "train.jsonl", "val.jsonl", "dataset_info.json", "manifest.json"
_OURS = (TRAIN, VALIDATION, INFO, MANIFEST)


def export_training(store: Store, *, options: TrainingOptions, out: Path) -> ExportReport:
    """Build a training set in the folder ``out``; files of an earlier set there are replaced.

    Chats without an answer are no rows; how many there are is in the report.

    Returns:
        The report; its lists ``skipped`` and ``cleaned`` name rows that were over the limit.

    Raises:
        ExportError: choices that make no sense, datasets with different forms, no row at all, rows over the limit
            without a policy (all are named), or a file that reads back differently.
        NotFoundError: no such dataset.
        PromptError: no such prompt.
    """
    options.check()
    prompt = load_prompt(options.prompt)
    with _folder(out) as folder, store.read() as session, draft(folder / "rows") as spooled:
        datasets = [queries.dataset(session, name) for name in options.datasets]
        form = _common_form(datasets)
        spool = spool_rows(session, spooled, datasets, form, Asking(prompt, form), options)
        spooled.finish()
        if not spool.rows:
            raise ExportError(f"来源「{options.source}」没有一行可以训练", "请先审阅并确认群聊，或换一个来源")
        train, validation = _split(spool.rows, options)
        repeats = max(1, -(-options.min_rows // len(train)))
        order = train * repeats
        if options.seed is not None:
            random.Random(options.seed).shuffle(order)
        parts = {TRAIN: order, **({VALIDATION: validation} if validation else {})}
        with spooled.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as source:
            sums = {name: _write_part(folder / name, rows, source, form, options) for name, rows in parts.items()}
        total = sum(max(dataset.expected, dataset.chats) for dataset in datasets)
        counts = {
            "chats": len(spool.rows),
            "rows": len(order),
            "repeats": repeats,
            "train": len(train),
            "val": len(validation),
            "forms": spool.forms,
            "empty_targets": spool.empty_targets,
            "without_answer": total - len(spool.rows) - len(spool.skipped),
            "skipped": len(spool.skipped),
            "cleaned": len(spool.cleaned),
            "longest": spool.longest,
        }
        parameters = options.as_json([dataset.name for dataset in datasets], prompt.id, prompt.sha256)
        provenance = _provenance(spool.rows, validation)
        extra = _side_files(folder, options, parameters, counts, sums, provenance)
        report = ExportReport(
            kind="training",
            out=out,
            sha256=sums[TRAIN][0],
            size=sums[TRAIN][1],
            counts=counts,
            lists={name: list_ for name, list_ in (("skipped", spool.skipped), ("cleaned", spool.cleaned)) if list_},
            notes=_notes(spool, counts),
            files={**{name: sha256 for name, (sha256, _) in sums.items()}, **extra},
        )
        with store.write() as writing:
            enter_training_set(
                writing, report, data_format=str(options.format), parameters=parameters, provenance=provenance
            )
            _publish(folder, out)
    return report


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that vanishes."""
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


def _common_form(datasets: list[DatasetView]) -> Form:
    forms = {dataset.form for dataset in datasets}
    if len(forms) > 1:
        raise ExportError(f"这些数据集的表单不同（{'、'.join(sorted(forms))}），不能放进一个训练集", "请分开导出")
    return load_named_form(forms.pop())


def _split(rows: list[RowNote], options: TrainingOptions) -> tuple[list[RowNote], list[RowNote]]:
    """Training and validation rows, each in order; rows of equal chats are never on both sides."""
    if not options.validation:
        return rows, []
    groups: dict[bytes, int] = {}
    for row in rows:
        groups[row.chat] = groups.get(row.chat, 0) + 1
    drawn = list(groups)
    random.Random(options.seed or 0).shuffle(drawn)
    wanted = max(1, round(len(rows) * options.validation))
    held: set[bytes] = set()
    size = 0
    for chat in drawn:
        if size >= wanted:
            break
        held.add(chat)
        size += groups[chat]
    if len(held) == len(groups):
        raise ExportError(f"只有 {len(groups)} 条不同的群聊，分不出验证集", "请去掉 --val，或先确认更多群聊")
    return [row for row in rows if row.chat not in held], [row for row in rows if row.chat in held]


def _write_part(
    path: Path, rows: list[RowNote], source: mmap.mmap, form: Form, options: TrainingOptions
) -> tuple[str, int]:
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
                raise differs(path.name, f"第 {number} 行")
            # Equal bytes say the same thing: each distinct row is parsed once, however often it is repeated.
            if row.start not in seen:
                _verify_row(line, row, form, options, f"{path.name} 第 {number} 行，{row.place}")
                seen.add(row.start)
        size = reader.size
        reader.rest()
        if reader.size != size:
            raise differs(path.name, "多出了内容")
        return reader.sha256(), size


def _verify_row(line: bytes, row: RowNote, form: Form, options: TrainingOptions, place: str) -> None:
    """Read a row with another JSON reader than the writer's, and its target as an answer is read."""
    try:
        value = from_json(line)
        target = target_of(options.format, value)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise differs("训练集", place) from error
    if line.count(b"\n") != 1 or not line.endswith(b"\n") or fingerprint(value) != row.row:
        raise differs("训练集", place)
    answer = parse_reply(form, target)
    if answer.status != "ok" or fingerprint(answer.forms) != row.forms:
        raise differs("答案", place)


def _provenance(rows: list[RowNote], validation: list[RowNote]) -> list[dict[str, Any]]:
    held = {row.start for row in validation}
    return [{**row.provenance, "part": "val" if row.start in held else "train"} for row in rows]


def _side_files(
    folder: Path,
    options: TrainingOptions,
    parameters: dict[str, Any],
    counts: dict[str, int],
    sums: dict[str, tuple[str, int]],
    provenance: list[dict[str, Any]],
) -> dict[str, str]:
    """Write what describes the rows; returns file name → sha256."""
    files = {name: {"sha256": sha256, "bytes": size} for name, (sha256, size) in sums.items()}
    contents: dict[str, Any] = {
        MANIFEST: {"parameters": parameters, "counts": counts, "files": files, "rows": provenance}
    }
    names = {"shiyao": TRAIN, **({"shiyao_val": VALIDATION} if VALIDATION in sums else {})}
    if info := dataset_info(options.format, names):
        contents[INFO] = info
    written = {}
    for name, content in contents.items():
        with draft(folder / name) as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
            file.finish()
            with file.path.open("rb") as reading:
                reader = HashingReader(reading)
                if from_json(reader.read()) != content:
                    raise differs(name)
            written[name] = reader.sha256()
            file.publish()
    return written


def _notes(spool: Spool, counts: dict[str, int]) -> tuple[str, ...]:
    def named(notes: list[dict[str, Any]]) -> str:
        return "、".join(f"{note['dataset']} 第 {note['index']} 条（{note['characters']:,} 字）" for note in notes)

    notes = [f"{counts['train']} 条群聊重复 {counts['repeats']} 遍，共 {counts['rows']:,} 行"]
    if spool.skipped:
        notes.append(f"超长、已跳过 {len(spool.skipped)} 条：{named(spool.skipped)}")
    if spool.cleaned:
        notes.append(f"超长、已清洗 {len(spool.cleaned)} 条：{named(spool.cleaned)}")
    if spool.empty_targets:
        notes.append(f"有 {spool.empty_targets} 行的答案全空")
    if counts["without_answer"]:
        notes.append(f"有 {counts['without_answer']} 条群聊没有结果，未写入")
    return tuple(notes)


def _publish(folder: Path, out: Path) -> None:
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
