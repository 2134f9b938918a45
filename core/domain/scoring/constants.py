"""The second floor: what the best constant answer per field would score, chosen on other chats than it is judged on.

An empty form earns two thirds of all points because most cells are empty; one that always says what people say most
often earns more still, without reading a chat. A model is worth its price by what it has above both.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from core.domain.scoring.chat_score import Prepared, Scorer

FLOOR_FOLDS: Final = 5
_SAME: Final = 1e-9
"""Difference of two counts that is no more than rounding."""


Answer = str | frozenset[str]
Votes = list[dict[Answer, float]]
"""Per field, how many chats gave each answer."""


def best_constants(scorer: Scorer, golds: Sequence[Sequence[Prepared]]) -> Prepared:
    """Per field, the answer given in most chats; the customers of one chat share its vote.

    Args:
        scorer: form and measure.
        golds: prepared reference forms, one sequence per chat.
    """
    return _favourites(scorer, _count(scorer, golds), None)


def constants_by_chat(
    scorer: Scorer, golds: Mapping[int, Sequence[Prepared]], *, folds: int = FLOOR_FOLDS
) -> dict[int, Prepared]:
    """For each chat, the form of constants that were chosen on the chats of the other folds.

    Args:
        scorer: form and measure.
        golds: prepared reference forms by chat index.
        folds: parts of the chats; with fewer chats, one chat is one part.
    """
    indices = sorted(golds)
    parts = min(folds, len(indices))
    every = _count(scorer, golds.values())
    chosen: dict[int, Prepared] = {}
    for part in range(parts):
        held = indices[part::parts]
        constants = _favourites(scorer, every, _count(scorer, [golds[index] for index in held]))
        chosen |= dict.fromkeys(held, constants)
    return chosen


def _count(scorer: Scorer, golds: Iterable[Sequence[Prepared]]) -> Votes:
    votes: Votes = [defaultdict(float) for _ in scorer.form.fields]
    for forms in golds:
        for prepared in forms:
            for answers, answer in zip(votes, prepared, strict=True):
                answers[answer] += 1.0 / len(forms)
    return votes


def _favourites(scorer: Scorer, votes: Votes, without: Votes | None) -> Prepared:
    """Per field, the answer with most votes, those of some chats left out; of several the empty one, then by text."""
    favourites: list[Answer] = []
    for column, (answers, empty) in enumerate(zip(votes, scorer.prepare({}), strict=True)):
        left_out = without[column] if without else {}
        counts = {answer: count - left_out.get(answer, 0.0) for answer, count in answers.items()}
        most = max(counts.values(), default=0.0)
        tied = [answer for answer, count in counts.items() if count > most - _SAME]
        best = min(tied, key=lambda answer: (bool(answer), sorted(answer)), default=empty)
        favourites.append(best if most > _SAME else empty)
    return tuple(favourites)
