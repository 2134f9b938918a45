"""Preview of an import: which rows would be imported or rejected, and why."""

from pathlib import Path
from typing import BinaryIO

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.chat_outlook import ChatOutlook, outlook_of
from core.services.datasets.import_types import (
    BY_NAME,
    ChatRow,
    FileKind,
    ImportPreview,
    ImportProgress,
    OnProgress,
    SubmissionRow,
    TableColumns,
)
from core.services.datasets.parent_file_reader import read_file
from core.services.datasets.reader_jobs import ReadJob
from core.services.datasets.reader_messages import Done, Rows
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import SourceFile
from core.services.datasets.speaker_counts import QUICK_CHARACTERS, SpeakerCounts

_UNPARSED = 3
"""So many chats that are too long to be looked at whole are shown by their beginning."""


def preview_import(
    source: Path | BinaryIO,
    filename: str,
    form: Form,
    *,
    limit: int = 20,
    columns: TableColumns = BY_NAME,
    on_progress: OnProgress | None = None,
) -> ImportPreview:
    """Read a whole file in another process, validate every row and return the first good ones. Nothing is stored.

    Args:
        source: a path, or a seekable binary file.
        filename: its name; decides the format.
        form: coerces the forms.
        limit: so many good rows are kept.
        columns: which columns of a table to use.
        on_progress: called now and then.

    Raises:
        ColumnError: a table whose text column has to be chosen.
        InputError: the file as a whole cannot be read, or takes more memory or time than files may.
    """
    preview: ImportPreview | None = None
    with read_file(source, ReadJob("preview", filename, form, columns, limit=limit)) as messages:
        for message in messages:
            if isinstance(message, Rows) and message.share is not None and on_progress:
                on_progress(ImportProgress(message.seen, message.share))
            elif isinstance(message, Done):
                preview = message.preview
    if preview is None:
        raise InputError(f"文件 {filename} 没有读完", "请重试")
    return preview


def make_preview(
    file: SourceFile, form: Form, columns: TableColumns, *, limit: int, on_progress: OnProgress | None
) -> ImportPreview:
    """The preview of an open file, read in this process; arguments as for :func:`preview_import`.

    Raises:
        ColumnError: a table whose text column has to be chosen.
        InputError: the file as a whole cannot be read.
    """
    validation_pass = RowValidationPass(file, form, columns, on_progress)
    chats: list[ChatRow] = []
    forms: list[SubmissionRow] = []
    outlooks: list[ChatOutlook] = []
    good = labels = customers = 0
    counts = SpeakerCounts(QUICK_CHARACTERS)
    for row in validation_pass.chats() if validation_pass.kind is FileKind.CHATS else validation_pass.submissions():
        good += 1
        parsed = counts.add(row) if isinstance(row, ChatRow) else None
        if isinstance(row, ChatRow) and len(outlooks) < limit and (parsed or len(outlooks) < _UNPARSED):
            outlooks.append(outlook_of(row.index, row.text, parsed))
        customers += len(row.forms or ())
        labels += any(not form.is_empty(values) for values in row.forms or ())
        if good > limit:
            continue
        if isinstance(row, ChatRow):
            chats.append(row)
        else:
            forms.append(row)
    return ImportPreview(
        kind=validation_pass.kind,
        format=file.format,
        encoding=file.encoding_label,
        rows=validation_pass.rows,
        good=good,
        labels=labels,
        customers=customers,
        rejected=tuple(validation_pass.rejected),
        chats=tuple(chats),
        forms=tuple(forms),
        columns=validation_pass.report.names,
        notes=(*validation_pass.notes, *counts.sentences()),
        reading=validation_pass.report,
        outlooks=tuple(outlooks),
        looked_at=counts.counted,
        messages=counts.messages,
        speakers=len(counts.names),
        without_speakers=tuple(counts.without_speakers),
    )
