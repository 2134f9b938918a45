"""Checks of filled forms: warnings for the reviewer, one sentence each, advice only. Pure."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.domain.checks.form_checks import check
    from core.domain.checks.omissions import find_mentions, find_omissions

__all__ = [
    "check",
    "find_mentions",
    "find_omissions",
]

import_when_used(__name__)
