"""Import: files and pasted text become datasets, chats and runs; every row that does not go in says why."""

from core.ingest.chats import LABELS_RUN, SPLITS, import_chats, import_text
from core.ingest.datasets import ChatLine, DatasetSummary, chat_lines, delete_dataset, summaries
from core.ingest.model import (
    BY_POSITION,
    ChatRow,
    ColumnError,
    Columns,
    FileFormat,
    FileKind,
    ImportReport,
    OnProgress,
    Preview,
    Progress,
    Rejected,
    SubmissionRow,
)
from core.ingest.preview import preview
from core.ingest.runs import import_run
from core.ingest.sample import SAMPLE_DATASET, SAMPLE_RUN, load_sample
from core.ingest.source import SUFFIXES

__all__ = [
    "BY_POSITION",
    "LABELS_RUN",
    "SAMPLE_DATASET",
    "SAMPLE_RUN",
    "SPLITS",
    "SUFFIXES",
    "ChatLine",
    "ChatRow",
    "ColumnError",
    "Columns",
    "DatasetSummary",
    "FileFormat",
    "FileKind",
    "ImportReport",
    "OnProgress",
    "Preview",
    "Progress",
    "Rejected",
    "SubmissionRow",
    "chat_lines",
    "delete_dataset",
    "import_chats",
    "import_run",
    "import_text",
    "load_sample",
    "preview",
    "summaries",
]
