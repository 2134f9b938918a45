"""Runs measured against labels, approved records or one another: the store joined with :mod:`core.domain.scoring`."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.quality.alignment import (
        Alignment,
        Customer,
        Difference,
        align,
        difference_rows,
        remember_reference_shown,
    )
    from core.services.quality.default_run import DefaultReason, DefaultRun, default_run, pin_default_run
    from core.services.quality.disputes import DisputeView, decide, dispute, dispute_rows, disputes
    from core.services.quality.external_scores import add_external_score, remove_external_score
    from core.services.quality.leaderboard import Leaderboard, LeaderboardRow, named_run, references
    from core.services.quality.picked_values import REFERENCE, drop_picks, pick, picked_forms, picks, run_from_picks
    from core.services.quality.reviewer_agreement import PairwiseAgreement, ReviewPace, paces, pairwise_agreement
    from core.services.quality.scores import BLIND, LABELS, RECORDS, Benchmark, compare_runs, score

__all__ = [
    "BLIND",
    "LABELS",
    "RECORDS",
    "REFERENCE",
    "Alignment",
    "DefaultReason",
    "DefaultRun",
    "Leaderboard",
    "LeaderboardRow",
    "Customer",
    "Difference",
    "DisputeView",
    "ReviewPace",
    "PairwiseAgreement",
    "Benchmark",
    "align",
    "compare_runs",
    "decide",
    "default_run",
    "difference_rows",
    "dispute",
    "dispute_rows",
    "disputes",
    "drop_picks",
    "add_external_score",
    "run_from_picks",
    "named_run",
    "paces",
    "pick",
    "pin_default_run",
    "picked_forms",
    "picks",
    "references",
    "remember_reference_shown",
    "remove_external_score",
    "score",
    "pairwise_agreement",
]

import_when_used(__name__)
