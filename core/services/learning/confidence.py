"""Confidence of a run's cells: the probability that a person would approve the value, fitted on approved chats.

A logistic regression over what speaks for and against a cell, and over the run's own history with its field. It is
fitted for one run, on cells whose chats people approved, and never judged on a chat that it was fitted on.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.domain.checks.form_warning import Level
from core.domain.evidence import EvidenceStatus
from core.domain.form import Form, FormValues
from core.domain.scoring import CORRECT_FROM, Scorer
from core.domain.scoring.correct_cells import least_credit
from core.services.learning.calibration import Reliability, reliability_of
from core.services.learning.cell_signs import CellSigns, ChatSigns
from core.services.learning.evaluation import folds_of
from core.services.learning.linear import fit_logistic

FEWEST_APPROVED: Final = 20
"""Approved chats below which no percentages are said: there they are off by more than they tell."""
CONFIDENCE_VERSION: Final = 2
"""Raise it with every change of what a column means."""
_STRENGTH: Final = 1.0
_FOLDS: Final = 5
_LEAST_CHANCE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class JudgedSigns:
    """The signs about a run's answer to an approved chat, with which of its cells were right.

    Attributes:
        signs: of the answer.
        right: per form of the answer, whether each cell is what people approved; ``None`` for a customer whom they did
            not have. In a form, ``None`` for a cell that a threshold let pass and nobody has looked at.
        group: of the chat among its copies, see :mod:`core.services.learning.copy_groups`; ``None``: of no other one.
    """

    signs: ChatSigns
    right: tuple[tuple[bool | None, ...] | None, ...]
    group: int | None = None


def judge(
    scorer: Scorer,
    signs: ChatSigns,
    approved: Sequence[FormValues],
    *,
    passed: Sequence[Collection[str]] = (),
    group: int | None = None,
) -> JudgedSigns:
    """Say which cells of an answer are right: those that earn all of their points, free texts from a likeness on.

    Args:
        scorer: of the form.
        signs: about the answer.
        approved: the forms that people approved.
        passed: per approved form, keys of values that passed and that nobody has looked at; empty: none.
        group: of the chat among its copies.
    """
    least = [least_credit(1.0 if field.one_right_answer else CORRECT_FROM) for field in scorer.form.fields]
    preds = [scorer.prepare(values) for values in signs.forms]
    pairs = scorer.chat(preds, [scorer.prepare(values) for values in approved]).pairs
    right = {
        pair.pred: tuple(
            None if passed and key in passed[pair.gold] else credit >= enough
            for key, credit, enough in zip(scorer.form.keys, pair.credits, least, strict=True)
        )
        for pair in pairs
    }
    return JudgedSigns(signs, tuple(right.get(number) for number in range(len(signs.forms))), group)


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """A fitted confidence; plain numbers.

    Attributes:
        keys: fields of the form, in order.
        weights: of the columns, see ``_columns``.
        bias: added to them.
    """

    keys: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float

    def of(self, signs: ChatSigns) -> list[dict[str, float]]:
        """Probability per cell that it is right; one mapping by key for each of the answer's forms."""
        weights = np.array(self.weights)
        several = len(signs.forms) > 1
        chances = []
        for row in signs.cells:
            scores = np.array([_columns(self.keys, cell, several) for cell in row]) @ weights + self.bias
            shares = 1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30)))
            chances.append({cell.field.key: float(share) for cell, share in zip(row, shares, strict=True)})
        return chances

    def as_json(self) -> dict[str, Any]:
        """The model as it is stored."""
        weights = [round(weight, 6) for weight in self.weights]
        return {"version": CONFIDENCE_VERSION, "keys": list(self.keys), "weights": weights, "bias": round(self.bias, 6)}


def stored_confidence(form: Form, stored: dict[str, Any]) -> ConfidenceModel | None:
    """The model that was stored; ``None`` where the form or the meaning of its columns has changed since."""
    if stored.get("version") != CONFIDENCE_VERSION or stored.get("keys") != list(form.keys):
        return None
    return ConfidenceModel(tuple(form.keys), tuple(map(float, stored["weights"])), float(stored["bias"]))


def fit_confidence(form: Form, judged: Sequence[JudgedSigns]) -> ConfidenceModel:
    """Fit on approved chats; cells of customers whom people did not have are left out.

    Args:
        form: of the run.
        judged: at least one, see :func:`judge`.
    """
    keys = tuple(form.keys)
    rows: list[list[float]] = []
    targets: list[list[float]] = []
    for one in judged:
        for cells, right in zip(one.signs.cells, one.right, strict=True):
            if right is not None:
                for cell, is_right in zip(cells, right, strict=True):
                    if is_right is not None:
                        rows.append(_columns(keys, cell, len(one.right) > 1))
                        targets.append([float(is_right)])
    if not rows:
        return ConfidenceModel(keys, (0.0,) * (_BY_FIELD * len(keys) + _SIGNS), 0.0)
    fitted = fit_logistic(np.array(rows), np.array(targets), None, strength=_STRENGTH)
    return ConfidenceModel(keys, tuple(map(float, fitted.weights[0])), float(fitted.bias[0]))


_BY_FIELD: Final = 3
"""Columns for each field."""
_SIGNS: Final = 9
"""Columns about signs, behind those for each field."""


def _columns(keys: Sequence[str], cell: CellSigns, several: bool) -> list[float]:
    """The numbers that a cell is judged by; the run's history is what those for each field learn.

    What another run's dissent is worth is learned field by field: rules that are good at phone numbers may say of the
    next steps what nobody ever writes down.
    """
    field = [float(key == cell.field.key) for key in keys]
    state = field if cell.filled else [0.0] * len(keys)
    otherwise = len(cell.otherwise) / cell.others if cell.others else 0.0
    dissent = [otherwise * one for one in field]
    chance = 0.5 if cell.learned is None else cell.learned.chance
    learned = min(max(chance, _LEAST_CHANCE), 1 - _LEAST_CHANCE)
    return [
        *field,
        *state,
        *dissent,
        float(cell.missing),
        float(cell.filled and cell.evidence.status is EvidenceStatus.INFERRED),
        float(cell.level(Level.WARNING)),
        float(cell.level(Level.HINT)),
        1.0 - cell.agreement,
        otherwise,
        otherwise * cell.filled,
        float(several),
        float(np.log(learned / (1 - learned))),
    ]


def cross_validated_confidences(
    form: Form, judged: Sequence[JudgedSigns], *, fit: Callable[..., ConfidenceModel] = fit_confidence
) -> list[list[dict[str, float]]]:
    """Confidence of every cell of approved chats, each by a fit that saw neither its chat nor a copy of it.

    Args:
        form: of the run.
        judged: at least two.
        fit: what fits (tests look at what it is shown).
    """
    confident: list[list[dict[str, float]]] = [[] for _ in judged]
    for training, held in folds_of([one.group for one in judged], _FOLDS, 0):
        model = fit(form, [judged[place] for place in sorted(training)])
        for place in held:
            confident[place] = model.of(judged[place].signs)
    return confident


def measure_reliability(form: Form, judged: Sequence[JudgedSigns]) -> Reliability:
    """How far confidences can be believed, cross-validated; of customers whom people had."""
    cells = [
        (chances[key], is_right)
        for one, confident in zip(judged, cross_validated_confidences(form, judged), strict=True)
        for chances, right in zip(confident, one.right, strict=True)
        if right is not None
        for key, is_right in zip(form.keys, right, strict=True)
        if is_right is not None
    ]
    return reliability_of(cells, chats=len(judged))


def expected_loss(form: Form, confident: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Points that each cell can be expected to lose, by form and key: points × (1 − confidence) / number of forms."""
    return [
        {field.key: field.points * (1.0 - chances[field.key]) / len(confident) for field in form.fields}
        for chances in confident
    ]
