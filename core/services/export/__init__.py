"""Exports: submissions, the clean dataset, and tables for colleagues.

Every export is streamed into a file beside its target, read back with another reader than the one that wrote it,
compared with what the store said, entered in the export log, and only then moved into place. One that differs, or that
lacks a chat, is refused with :class:`core.errors.ExportError` and leaves nothing behind.
"""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.export.answer_sources import AnswerSource, Coverage, coverage_of, parse_source
    from core.services.export.dataset_export import DatasetLayout, TextKind, export_dataset
    from core.services.export.download import Download, download
    from core.services.export.export_log import export_log_entries, log_shown_table
    from core.services.export.export_result import ExportResult, index_ranges
    from core.services.export.file_names import file_name
    from core.services.export.hub_push import push_export
    from core.services.export.masked_rows import mask_rows
    from core.services.export.run_tracking import track_scores
    from core.services.export.submission_export import export_submission
    from core.services.export.table_export import TableFormat, export_table

__all__ = [
    "AnswerSource",
    "Coverage",
    "DatasetLayout",
    "Download",
    "ExportResult",
    "TableFormat",
    "TextKind",
    "coverage_of",
    "download",
    "export_dataset",
    "export_log_entries",
    "export_submission",
    "export_table",
    "file_name",
    "index_ranges",
    "log_shown_table",
    "mask_rows",
    "parse_source",
    "push_export",
    "track_scores",
]

import_when_used(__name__)
