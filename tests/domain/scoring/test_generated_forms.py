"""The official rules hold for any form: other fields, other points, other flags of one right answer."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import Form, FormValues, split_list
from core.domain.scoring import LCS, Scorer, score_run
from core.domain.scoring.chat_score import score_chat
from tests.factories.generated_forms import POINTS, filled, forms

CALM = settings(derandomize=True, deadline=None, max_examples=40)


@st.composite
def chats(draw: st.DrawFn, *, least: int = 0) -> tuple[Form, list[FormValues], list[FormValues]]:
    """A form, and a chat's predicted and reference forms."""
    form = draw(forms())
    size = st.lists(filled(form), min_size=least, max_size=3)
    return form, draw(size), draw(size)


@given(chats(), st.randoms(use_true_random=False))
@CALM
def test_bounds_symmetry_order_and_sums(chat: tuple[Form, list[FormValues], list[FormValues]], random: Random) -> None:
    form, preds, golds = chat
    score = score_chat(form, preds, golds)
    assert 0 <= score.score <= form.max_points + 1e-9
    assert sum(score.points) == pytest.approx(score.score)
    assert all(points <= field.points + 1e-9 for points, field in zip(score.points, form.fields, strict=True))
    assert score_chat(form, golds, preds).score == pytest.approx(score.score)
    random.shuffle(preds)
    random.shuffle(golds)
    assert score_chat(form, preds, golds).score == pytest.approx(score.score)


@given(chats(least=1))
@CALM
def test_perfect_is_full_one_more_costs_and_empty_is_the_floor(
    chat: tuple[Form, list[FormValues], list[FormValues]],
) -> None:
    form, preds, golds = chat
    assert score_chat(form, golds, golds).score == pytest.approx(form.max_points)
    more = score_chat(form, [*golds, preds[0]], golds).score
    assert more == pytest.approx(form.max_points * len(golds) / (len(golds) + 1))
    scorer = Scorer(form)
    empty = score_chat(form, [form.empty()], golds).score
    assert scorer.floor([scorer.prepare(values) for values in golds]) == pytest.approx(empty)
    assert score_chat(form, [], []).score == pytest.approx(form.max_points)


@given(chats(least=1))
@CALM
def test_each_cell_earns_by_its_own_points_and_flag(chat: tuple[Form, list[FormValues], list[FormValues]]) -> None:
    form, [pred, *_], [gold, *_] = chat
    expected = 0.0
    for field in form.fields:
        a, b = pred[field.key], gold[field.key]
        if isinstance(a, list) or isinstance(b, list):
            one, other = set(split_list(a)), set(split_list(b))
            texts = ["、".join(sorted(items)) for items in (one, other)]
            is_same = one == other
        else:
            texts = [a.strip(), b.strip()]
            is_same = texts[0] == texts[1]
        if is_same:
            expected += field.points
        elif not field.one_right_answer and all(texts):
            expected += field.points * LCS.similarity(*texts)
    assert score_chat(form, [pred], [gold]).score == pytest.approx(expected)


@given(chats(least=1))
@CALM
def test_matching_agrees_with_trying_everything(chat: tuple[Form, list[FormValues], list[FormValues]]) -> None:
    form, preds, golds = chat
    table = [[score_chat(form, [pred], [gold]).score for gold in golds] for pred in preds]
    if len(preds) > len(golds):
        table = [list(column) for column in zip(*table, strict=True)]
    best = max(
        sum(table[i][j] for i, j in enumerate(chosen)) for chosen in permutations(range(len(table[0])), len(table))
    )
    assert score_chat(form, preds, golds).score == pytest.approx(best / max(len(preds), len(golds)))


@given(chats(least=1), POINTS)
@CALM
def test_points_scale_and_nothing_else_does(
    chat: tuple[Form, list[FormValues], list[FormValues]], factor: float
) -> None:
    """Another challenge's points, all of them so many times as high, give a score as many times as high."""
    form, preds, golds = chat
    fields = tuple(field.model_copy(update={"points": field.points * factor}) for field in form.fields)
    scaled = form.model_copy(update={"fields": fields})
    assert scaled.max_points == pytest.approx(form.max_points * factor)
    assert score_chat(scaled, preds, golds).score == pytest.approx(score_chat(form, preds, golds).score * factor)


@given(chats(), chats())
@CALM
def test_a_run_is_the_mean_of_its_chats(
    chat: tuple[Form, list[FormValues], list[FormValues]], other: tuple[Form, list[FormValues], list[FormValues]]
) -> None:
    form, preds, golds = chat
    _, more, _ = other
    clean = [form.coerce(values).values for values in more]
    score = score_run(form, {1: preds, 2: clean}, {1: golds, 2: golds, 3: golds})
    single = [score_chat(form, answer, golds).score for answer in (preds, clean)]
    assert score.score == pytest.approx(sum(single) / 3)
    assert score.missing == (3,)
    assert sum(field.points for field in score.fields.values()) == pytest.approx(score.score)
    assert score.max == form.max_points
    empty = score_run(form, {number: [form.empty()] for number in (1, 2, 3)}, {1: golds, 2: golds, 3: golds})
    assert score.floor == pytest.approx(empty.score)
