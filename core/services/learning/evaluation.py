"""What a learned extractor can be expected to score: cross-validated, beside both floors and the rules."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.domain.form import Form, FormValues
from core.domain.scoring import Scorer, mean_intervals
from core.domain.scoring.constants import best_constants
from core.errors import InputError
from core.services.learning.calibration import calibration_error
from core.services.learning.copy_groups import copy_groups
from core.services.learning.examples import LabelledChat
from core.services.learning.forest import Floats
from core.services.learning.learner import FilledForm, fit

CURVE_SIZES: Final = (5, 10, 20, 40)
"""Numbers of examples at which the learning curve is measured, besides a whole training part."""
FOLDS_VERSION: Final = 2
"""Raise it when chats are divided otherwise: points of an older division say nothing about newer ones."""
_SEED: Final = 100


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Result of a cross-validation; points are means over chats that no model saw, nor a copy of them.

    Attributes:
        chats: number of examples.
        learned: points of the learned extractor.
        interval: 95 % interval of ``learned`` over chats; copies of one chat are one observation.
        empty: points of one all-empty form per chat.
        constants: points of the best constants per field, chosen on the training parts.
        local: points of the rules.
        delta_local: 95 % interval of ``learned`` − ``local``, paired by chat.
        ece: expected calibration error of the cells' probabilities.
        curve: points by number of examples learned from.
        points: learned points per chat, in the order of the examples.
    """

    chats: int
    learned: float
    interval: tuple[float, float]
    empty: float
    constants: float
    local: float
    delta_local: tuple[float, float]
    ece: float
    curve: Mapping[int, float]
    points: tuple[float, ...]

    def as_json(self) -> dict[str, Any]:
        """The output of ``learn --evaluate --json``."""
        return {
            "chats": self.chats,
            "learned": self.learned,
            "interval": list(self.interval),
            "floors": {"empty": self.empty, "constants": self.constants},
            "local": self.local,
            "delta_local": list(self.delta_local),
            "ece": self.ece,
            "curve": {str(size): points for size, points in self.curve.items()},
        }


def folds_of(groups: Sequence[int | None], folds: int, repeat: int) -> Iterator[tuple[list[int], list[int]]]:
    """``(training part, held-out part)`` of each fold; shuffled anew for every repeat, the same every time.

    Args:
        groups: of each example, see :func:`core.services.learning.copy_groups.copy_groups`; a group is never divided.
            ``None``: a copy of no other.
        folds: parts; fewer where there are fewer groups. One group alone has nothing to be judged by: its training
            part is empty.
        repeat: number of the shuffle.
    """
    of_group = list(_members(groups).values())
    order = np.random.default_rng(_SEED + repeat).permutation(len(of_group))
    parts = min(folds, len(of_group))
    for fold in range(parts):
        held = [place for group in order[fold::parts] for place in of_group[group]]
        out = set(held)
        yield [place for group in order for place in of_group[group] if place not in out], held


def groups_of(examples: Sequence[LabelledChat]) -> list[int]:
    """The group of each example among its copies."""
    return copy_groups([one.chat.script for one in examples])


def mean_by_group(rows: Floats, groups: Sequence[int | None]) -> Floats:
    """Mean of the rows of each group, in order of first appearance: copies of one chat are one observation."""
    means: Floats = np.array([rows[places].mean(axis=0) for places in _members(groups).values()])
    return means.reshape(-1, rows.shape[1])


def _members(groups: Sequence[int | None]) -> dict[Hashable, list[int]]:
    """Places of each group, in order of first appearance."""
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(("alone", place) if group is None else group, []).append(place)
    return members


def evaluate(
    form: Form,
    examples: Sequence[LabelledChat],
    *,
    folds: int = 5,
    repeats: int = 3,
    sizes: Sequence[int] = CURVE_SIZES,
    seen: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Cross-validate the learner.

    Args:
        form: what is filled.
        examples: chats with their right forms, one per chat.
        folds: parts of the chats; each is predicted by a model fitted on the others.
        repeats: how often the chats are divided anew.
        sizes: numbers of examples for the learning curve; those that a training part has.
        seen: told how many fits are done, and how many there are.

    Raises:
        InputError: fewer than two chats, or folds or repeats that make no sense.
    """
    count = len(examples)
    if count < 2:
        raise InputError("少于两条群聊，没有办法交叉验证", "请先确认更多群聊")
    if folds < 2 or repeats < 1:
        raise InputError(f"不能把群聊分成 {folds:,} 份、重复 {repeats:,} 次", "至少分成 2 份，重复 1 次")
    groups = groups_of(examples)
    if (distinct := len(set(groups))) < 2:
        raise InputError(f"这 {count:,} 条群聊几乎是同一条，没有办法交叉验证", "请先确认更多不同的群聊")
    folds = min(folds, distinct)
    scorer = Scorer(form)
    golds = [[scorer.prepare(values) for values in one.forms] for one in examples]

    def points(predicted: Sequence[Mapping[str, Any]], place: int) -> float:
        return scorer.chat([scorer.prepare(values) for values in predicted], golds[place]).score

    smallest = min(len(training) for training, _ in folds_of(groups, folds, 0))
    curve_sizes = [size for size in sizes if size < smallest]
    total = repeats * folds * (1 + len(curve_sizes))
    done = 0
    learned = np.zeros((repeats, count))
    constants = np.zeros((repeats, count))
    at_size = {size: np.zeros((repeats, count)) for size in curve_sizes}
    cells: list[tuple[float, bool]] = []
    for repeat in range(repeats):
        for training, held in folds_of(groups, folds, repeat):
            chosen = best_constants(scorer, [golds[place] for place in training])
            for size in [*curve_sizes, None]:
                predicted = _predict(form, examples, training[:size], held)
                for place, forms in zip(held, predicted, strict=True):
                    row = learned if size is None else at_size[size]
                    row[repeat, place] = points([one.values for one in forms], place)
                    if size is None:
                        constants[repeat, place] = scorer.chat([chosen], golds[place]).score
                        cells += _judged(form, scorer, forms, examples[place].forms)
                done += 1
                if seen:
                    seen(done, total)
    by_rules = np.array([points(one.chat.rule_forms, place) for place, one in enumerate(examples)])
    mean: Floats = learned.mean(axis=0)
    own, paired = mean_intervals(mean_by_group(np.stack([mean, mean - by_rules], axis=1), groups))
    return Evaluation(
        chats=count,
        learned=float(mean.mean()),
        interval=(own.low, own.high),
        empty=float(np.mean([scorer.floor(gold) for gold in golds])),
        constants=float(constants.mean()),
        local=float(by_rules.mean()),
        delta_local=(paired.low, paired.high),
        ece=calibration_error(cells),
        curve={**{size: float(rows.mean()) for size, rows in at_size.items()}, smallest: float(mean.mean())},
        points=tuple(map(float, mean)),
    )


def _predict(
    form: Form, examples: Sequence[LabelledChat], training: Sequence[int], held: Sequence[int]
) -> list[list[FilledForm]]:
    # In the order of the examples, whatever the shuffle: the model depends on which chats it learned from, no more.
    model = fit(form, [examples[place] for place in sorted(training)])
    return model.predict([examples[place].chat for place in held])


def _judged(
    form: Form, scorer: Scorer, predicted: Sequence[FilledForm], right: Sequence[FormValues]
) -> Iterator[tuple[float, bool]]:
    """Probability that each cell of matched forms was given, and whether it is right."""
    prepared = [scorer.prepare(one.values) for one in predicted]
    for pair in scorer.chat(prepared, [scorer.prepare(values) for values in right]).pairs:
        for field, credit in zip(form.fields, pair.credits, strict=True):
            if field.one_right_answer:
                yield predicted[pair.pred].sure[field.key], credit >= 1.0
