"""Several answers about the same chat → one: customers matched, every field decided by itself. Pure."""

from core.merge.customers import Group, group_customers
from core.merge.vote import Choice, VotedForm, vote

__all__ = ["Choice", "Group", "VotedForm", "group_customers", "vote"]
