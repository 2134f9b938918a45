"""Merging of several answers about one chat into one: votes, chunks of a long chat, partial answers. Pure."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.domain.merge.chunk_answers import join_chunks
    from core.domain.merge.customers import group_customers
    from core.domain.merge.fields import merge_fields
    from core.domain.merge.methods import (
        CrossValidation,
        Method,
        Ranking,
        cross_validate,
        merge_chat,
        rank_by_label_scores,
    )
    from core.domain.merge.vote import VotedForm, vote

__all__ = [
    "CrossValidation",
    "Method",
    "Ranking",
    "VotedForm",
    "cross_validate",
    "group_customers",
    "join_chunks",
    "rank_by_label_scores",
    "merge_chat",
    "merge_fields",
    "vote",
]

import_when_used(__name__)
