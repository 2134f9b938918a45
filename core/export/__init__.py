"""Exports: submissions, the clean dataset, training sets, the test CSV and tables for colleagues.

Every export is streamed into a file beside its target, read back with another reader than the one that wrote it,
compared with what the store said, entered in the ledger, and only then moved into place. One that differs, or that
lacks a chat, is refused with :class:`core.errors.ExportError` and leaves nothing behind.
"""

from core.export.clean_dataset import TextKind, export_dataset
from core.export.ledger import LedgerEntry, entries
from core.export.report import ExportReport
from core.export.sources import Coverage, Source, coverage, parse_source
from core.export.submission import export_submission

__all__ = [
    "Coverage",
    "ExportReport",
    "LedgerEntry",
    "Source",
    "TextKind",
    "coverage",
    "entries",
    "export_dataset",
    "export_submission",
    "parse_source",
]
