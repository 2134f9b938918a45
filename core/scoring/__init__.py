"""Scores of forms against reference forms: the official rules, pure functions, no I/O."""

from core.scoring.chat import ChatScore, MatchedPair, Scorer, score_chat
from core.scoring.measures import EXACT, LCS, MEASURES, Measure, measure_named
from core.scoring.run import FieldScore, Filled, RunScore, score_run

__all__ = [
    "EXACT",
    "LCS",
    "MEASURES",
    "ChatScore",
    "FieldScore",
    "Filled",
    "MatchedPair",
    "Measure",
    "RunScore",
    "Scorer",
    "measure_named",
    "score_chat",
    "score_run",
]
