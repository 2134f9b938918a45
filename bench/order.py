"""What to look at first: share of wrong cells among the first that the expected loss names, and how believable it is.

Three runs of the labelled chats: the rules, the learned extractor (each chat by one that did not learn from it), and
one that fills in too much, as models do that do not know what annotators leave empty.
"""

import random
from collections.abc import Sequence

import numpy as np

from bench.material import material
from bench.report import line
from core.domain.form import Form, FormValues, load_named_form
from core.domain.scoring import Scorer
from core.services.learning.chat_features import cached_features
from core.services.learning.confidence import (
    JudgedSigns,
    cross_validated_confidences,
    expected_loss,
    measure_reliability,
)
from core.services.learning.run_confidence import AnsweredChat, judged_signs, judged_with_learned

SHARES = (0.1, 0.2, 0.3)
DIVISIONS = 10
"""Divisions of the chats into folds that the learned run is judged by: one alone is 2 points off by luck."""


def run() -> None:
    """Wrong cells found in the first 10, 20 and 30 % of all cells, per run; the bar is at 20 %."""
    form = load_named_form()
    rows = [(row["chat_text"], [form.coerce(one).values for one in row["infos"]]) for row in material().rows]
    texts = [text for text, _ in rows]
    approved = [tuple(forms) for _, forms in rows]
    by_rules = [list(cached_features(form.reference, text).rule_forms) for text in texts]
    wordy = [[_overfilled(form, values, number) for values in forms] for number, forms in enumerate(by_rules)]
    _print(form, "rules", texts, by_rules, {"wordy": wordy}, approved, set())
    _print(form, "wordy model", texts, wordy, {"rules": by_rules}, approved, set())
    digests = {str(number) for number in range(len(texts))}
    others = {"rules": by_rules, "wordy": wordy}
    _print(form, "learned", texts, by_rules, others, approved, digests, divisions=DIVISIONS)


def _overfilled(form: Form, values: FormValues, seed: int) -> FormValues:
    """A form as a model fills it that has never seen an annotator: too much here, nothing there."""
    chance = random.Random(seed)
    filled = dict(values)
    for field in form.fields:
        if filled[field.key] and chance.random() < 0.3:
            filled[field.key] = field.empty
        elif not filled[field.key] and field.values and chance.random() < 0.35:
            value = chance.choice(field.values)
            filled[field.key] = [value] if field.is_list else value
    return filled


def _print(
    form: Form,
    name: str,
    texts: Sequence[str],
    answers: Sequence[Sequence[FormValues]],
    others: dict[str, Sequence[Sequence[FormValues]]],
    approved: Sequence[tuple[FormValues, ...]],
    learned_texts: set[str],
    *,
    divisions: int = 1,
) -> None:
    scorer = Scorer(form)
    chats = [
        AnsweredChat(
            text, str(at), answers[at], approved[at], {other: forms[at] for other, forms in others.items()}, {}
        )
        for at, text in enumerate(texts)
    ]
    by_loss, by_doubt, errors = [], [], []
    for division in range(divisions):
        judged, _ = judged_with_learned(scorer, chats, learned_texts, division=division)
        confident = cross_validated_confidences(form, judged)
        losses = [expected_loss(form, of_chat) for of_chat in confident]
        by_loss.append(_first(form, judged, losses))
        doubts = [[{key: 1 - share for key, share in one.items()} for one in of_chat] for of_chat in confident]
        by_doubt.append(_first(form, judged, doubts))
        errors.append(measure_reliability(form, judged).ece)
    line(f"{name}: wrong cells in the first 10 · 20 · 30 %", _means(by_loss), "20 %: ≥ 55 %")
    if divisions > 1:
        at_20 = sorted(shares[1] for shares in by_loss)
        line(f"    at 20 %, by {divisions} divisions of the chats", f"{at_20[0]:.1%} to {at_20[-1]:.1%}")
    line("    the same by 1 − confidence, whatever the points", _means(by_doubt))
    line("    calibration error, learned from approvals", f"{np.mean(errors):.3f}", "≤ 0.030")
    if not learned_texts:
        plain = measure_reliability(form, judged_signs(scorer, chats))
        line("    calibration error, signs alone (score)", f"{plain.ece:.3f}", "≤ 0.030")


def _means(shares: Sequence[Sequence[float]]) -> str:
    return " · ".join(f"{share:.1%}" for share in np.mean(shares, axis=0))


def _first(form: Form, judged: Sequence[JudgedSigns], losses: Sequence[list[dict[str, float]]]) -> list[float]:
    """Share of all wrong cells among the first of all cells; every cell of an invented customer is wrong."""
    loss, wrong = [], []
    for one, of_chat in zip(judged, losses, strict=True):
        for right, by_key in zip(one.right, of_chat, strict=True):
            loss += [by_key[key] for key in form.keys]
            wrong += [right is None or not is_right for is_right in right or [False] * len(form.keys)]
    order = np.argsort(-np.array(loss), kind="stable")
    counted = np.array(wrong, dtype=float)
    return [float(counted[order[: int(len(order) * share)]].sum() / counted.sum()) for share in SHARES]
