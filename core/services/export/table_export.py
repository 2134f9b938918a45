"""Tables for colleagues: one row per customer, as CSV for anything and XLSX for Excel."""

import zipfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.writer.excel import ExcelWriter
from python_calamine import CalamineWorkbook

from core.adapters.store import Store, queries
from core.adapters.store.models import Confirmation
from core.domain.form import Form, load_named_form, text_of
from core.domain.masking import NO_MASK, Mask
from core.domain.permissions import Permission
from core.errors import ExportError
from core.services.export.answer_sources import (
    ORIGIN_LABELS,
    AnswerSource,
    ChatAnswer,
    mask_answers,
    measure_coverage,
    remember_exported,
)
from core.services.export.answer_statistics import AnswerStatistics
from core.services.export.atomic_file import PendingFile, compare_rows, file_digest, fingerprint, pending_file
from core.services.export.discussion_column import TITLE, DiscussionColumn
from core.services.export.export_log import publish_export
from core.services.export.export_result import ExportResult
from core.services.export.spreadsheet_cells import csv_row, unescape_formula
from core.services.team import permitted

SHEET = "客户"
_CELL_LIMIT = 32_767
"""Characters that a cell of Excel can hold."""


class TableFormat(StrEnum):
    """How the table is written."""

    CSV = "csv"
    XLSX = "xlsx"


@permitted(Permission.EXPORT)
def export_table(
    store: Store,
    *,
    dataset: str | int,
    source: AnswerSource,
    out: Path,
    table: TableFormat,
    confirmations: bool = False,
    discussions: bool = False,
    mask: Mask = NO_MASK,
) -> ExportResult:
    """Write one row per customer: chat, customer's number, every field, origin, reviewer.

    With ``confirmations``, a further column per field says what a person did with it (未看, 逐项确认, 批量确认): an
    empty cell that was confirmed differs from one that nobody looked at. Labels and runs leave these empty. With
    ``discussions``, a column says what was discussed about the customer, and with the first one about the chat.

    List fields are joined with ``、``. In a CSV, a text that a spreadsheet would run as a formula gets an apostrophe in
    front (chats are written by strangers); XLSX cells are typed as text and need none. Characters that XLSX cannot
    hold (control characters) are left out of it.

    Returns:
        The result; ``left_out`` names chats without an answer, ``no_customers`` those whose answer is that there is
        no customer.

    Raises:
        ExportError: no row at all, a value too long for Excel, or a file that reads back differently.
        NotFoundError: no such dataset or run.
    """
    with store.read() as session, pending_file(out) as file:
        dataset_view = queries.dataset(session, dataset)
        form = load_named_form(dataset_view.form)
        coverage = measure_coverage(session, dataset_view, source)
        statistics = AnswerStatistics()
        remember_exported(session, dataset_view, source)
        stream = mask_answers(session, dataset_view, form, source, mask)
        talks = DiscussionColumn(session, dataset_view, form, mask) if discussions else None
        rows = _rows(statistics.count(stream), form, confirmations, talks)
        fingerprints = _write_csv(file, rows) if table is TableFormat.CSV else _write_xlsx(file, rows)
        if len(fingerprints) < 2:
            raise ExportError(f"来源（{source.title}）里没有一位{form.subject}", "请先审阅并确认群聊，或换一个来源")
        compare_rows(
            _read_csv(file.path) if table is TableFormat.CSV else _read_xlsx(file.path), fingerprints, out.name
        )
        sha256, size = file_digest(file.path)
        left_out = list(coverage.missing)
        result = ExportResult(
            kind="table",
            out=out,
            sha256=sha256,
            size=size,
            counts={"chats": len(statistics.provenance), "rows": len(fingerprints) - 1, "left_out": len(left_out)},
            lists=statistics.lists(left_out=left_out),
            notes=statistics.notes(withheld=coverage.withheld, left_out=left_out),
            files={out.name: sha256},
            masked=tuple(mask.names),
        )
        parameters = {
            "dataset": dataset_view.name,
            "source": str(source),
            "mask": mask.names,
            "table": str(table),
            "confirmations": confirmations,
            "discussions": discussions,
            **statistics.lists(left_out=left_out),
        }
        session.close()  # the log is written on another connection, and none may be held meanwhile
        publish_export(
            store, file, result, dataset_id=dataset_view.id, parameters=parameters, provenance=statistics.provenance
        )
    return result


def _rows(
    stream: Iterator[ChatAnswer], form: Form, confirmations: bool, talks: DiscussionColumn | None
) -> Iterator[list[str]]:
    confirmation_columns = [f"{key}（确认）" for key in form.keys] if confirmations else []
    talk_columns = [TITLE] if talks is not None else []
    yield ["群聊", form.subject_heading, *form.keys, "来源", "审阅人", *talk_columns, *confirmation_columns]
    for answer in stream:
        talk_cells = talks.cells(answer.index, answer.forms) if talks is not None else []
        for number, values in enumerate(answer.forms, start=1):
            cells = [text_of(value) for value in values.values()]
            origin, reviewer = ORIGIN_LABELS[answer.origin], str(answer.provenance.get("reviewer", ""))
            states: Mapping[str, str] = answer.confirmed[number - 1] if number <= len(answer.confirmed) else {}
            unreviewed = str(Confirmation.UNSEEN) if answer.origin == "record" else ""
            confirmations_of_row = [states.get(key, unreviewed) for key in form.keys] if confirmations else []
            talk_cell = talk_cells[number - 1 : number]
            yield [str(answer.index), str(number), *cells, origin, reviewer, *talk_cell, *confirmations_of_row]


def _write_csv(file: PendingFile, rows: Iterator[list[str]]) -> list[bytes]:
    fingerprints: list[bytes] = []
    # The mark tells Excel that the file is UTF-8.
    file.write("\ufeff")
    for row in rows:
        file.write(csv_row(row))
        fingerprints.append(fingerprint(row))
    file.finish()
    return fingerprints


def _write_xlsx(file: PendingFile, rows: Iterator[list[str]]) -> list[bytes]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.freeze_panes = "C2"
    fingerprints: list[bytes] = []
    try:
        for row in rows:
            # XML readers turn every line break into a plain one.
            cells = [ILLEGAL_CHARACTERS_RE.sub("", cell.replace("\r\n", "\n").replace("\r", "\n")) for cell in row]
            if any(len(cell) > _CELL_LIMIT for cell in cells):
                raise ExportError(f"第 {row[0]} 条群聊有一个值超过 Excel 单元格的 {_CELL_LIMIT:,} 字", "请改用 CSV")
            # Chat and customer are numbers below the heading, so that the table sorts.
            sheet.append([_typed(sheet, cell, number=bool(fingerprints) and at < 2) for at, cell in enumerate(cells)])
            fingerprints.append(fingerprint(cells))
    finally:
        # An abandoned sheet would complain when it is collected.
        if not sheet.closed:
            sheet.close()
    # Not by the book's own ``save``: where the disk is full, its archive stays open and complains when it is collected.
    with zipfile.ZipFile(file.path, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    file.finish()
    return fingerprints


def _typed(sheet: Any, cell: str, *, number: bool) -> Any:
    typed = WriteOnlyCell(sheet, value=int(cell) if number else cell)
    # What begins with "=" would become a formula.
    typed.data_type = "n" if number else "s"
    return typed


def _read_csv(path: Path) -> Iterator[list[str]]:
    with pd.read_csv(
        path, header=None, dtype=str, keep_default_na=False, chunksize=500, encoding="utf-8-sig"
    ) as chunks:
        for chunk in chunks:
            for cells in chunk.itertuples(index=False, name=None):
                yield [unescape_formula(cell) for cell in cells]


def _read_xlsx(path: Path) -> Iterator[list[str]]:
    with path.open("rb") as file:
        sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_name(SHEET)
        for cells in sheet.to_python(skip_empty_area=False):
            yield [str(int(cell)) if isinstance(cell, float) else str(cell) for cell in cells]
