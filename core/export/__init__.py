"""Exports: submissions, the clean dataset, the test CSV and tables for colleagues (training sets: core.training).

Every export is streamed into a file beside its target, read back with another reader than the one that wrote it,
compared with what the store said, entered in the ledger, and only then moved into place. One that differs, or that
lacks a chat, is refused with :class:`core.errors.ExportError` and leaves nothing behind.
"""

from core.export.clean_dataset import TextKind, export_dataset
from core.export.download import Download, download, file_name
from core.export.formats import TrainingFormat
from core.export.ledger import LedgerEntry, entries
from core.export.report import ExportReport, ranges
from core.export.sources import Coverage, Source, coverage_of, parse_source
from core.export.submission import export_submission
from core.export.tables import TableFormat, export_table
from core.export.test_csv import export_test_csv
from core.export.texts import InputKind

__all__ = [
    "Coverage",
    "Download",
    "ExportReport",
    "InputKind",
    "LedgerEntry",
    "Source",
    "TableFormat",
    "TextKind",
    "TrainingFormat",
    "coverage_of",
    "download",
    "entries",
    "export_dataset",
    "export_submission",
    "export_table",
    "export_test_csv",
    "file_name",
    "parse_source",
    "ranges",
]
