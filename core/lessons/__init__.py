"""Lessons: what reviewers corrected again and again, and what to do about it; tuned models and what they have seen.

Corrections become groups (``grouping``), a group becomes a rule of a new prompt version (``rules``) or a bulk change
(``correcting``). A tuned model remembers its training set (``tuned``), so that nobody takes memory for skill.
"""

from core.lessons.correcting import plan_lesson
from core.lessons.grouping import Case, How, Lesson, lessons, runs_corrected
from core.lessons.rules import example_of, prompt_with, rule_of, write_prompt
from core.lessons.tuned import NEEDS, Seen, prompt_of_set, register_tuned, seen_in_training, templates, tuned_on

__all__ = [
    "NEEDS",
    "Case",
    "How",
    "Lesson",
    "Seen",
    "example_of",
    "lessons",
    "plan_lesson",
    "prompt_of_set",
    "prompt_with",
    "register_tuned",
    "rule_of",
    "runs_corrected",
    "seen_in_training",
    "templates",
    "tuned_on",
    "write_prompt",
]
