"""The history of a dataset's imports: what each file brought in, with its notes, and which chats are its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import DatasetImport, Run
from core.domain.permissions import Permission
from core.services.datasets.import_types import FileKind, ImportReport
from core.services.team import permitted

_MOST_REFUSALS = 200
_RANGES_AT_ONCE = 200

IdRanges = list[list[int]]
"""Ids that follow one another, as ``[first, last]``; in order."""


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """One import of a dataset's history.

    Attributes:
        id: its number; never given again.
        dataset: name of the dataset.
        kind: chats, or forms that became a run.
        file: name of the file.
        format: how it was written.
        encoding: of its text, as a person names it; ``""`` for Excel.
        sheet: of an Excel file, or ``""``.
        joined: what messages were joined by; ``"none"`` where each row was a chat.
        columns: what was read from which column.
        total: rows of the file.
        messages: messages of a file with one a row; else 0.
        added: chats added, or chats for which forms were added.
        skipped: rows that were there already.
        rejected: rows that did not go in.
        refusals: the first of these, ``{index, why}``.
        labels: chats whose labels were added.
        run: name of the run with its labels or forms, or ``""``.
        notes: what a person should know, Chinese sentences.
        who: who imported it, or ``""``.
        at: when.
        undone_by: who took it back, or ``""``.
        undone_at: when; ``None`` while it stands.
    """

    id: int
    dataset: str
    kind: FileKind
    file: str
    format: str
    encoding: str
    sheet: str
    joined: str
    columns: dict[str, str]
    total: int
    messages: int
    added: int
    skipped: int
    rejected: int
    refusals: list[dict[str, Any]]
    labels: int
    run: str
    notes: list[str]
    who: str
    at: datetime
    undone_by: str = ""
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportMark:
    """What only the import itself knows of what it did.

    Attributes:
        file: name of the file.
        sha256: of its bytes.
        who: who imports.
        chats: ids of the chats that it added.
        answers: ids of the chats for which it added forms to the run.
        present: ids of the chats of the file that were there already.
        new_dataset: whether it made the dataset.
        expected: the dataset's number of expected chats before and after.
        grown: chats that it went on with: id, characters before and after.
    """

    file: str
    sha256: str
    who: str
    chats: Sequence[int]
    answers: Sequence[int]
    present: Sequence[int]
    new_dataset: bool
    expected: tuple[int, int]
    grown: Sequence[list[int]] = ()


def log_import(session: Session, report: ImportReport, mark: ImportMark) -> int:
    """Enter an import into the history of its dataset, in its own transaction; gives its number."""
    row = DatasetImport(
        dataset_id=report.dataset_id,
        kind=report.kind,
        file=mark.file,
        sha256=mark.sha256,
        format=report.format,
        encoding=report.encoding,
        sheet=report.reading.sheet,
        joined=report.reading.joined or "none",
        columns=report.reading.columns,
        total=report.total,
        messages=report.reading.messages,
        added=report.added,
        skipped=report.skipped,
        rejected=len(report.rejected),
        labels=report.labels,
        refusals=[{"index": row.index, "why": row.why} for row in report.rejected[:_MOST_REFUSALS]],
        notes=list(report.notes),
        chats=id_ranges(mark.chats),
        answers=id_ranges(mark.answers),
        present=id_ranges(mark.present),
        grown=list(mark.grown) or None,
        run_id=report.run_id,
        new_dataset=mark.new_dataset,
        expected_before=mark.expected[0],
        expected_after=mark.expected[1],
        who=mark.who.strip(),
    )
    session.add(row)
    session.flush()
    return row.id or 0


@permitted(Permission.IMPORT)
def add_notes(store: Store, import_id: int, notes: Sequence[str]) -> None:
    """Add what was said about an import after it was stored."""
    with store.write() as session:
        row = session.get(DatasetImport, import_id)
        if row is not None:
            row.notes = [*row.notes, *notes]
            session.add(row)


def list_imports(store: Store, dataset: str | int) -> list[ImportEntry]:
    """All imports of a dataset, the newest first; those that were taken back are among them.

    Raises:
        NotFoundError: no such dataset.
    """
    with store.read() as session:
        view = queries.dataset(session, dataset)
        statement = (
            select(DatasetImport, col(Run.name))
            .join(Run, col(Run.id) == col(DatasetImport.run_id), isouter=True)
            .where(col(DatasetImport.dataset_id) == view.id)
            .order_by(col(DatasetImport.id).desc())
        )
        return [_entry(row, view.name, run or "") for row, run in session.execute(statement)]


def _entry(row: DatasetImport, dataset: str, run: str) -> ImportEntry:
    return ImportEntry(
        id=row.id or 0,
        dataset=dataset,
        kind=FileKind(row.kind),
        file=row.file,
        format=row.format,
        encoding=row.encoding,
        sheet=row.sheet,
        joined=row.joined,
        columns=row.columns,
        total=row.total,
        messages=row.messages,
        added=row.added,
        skipped=row.skipped,
        rejected=row.rejected,
        refusals=row.refusals,
        labels=row.labels,
        run=run,
        notes=row.notes,
        who=row.who,
        at=row.created_at,
        undone_by=row.undone_by,
        undone_at=row.undone_at,
    )


def id_ranges(ids: Iterable[int]) -> IdRanges:
    """Ids as ranges: ``[3, 1, 2, 7]`` becomes ``[[1, 3], [7, 7]]``."""
    ranges: IdRanges = []
    for number in sorted(set(ids)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def conditions_within(column: Any, ranges: IdRanges) -> list[ColumnElement[bool]]:
    """Conditions that a column lies in one of these ranges, each for so many as one statement takes."""
    return [
        or_(*(column.between(first, last) for first, last in ranges[start : start + _RANGES_AT_ONCE]))
        for start in range(0, len(ranges), _RANGES_AT_ONCE)
    ]
