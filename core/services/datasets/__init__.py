"""Import of files and pasted text as datasets, chats and runs; every rejected row says why.

What needs the database is loaded when it is first asked for: the process that reads files is a module of this package
and must start quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.datasets.import_types import (
        BY_POSITION,
        ChatRow,
        ColumnError,
        FileKind,
        ImportPreview,
        ImportProgress,
        ImportReport,
        OnProgress,
        ReadersBusyError,
        RejectedRow,
        SubmissionRow,
        TableColumns,
    )

    if TYPE_CHECKING:
        from core.services.datasets.chat_import import import_chats, import_text
        from core.services.datasets.chat_speakers import describe_chats
        from core.services.datasets.dataset_list import (
            ChatListItem,
            DatasetSummary,
            delete_dataset,
            list_chats,
            list_datasets,
        )
        from core.services.datasets.import_log import ImportEntry, list_imports
        from core.services.datasets.import_mappings import mapping_for, save_mapping
        from core.services.datasets.import_preview import preview_import
        from core.services.datasets.import_undo import UndoPlan, plan_undo, undo_import
        from core.services.datasets.reader_pool import prepare_reader
        from core.services.datasets.run_import import import_run
        from core.services.datasets.sample_dataset import shipped_samples
        from core.services.datasets.sample_loading import load_sample

__all__ = [
    "BY_POSITION",
    "ChatListItem",
    "ChatRow",
    "ColumnError",
    "DatasetSummary",
    "FileKind",
    "ImportEntry",
    "ImportPreview",
    "ImportProgress",
    "ImportReport",
    "OnProgress",
    "ReadersBusyError",
    "RejectedRow",
    "SubmissionRow",
    "TableColumns",
    "UndoPlan",
    "delete_dataset",
    "describe_chats",
    "import_chats",
    "import_run",
    "import_text",
    "list_chats",
    "list_datasets",
    "load_sample",
    "list_imports",
    "mapping_for",
    "plan_undo",
    "prepare_reader",
    "preview_import",
    "save_mapping",
    "shipped_samples",
    "undo_import",
]

_LOADED_LATE = {
    "ChatListItem": "dataset_list",
    "DatasetSummary": "dataset_list",
    "delete_dataset": "dataset_list",
    "describe_chats": "chat_speakers",
    "import_chats": "chat_import",
    "mapping_for": "import_mappings",
    "save_mapping": "import_mappings",
    "import_run": "run_import",
    "import_text": "chat_import",
    "list_chats": "dataset_list",
    "list_datasets": "dataset_list",
    "list_imports": "import_log",
    "ImportEntry": "import_log",
    "UndoPlan": "import_undo",
    "plan_undo": "import_undo",
    "undo_import": "import_undo",
    "load_sample": "sample_loading",
    "shipped_samples": "sample_dataset",
    "preview_import": "import_preview",
    "prepare_reader": "reader_pool",
}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_LOADED_LATE[name]}"), name)
    return value


import_when_used(__name__)
