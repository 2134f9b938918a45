"""Lessons: what reviewers corrected again and again, and what to do about it.

Corrections become groups (``grouping``), a group becomes a rule of a new prompt version
(``prompt_rules``) or a bulk change (``bulk_correction``).
"""

from core.services.training.corrections.bulk_correction import plan_lesson
from core.services.training.corrections.grouping import Case, How, Lesson, lessons, runs_corrected
from core.services.training.corrections.prompt_rules import example_of, prompt_with, rule_of, write_prompt

__all__ = [
    "Case",
    "How",
    "Lesson",
    "example_of",
    "lessons",
    "plan_lesson",
    "prompt_with",
    "rule_of",
    "runs_corrected",
    "write_prompt",
]
