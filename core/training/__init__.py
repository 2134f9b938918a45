"""Training sets: from confirmed records and labels to files that a trainer takes, with nothing cut unseen.

Choices (:class:`TrainingOptions`) become rows (``composing``), rows become an order (``arranging``), the order becomes
files that are read back (``building``). A preflight does the first two without the third. What is built is immutable,
and can be built again byte for byte (``sets``).
"""

from core.export.formats import TrainingFormat
from core.export.summaries import Lost, SummaryView, history, latest, lost_values, save_summary, summaries_from_run
from core.export.texts import InputKind
from core.training.arranging import FieldBalance
from core.training.building import export_training
from core.training.comparing import RowChange, SetDifference, compare_sets, source_of
from core.training.composing import ACTIONS, Over
from core.training.limits import PRESETS, Limit, Size, Unit
from core.training.notes import lost_words
from core.training.options import (
    CUSTOMERS_TASK,
    FIELDS_TASK,
    FORM_TASK,
    PLATFORM_MIN_ROWS,
    Duplicates,
    Filters,
    OverBudget,
    TrainingOptions,
    options_from_json,
)
from core.training.picking import reviewers_of
from core.training.preflight import Preflight, data_version, preflight, preview_row
from core.training.rows import RowNote, place_of
from core.training.sets import (
    Change,
    SetView,
    changes_since,
    chats_of_set,
    rebuild,
    rows_of_set,
    training_set,
    training_sets,
)

__all__ = [
    "ACTIONS",
    "CUSTOMERS_TASK",
    "FIELDS_TASK",
    "FORM_TASK",
    "PLATFORM_MIN_ROWS",
    "PRESETS",
    "Change",
    "Duplicates",
    "FieldBalance",
    "Filters",
    "InputKind",
    "Limit",
    "Lost",
    "Over",
    "OverBudget",
    "Preflight",
    "RowChange",
    "RowNote",
    "SetDifference",
    "SetView",
    "Size",
    "SummaryView",
    "TrainingFormat",
    "TrainingOptions",
    "Unit",
    "changes_since",
    "data_version",
    "chats_of_set",
    "compare_sets",
    "export_training",
    "history",
    "latest",
    "lost_values",
    "lost_words",
    "options_from_json",
    "place_of",
    "preflight",
    "preview_row",
    "rebuild",
    "reviewers_of",
    "rows_of_set",
    "save_summary",
    "source_of",
    "summaries_from_run",
    "training_set",
    "training_sets",
]
