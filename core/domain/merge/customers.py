"""Groups forms of several answers by customer, with the matching that scores use."""

from collections.abc import Mapping, Sequence

from core.domain.form import Form, Value
from core.domain.scoring import Scorer

Group = dict[int, int]
"""One customer: ``{number of the answer: position of the form in it}``; answers without this customer are left out."""


def group_customers(
    form: Form, ballots: Sequence[Sequence[Mapping[str, Value]]], weights: Sequence[float] | None = None
) -> list[Group]:
    """Match the customers of several answers about one chat.

    The answer that agrees best with all others comes first; the others' forms are matched with its forms as a score
    would match them (highest total, ties by equal names), and forms that find no partner open groups of their own.

    Args:
        form: which fields count, and for how much.
        ballots: the answers, each one form per customer.
        weights: how much each answer counts; all the same where ``None``. Answers of weight 0 open no groups.

    Returns:
        Every form in exactly one group, except those of weight 0 without a partner; the pivot's customers first.
    """
    scorer = Scorer(form)
    prepared = [[scorer.prepare(values) for values in forms] for forms in ballots]
    heavy = list(weights) if weights is not None else [1.0] * len(prepared)
    if not prepared:
        return []
    agreement = [
        sum(
            heavy[other] * scorer.chat(forms, prepared[other]).score
            for other in range(len(prepared))
            if other != number and heavy[other] > 0
        )
        for number, forms in enumerate(prepared)
    ]
    # Weight decides before agreement does: whoever is trusted more says how many customers there are.
    order = sorted(range(len(prepared)), key=lambda n: (-heavy[n], -round(agreement[n], 6), n))
    groups: list[Group] = []
    for number in order:
        _join(scorer, groups, number, prepared, opens=heavy[number] > 0)
    return groups


def _join(
    scorer: Scorer,
    groups: list[Group],
    number: int,
    prepared: list[list[tuple[str | frozenset[str], ...]]],
    *,
    opens: bool,
) -> None:
    forms = prepared[number]
    free = list(range(len(forms)))
    if groups and forms:
        # Each group is stood for by its first member, which comes from the answer with the most say.
        first = [prepared[next(iter(group))][next(iter(group.values()))] for group in groups]
        for pair in scorer.chat(forms, first).pairs:
            groups[pair.gold][number] = pair.pred
            free.remove(pair.pred)
    if opens:
        groups.extend({number: position} for position in free)
