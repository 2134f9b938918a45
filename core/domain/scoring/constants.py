"""The second floor: what the best constant answer per field would score, chosen on other chats than it is judged on.

An empty form earns two thirds of all points because most cells are empty; one that always says what people say most
often earns more still, without reading a chat. A model is worth its price by what it has above both.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from core.domain.scoring.chat_score import Prepared, Scorer

FLOOR_FOLDS: Final = 5


def best_constants(scorer: Scorer, golds: Sequence[Sequence[Prepared]]) -> Prepared:
    """Per field, the answer given in most chats; the customers of one chat share its vote.

    Args:
        scorer: form and measure.
        golds: prepared reference forms, one sequence per chat.
    """
    width = len(scorer.form.fields)
    votes: list[dict[str | frozenset[str], float]] = [defaultdict(float) for _ in range(width)]
    for forms in golds:
        for prepared in forms:
            for column, answer in enumerate(prepared):
                votes[column][answer] += 1.0 / len(forms)
    empty = scorer.prepare({})
    return tuple(
        min(votes[column], key=lambda answer: (-votes[column][answer], bool(answer), str(sorted(answer))))
        if votes[column]
        else empty[column]
        for column in range(width)
    )


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
    chosen: dict[int, Prepared] = {}
    for part in range(parts):
        others = [golds[index] for place, index in enumerate(indices) if place % parts != part]
        constants = best_constants(scorer, others)
        chosen |= dict.fromkeys(indices[part::parts], constants)
    return chosen
