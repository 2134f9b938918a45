"""Score of a run: mean over the reference chats, with its floor and scores over filled cells only.

An all-empty form looks good (72 % of all cells are empty), so a score is never shown without the floor, and
precision, recall and F1 count only cells that somebody filled.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.domain.form import Form, FormValues
from core.domain.scoring.chat_score import ChatScore, Prepared, Scorer
from core.domain.scoring.constants import constants_by_chat
from core.domain.scoring.disputed import Cell, without_disputed_cells
from core.domain.scoring.measures import LCS, Measure

_NAMED = 10
"""Missing chats that are named."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Micro-averaged precision, recall and F1 over filled cells.

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
        """Share of predicted values that are right; 0 if nothing was predicted."""
        return self.credit / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of reference values that were predicted; 0 if the reference is empty."""
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
    """Score of one field over all chats.

    Attributes:
        points: mean per chat; over all fields these sum to the run's score.
        max: the field's points.
        filled: over filled cells.
    """

    points: float
    max: float
    filled: Filled

    @property
    def lost(self) -> float:
        """Points per chat lost in this field."""
        return self.max - self.points


@dataclass(frozen=True)
class RunScore:
    """Score of a run against a reference.

    Attributes:
        score: mean over the reference chats, 0 to ``max``; 0 where there are none.
        max: the form's points (36).
        floor: what one all-empty form per chat would score.
        constants: what the best constants per field would score, chosen on other chats: the second floor.
        chats: score of every reference chat by index, in order.
        missing: indices that the run lacks; each scores 0.
        filled: over filled cells of all fields.
        fields: by key, in the form's order.
        measure: which similarity was used.
        left_out: disputed reference cells that do not count; 0 for the official score.
    """

    score: float
    max: float
    floor: float
    constants: float
    chats: Mapping[int, ChatScore]
    missing: tuple[int, ...]
    filled: Filled
    fields: Mapping[str, FieldScore]
    measure: Measure
    left_out: int = 0

    @cached_property
    def macro(self) -> dict[str, float]:
        """Precision, recall and F1 as plain means over the fields that are filled anywhere."""
        filled = [field.filled for field in self.fields.values() if field.filled.support or field.filled.predicted]
        count = max(len(filled), 1)
        return {
            "precision": sum(one.precision for one in filled) / count,
            "recall": sum(one.recall for one in filled) / count,
            "f1": sum(one.f1 for one in filled) / count,
        }

    @property
    def floors(self) -> dict[str, float]:
        """What scores without reading a chat: an all-empty form, and the best constants per field."""
        return {"empty": self.floor, "constants": self.constants}

    @property
    def lost(self) -> float:
        """Points per chat missing to the maximum."""
        return self.max - self.score

    @property
    def missing_clause(self) -> str:
        """How many chats the run lacks and the first of them, a Chinese clause; empty where it lacks none."""
        if not self.missing:
            return ""
        named = "、".join(map(str, self.missing[:_NAMED]))
        return f"缺少 {len(self.missing):,} 条，按 0 分计：{named}{'……' if len(self.missing) > _NAMED else ''}"

    def share_lost(self, key: str) -> float:
        """Share of all lost points that one field lost, 0 to 1: where to improve first."""
        return self.fields[key].lost / self.lost if self.lost > 1e-12 else 0.0

    def as_json(self) -> dict[str, Any]:
        """The output of ``score --json``, but for the floors."""
        return {
            "score": self.score,
            "max": _plain(self.max),
            "floor": self.floor,
            "chats": len(self.chats),
            "missing": list(self.missing),
            "measure": self.measure.name,
            "left_out": self.left_out,
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


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference forms prepared for comparison, reused for many runs.

    Attributes:
        scorer: form and measure.
        golds: prepared reference forms by chat index, in order.
        disputed: reference cells that do not count, by chat index.
        floor: what one all-empty form per chat would score.
        constants: what the best constants per field would score, chosen on other chats.
    """

    scorer: Scorer
    golds: Mapping[int, tuple[Prepared, ...]]
    disputed: Mapping[int, frozenset[Cell]]
    floor: float
    constants: float


def prepare_reference(
    form: Form,
    golds: Mapping[int, Sequence[FormValues]],
    measure: Measure = LCS,
    disputed: Mapping[int, Collection[Cell]] | None = None,
) -> Reference:
    """Prepare reference forms for comparison.

    Args:
        form: which fields count, and for how much.
        golds: the reference's forms by chat index.
        measure: similarity for free-text fields.
        disputed: reference cells that do not count: ``{chat index: (position of the form, number of the field)}``.
    """
    scorer = Scorer(form, measure)
    prepared = {index: tuple(scorer.prepare(values) for values in golds[index]) for index in sorted(golds)}
    cells = {
        index: frozenset(chat_cells) for index, chat_cells in (disputed or {}).items() if chat_cells and index in golds
    }
    constants = constants_by_chat(scorer, prepared)
    if cells:
        reference = Reference(scorer, prepared, cells, 0.0, 0.0)
        empty = (scorer.prepare({}),)
        floor = _gather(reference, {index: scorer.chat(empty, gold) for index, gold in prepared.items()}, {}, empty)
        forms = {index: (constants[index],) for index in prepared}
        second = _gather(
            reference, {index: scorer.chat(forms[index], gold) for index, gold in prepared.items()}, forms, ()
        )
        return Reference(scorer, prepared, cells, floor.score, second.score)
    chats = max(len(prepared), 1)
    floor_points = sum(scorer.floor(gold) for gold in prepared.values())
    constant_points = sum(scorer.chat((constants[index],), gold).score for index, gold in prepared.items())
    return Reference(scorer, prepared, cells, floor_points / chats, constant_points / chats)


def score_against(reference: Reference, preds: Mapping[int, Sequence[FormValues]]) -> RunScore:
    """Score a run against a prepared reference (see :func:`score_run`)."""
    scorer = reference.scorer
    chats: dict[int, ChatScore] = {}
    disputed: dict[int, tuple[Prepared, ...]] = {}
    missing: list[int] = []
    for index, gold in reference.golds.items():
        if index in preds:
            forms = tuple(scorer.prepare(values) for values in preds[index])
            chats[index] = scorer.chat(forms, gold)
            if index in reference.disputed:
                disputed[index] = forms
        else:
            missing.append(index)
            chats[index] = _unanswered(scorer.chat([], gold))
    return _gather(reference, chats, disputed, (), tuple(missing))


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
    return score_against(prepare_reference(form, golds, measure), preds)


def _gather(
    reference: Reference,
    chats: dict[int, ChatScore],
    forms: Mapping[int, tuple[Prepared, ...]],
    default: tuple[Prepared, ...],
    missing: tuple[int, ...] = (),
) -> RunScore:
    """Sum up chats; those with disputed cells (``forms`` has their predictions) without these."""
    scorer, form = reference.scorer, reference.scorer.form
    for index, cells in reference.disputed.items():
        preds = forms.get(index, default)
        chats[index] = without_disputed_cells(scorer, chats[index], preds, reference.golds[index], cells)
    rows, width = chats.values(), len(form.fields)
    counted = [float(len(rows))] * width
    for index in reference.disputed:
        counted = [total - 1 + share for total, share in zip(counted, chats[index].counted, strict=True)]
    points = _columns([row.points for row in rows], width)
    credit = _columns([row.credit for row in rows], width)
    predicted = _columns([row.predicted for row in rows], width)
    expected = _columns([row.wanted for row in rows], width)
    # A field of which every cell is disputed is neither won nor lost: the others stand for the whole form.
    counting = [number > 1e-9 or not rows for number in counted]
    left = sum(field.points for field, counts in zip(form.fields, counting, strict=True) if counts)
    stretch = form.max_points / left if left and not all(counting) else 1.0
    fields = {
        field.key: FieldScore(
            points[i] / counted[i] * stretch if counted[i] > 1e-9 else 0.0,
            field.points * stretch if counting[i] else 0.0,
            Filled(credit[i], int(predicted[i]), int(expected[i])),
        )
        for i, field in enumerate(form.fields)
    }
    return RunScore(
        score=sum(field.points for field in fields.values()),
        max=form.max_points,
        floor=reference.floor,
        constants=reference.constants,
        chats=chats,
        missing=missing,
        filled=Filled(sum(credit), int(sum(predicted)), int(sum(expected))),
        fields=fields,
        measure=scorer.measure,
        left_out=sum(len(cells) for cells in reference.disputed.values()),
    )


def _unanswered(score: ChatScore) -> ChatScore:
    """A chat that the run lacks gets nothing, even where the reference has no customer either."""
    nothing = (0.0,) * len(score.points)
    return ChatScore(0.0, (), 0, score.golds, nothing, score.predicted, score.wanted, nothing)


def _columns(rows: Sequence[Sequence[float]], width: int) -> list[float]:
    return [sum(column) for column in zip(*rows, strict=True)] or [0.0] * width
