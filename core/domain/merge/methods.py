"""Methods to merge runs: by priority, by majority, or per field by the run that scores best on labels.

All three are votes (:mod:`core.domain.merge.vote`) that differ in who weighs how much. Which run is best for a field is
learned from labels, so its score on those same labels flatters it; :func:`cross_validate` says what to expect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.domain.form import Form, FormValues
from core.domain.merge.vote import Choice, VotedForm, vote
from core.domain.scoring import LCS, Measure, RunScore, prepare_reference, score_against, score_run

Answer = Sequence[FormValues] | None
"""One run's answer about a chat, one form per customer; ``None`` if it has none."""

_STEP = 1000.0
"""Factor between the weight of one run and the next: all lower ranks together never outweigh it."""


class Method(StrEnum):
    """The methods of merging runs."""

    PRIORITY = "priority"
    MAJORITY = "majority"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order of preference, as positions of runs.

    Attributes:
        overall: decides which customers there are, and every field without an order of its own.
        fields: orders of single fields, by key.
    """

    overall: tuple[int, ...]
    fields: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Estimated score of merging by the best run per field, on chats not used for the choice.

    Attributes:
        folds: into how many parts the labelled chats were split.
        chats: how many there are.
        score: mean over all chats, each merged by what the *other* parts say is best.
        flattered: the same with all chats both choosing and judging, for comparison only.
        single: mean of each run over the same chats.
        best_single: mean of always taking the one run that is best on the other parts.
    """

    folds: int
    chats: int
    score: float
    flattered: float
    single: tuple[float, ...]
    best_single: float


def merge_chat(
    form: Form, answers: Sequence[Answer], method: Method, ranking: Ranking, measure: Measure = LCS
) -> list[VotedForm]:
    """Merge several runs' answers about one chat.

    Priority takes the first filled value in the order. Majority counts every run alike, an empty cell included; of a
    tie the run that goes first wins. Best takes the value of the run that goes first for the field, empty or not.

    Args:
        form: which fields there are.
        answers: one per run; runs without an answer have no voice.
        method: see :class:`Method`.
        ranking: who goes first; majority only uses it for ties.
        measure: likeness of free texts.

    Returns:
        One entry per customer, ballots and members numbered like ``answers``.
    """
    present = [run for run in ranking.overall if answers[run] is not None]
    ballots = [answers[run] or () for run in present]
    if method is Method.MAJORITY:
        voted = vote(form, ballots, measure=measure)
    else:
        voted = vote(
            form,
            ballots,
            weights=_weights(present, ranking.overall),
            field_weights={key: _weights(present, order) for key, order in ranking.fields.items()},
            empty_counts=method is Method.BEST,
            measure=measure,
        )
    return [_renumbered(one, present) for one in voted]


def rank(form: Form, points: Sequence[Mapping[str, float]]) -> Ranking:
    """Rank the runs by their points, overall and per field; ties keep the given order.

    Args:
        form: which fields there are.
        points: per run, mean points of each field.
    """
    everybody = range(len(points))
    overall = tuple(sorted(everybody, key=lambda run: (-round(sum(points[run].values()), 9), run)))
    place = {run: number for number, run in enumerate(overall)}
    fields = {
        key: tuple(sorted(everybody, key=lambda run, key=key: (-round(points[run][key], 9), place[run])))  # type: ignore[misc]
        for key in form.keys
    }
    return Ranking(overall, fields)


def rank_by_label_scores(
    form: Form,
    runs: Sequence[Mapping[int, Sequence[FormValues]]],
    golds: Mapping[int, Sequence[FormValues]],
    measure: Measure = LCS,
) -> Ranking:
    """Rank runs by their scores on labels; a chat that a run lacks scores 0.

    Args:
        form: which fields count, and for how much.
        runs: each ``{chat index: forms}``.
        golds: the labels, likewise.
        measure: likeness of free texts.
    """
    scores = [score_run(form, run, golds, measure) for run in runs]
    return rank(form, [{key: field.points for key, field in one.fields.items()} for one in scores])


def cross_validate(
    form: Form,
    runs: Sequence[Mapping[int, Sequence[FormValues]]],
    golds: Mapping[int, Sequence[FormValues]],
    *,
    folds: int = 5,
    seed: int = 0,
    measure: Measure = LCS,
) -> CrossValidation | None:
    """Estimate the score of merging by the best run per field, by K-fold cross-validation over chats.

    Args:
        form: which fields count, and for how much.
        runs: each ``{chat index: forms}``.
        golds: the labels, likewise.
        folds: at most so many parts; fewer where there are fewer labelled chats.
        seed: of the split, so that it can be repeated.
        measure: likeness of free texts.

    Returns:
        ``None`` where fewer than two chats have labels: nothing can be held back then.
    """
    from sklearn.model_selection import KFold

    indices = sorted(golds)
    if len(indices) < 2:
        return None
    parts = min(folds, len(indices))
    reference = prepare_reference(form, golds, measure)
    scores = [score_against(reference, run) for run in runs]
    merged: dict[int, list[FormValues]] = {}
    followed: dict[int, Sequence[FormValues]] = {}
    for known, held in KFold(n_splits=parts, shuffle=True, random_state=seed).split(indices):
        ranking = rank(form, [_mean_points(form, score, [indices[i] for i in known]) for score in scores])
        for index in (indices[i] for i in held):
            merged.update(_merged(form, runs, index, ranking, measure))
            if index in runs[ranking.overall[0]]:
                followed[index] = runs[ranking.overall[0]][index]
    everything = rank(form, [_mean_points(form, score, indices) for score in scores])
    flattered: dict[int, list[FormValues]] = {}
    for index in indices:
        flattered.update(_merged(form, runs, index, everything, measure))
    return CrossValidation(
        folds=parts,
        chats=len(indices),
        score=score_against(reference, merged).score,
        flattered=score_against(reference, flattered).score,
        single=tuple(score.score for score in scores),
        best_single=score_against(reference, followed).score,
    )


def _mean_points(form: Form, score: RunScore, indices: Sequence[int]) -> dict[str, float]:
    """Mean points of each field over some chats: a chat's score is the same whichever chats stand beside it."""
    columns = zip(*(score.chats[index].points for index in indices), strict=True)
    return {key: sum(column) / len(indices) for key, column in zip(form.keys, columns, strict=True)}


def _merged(
    form: Form, runs: Sequence[Mapping[int, Sequence[FormValues]]], index: int, ranking: Ranking, measure: Measure
) -> dict[int, list[FormValues]]:
    answers = [run.get(index) for run in runs]
    if all(answer is None for answer in answers):
        return {}
    return {index: [one.values for one in merge_chat(form, answers, Method.BEST, ranking, measure)]}


def _weights(present: Sequence[int], order: Sequence[int]) -> list[float]:
    behind = {run: len(order) - 1 - place for place, run in enumerate(order)}
    return [_STEP ** behind[run] for run in present]


def _renumbered(one: VotedForm, present: Sequence[int]) -> VotedForm:
    choices = {
        key: tuple(Choice(value, weight, tuple(present[n] for n in ballots)) for value, weight, ballots in given)
        for key, given in one.choices.items()
    }
    members = {present[number]: place for number, place in one.members.items()}
    return VotedForm(one.values, choices, one.agreement, one.support, members)
