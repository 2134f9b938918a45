"""Import of chats, with their labels, into a new dataset or an existing one.

Rules: ``index`` is the position in the source, from 1, and stays so after a rejection. Same index
and same text: skipped. Same index, other text: rejected. The same text at another index is another chat. A plain text
(a ``.txt`` file or a pasted chat) and a chat joined of messages or out of an archive have no position: they go behind
the last chat, unless the dataset holds them already.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Dataset, RunKind
from core.domain.form import Form, load_named_form
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError
from core.services.datasets.import_types import (
    BY_NAME,
    FileFormat,
    FileKind,
    ImportProgress,
    ImportReport,
    OnProgress,
    RejectedRow,
    TableColumns,
)
from core.services.datasets.parent_file_reader import ParentFileReader, open_pass
from core.services.datasets.reader_messages import ReadJob
from core.services.datasets.run_writer import ChatForms, RunWriter
from core.services.datasets.speaker_counts import QUICK_CHARACTERS, SpeakerCounts
from core.services.datasets.staging import StagedChat, StagingFile
from core.services.team import permitted
from core.settings import settings

SPLITS = ("train", "test", "other")
LABELS_RUN = "标注"
_READING_SHARE = 0.9
_NAME_LENGTH = 100


@permitted(Permission.IMPORT)
def import_chats(
    store: Store,
    source: Path | BinaryIO,
    *,
    filename: str,
    dataset: str,
    split: str | None = None,
    form_name: str | None = None,
    columns: TableColumns = BY_NAME,
    on_progress: OnProgress | None = None,
    count_all: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Import a file of chats, in one transaction: all good rows go in, or, after an error, none.

    Args:
        store: where to.
        source: a path, or a seekable binary file (it stays open).
        filename: its name; decides the format.
        dataset: name of the dataset; created if it is not there.
        split: ``train``, ``test`` or ``other``; ``None``: as the dataset has it, ``other`` for a new one.
        form_name: form of the labels; ``None``: the dataset's, the default one for a new one.
        columns: which columns of a table to use.
        on_progress: called now and then from this thread.
        count_all: messages and speakers of all chats are counted, however many there are.
        dry_run: everything is done and taken back: the report says what an import would do.

    Raises:
        InputError: the file as a whole cannot be used; nothing went in.
        ConflictError: the dataset has another form or split, or somebody imports into it at the same time.
    """
    name = _checked_name(dataset)
    if split is not None and split not in SPLITS:
        raise InputError(f"不认识用途「{split}」", f"可以是 {'、'.join(SPLITS)}")
    form = load_named_form(form_name or _form_of(store, name))
    job = ReadJob("chats", filename, form, columns, share=_READING_SHARE)
    with TemporaryFile() as spool:
        stage = StagingFile(spool)
        counts = SpeakerCounts() if count_all else SpeakerCounts(QUICK_CHARACTERS)
        with open_pass(source, job, on_progress) as file:
            _fill(stage, file, form, counts)
        try:
            with suppress(_TakenBackError), store.write() as session:
                report = _write(session, stage, file, name=name, split=split, form=form)
                if dry_run:
                    raise _TakenBackError
        except IntegrityError as error:
            raise ConflictError(f"数据集「{name}」正由另一处导入", "请稍后重试") from error
    if on_progress:
        on_progress(ImportProgress(file.rows, 1.0))
    return replace(report, counts=counts, notes=(*report.notes, *counts.sentences()))


class _TakenBackError(Exception):
    """Rolls a dry run back; never leaves this module."""


def _fill(stage: StagingFile, file: ParentFileReader, form: Form, counts: SpeakerCounts) -> None:
    """Stage the chats of a file.

    Raises:
        InputError: a file without chats, or without a single good one.
    """
    if file.kind is FileKind.SUBMISSION:
        raise InputError(
            f"文件 {file.name} 是提交文件（只有 infos，没有 chat_text）", "请把它作为抽取任务导入到已有的数据集"
        )
    stage.fill(counts.count(file.chats()), form)
    file.require_rows(stage.count)


@permitted(Permission.IMPORT)
def import_text(store: Store, text: str, *, dataset: str, split: str | None = None) -> ImportReport:
    """Import one pasted chat; it goes behind the last chat of the dataset.

    Raises:
        InputError: empty, too long, or not storable.
    """
    if not text.strip():
        raise InputError("还没有粘贴聊天内容", "请粘贴后再导入")
    return import_chats(
        store,
        BytesIO(text.encode("utf-8", "replace")),
        filename="粘贴的聊天.txt",
        dataset=dataset,
        split=split,
    )


def _checked_name(dataset: str) -> str:
    name = dataset.strip()
    if not name:
        raise InputError("数据集还没有名称", "请起一个名称")
    if len(name) > _NAME_LENGTH or not name.isprintable():
        raise InputError(f"数据集名称不能用（最多 {_NAME_LENGTH} 字，不含换行）", "请换一个名称")
    return name


def _form_of(store: Store, name: str) -> str:
    with store.read() as session:
        form = session.execute(select(col(Dataset.form)).where(col(Dataset.name) == name)).scalar_one_or_none()
    return form or settings().form


def _write(
    session: Session,
    stage: StagingFile,
    file: ParentFileReader,
    *,
    name: str,
    split: str | None,
    form: Form,
) -> ImportReport:
    dataset = _dataset(session, name=name, split=split, form=form, source_hash=file.sha256)
    dataset_id = dataset.id or 0
    rejected = list(file.rejected)
    writer = RunWriter(session, dataset_id, name=LABELS_RUN, kind=RunKind.LABELS, file=file)
    appending = file.format in (FileFormat.TEXT, FileFormat.ZIP) or file.reading.joined is not None
    added = skipped = 0
    for batch in stage.batches():
        if appending:
            batch = _append_to_dataset(session, dataset, batch)
        present = _stored_chats(session, dataset_id, [chat.index for chat in batch])
        fresh = [chat for chat in batch if chat.index not in present]
        if fresh:
            session.execute(insert(Chat), [_chat_values(dataset_id, chat) for chat in fresh])
        same = [chat for chat in batch if present.get(chat.index, ("", 0))[0] == chat.sha256]
        imported_indices = {chat.index for chat in (*fresh, *same)}
        rejected += [
            RejectedRow(chat.index, "数据集里这个 index 已有另一条群聊，未改动", chat.line)
            for chat in batch
            if chat.index not in imported_indices
        ]
        added += len(fresh)
        skipped += len(same)
        if stage.labelled:
            labelled = [chat for chat in (*fresh, *same) if chat.forms is not None]
            ids = _stored_chats(session, dataset_id, [chat.index for chat in labelled])
            rejected += writer.write(
                [
                    ChatForms(chat.index, ids[chat.index][1], chat.forms or [], chat.notes, chat.line)
                    for chat in labelled
                ]
            )
    if not appending:
        dataset.expected = max(dataset.expected, file.rows, stage.last_index)
    session.add(dataset)
    session.flush()
    return ImportReport(
        kind=FileKind.CHATS,
        dataset_id=dataset_id,
        dataset=dataset.name,
        added=added,
        skipped=skipped,
        rejected=tuple(sorted(rejected, key=lambda row: row.index)),
        labels=writer.added,
        total=file.rows,
        run_id=writer.run_id,
        run=writer.name if writer.run_id else "",
        notes=(*file.notes, *writer.notes()),
        reading=file.reading,
        format=file.format,
        encoding=file.encoding,
    )


def _dataset(session: Session, *, name: str, split: str | None, form: Form, source_hash: str) -> Dataset:
    dataset: Dataset | None = session.execute(select(Dataset).where(col(Dataset.name) == name)).scalar_one_or_none()
    if dataset is None:
        dataset = Dataset(name=name, split=split or "other", form=form.name, sha256=source_hash)
        session.add(dataset)
        session.flush()
        return dataset
    if dataset.form != form.name:
        raise ConflictError(f"数据集「{name}」用的是表单 {dataset.form}，不是 {form.name}", "请换一个数据集名称")
    if split is not None and split != dataset.split:
        raise ConflictError(
            f"数据集「{name}」的用途是 {dataset.split}，不是 {split}", "请换一个数据集名称，或不指定用途"
        )
    return dataset


def _append_to_dataset(session: Session, dataset: Dataset, batch: list[StagedChat]) -> list[StagedChat]:
    """Number plain texts: with the index that the text has already, else the next free one."""
    placed: list[StagedChat] = []
    for chat in batch:
        statement = select(func.min(col(Chat.index))).where(
            col(Chat.dataset_id) == dataset.id, col(Chat.sha256) == chat.sha256
        )
        index = session.execute(statement).scalar_one()
        if index is None:
            last = session.execute(
                select(func.max(col(Chat.index))).where(col(Chat.dataset_id) == dataset.id)
            ).scalar_one()
            index = dataset.expected = max(dataset.expected, last or 0) + 1
        placed.append(replace(chat, index=index))
    return placed


def _stored_chats(session: Session, dataset_id: int, indices: Sequence[int]) -> dict[int, tuple[str, int]]:
    """``{index: (sha256, chat id)}`` of those that the dataset holds."""
    statement = select(col(Chat.index), col(Chat.sha256), col(Chat.id)).where(
        col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(indices)
    )
    return {index: (digest, int(chat_id or 0)) for index, digest, chat_id in session.execute(statement)}


def _chat_values(dataset_id: int, chat: StagedChat) -> dict[str, Any]:
    return {
        "dataset_id": dataset_id,
        "index": chat.index,
        "text": chat.text,
        "sha256": chat.sha256,
        "characters": len(chat.text),
        "residue_characters": chat.residue_characters,
    }
