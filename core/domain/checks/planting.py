"""Which value of an answer can be shown wrong, to see whether a reviewer reads: pure, and the same each time.

Only where a mistake is certain and harmless: one customer, on whom run and labels agree; a field with suggested values
and one right answer, so that the planted value is a whole one of a short list and holds nothing about anybody.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from core.domain.form import FieldType, FormValues
from core.domain.scoring import Scorer


class Planting(NamedTuple):
    """One value of an answer, and the wrong one to show in its place."""

    field: str
    right: str
    wrong: str


def planting_of(
    scorer: Scorer, answer: Sequence[FormValues], labels: Sequence[FormValues], lot: str
) -> Planting | None:
    """The value to replace in a run's answer about a chat; ``None`` where none can be.

    Args:
        scorer: of the form.
        answer: the run's forms.
        labels: the right ones.
        lot: decides which value, and by which wrong one.
    """
    if len(answer) != 1 or len(labels) != 1:
        return None
    form = scorer.form
    ours, right = form.coerce(answer[0]).values, form.coerce(labels[0]).values
    cells = zip(form.fields, scorer.prepare(ours), scorer.prepare(right), strict=True)
    candidates = [
        Planting(field.key, value, wrong)
        for field, mine, theirs in cells
        if field.type is FieldType.TEXT and field.one_right_answer and mine == theirs
        if isinstance(value := ours[field.key], str) and value in field.values
        for wrong in field.values
        if wrong != value
    ]
    fields = sorted({one.field for one in candidates})
    if not fields:
        return None
    draw = random.Random(lot)
    chosen = draw.choice(fields)
    return draw.choice([one for one in candidates if one.field == chosen])
