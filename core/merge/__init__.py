"""Several answers about the same chat → one: votes, windows of a long chat, answers about some fields. Pure."""

from core.merge.customers import Group, group_customers
from core.merge.parts import merge_fields
from core.merge.vote import Choice, VotedForm, vote
from core.merge.windows import JoinedForm, join_windows

__all__ = [
    "Choice",
    "Group",
    "JoinedForm",
    "VotedForm",
    "group_customers",
    "join_windows",
    "merge_fields",
    "vote",
]
