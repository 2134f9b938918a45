"""Corrections that reviewers made again and again, and what to do about them.

Corrections become groups (``grouping``), a group becomes a rule of a new prompt version
(``prompt_rules``) or a bulk change (``bulk_correction``).
"""

from core.services.training.corrections.bulk_correction import plan_bulk_corrections
from core.services.training.corrections.grouping import CorrectionGroup, corrected_runs, correction_groups
from core.services.training.corrections.prompt_rules import find_example, propose_rule, save_prompt_with_rules

__all__ = [
    "CorrectionGroup",
    "find_example",
    "correction_groups",
    "plan_bulk_corrections",
    "propose_rule",
    "corrected_runs",
    "save_prompt_with_rules",
]
