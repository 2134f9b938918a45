"""Training sets: from confirmed records and labels to files that a trainer takes, with nothing cut unseen.

Choices (:class:`TrainingOptions`) become rows (``compose``), rows become an order (``arrange``), the order becomes
files that are read back (``set_files``). A preflight does the first two without the third. What is built is immutable,
and can be built again byte for byte (``set_versions``).
"""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.training.answer_selection import reviewers_of
    from core.services.training.build import export_training
    from core.services.training.chat_summaries import (
        lost_values,
        newest_versions,
        save_summary,
        summaries_from_run,
        summary_versions,
    )
    from core.services.training.compose import form_of_datasets
    from core.services.training.file_check import check_training
    from core.services.training.input_texts import InputKind
    from core.services.training.local_tuning import (
        GUIDE_FILE,
        LOCAL_MODEL,
        LOCAL_PLATFORM,
        SERVED_NAME,
        TRAIN_COMMAND,
        TRAIN_FILE,
        cutoff_of,
        serve_command,
    )
    from core.services.training.overlong_rows import OVERLONG_ACTIONS
    from core.services.training.platform_csv import export_test_csv
    from core.services.training.platforms import (
        USUAL_PLATFORM,
        Platform,
        all_platforms,
        load_platform,
        named_lengths,
        platforms_taking,
    )
    from core.services.training.preflight import Preflight, data_version, preflight, preview_row
    from core.services.training.recipe_runs import (
        asked_by_set,
        extract_with_recipe,
        recipe_of,
        recipe_parts,
        siblings_of,
        single_fields,
    )
    from core.services.training.recipes import RECIPES, Recipe, RecipeStep, find_recipe, piece_fields, recipe_sets
    from core.services.training.row_formats import Row, TrainingFormat
    from core.services.training.rows import SpooledRow
    from core.services.training.set_diff import diff_sets, source_of
    from core.services.training.set_notes import TEST_SPLIT, lost_field_labels
    from core.services.training.set_push import push_set
    from core.services.training.set_versions import (
        SourceChange,
        TrainingSetView,
        changes_since,
        rebuild,
        rows_of_set,
        training_set,
        training_sets,
    )
    from core.services.training.training_options import (
        CUSTOMERS_TASK,
        FIELDS_TASK,
        FORM_TASK,
        MOST_REPEATS,
        AnswerFilters,
        DuplicatePolicy,
        OverBudget,
        TrainingOptions,
    )
    from core.services.training.tuned_models import (
        needed_title,
        prompt_of_model,
        prompt_of_set,
        register_tuned_model,
        runs_of_set,
        training_overlap,
        tunable_templates,
    )

__all__ = [
    "CUSTOMERS_TASK",
    "FIELDS_TASK",
    "FORM_TASK",
    "GUIDE_FILE",
    "LOCAL_MODEL",
    "LOCAL_PLATFORM",
    "MOST_REPEATS",
    "OVERLONG_ACTIONS",
    "AnswerFilters",
    "DuplicatePolicy",
    "InputKind",
    "OverBudget",
    "Platform",
    "Preflight",
    "RECIPES",
    "Recipe",
    "RecipeStep",
    "Row",
    "SourceChange",
    "SpooledRow",
    "TEST_SPLIT",
    "SERVED_NAME",
    "TRAIN_COMMAND",
    "TRAIN_FILE",
    "TrainingFormat",
    "TrainingOptions",
    "TrainingSetView",
    "USUAL_PLATFORM",
    "asked_by_set",
    "changes_since",
    "check_training",
    "cutoff_of",
    "data_version",
    "diff_sets",
    "export_test_csv",
    "export_training",
    "extract_with_recipe",
    "find_recipe",
    "form_of_datasets",
    "lost_field_labels",
    "load_platform",
    "lost_values",
    "named_lengths",
    "needed_title",
    "newest_versions",
    "all_platforms",
    "platforms_taking",
    "piece_fields",
    "preflight",
    "preview_row",
    "prompt_of_model",
    "prompt_of_set",
    "push_set",
    "rebuild",
    "recipe_of",
    "recipe_parts",
    "recipe_sets",
    "register_tuned_model",
    "reviewers_of",
    "rows_of_set",
    "runs_of_set",
    "save_summary",
    "serve_command",
    "siblings_of",
    "single_fields",
    "source_of",
    "summaries_from_run",
    "summary_versions",
    "training_overlap",
    "training_set",
    "training_sets",
    "tunable_templates",
]

import_when_used(__name__)
