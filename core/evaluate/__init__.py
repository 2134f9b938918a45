"""Runs measured against labels, approved records or one another: the store joined with :mod:`core.scoring`."""

from core.evaluate.aligned import Alignment, Customer, Difference, align, difference_rows, right
from core.evaluate.board import Board, BoardRow, board, cost, named_run, references
from core.evaluate.disputes import DisputeView, decide, dispute, dispute_counts, dispute_rows, disputes, text_of
from core.evaluate.merging import METHOD_TITLES, MergePlan, merge_runs, plan_merge
from core.evaluate.outside import OutsideView, enter_outside, outside_scores, remove_outside
from core.evaluate.picks import DROP, REFERENCE, WHOLE, drop_picks, merge_run, pick, picked_forms, picks
from core.evaluate.reviewers import Pace, Together, TwoReviews, Unsettled, paces, settled_forms, together, two_reviews
from core.evaluate.score import LABELS, RECORDS, Yardstick, compare, comparison, reference, run_score, score

__all__ = [
    "merge_runs",
    "plan_merge",
    "DROP",
    "LABELS",
    "METHOD_TITLES",
    "RECORDS",
    "REFERENCE",
    "WHOLE",
    "Alignment",
    "Board",
    "BoardRow",
    "Customer",
    "Difference",
    "MergePlan",
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
