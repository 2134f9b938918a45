"""Fields with suggested values: the probability of every answer that people are known to give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.domain.form import Field
from core.services.learning.examples import Answer, sort_key
from core.services.learning.forest import Floats, Forest, fit_forest
from core.services.learning.linear import Logistic, fit_logistic

_LEAF: Final = 3
_STRENGTH: Final = 16.0
_NEIGHBOURS: Final = 12
_FEWEST_FOR_NEIGHBOURS: Final = 20
_SURE: Final = 0.005
"""No single label of a list counts as surer than this: one wrong factor would rule a whole set out."""


@dataclass(frozen=True, slots=True)
class ChoiceInputs:
    """What choices are predicted from, one row per customer.

    Attributes:
        dense: numbers about the customer, the chat and its leading directions of words.
        words: coordinates of the words.
        alike: similarities to the examples.
    """

    dense: Floats
    words: Floats
    alike: Floats


@dataclass(frozen=True, slots=True)
class ChoiceModel:
    """The fitted model of one field.

    Attributes:
        answers: known answers, the most frequent first.
        shares: how often each was given, summing to 1.
        labels: single values of a list field; empty for other fields.
        targets: per example, which labels (list) or which answer (else) it has, as 0 and 1.
        weights: of the examples.
        trees: ``None`` where there is one answer only.
        linear: likewise.
    """

    answers: tuple[Answer, ...]
    shares: tuple[float, ...]
    labels: tuple[str, ...]
    targets: Floats
    weights: Floats
    trees: Forest | None
    linear: Logistic | None

    @property
    def mode(self) -> Answer:
        """The most frequent answer."""
        return self.answers[0]

    def chances(self, inputs: ChoiceInputs) -> Floats:
        """Probability of each known answer, shape (customers, answers)."""
        rows = len(inputs.dense)
        if self.trees is None or self.linear is None:
            return np.ones((rows, 1))
        votes = [self.trees.predict(inputs.dense), self.linear.predict(inputs.words)]
        if len(self.targets) >= _FEWEST_FOR_NEIGHBOURS:
            votes.append(self._neighbours(inputs.alike))
        mean: Floats = np.mean(votes, axis=0)
        return self._of_sets(mean) if self.labels else mean / np.maximum(mean.sum(axis=1, keepdims=True), 1e-9)

    def _neighbours(self, alike: Floats) -> Floats:
        nearest = np.argsort(-alike * (self.weights > 0), axis=1, kind="stable")[:, :_NEIGHBOURS]
        near = np.maximum(np.take_along_axis(alike, nearest, axis=1), 1e-6) * self.weights[nearest]
        shares: Floats = np.einsum("ij,ijk->ik", near, self.targets[nearest]) / near.sum(axis=1)[:, None]
        return shares

    def _of_sets(self, labels: Floats) -> Floats:
        """Probabilities of the known sets: a partly right set earns nothing, so no other is ever put together."""
        chances = np.clip(labels, _SURE, 1 - _SURE)
        member = np.array([[float(label in answer) for label in self.labels] for answer in self.answers])
        logs = np.log(chances) @ member.T + np.log(1 - chances) @ (1 - member).T
        raised = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares: Floats = raised / raised.sum(axis=1, keepdims=True)
        return shares


def fit_choice(
    field: Field, answers: Sequence[Answer], weights: Floats, inputs: ChoiceInputs, *, seed: int
) -> ChoiceModel:
    """Learn the answers to one field.

    Args:
        field: with suggested values.
        answers: of the examples, in the order of ``inputs``.
        weights: of the examples; 0 for those whose answer teaches nothing, above 0 for one at least.
        inputs: of the examples.
        seed: of the trees.
    """
    totals: dict[Answer, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        if weight:
            totals[answer] = totals.get(answer, 0.0) + float(weight)
    known = tuple(sorted(totals, key=lambda answer: (-totals[answer], sort_key(answer))))
    shares = tuple(totals[answer] / sum(totals.values()) for answer in known)
    labels = tuple(sorted(set().union(*(set(answer) for answer in known)))) if field.is_list else ()
    if field.is_list:
        targets = np.array([[float(label in answer) for label in labels] for answer in answers])
    else:
        targets = np.array([[float(answer == one) for one in known] for answer in answers])
    if len(known) < 2:
        return ChoiceModel(known, shares, labels, targets, weights, None, None)
    trees = fit_forest(inputs.dense, targets, weights, leaf=_LEAF, seed=seed)
    linear = fit_logistic(inputs.words, targets, weights, strength=_STRENGTH, exclusive=not field.is_list)
    return ChoiceModel(known, shares, labels, targets, weights, trees, linear)


def with_prior(chances: Mapping[Answer, float], prior: Mapping[Answer, float], share: float) -> dict[Answer, float]:
    """Mix what was learned with what rules say.

    Args:
        chances: learned probabilities.
        prior: probabilities by the rules.
        share: weight of the prior, 0 to 1.
    """
    every = {**dict.fromkeys(chances, 0.0), **dict.fromkeys(prior, 0.0)}
    return {answer: (1 - share) * chances.get(answer, 0.0) + share * prior.get(answer, 0.0) for answer in every}
