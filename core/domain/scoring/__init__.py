"""Scoring of forms against reference forms by the official rules. Pure."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.domain.scoring.bootstrap import mean_intervals
    from core.domain.scoring.chat_score import Scorer
    from core.domain.scoring.comparison import Cell, Comparison, CorrectnessChange, compare_scores
    from core.domain.scoring.correct_cells import CORRECT_FROM
    from core.domain.scoring.interval import Interval
    from core.domain.scoring.measures import LCS, Measure, measure_named, usable
    from core.domain.scoring.run_score import Reference, RunScore, prepare_reference, score_against, score_run

__all__ = [
    "LCS",
    "CORRECT_FROM",
    "Cell",
    "CorrectnessChange",
    "Comparison",
    "Interval",
    "Measure",
    "Reference",
    "RunScore",
    "Scorer",
    "compare_scores",
    "mean_intervals",
    "measure_named",
    "prepare_reference",
    "score_against",
    "score_run",
    "usable",
]

import_when_used(__name__)
