"""What looks wrong in filled forms, said in one sentence each; never more than advice. Pure."""

from core.domain.checks.form_checks import check
from core.domain.checks.model import FormWarning, Level
from core.domain.checks.omissions import Omission, find_mentions, find_omissions

__all__ = ["FormWarning", "Level", "Omission", "check", "find_mentions", "find_omissions"]
