"""Checks of filled forms: warnings for the reviewer, one sentence each, advice only. Pure."""

from core.domain.checks.form_checks import check
from core.domain.checks.omissions import find_mentions, find_omissions

__all__ = [
    "check",
    "find_mentions",
    "find_omissions",
]
