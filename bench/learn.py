"""Learning from approvals: points by cross-validation beside floors and rules, the curve, time and memory."""

import resource
import time

from bench.material import many, material
from bench.report import line
from core.domain.form import load_named_form
from core.services.learning import evaluate, learner
from core.services.learning.chat_features import chat_features
from core.services.learning.examples import LabelledChat, example

MANY = 1_000
CURVE = {5: "≥ 26.85", 10: "≥ 26.85", 20: "≥ 27.10", 40: "≥ 27.30"}


def run() -> None:
    """The labelled chats at hand, 3 × 5-fold; then a thousand made of them, for time and memory alone."""
    form = load_named_form()
    started = time.process_time()
    examples = _examples([(row["chat_text"], row["infos"]) for row in material().rows])
    reading = (time.process_time() - started) / len(examples)
    learner.fit(form, examples[:4])  # the library is loaded
    started = time.process_time()
    model = learner.fit(form, examples)
    fitting = time.process_time() - started
    line(
        f"train on {len(examples)}, features included",
        f"{fitting + reading * len(examples):.1f} s",
        "≤ 5 s of processor time",
    )
    started = time.process_time()
    model.predict([one.chat for one in examples])
    predicting = (time.process_time() - started) / len(examples)
    line("extract one chat, in batches", f"{(reading + predicting) * 1000:.0f} ms", "≤ 40 ms")
    result = evaluate(form, examples)
    low, high = result.delta_local
    line("learned, 3 × 5-fold", f"{result.learned:.2f}", "≥ 27.45, aim 27.60")
    line("    all-empty · constants · local", f"{result.empty:.2f} · {result.constants:.2f} · {result.local:.2f}")
    line("    learned − local, 95 %", f"{low:+.2f} … {high:+.2f}")
    line("    calibration error", f"{result.ece:.3f}", "≤ 0.030")
    for size, points in result.curve.items():
        line(f"    learned from {size}", f"{points:.2f}", CURVE.get(size, "≥ 27.50"))
    started = time.process_time()
    thousand = _examples([(row["chat_text"], row["infos"]) for row in many(MANY)])
    read = time.process_time()
    learner.fit(form, thousand)
    fitted = time.process_time()
    line(f"train on {MANY:,}, features included", f"{fitted - started:.1f} s", "≤ 20 s of processor time")
    line("    features · fit", f"{read - started:.1f} s · {fitted - read:.1f} s")
    line("    peak memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", "≤ 700 MB")


def _examples(rows: list[tuple[str, list[dict[str, object]]]]) -> list[LabelledChat]:
    form = load_named_form()
    return [
        example(form, chat_features(form, text), [form.coerce(one).values for one in infos]) for text, infos in rows
    ]
