"""Several answers about the same chat → one: votes, windows of a long chat, answers about some fields. Pure."""

from core.merge.customers import Group, group_customers
from core.merge.methods import CrossValidation, Method, Ranking, cross_validate, learn, merge_chat
from core.merge.parts import merge_fields
from core.merge.vote import Choice, VotedForm, vote
from core.merge.windows import JoinedForm, join_windows

__all__ = [
    "Choice",
    "CrossValidation",
    "Group",
    "JoinedForm",
    "Method",
    "Ranking",
    "VotedForm",
    "cross_validate",
    "group_customers",
    "join_windows",
    "learn",
    "merge_chat",
    "merge_fields",
    "vote",
]
