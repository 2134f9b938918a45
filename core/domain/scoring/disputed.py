"""Score of one chat without disputed reference cells.

A disputed cell is neither won nor lost. The customers stay matched as the official rules match them; the cell's credit
is taken out, and the field's points over a run are the mean over what is left (``run_score``). So a run without
disputes has exactly the official score, and no score leaves 0 to 36.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from core.domain.scoring.chat_score import ChatScore, Prepared, Scorer

Cell = tuple[int, int]
"""A reference cell of one chat: position of the reference form, number of the field."""


def without_disputed_cells(
    scorer: Scorer, score: ChatScore, preds: Sequence[Prepared], golds: Sequence[Prepared], cells: Collection[Cell]
) -> ChatScore:
    """Recompute the score of a chat without these reference cells.

    Args:
        scorer: that made the score.
        score: the official score of the chat.
        preds: predicted forms, prepared; empty for a chat that the run lacks.
        golds: reference forms, prepared.
        cells: what to leave out; cells that do not exist are passed over.

    Returns:
        ``points`` without what the cells earned, ``counted`` with the share of each field's cells that is left, and
        ``score`` stretched to the form's points.
    """
    larger = max(len(preds), len(golds), 1)
    points, counted = list(score.points), [1.0] * len(scorer.weights)
    predicted, expected, credit = list(score.predicted), list(score.wanted), list(score.credit)
    by_gold = {pair.gold: pair for pair in score.pairs}
    for gold, number in sorted(set(cells)):
        if gold >= len(golds) or number >= len(counted):
            continue
        counted[number] -= 1 / larger
        expected[number] -= bool(golds[gold][number])
        pair = by_gold.get(gold)
        if pair is None:
            continue
        earned = pair.credits[number]
        points[number] -= earned * scorer.weights[number] / larger
        filled = bool(preds[pair.pred][number])
        predicted[number] -= filled
        credit[number] -= earned if filled else 0.0
    counted = [share if share > 1e-9 else 0.0 for share in counted]
    whole = sum(scorer.weights)
    counted_points = sum(weight * share for weight, share in zip(scorer.weights, counted, strict=True))
    return replace(
        score,
        score=max(0.0, sum(points)) * whole / counted_points if counted_points else 0.0,
        points=tuple(max(0.0, value) for value in points),
        predicted=tuple(predicted),
        wanted=tuple(expected),
        credit=tuple(max(0.0, value) for value in credit),
        counted=tuple(counted),
    )
