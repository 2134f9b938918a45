"""Import of chats, with their labels, into a new dataset or an existing one.

Rules: ``index`` is the position in the source, from 1, and stays so after a rejection. Same index
and same text: skipped. Same index, other text: rejected. The same text at another index is another chat. A plain text
(a ``.txt`` file or a pasted chat) and a chat joined of messages or out of an archive have no position: they go behind
the last chat, unless the dataset holds them already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.erasure import forget_search_index
from core.adapters.store.models import Base, Chat, Dataset, Extraction, RunKind
from core.adapters.store.named_rows import dataset_named
from core.adapters.store.stored_text import holds_utf8, utf8_parameter
from core.domain.form import Form, form_label, load_named_form
from core.domain.permissions import Permission
from core.domain.stored_names import LONGEST_DATASET_NAME, NAME_RULE, is_usable_name, stored_name
from core.errors import ConflictError, InputError
from core.services.datasets.chat_placement import ChatPlacement, stored_chats
from core.services.datasets.form_notes import listed_rows
from core.services.datasets.grown_chats import GrownChat, GrownChats
from core.services.datasets.growth_notes import growth_of, growth_sentences
from core.services.datasets.import_log import ImportMark, log_import
from core.services.datasets.import_types import (
    BY_NAME,
    PASTED_NAME,
    ChatRow,
    FileFormat,
    FileKind,
    ImportProgress,
    ImportReport,
    OnProgress,
    TableColumns,
)
from core.services.datasets.parent_file_reader import ParentFileReader, open_pass
from core.services.datasets.reader_jobs import ReadJob
from core.services.datasets.run_writer import ChatForms, RunWriter
from core.services.datasets.speaker_counts import QUICK_CHARACTERS, SpeakerCounts
from core.services.datasets.staging import StagedChat, StagingFile, stage_chat
from core.services.forms.library import default_form, resolve_form
from core.services.team import permitted

SPLITS = ("train", "test", "other")
LABELS_RUN = "标注"
_READING_SHARE = 0.9
# Rows are ready and many: nothing of the session is needed.
_INSERT_TEXTS = insert(Base.metadata.tables["chat"])
_INSERT_CHATS = _INSERT_TEXTS.values(text=utf8_parameter("utf8"))


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
    grow: bool = False,
    dry_run: bool = False,
    who: str = "",
) -> ImportReport:
    """Import a file of chats, in one transaction: all good rows go in, or, after an error, none.

    Args:
        store: where to.
        source: a path, or a seekable binary file (it stays open).
        filename: its name; decides the format.
        dataset: name of the dataset; created if it is not there.
        split: ``train``, ``test`` or ``other``; ``None``: as the dataset has it, ``other`` for a new one.
        form_name: of the dataset, as :func:`core.services.forms.resolve_form` reads it; ``None``: its own, or the
            default one of a new dataset.
        columns: which columns of a table to use.
        on_progress: called now and then from this thread; once it tells what is stored, in the transaction that stores.
        count_all: messages and speakers of all chats are counted, however many there are.
        grow: a chat that goes on from one that is there takes its place, if nobody has worked on that; otherwise it is
            added as another chat.
        dry_run: nothing is stored, and nobody who writes is waited for: the report says what an import would do.
        who: who imports, for the history of the dataset.

    Raises:
        InputError: the file as a whole cannot be used; nothing went in.
        ConflictError: the dataset has another form or split, or somebody imports into it at the same time.
    """
    name = _checked_name(dataset)
    if split is not None and split not in SPLITS:
        raise InputError(f"不认识用途「{split}」", f"可以是 {'、'.join(SPLITS)}")
    form = _form_of(store, name, form_name)
    job = ReadJob("chats", filename, form, columns, share=_READING_SHARE)
    with TemporaryFile() as spool:
        stage = StagingFile(spool)
        counts = SpeakerCounts() if count_all else SpeakerCounts(QUICK_CHARACTERS)
        with open_pass(source, job, on_progress) as file:
            _fill(stage, file, form, counts)
            if not dry_run:
                file.require_rows(stage.count)
        target = _Target(name, split, form, who, dry_run, grow)
        try:
            with store.read() if dry_run else store.write() as session:
                report = _write(session, stage, file, target, counts, on_progress)
        except IntegrityError as error:
            raise ConflictError(f"数据集「{name}」正由另一处导入", "请稍后重试") from error
    if on_progress:
        on_progress(ImportProgress(file.rows, 1.0))
    return report


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the chats go, who brings them, and whether that is only tried."""

    name: str
    split: str | None
    form: Form
    who: str
    dry_run: bool
    grow: bool


def _fill(stage: StagingFile, file: ParentFileReader, form: Form, counts: SpeakerCounts) -> None:
    """Stage the chats of a file.

    Raises:
        InputError: a file without chats.
    """
    if file.kind is FileKind.SUBMISSION:
        raise InputError(
            f"文件 {file.name} 是提交文件（只有 infos，没有 chat_text）", "请把它作为抽取任务导入到已有的数据集"
        )
    stage.fill(counts.count(file.chats()), form)


@permitted(Permission.IMPORT)
def import_text(
    store: Store, text: str, *, dataset: str, split: str | None = None, form_name: str | None = None, who: str = ""
) -> ImportReport:
    """Import one pasted chat; it goes behind the last chat of the dataset.

    Raises:
        InputError: empty, too long, or not storable.
    """
    if not text.strip():
        raise InputError("还没有粘贴聊天内容", "请粘贴后再导入")
    return import_chats(
        store,
        BytesIO(text.encode("utf-8", "replace")),
        filename=PASTED_NAME,
        dataset=dataset,
        split=split,
        form_name=form_name,
        who=who,
    )


def _checked_name(dataset: str) -> str:
    name = stored_name(dataset)
    if not name:
        raise InputError("数据集还没有名称", "请起一个名称")
    if not is_usable_name(name, LONGEST_DATASET_NAME):
        raise InputError(f"数据集名称不能用（最多 {LONGEST_DATASET_NAME} 字，{NAME_RULE}）", "请换一个名称")
    return name


def _form_of(store: Store, name: str, form_name: str | None) -> Form:
    with store.read() as session:
        if form_name:
            return load_named_form(resolve_form(session, form_name))
        known = dataset_named(session, name)
        return load_named_form(known.form if known is not None else default_form(session))


def _write(
    session: Session,
    stage: StagingFile,
    file: ParentFileReader,
    target: _Target,
    counts: SpeakerCounts,
    on_progress: OnProgress | None,
) -> ImportReport:
    """Place all chats and, but for a dry run, store them, their labels and the import's entry in the history."""
    dataset, new_dataset = _dataset(session, target, source_hash=file.sha256)
    dataset_id, expected = dataset.id or 0, dataset.expected
    rejected = list(file.rejected)
    writer = RunWriter(session, dataset_id, name=LABELS_RUN, kind=RunKind.LABELS, file=file, dry_run=target.dry_run)
    appending = file.format in (FileFormat.TEXT, FileFormat.ZIP) or file.reading.joined is not None
    elsewhere = not appending and not file.reading.numbered and _are_others(session, dataset_id, stage)
    appending = appending or elsewhere
    before = _chat_count(session, dataset_id)
    placement = ChatPlacement(session, dataset_id, appending, last=expected, grow=target.grow, is_empty=not before)
    lengths: list[list[int]] = []
    added = skipped = handled = 0
    if on_progress:
        on_progress(ImportProgress(file.rows, _READING_SHARE, 0))
    added_ids: list[int] = []
    present_ids: set[int] = set()
    for batch in stage.batches():
        placed = placement.place(batch)
        rejected += placed.rejected
        added += len(placed.fresh)
        skipped += len(placed.same)
        lengths += [_go_on(session, grown, dry_run=target.dry_run) for _, grown in placed.longer]
        there = [*placed.same, *(chat for chat, _ in placed.longer)]
        held = [*placed.fresh, *there]
        if placed.fresh and not target.dry_run:
            _insert_chats(session, dataset_id, placed.fresh)
        ids = _ids_by_index(session, dataset_id, [chat.index for chat in held])
        added_ids += [ids[chat.index] for chat in placed.fresh if chat.index in ids]
        present_ids.update(ids[chat.index] for chat in there if chat.index in ids)
        if stage.labelled:
            rejected += writer.write(
                [
                    ChatForms(chat.index, ids.get(chat.index, 0), chat.forms_text, chat.notes, chat.line)
                    for chat in held
                    if chat.forms_text is not None
                ]
            )
        handled += len(batch)
        if on_progress and handled < stage.count:
            share = _READING_SHARE + (1 - _READING_SHARE) * handled / stage.count
            on_progress(ImportProgress(file.rows, share, handled))
    last = placement.last if appending else max(expected, file.rows, stage.last_index)
    repeats = (f"有 {placement.repeats:,} 条群聊与文件里前面的完全相同，只留一条",) if placement.repeats else ()
    if placement.alike:
        places = listed_rows(placement.alike)
        repeats = (*repeats, f"有 {len(placement.alike):,} 条群聊与文件里前面的完全相同，各存一条：{places}")
    every_growth = [growth_of(index, grown, grow=target.grow) for index, grown in placement.grown]
    growths = tuple(one for one in every_growth if one.gone or not one.held)
    report = ImportReport(
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
        notes=(
            *((existing_sentence(dataset.name, before),) if before else ()),
            *file.notes,
            *((f"文件里的群聊没有编号，与「{dataset.name}」里同样位置的都不同，接在原有的后面",) if elsewhere else ()),
            *repeats,
            *growth_sentences(growths, len(every_growth) - len(growths), grow=target.grow),
            *writer.notes(),
            *counts.sentences(),
        ),
        reading=file.reading,
        format=file.format,
        encoding=file.encoding,
        counts=counts,
        grown=growths,
        existing=before,
    )
    if target.dry_run:
        return report
    dataset.expected = last
    session.add(dataset)
    mark = ImportMark(
        file.name,
        file.sha256,
        target.who,
        chats=added_ids,
        answers=sorted(writer.answered),
        present=sorted(present_ids.difference(added_ids)),
        new_dataset=new_dataset,
        expected=(expected, last),
        grown=lengths,
    )
    if lengths:
        forget_search_index(session)
    return replace(report, import_id=log_import(session, report, mark))


def existing_sentence(dataset: str, chats: int) -> str:
    """That an import adds to a dataset of so many chats, in Chinese."""
    return f"加进已有的数据集「{dataset}」，原有 {chats:,} 条群聊"


def _are_others(session: Session, dataset_id: int, stage: StagingFile) -> bool:
    """Whether chats without numbers are others than those that the dataset holds at their positions.

    The file that the dataset came from, mended or gone on with, has some of its chats where they were; the first
    ones tell.
    """
    first = next(stage.batches(), [])
    present = stored_chats(session, dataset_id, [chat.index for chat in first])
    stored = GrownChats(session, dataset_id)

    def stands_there(chat: StagedChat) -> bool:
        if present[chat.index][0] == chat.sha256:
            return True
        grown = stored.find(chat.text)
        return grown is not None and grown.index == chat.index and not grown.overlap.differs

    return bool(present) and not any(stands_there(chat) for chat in first if chat.index in present)


def _chat_count(session: Session, dataset_id: int) -> int:
    statement = select(func.count()).select_from(Chat).where(col(Chat.dataset_id) == dataset_id)
    return int(session.execute(statement).scalar_one())


def _ids_by_index(session: Session, dataset_id: int, indices: Sequence[int]) -> dict[int, int]:
    """``{index: chat id}`` of chats of a dataset, out of the index alone: their texts lie beside the digests."""
    statement = select(col(Chat.index), col(Chat.id)).where(
        col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(indices)
    )
    return {index: int(chat_id or 0) for index, chat_id in session.execute(statement)}


def _go_on(session: Session, grown: GrownChat, *, dry_run: bool) -> list[int]:
    """Put the messages of a longer chat behind those of the stored one, whose offsets stay; gives its lengths."""
    chat = session.get_one(Chat, grown.chat_id)
    whole = stage_chat(ChatRow(chat.index, grown.whole, None))
    lengths = [grown.chat_id, len(chat.text), whole.characters]
    if not dry_run:
        made_before = update(Extraction).where(col(Extraction.chat_id) == grown.chat_id)
        session.execute(made_before.where(col(Extraction.made_on).is_(None)).values(made_on=len(chat.text)))
        chat.text, chat.sha256 = whole.text, whole.sha256
        chat.characters, chat.residue_characters = whole.characters, whole.residue_characters
        session.add(chat)
        session.flush()
    return lengths


def _dataset(session: Session, target: _Target, *, source_hash: str) -> tuple[Dataset, bool]:
    """The dataset to import into, and whether it is new; for a dry run a new one is not stored."""
    name, split, form = target.name, target.split, target.form
    dataset = dataset_named(session, name)
    if dataset is None:
        dataset = Dataset(name=name, split=split or "other", form=form.reference, sha256=source_hash)
        if not target.dry_run:
            session.add(dataset)
            session.flush()
        return dataset, True
    if dataset.form != form.reference:
        raise ConflictError(
            f"数据集「{name}」用的是表单「{form_label(dataset.form)}」，不是「{form.label}」", "请换一个数据集名称"
        )
    if split is not None and split != dataset.split:
        raise ConflictError(
            f"数据集「{name}」的用途是 {dataset.split}，不是 {split}", "请换一个数据集名称，或不指定用途"
        )
    return dataset, False


def _insert_chats(session: Session, dataset_id: int, chats: Sequence[StagedChat]) -> None:
    rows = [_chat_values(dataset_id, chat) for chat in chats]
    if holds_utf8(session):
        session.execute(_INSERT_CHATS, rows)
    else:
        session.execute(_INSERT_TEXTS, [row | {"text": row.pop("utf8").decode()} for row in rows])


def _chat_values(dataset_id: int, chat: StagedChat) -> dict[str, Any]:
    return {
        "dataset_id": dataset_id,
        "index": chat.index,
        "utf8": chat.utf8,
        "sha256": chat.sha256,
        "characters": chat.characters,
        "residue_characters": chat.residue_characters,
    }
