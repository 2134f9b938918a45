"""Groups forms of several answers by customer: by name, and forms without a name as scores match them."""

from collections.abc import Mapping, Sequence

from core.domain.form import Form, Value
from core.domain.person_names import differ_in_digits, name_groups
from core.domain.scoring import Scorer
from core.domain.scoring.assignment import best_assignment
from core.domain.scoring.chat_score import Prepared

Group = dict[int, int]
"""One customer: ``{number of the answer: position of the form in it}``; answers without this customer are left out."""

_FORBIDDEN = -1e6
"""Far below what any pair of forms is worth, so that the fewest forbidden pairs are taken, and left out afterwards."""
_ORDER = 1e-8


def group_customers(
    form: Form,
    ballots: Sequence[Sequence[Mapping[str, Value]]],
    weights: Sequence[float] | None = None,
    *,
    names_decide: bool = True,
) -> list[Group]:
    """Match the customers of several answers about one chat.

    The answer that agrees best with all others comes first, then the others. Forms of one name are one customer
    (:mod:`core.domain.person_names`), two of one answer never. Two names that differ are two people, however alike the
    forms are: else one's phone would stand under the other's name. Only where every answer has a single customer, that
    one is the same under another name too, unless digits differ (a nickname, a name that was read wrongly). Forms
    without a name go where they fit best, and those that find no partner open groups of their own.

    Args:
        form: which fields count, and for how much.
        ballots: the answers, each one form per customer.
        weights: how much each answer counts; all the same where ``None``. Answers of weight 0 open no groups.
        names_decide: else forms are matched as a score would match them, whatever their names: to compare answers,
            a name that was read wrongly is a difference like any other.

    Returns:
        Every form in exactly one group, except those of weight 0 without a partner; the pivot's customers first.
    """
    scorer = Scorer(form)
    prepared = [[scorer.prepare(values) for values in forms] for forms in ballots]
    heavy = list(weights) if weights is not None else [1.0] * len(prepared)
    if not prepared:
        return []
    # Where no two weigh alike, their weights say all about who goes first.
    agreement = [0.0] * len(prepared) if len(set(heavy)) == len(heavy) else _agreement(scorer, prepared, heavy)
    # Weight decides before agreement does: whoever is trusted more says how many customers there are.
    order = sorted(range(len(prepared)), key=lambda n: (-heavy[n], -round(agreement[n], 6), n))
    raw_names = [[form.name_of(values) for values in forms] for forms in ballots]
    person = name_groups(raw_names)
    names = [[person.get(name, "") for name in in_ballot] for in_ballot in raw_names]
    is_single = all(len(forms) < 2 for forms in ballots)
    groups: list[Group] = []
    for number in order:
        if not names_decide:
            pairs = _pairs_by_score(scorer, groups, prepared[number], prepared)
        elif is_single:
            pairs = _only_customer(groups, number, names)
        else:
            pairs = _pairs_by_name(scorer, groups, number, prepared, names)
        for group, position in pairs.items():
            groups[group][number] = position
        if heavy[number] > 0:
            groups.extend({number: at} for at in range(len(prepared[number])) if at not in pairs.values())
    return groups


def _agreement(scorer: Scorer, prepared: list[list[Prepared]], heavy: Sequence[float]) -> list[float]:
    """How much each answer scores against the others, by what they weigh."""
    return [
        sum(
            heavy[other] * scorer.chat(forms, prepared[other]).score
            for other in range(len(prepared))
            if other != number and heavy[other] > 0
        )
        for number, forms in enumerate(prepared)
    ]


def _first(group: Group, prepared: list[list[Prepared]]) -> Prepared:
    """The form that stands for a group: its first member's, which comes from the answer with the most say."""
    number, position = next(iter(group.items()))
    return prepared[number][position]


def _pairs_by_score(
    scorer: Scorer, groups: list[Group], forms: list[Prepared], prepared: list[list[Prepared]]
) -> dict[int, int]:
    """``{group: position}`` for the forms of an answer."""
    firsts = [_first(group, prepared) for group in groups]
    return {pair.gold: pair.pred for pair in scorer.chat(forms, firsts).pairs}


def _only_customer(groups: list[Group], number: int, names: list[list[str]]) -> dict[int, int]:
    """``{group: 0}`` for the only form of an answer, where each has one at most: by name, else as digits allow."""
    if not names[number]:
        return {}
    own = names[number][0]
    known = [[names[n][0] for n in group] for group in groups]
    same = [group for group, others in enumerate(known) if own in others]
    fitting = [group for group, others in enumerate(known) if not any(differ_in_digits(own, one) for one in others)]
    return dict.fromkeys((same or fitting)[:1], 0)


def _pairs_by_name(
    scorer: Scorer, groups: list[Group], number: int, prepared: list[list[Prepared]], names: list[list[str]]
) -> dict[int, int]:
    """``{group: position}`` for the forms of an answer: by name first, then those where one side has none."""
    forms, own = prepared[number], names[number]
    firsts = [_first(group, prepared) for group in groups]
    known = [next(filter(None, (names[n][at] for n, at in group.items())), "") for group in groups]
    pairs: dict[int, int] = {}
    for is_named in (True, False):
        free = [at for at in range(len(forms)) if at not in pairs.values()]
        left = [group for group in range(len(groups)) if group not in pairs]
        if not free or not left:
            break
        totals = [[_FORBIDDEN] * len(left) for _ in free]
        for row, at in enumerate(free):
            for column, group in enumerate(left):
                by_name = bool(own[at]) and own[at] == known[group]
                if by_name if is_named else not (own[at] and known[group]):
                    credits = scorer.credits(forms[at], firsts[group])
                    total = sum(credit * weight for credit, weight in zip(credits, scorer.weights, strict=True))
                    totals[row][column] = total - _ORDER * abs(at - group)
        pairs |= {
            left[column]: free[row] for row, column in best_assignment(totals) if totals[row][column] > _FORBIDDEN / 2
        }
    return pairs
