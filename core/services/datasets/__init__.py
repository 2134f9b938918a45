"""Import: files and pasted text become datasets, chats and runs; every row that does not go in says why."""

from core.services.datasets.chat_import import LABELS_RUN, SPLITS, import_chats, import_text
from core.services.datasets.dataset_list import ChatLine, DatasetSummary, chat_lines, dataset_summaries, delete_dataset
from core.services.datasets.model import (
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
from core.services.datasets.preview import preview
from core.services.datasets.run_import import import_run
from core.services.datasets.sample import SAMPLE_DATASET, SAMPLE_RUN, load_sample
from core.services.datasets.source_file import SUFFIXES

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
    "dataset_summaries",
]
