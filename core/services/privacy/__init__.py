"""Personal data: one person found, renamed or deleted everywhere; how long replies and histories stay."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.privacy.people import PersonReport, delete_person, find_person, rename_person
    from core.services.privacy.retention import apply_retention, retention_rules, set_retention

__all__ = [
    "PersonReport",
    "apply_retention",
    "delete_person",
    "find_person",
    "rename_person",
    "retention_rules",
    "set_retention",
]

import_when_used(__name__)
