"""Import of forms for existing chats: a submission, or a file of labelled chats, becomes a run."""

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, RunKind
from core.adapters.store.stored_json import dump_json
from core.domain.form import load_named_form
from core.domain.permissions import Permission
from core.domain.stored_names import LONGEST_RUN_NAME, NAME_RULE, is_usable_name, stored_name
from core.errors import ConflictError, InputError
from core.services.datasets.copied_answers import note_copy
from core.services.datasets.import_log import ImportMark, log_import
from core.services.datasets.import_types import (
    BY_NAME,
    FileKind,
    ImportProgress,
    ImportReport,
    OnProgress,
    RejectedRow,
    SubmissionRow,
    TableColumns,
)
from core.services.datasets.parent_file_reader import ParentFileReader, open_pass
from core.services.datasets.reader_jobs import ReadJob
from core.services.datasets.run_writer import ChatForms, RunWriter
from core.services.datasets.staging import BATCH, text_hash
from core.services.datasets.submission_alignment import require_aligned
from core.services.team import permitted

_READING_SHARE = 0.9
"""Of the work; the rest is storing."""


@permitted(Permission.IMPORT)
def import_run(
    store: Store,
    source: Path | BinaryIO,
    *,
    filename: str,
    dataset: str | int,
    run: str,
    kind: RunKind = RunKind.IMPORT,
    columns: TableColumns = BY_NAME,
    on_progress: OnProgress | None = None,
    dry_run: bool = False,
    who: str = "",
) -> ImportReport:
    """Attach the forms of a file to a dataset, in one transaction: all good rows go in, or, after an error, none.

    Rows of a submission find their chat by ``index``; rows with a ``chat_text`` by their position, and only if the
    dataset has the same text there.

    Args:
        store: where to.
        source: a path, or a seekable binary file (it stays open).
        filename: its name; decides the format.
        dataset: name or id of an existing dataset.
        run: name of the run; the same file under the same name adds nothing.
        kind: ``RunKind.IMPORT``, or ``RunKind.LABELS`` for what people wrote (one run per dataset).
        columns: which sheet and columns of a table to use, and the encoding.
        on_progress: called now and then from this thread.
        dry_run: nothing is stored, and nobody who writes is waited for: the report says what an import would do.
        who: who imports, for the history of the dataset.

    Raises:
        NotFoundError: no such dataset.
        InputError: the file as a whole cannot be used; nothing went in.
        ConflictError: the name belongs to another kind of run.
    """
    name = stored_name(run)
    if not is_usable_name(name, LONGEST_RUN_NAME):
        what = f"不能用（最多 {LONGEST_RUN_NAME} 字，{NAME_RULE}）" if name else "没有填写"
        raise InputError(f"抽取任务的名称{what}", "请起一个名称")
    with store.read() as session:
        target = queries.dataset(session, dataset)
    form = load_named_form(target.form)
    with open_pass(source, ReadJob("submissions", filename, form, columns, share=_READING_SHARE), on_progress) as file:
        # The texts are only compared: their digests are enough, and are small.
        rows = [(replace(row, text=""), text_hash(row.text) if row.text else "") for row in file.submissions()]
    file.require_rows(len(rows))
    if on_progress:
        on_progress(ImportProgress(file.rows, _READING_SHARE, 0))
    try:
        with store.read() if dry_run else store.write() as session:
            writer = RunWriter(session, target.id, name=name, kind=kind, file=file, dry_run=dry_run)
            aligned = require_aligned(
                session,
                target.id,
                {row.index: row.forms for row, text_digest in rows if not text_digest},
                form,
                file.name,
            )
            report = _write(session, rows, file, target=target, writer=writer, kind=kind)
            report = replace(report, notes=(*report.notes, *aligned))
            if not dry_run:
                if kind is RunKind.IMPORT and writer.run_id:
                    report = replace(report, notes=(*report.notes, *note_copy(session, target.id, writer.run_id)))
                expected = (target.expected, target.expected)
                mark = ImportMark(file.name, file.sha256, who, (), sorted(writer.answered), (), False, expected)
                report = replace(report, import_id=log_import(session, report, mark))
    except IntegrityError as error:
        raise ConflictError(f"抽取任务「{name}」正由另一处导入", "请稍后重试") from error
    if on_progress:
        on_progress(ImportProgress(file.rows, 1.0))
    return report


def _write(
    session: Session,
    rows: list[tuple[SubmissionRow, str]],
    file: ParentFileReader,
    *,
    target: DatasetView,
    writer: RunWriter,
    kind: RunKind,
) -> ImportReport:
    statement = select(col(Chat.index), col(Chat.id), col(Chat.sha256)).where(col(Chat.dataset_id) == target.id)
    chats = {index: (int(chat_id or 0), digest) for index, chat_id, digest in session.execute(statement)}
    rejected = list(file.rejected)
    good: list[tuple[SubmissionRow, int]] = []
    for row, text_digest in rows:
        chat_id, digest = chats.get(row.index, (0, ""))
        if not chat_id:
            rejected.append(RejectedRow(row.index, f"数据集「{target.name}」里没有这个 index", row.line))
        elif text_digest and text_digest != digest:
            rejected.append(RejectedRow(row.index, "聊天文本与数据集里这个 index 的不同", row.line))
        else:
            good.append((row, chat_id))
    if not good:
        raise InputError(f"文件 {file.name} 与数据集「{target.name}」对不上；{rejected[0]}", "请检查是否选错了数据集")
    for start in range(0, len(good), BATCH):
        rejected += writer.write(
            [
                ChatForms(row.index, chat_id, dump_json(row.forms), row.notes, row.line)
                for row, chat_id in good[start : start + BATCH]
            ]
        )
    missing = len(chats) - len(good)
    notes = (f"数据集有 {len(chats):,} 条群聊，其中 {missing:,} 条在这个文件里没有结果",) if missing > 0 else ()
    return ImportReport(
        kind=FileKind.SUBMISSION,
        dataset_id=target.id,
        dataset=target.name,
        added=writer.added,
        skipped=writer.skipped,
        rejected=tuple(sorted(rejected, key=lambda row: row.index)),
        labels=writer.added if kind is RunKind.LABELS else 0,
        total=file.rows,
        run_id=writer.run_id,
        run=writer.name,
        notes=(*file.notes, *notes, *writer.notes()),
        reading=file.reading,
        format=file.format,
        encoding=file.encoding,
    )
