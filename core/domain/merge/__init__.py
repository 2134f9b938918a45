"""Merging of several answers about one chat into one: votes, chunks of a long chat, partial answers. Pure."""

from core.domain.merge.chunk_answers import join_chunks
from core.domain.merge.customers import group_customers
from core.domain.merge.fields import merge_fields
from core.domain.merge.methods import CrossValidation, Method, Ranking, cross_validate, learn, merge_chat
from core.domain.merge.vote import VotedForm, vote

__all__ = [
    "CrossValidation",
    "Method",
    "Ranking",
    "VotedForm",
    "cross_validate",
    "group_customers",
    "join_chunks",
    "learn",
    "merge_chat",
    "merge_fields",
    "vote",
]
