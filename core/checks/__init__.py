"""What looks wrong in filled forms, said in one sentence each; never more than advice. Pure."""

from core.checks.check import check
from core.checks.missed import Missed, find_all, missed
from core.checks.model import FormWarning, Level

__all__ = ["FormWarning", "Level", "Missed", "check", "find_all", "missed"]
