"""Training sets: from confirmed records and labels to files that a trainer takes, with nothing cut unseen.

Choices (:class:`TrainingOptions`) become rows (``compose``), rows become an order (``arrange``), the order becomes
files that are read back (``build``). A preflight does the first two without the third. What is built is immutable,
and can be built again byte for byte (``versions``).
"""

from core.services.training.arrange import FieldBalance
from core.services.training.build import export_training
from core.services.training.compose import ACTIONS, Over
from core.services.training.diff import RowChange, SetDifference, diff_sets, source_of
from core.services.training.input_texts import InputKind
from core.services.training.limits import PRESETS, Limit, Size, Unit
from core.services.training.notes import lost_words
from core.services.training.options import (
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
from core.services.training.platform_csv import export_test_csv
from core.services.training.preflight import Preflight, data_version, preflight, preview_row
from core.services.training.row_formats import TrainingFormat
from core.services.training.rows import RowNote, place_of
from core.services.training.select import reviewers_of
from core.services.training.summaries import (
    Lost,
    SummaryView,
    history,
    latest,
    lost_values,
    save_summary,
    summaries_from_run,
)
from core.services.training.tuned_models import (
    NEEDS,
    Seen,
    prompt_of_set,
    register_tuned,
    seen_in_training,
    templates,
    tuned_on,
)
from core.services.training.versions import (
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
    "export_test_csv",
    "NEEDS",
    "Seen",
    "prompt_of_set",
    "register_tuned",
    "seen_in_training",
    "templates",
    "tuned_on",
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
    "diff_sets",
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
