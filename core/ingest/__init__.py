"""Import: files and pasted text become datasets, chats and runs; every row that does not go in says why."""

from core.ingest.chats import LABELS_RUN, SPLITS, import_chats, import_text
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
    "ChatRow",
    "ColumnError",
    "Columns",
    "FileFormat",
    "FileKind",
    "ImportReport",
    "OnProgress",
    "Preview",
    "Progress",
    "Rejected",
    "SubmissionRow",
    "import_chats",
    "import_run",
    "import_text",
    "load_sample",
    "preview",
]
