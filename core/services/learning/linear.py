"""Logistic regression kept as plain numbers; survives examples that are all alike."""

from dataclasses import dataclass

import numpy as np

from core.services.learning.forest import Floats


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic regression over standardised columns.

    Attributes:
        middle: subtracted from every column.
        spread: by which it is then divided.
        weights: shape (outputs, columns).
        bias: per output.
        exclusive: whether exactly one output is true (softmax), or each is a question of its own.
    """

    middle: Floats
    spread: Floats
    weights: Floats
    bias: Floats
    exclusive: bool

    def predict(self, rows: Floats) -> Floats:
        """Probabilities, shape (rows, outputs)."""
        scores = ((rows - self.middle) / self.spread) @ self.weights.T + self.bias
        if self.exclusive:
            raised = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares: Floats = raised / raised.sum(axis=1, keepdims=True)
            return shares
        chances: Floats = 1.0 / (1.0 + np.exp(-np.clip(scores, -500, 500)))
        return chances


def fit_logistic(
    rows: Floats,
    targets: Floats,
    weights: Floats | None,
    *,
    strength: float,
    exclusive: bool = False,
    standardise: bool = False,
) -> Logistic:
    """Fit a logistic regression.

    Args:
        rows: shape (examples, columns).
        targets: shape (examples, outputs), each 0 or 1; one 1 per row where ``exclusive``.
        weights: of the examples; ``None``: all alike.
        strength: inverse of the regularisation (``C`` of scikit-learn).
        exclusive: see :class:`Logistic`; every output must occur then.
        standardise: bring columns to mean 0 and spread 1 first.
    """
    from sklearn.linear_model import LogisticRegression

    width = rows.shape[1]
    middle = rows.mean(axis=0) if standardise else np.zeros(width)
    spread = rows.std(axis=0) + 1e-6 if standardise else np.ones(width)
    scaled = (rows - middle) / spread
    outputs = targets.shape[1]
    coefficients, bias = np.zeros((outputs, width)), np.zeros(outputs)
    if exclusive and outputs > 1:
        fitted = LogisticRegression(C=strength, max_iter=400).fit(scaled, targets.argmax(axis=1), sample_weight=weights)
        if outputs == 2:  # scikit-learn gives the second class against the first
            coefficients[1], bias[1] = fitted.coef_[0], fitted.intercept_[0]
        else:
            coefficients, bias = fitted.coef_, fitted.intercept_
        return Logistic(middle, spread, coefficients, bias, True)
    for output in range(outputs):
        column = targets[:, output]
        if column.min() == column.max():  # nothing to tell apart: all or none
            bias[output] = 6.0 if column.max() else -6.0
            continue
        fitted = LogisticRegression(C=strength, max_iter=400).fit(scaled, column, sample_weight=weights)
        coefficients[output], bias[output] = fitted.coef_[0], fitted.intercept_[0]
    return Logistic(middle, spread, coefficients, bias, False)
