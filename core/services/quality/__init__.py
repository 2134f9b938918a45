"""Runs measured against labels, approved records or one another: the store joined with :mod:`core.domain.scoring`."""

from core.services.quality.alignment import Alignment, Customer, Difference, align, difference_rows, right
from core.services.quality.disputes import DisputeView, decide, dispute, dispute_counts, dispute_rows, disputes, text_of
from core.services.quality.external_scores import OutsideView, enter_outside, outside_scores, remove_outside
from core.services.quality.leaderboard import Board, BoardRow, board, cost, named_run, references
from core.services.quality.picked_values import DROP, REFERENCE, WHOLE, drop_picks, merge_run, pick, picked_forms, picks
from core.services.quality.reviewer_agreement import (
    Pace,
    Together,
    TwoReviews,
    Unsettled,
    paces,
    settled_forms,
    together,
    two_reviews,
)
from core.services.quality.scores import LABELS, RECORDS, Yardstick, compare, comparison, reference, run_score, score

__all__ = [
    "DROP",
    "LABELS",
    "RECORDS",
    "REFERENCE",
    "WHOLE",
    "Alignment",
    "Board",
    "BoardRow",
    "Customer",
    "Difference",
    "DisputeView",
    "OutsideView",
    "Pace",
    "Together",
    "TwoReviews",
    "Unsettled",
    "Yardstick",
    "align",
    "board",
    "compare",
    "comparison",
    "cost",
    "decide",
    "difference_rows",
    "dispute",
    "dispute_counts",
    "dispute_rows",
    "disputes",
    "drop_picks",
    "enter_outside",
    "merge_run",
    "named_run",
    "outside_scores",
    "paces",
    "pick",
    "picked_forms",
    "picks",
    "reference",
    "references",
    "remove_outside",
    "right",
    "run_score",
    "score",
    "settled_forms",
    "text_of",
    "together",
    "two_reviews",
]
