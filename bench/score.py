"""Scoring: 10,000 chats × 4 runs, the paired bootstrap over them, and what 对比 needs for 97 chats × 3 runs."""

import time
from random import Random
from statistics import median
from typing import Any

import numpy as np

from bench.material import material
from bench.report import line
from core.domain.form import Form, FormValues, load_named_form
from core.domain.scoring import Scorer, compare_scores, mean_intervals, prepare_reference, score_against
from core.services.quality.alignment import align_chat

CHATS, RUNS, SIDE_BY_SIDE = 10_000, 4, 97
ROUNDS = 3
Forms = dict[int, list[FormValues]]


def run() -> None:
    """Labels at hand repeated with small changes, and runs that have some cells wrong, empty or cut short."""
    form = load_named_form()
    random = Random(5)
    golds = _golds(form, random)
    runs = [_run(form, golds, random, wrong) for wrong in (0.1, 0.12, 0.2, 0.4)][:RUNS]
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        reference = prepare_reference(form, golds)
        scores = [score_against(reference, preds) for preds in runs]
        took.append(time.perf_counter() - started)
    line(f"score {CHATS:,} chats × {RUNS} runs", f"{median(took):.2f} s", "< 10 s")
    line("    chats per second and run", f"{CHATS * RUNS / median(took):,.0f}")
    line("    scores", " ".join(f"{score.score:.2f}" for score in scores))
    started = time.perf_counter()
    compare_scores(form, scores[0], scores[1])
    line(f"compare two, bootstrap by field, {CHATS:,} chats", f"{time.perf_counter() - started:.2f} s")
    started = time.perf_counter()
    mean_intervals(np.array([[chat.score for chat in score.chats.values()] for score in scores]).T)
    line(f"intervals of {RUNS} scores", f"{time.perf_counter() - started:.2f} s")
    few = {i: golds[i] for i in range(1, SIDE_BY_SIDE + 1)}
    scorer = Scorer(form)
    started = time.perf_counter()
    for index, gold in few.items():
        align_chat(scorer, [preds.get(index) for preds in runs[:3]], gold)
    line(f"side by side: {SIDE_BY_SIDE} chats × 3 runs", f"{(time.perf_counter() - started) * 1000:.0f} ms")


def _golds(form: Form, random: Random) -> Forms:
    labels = [
        [form.coerce(raw).values for raw in row.get("infos") or []] for row in material().rows if row.get("infos")
    ]
    golds: Forms = {}
    for index in range(1, CHATS + 1):
        golds[index] = [_changed(form, values, random, 0.05) for values in random.choice(labels)]
    return golds


def _run(form: Form, golds: Forms, random: Random, wrong: float) -> Forms:
    preds: Forms = {}
    for index, forms in golds.items():
        answer = [_changed(form, values, random, wrong) for values in forms]
        if random.random() < 0.05:
            answer.append(form.empty())
        random.shuffle(answer)
        preds[index] = answer
    return preds


def _changed(form: Form, values: FormValues, random: Random, share: float) -> FormValues:
    out: dict[str, Any] = dict(values)
    for field in form.fields:
        if random.random() >= share:
            continue
        value = out[field.key]
        if field.is_list:
            out[field.key] = random.sample(field.values, 1) if field.values and random.random() < 0.5 else []
        elif field.one_right_answer:
            out[field.key] = random.choice(["", *field.values]) if field.values else f"{value}{random.randint(1, 9)}"
        else:
            out[field.key] = value[: len(value) // 2] + "并与客户确认"
    return out
