"""The scorer against one that tries every assignment and shares no code with it."""

import re
from itertools import permutations
from random import Random
from typing import Any

import pytest

from core.domain.form import FormValues, load_named_form
from core.domain.scoring import score_run

FORM = load_named_form()
CASES = 2_000
WEIGHTS = {field.key: field.points for field in FORM.fields}
LISTS = {"咨询类型", "意向产品", "购买异议点", "下一步跟进计划-参与人"}
FREE = {"客户预算-预算明细", "下一步跟进计划-具体事项"}


def cell(key: str, a: Any, b: Any) -> float:
    """Points of one cell, straight from the rules."""
    if key in LISTS:
        left, right = ({part.strip() for item in x for part in re.split("[、，,]", item)} - {""} for x in (a, b))
        return WEIGHTS[key] * (left == right)
    a, b = a.strip(), b.strip()
    if key not in FREE or a == b:
        return WEIGHTS[key] * (a == b)
    if not a or not b:
        return 0.0
    rows = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            rows[i + 1][j + 1] = rows[i][j] + 1 if x == y else max(rows[i][j + 1], rows[i + 1][j])
    return WEIGHTS[key] * 2 * rows[-1][-1] / (len(a) + len(b))


def chat(preds: list[FormValues], golds: list[FormValues]) -> float:
    """The best total over all assignments, divided by the larger number."""
    if not preds and not golds:
        return 36.0
    short, long = sorted((preds, golds), key=len)
    totals = [[sum(cell(key, a[key], b[key]) for key in WEIGHTS) for b in long] for a in short]
    best = max(
        sum(row[j] for row, j in zip(totals, order, strict=True))
        for order in permutations(range(len(long)), len(short))
    )
    return best / len(long)


def draw(random: Random) -> FormValues:
    """A form of few values, so that equal cells, ties and near misses are common."""
    values = FORM.empty()
    for key in WEIGHTS:
        if random.random() < 0.6:
            continue
        if key in LISTS:
            values[key] = random.choices(["甲", "乙", "甲、乙", "丙, 甲", " 乙 "], k=random.randint(1, 2))
        elif key in FREE:
            values[key] = "".join(random.choices("甲乙丙丁", k=random.randint(1, 6)))
        else:
            values[key] = random.choice(["甲", "乙", " 甲 "])
    return values


def test_two_thousand_random_chats() -> None:
    random = Random(11)
    preds: dict[int, list[FormValues]] = {}
    golds: dict[int, list[FormValues]] = {}
    for index in range(1, CASES + 1):
        preds[index] = [draw(random) for _ in range(random.choice([0, 1, 1, 2, 2, 3, 4]))]
        golds[index] = [draw(random) for _ in range(random.choice([0, 1, 1, 2, 2, 3, 4]))]
        if random.random() < 0.3:
            preds[index] = random.sample(preds[index] + golds[index], k=min(4, len(preds[index])))
    score = score_run(FORM, preds, golds)
    wrong = [i for i in golds if score.chats[i].score != pytest.approx(chat(preds[i], golds[i]), abs=1e-9)]
    assert wrong == []
