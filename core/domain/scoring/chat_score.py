"""Score of one chat: customers matched for the highest total, with the credit of each cell.

Rules (official, and our reading of what they leave open):

* A field with one right answer: all of its points or none, outer white space aside. Lists compare as sets after
  every element is split at ``、``, ``，`` and ``,`` and trimmed. A free-text field: points × similarity.
* Forms are matched one to one so that the total is highest; ties go to equal names, then to equal positions. The
  chat's score is that total divided by the larger number of forms. No forms against no forms is a full score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from typing import NamedTuple

from core.domain.form import Form, Value, split_list, text_of
from core.domain.scoring.assignment import best_assignment
from core.domain.scoring.measures import LCS, Measure

_NAME_BONUS = 1e-6
_ORDER_MALUS = 1e-8
_SAME = 1e-9
"""Tie-break amounts, in points: order counts less than a name, a name less than any difference that is shown."""

Prepared = tuple[str | frozenset[str], ...]
"""A form prepared for comparison: stripped text or set of items per field, in form order; empty is falsy."""


class MatchedPair(NamedTuple):
    """A predicted form and the reference form it is matched with.

    Attributes:
        pred: position of the predicted form.
        gold: position of the reference form.
        credits: per field in the form's order, which part of its points was earned (0 to 1).
    """

    pred: int
    gold: int
    credits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ChatScore:
    """The score of one chat. Tuples per field are in the form's order.

    Attributes:
        score: 0 to the form's points.
        pairs: matched forms in order of the predicted ones; the shorter side is matched completely.
        preds: number of predicted forms.
        golds: number of reference forms.
        points: per field, what it gave; they sum to ``score``.
        predicted: per field, predicted cells that are not empty, forms without a partner too.
        wanted: per field, reference cells that are not empty, forms without a partner too.
        credit: per field, true-positive credit: the sum of credits where both cells are filled.
        counted: per field, which share of its cells counts (0 to 1); empty where all do, as the official rules say.
    """

    score: float
    pairs: tuple[MatchedPair, ...]
    preds: int
    golds: int
    points: tuple[float, ...]
    predicted: tuple[int, ...]
    wanted: tuple[int, ...]
    credit: tuple[float, ...]
    counted: tuple[float, ...] = ()


class Scorer:
    """Scores chats by one form and one text measure; build it once for many chats."""

    def __init__(self, form: Form, measure: Measure = LCS) -> None:
        self.form = form
        self.measure = measure
        self.weights = tuple(field.points for field in form.fields)
        self._keys = tuple((field.key, field.is_list) for field in form.fields)
        self._free = tuple(i for i, field in enumerate(form.fields) if not field.one_right_answer)
        self._name = form.keys.index(form.name_field)

    def prepare(self, values: Mapping[str, Value]) -> Prepared:
        """Prepare a form for comparison; missing keys count as empty."""
        out: list[str | frozenset[str]] = []
        get = values.get
        for key, is_list in self._keys:
            value = get(key)
            if not value:
                out.append(_NO_ITEMS if is_list else "")
            elif is_list:
                out.append(_items((value,) if isinstance(value, str) else tuple(value)))
            else:
                out.append(value.strip() if isinstance(value, str) else text_of(value))
        return tuple(out)

    def chat(self, preds: Sequence[Prepared], golds: Sequence[Prepared]) -> ChatScore:
        """Score the prepared forms of one chat (see :func:`score_chat`)."""
        predicted, expected = self._filled(preds), self._filled(golds)
        none = (0.0,) * len(self.weights)
        if not preds or not golds:
            points = none if preds or golds else self.weights
            return ChatScore(sum(points), (), len(preds), len(golds), points, predicted, expected, none)
        pairs = self._match(preds, golds)
        larger = max(len(preds), len(golds))
        if larger == 1:
            credits = pairs[0].credits
            points = tuple(map(mul, credits, self.weights))
        else:
            columns = zip(*(pair.credits for pair in pairs), strict=True)
            points = tuple(sum(column) * weight / larger for column, weight in zip(columns, self.weights, strict=True))
        # An equal pair of empty cells earns its points, but nothing was found: it is no true positive.
        hits = [
            [credit if pred else 0.0 for credit, pred in zip(pair.credits, preds[pair.pred], strict=True)]
            for pair in pairs
        ]
        credit = tuple(hits[0]) if len(hits) == 1 else tuple(map(sum, zip(*hits, strict=True)))
        return ChatScore(sum(points), pairs, len(preds), len(golds), points, predicted, expected, credit)

    def floor(self, golds: Sequence[Prepared]) -> float:
        """Score of one all-empty form: the points for the empty cells of the emptiest reference form."""
        earned = (sum([weight for cell, weight in zip(gold, self.weights, strict=True) if not cell]) for gold in golds)
        return max(earned, default=0.0) / max(len(golds), 1)

    def _filled(self, forms: Sequence[Prepared]) -> tuple[int, ...]:
        if len(forms) == 1:
            return tuple([1 if cell else 0 for cell in forms[0]])
        return tuple(sum(1 for form in forms if form[i]) for i in range(len(self.weights)))

    def credits(self, pred: Prepared, gold: Prepared) -> tuple[float, ...]:
        """Per field, the share of its points that a predicted form earns against a reference form."""
        out = [1.0 if a == b else 0.0 for a, b in zip(pred, gold, strict=True)]
        for i in self._free:
            a, b = pred[i], gold[i]
            if out[i] == 0.0 and a and b:
                out[i] = self.measure.similarity(_text(a), _text(b))
        return tuple(out)

    def _match(self, preds: Sequence[Prepared], golds: Sequence[Prepared]) -> tuple[MatchedPair, ...]:
        """The best assignment (Hungarian method), ties broken by equal names, then by position."""
        if len(preds) == 1 == len(golds):
            return (MatchedPair(0, 0, self.credits(preds[0], golds[0])),)
        credits = [[self.credits(pred, gold) for gold in golds] for pred in preds]
        totals = [[sum(map(mul, pair, self.weights)) for pair in row] for row in credits]
        size = len(preds) * len(golds)
        preferred = [
            [
                totals[i][j]
                + _NAME_BONUS * (bool(pred[self._name]) and pred[self._name] == gold[self._name])
                - _ORDER_MALUS * (abs(i - j) / size)
                for j, gold in enumerate(golds)
            ]
            for i, pred in enumerate(preds)
        ]
        best, tie = best_assignment(totals), best_assignment(preferred)
        loss = sum(totals[i][j] for i, j in best) - sum(totals[i][j] for i, j in tie)
        return tuple(MatchedPair(i, j, credits[i][j]) for i, j in (tie if loss <= _SAME else best))


_NO_ITEMS: frozenset[str] = frozenset()


@lru_cache(maxsize=20_000)
def _items(value: tuple[str, ...]) -> frozenset[str]:
    """The items of a list field; the same few lists come up again and again."""
    return frozenset(split_list(value))


def _text(value: str | frozenset[str]) -> str:
    return text_of(value if isinstance(value, str) else sorted(value))


def score_chat(
    form: Form, preds: Sequence[Mapping[str, Value]], golds: Sequence[Mapping[str, Value]], measure: Measure = LCS
) -> ChatScore:
    """Score one chat's forms against its reference forms.

    Args:
        form: which fields count, and for how much.
        preds: predicted forms, one per customer.
        golds: reference forms, one per customer.
        measure: similarity for free-text fields.
    """
    scorer = Scorer(form, measure)
    return scorer.chat([scorer.prepare(values) for values in preds], [scorer.prepare(values) for values in golds])
