"""The score of a run: mean over the reference chats, beside its floor and the scores over filled values only.

An all-empty form looks good (72 % of all cells are empty), so a score is never shown without the floor, and
precision, recall and F1 count only cells that somebody filled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.form import Form, FormValues
from core.scoring.chat import ChatScore, Scorer
from core.scoring.measures import LCS, Measure


@dataclass(frozen=True, slots=True)
class Filled:
    """Micro-averaged scores over filled cells.

    Attributes:
        credit: true-positive credit; a free text gives its similarity.
        predicted: predicted cells that are not empty.
        support: wanted cells, that is, reference cells that are not empty.
    """

    credit: float
    predicted: int
    support: int

    @property
    def precision(self) -> float:
        """Share of the predicted that is right; 0 where nothing was predicted."""
        return self.credit / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the wanted that was found; 0 where nothing was wanted."""
        return self.credit / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.predicted + self.support
        return 2 * self.credit / both if both else 0.0

    def as_json(self) -> dict[str, float]:
        """Precision, recall and F1, 0 to 1."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True, slots=True)
class FieldScore:
    """One field over all chats.

    Attributes:
        points: mean per chat; over all fields these sum to the run's score.
        max: the field's points.
        filled: over filled cells.
    """

    points: float
    max: float
    filled: Filled


@dataclass(frozen=True, slots=True)
class RunScore:
    """A run against a reference.

    Attributes:
        score: mean over the reference chats, 0 to ``max``; 0 where there are none.
        max: the form's points (36).
        floor: what one all-empty form per chat would score.
        chats: score of every reference chat by index, in order.
        missing: indices that the run lacks; each scores 0.
        filled: over filled cells of all fields.
        fields: by key, in the form's order.
        measure: which similarity was used.
    """

    score: float
    max: float
    floor: float
    chats: Mapping[int, ChatScore]
    missing: tuple[int, ...]
    filled: Filled
    fields: Mapping[str, FieldScore]
    measure: Measure

    def as_json(self) -> dict[str, Any]:
        """What ``score --json`` prints."""
        return {
            "score": self.score,
            "max": _plain(self.max),
            "floor": self.floor,
            "chats": len(self.chats),
            "missing": list(self.missing),
            "filled": self.filled.as_json(),
            "fields": {
                key: {
                    "points": field.points,
                    "max": _plain(field.max),
                    **field.filled.as_json(),
                    "support": field.filled.support,
                }
                for key, field in self.fields.items()
            },
        }


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number


def score_run(
    form: Form,
    preds: Mapping[int, Sequence[FormValues]],
    golds: Mapping[int, Sequence[FormValues]],
    measure: Measure = LCS,
) -> RunScore:
    """Score a run against a reference.

    Args:
        form: which fields count, and for how much.
        preds: the run's forms by chat index; chats that the reference lacks are left out.
        golds: the reference's forms by chat index.
        measure: similarity for free-text fields.
    """
    scorer = Scorer(form, measure)
    chats: dict[int, ChatScore] = {}
    missing: list[int] = []
    floor = 0.0
    for index in sorted(golds):
        gold = [scorer.prepare(values) for values in golds[index]]
        floor += scorer.floor(gold)
        if index in preds:
            chats[index] = scorer.chat([scorer.prepare(values) for values in preds[index]], gold)
        else:
            missing.append(index)
            chats[index] = _unanswered(scorer.chat([], gold))
    count = max(len(chats), 1)
    rows = chats.values()
    points = _columns([row.points for row in rows], len(form.fields))
    credit = _columns([row.credit for row in rows], len(form.fields))
    predicted = _columns([row.predicted for row in rows], len(form.fields))
    wanted = _columns([row.wanted for row in rows], len(form.fields))
    fields = {
        field.key: FieldScore(points[i] / count, field.points, Filled(credit[i], int(predicted[i]), int(wanted[i])))
        for i, field in enumerate(form.fields)
    }
    return RunScore(
        score=sum(row.score for row in rows) / count,
        max=form.max_points,
        floor=floor / count,
        chats=chats,
        missing=tuple(missing),
        filled=Filled(sum(credit), int(sum(predicted)), int(sum(wanted))),
        fields=fields,
        measure=measure,
    )


def _unanswered(score: ChatScore) -> ChatScore:
    """A chat that the run lacks gets nothing, even where the reference has no customer either."""
    nothing = (0.0,) * len(score.points)
    return ChatScore(0.0, (), 0, score.golds, nothing, score.predicted, score.wanted, nothing)


def _columns(rows: Sequence[Sequence[float]], width: int) -> list[float]:
    return [sum(column) for column in zip(*rows, strict=True)] or [0.0] * width
