"""Import of files and pasted text as datasets, chats and runs; every rejected row says why."""

from core.services.datasets.chat_import import LABELS_RUN, import_chats, import_text
from core.services.datasets.dataset_list import ChatListItem, DatasetSummary, delete_dataset, list_chats, list_datasets
from core.services.datasets.file_format import SUFFIXES
from core.services.datasets.import_preview import preview_import
from core.services.datasets.import_types import (
    BY_POSITION,
    ChatRow,
    ColumnError,
    FileFormat,
    FileKind,
    ImportPreview,
    ImportProgress,
    ImportReport,
    OnProgress,
    RejectedRow,
    SubmissionRow,
    TableColumns,
)
from core.services.datasets.run_import import import_run
from core.services.datasets.sample_dataset import SAMPLE_DATASET, load_sample

__all__ = [
    "BY_POSITION",
    "LABELS_RUN",
    "SAMPLE_DATASET",
    "SUFFIXES",
    "ChatListItem",
    "ChatRow",
    "ColumnError",
    "DatasetSummary",
    "FileFormat",
    "FileKind",
    "ImportPreview",
    "ImportProgress",
    "ImportReport",
    "OnProgress",
    "RejectedRow",
    "SubmissionRow",
    "TableColumns",
    "delete_dataset",
    "import_chats",
    "import_run",
    "import_text",
    "list_chats",
    "list_datasets",
    "load_sample",
    "preview_import",
]
