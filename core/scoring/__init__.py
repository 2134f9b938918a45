"""Scores of forms against reference forms: the official rules, pure functions, no I/O."""

from core.scoring.bootstrap import Interval, mean_intervals
from core.scoring.chat import ChatScore, MatchedPair, Scorer, score_chat
from core.scoring.compare import CHANGES, Cell, Change, Comparison, FieldChange, compare_scores
from core.scoring.measures import EXACT, LCS, MEASURES, SET, Measure, measure_named, usable
from core.scoring.rights import RIGHT_FROM, Rights, rights
from core.scoring.run import FieldScore, Filled, Reference, RunScore, prepare_reference, score_against, score_run

__all__ = [
    "CHANGES",
    "EXACT",
    "LCS",
    "MEASURES",
    "RIGHT_FROM",
    "SET",
    "Cell",
    "Change",
    "ChatScore",
    "Comparison",
    "FieldChange",
    "FieldScore",
    "Filled",
    "Interval",
    "MatchedPair",
    "Measure",
    "Reference",
    "Rights",
    "RunScore",
    "Scorer",
    "compare_scores",
    "mean_intervals",
    "measure_named",
    "prepare_reference",
    "rights",
    "score_against",
    "score_chat",
    "score_run",
    "usable",
]
