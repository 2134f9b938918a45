"""Agreement of two reviewers over the same chats, per field, with a measure that fits the field's kind.

* A choice (one of a few values): Cohen's kappa, agreement beyond chance, with empty and "no such customer" as values.
* A list: F1 of its items, over all customers.
* Free text: mean similarity where either wrote something.
* Any other text (names, numbers, dates): the share that is equal where either wrote something.

Neither of the two is taken for right: every measure is symmetric.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.domain.form import Field, Form, FormValues, Kind
from core.domain.scoring.chat_score import Prepared, Scorer
from core.domain.scoring.measures import LCS, Measure

_NOBODY = "（没有这位客户）"


class AgreementMeasure(StrEnum):
    """The measure of a field's agreement, as shown."""

    KAPPA = "Cohen's kappa"
    F1 = "列表 F1"
    SIMILARITY = "文本相似度"
    EQUAL = "一致率（有值的格）"


@dataclass(frozen=True, slots=True)
class FieldAgreement:
    """Agreement of two reviewers on one field.

    Attributes:
        measure: how ``value`` was measured.
        value: −1 to 1 for kappa, else 0 to 1; ``None`` where nothing was there to agree about, or, for kappa, where
            both used one and the same value throughout, so that chance alone explains everything.
        cells: customers that were compared.
        differing: of these, how many cells differ.
    """

    measure: AgreementMeasure
    value: float | None
    cells: int
    differing: int

    @property
    def equal_share(self) -> float:
        """Share of equal cells among all cells, empty ones included."""
        return 1.0 - self.differing / self.cells if self.cells else 1.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two reviewers over the same chats.

    Attributes:
        chats: chats that both decided.
        customers: customers that either of them found.
        unmatched: customers that only one of them found.
        fields: by key, in the form's order.
        differing: number of differing cells by chat index; chats without any are left out.
    """

    chats: int
    customers: int
    unmatched: int
    fields: Mapping[str, FieldAgreement]
    differing: Mapping[int, int]


def agreement(
    form: Form, pairs: Mapping[int, tuple[Sequence[FormValues], Sequence[FormValues]]], measure: Measure = LCS
) -> Agreement:
    """Measure the agreement of two reviewers.

    Args:
        form: the form.
        pairs: ``{chat index: (forms of one, forms of the other)}``; customers are matched as a score matches them.
        measure: similarity for free text.
    """
    scorer = Scorer(form, measure)
    cells: list[tuple[Prepared | None, Prepared | None]] = []
    differing: dict[int, int] = {}
    for index in sorted(pairs):
        rows = matched(scorer, *pairs[index])
        cells += rows
        # A customer that only one of them has is one thing to talk about.
        count = sum(1 if a is None or b is None else sum(x != y for x, y in zip(a, b, strict=True)) for a, b in rows)
        if count:
            differing[index] = count
    return Agreement(
        chats=len(pairs),
        customers=len(cells),
        unmatched=sum(a is None or b is None for a, b in cells),
        fields={field.key: _field(field, i, cells, measure) for i, field in enumerate(form.fields)},
        differing=differing,
    )


def matched(
    scorer: Scorer, one: Sequence[FormValues], other: Sequence[FormValues]
) -> list[tuple[Prepared | None, Prepared | None]]:
    """The customers of one chat in pairs; ``None`` where one reviewer has no such customer."""
    a = [scorer.prepare(values) for values in one]
    b = [scorer.prepare(values) for values in other]
    pairs = scorer.chat(a, b).pairs
    taken_a, taken_b = {pair.pred for pair in pairs}, {pair.gold for pair in pairs}
    rows: list[tuple[Prepared | None, Prepared | None]] = [(a[pair.pred], b[pair.gold]) for pair in pairs]
    rows += [(values, None) for i, values in enumerate(a) if i not in taken_a]
    rows += [(None, values) for i, values in enumerate(b) if i not in taken_b]
    return rows


def measure_of(field: Field) -> AgreementMeasure:
    """The measure that fits a field."""
    if field.is_list:
        return AgreementMeasure.F1
    if not field.one_right_answer:
        return AgreementMeasure.SIMILARITY
    return AgreementMeasure.KAPPA if field.kind is Kind.CHOICE else AgreementMeasure.EQUAL


def _field(
    field: Field, number: int, cells: Sequence[tuple[Prepared | None, Prepared | None]], measure: Measure
) -> FieldAgreement:
    how = measure_of(field)
    values = [(a[number] if a is not None else None, b[number] if b is not None else None) for a, b in cells]
    differing = sum(a != b for a, b in values)
    filled = [(a, b) for a, b in values if a or b]
    value: float | None
    if how is AgreementMeasure.KAPPA:
        value = kappa([_label(a) for a, _ in values], [_label(b) for _, b in values])
    elif not filled:
        value = None
    elif how is AgreementMeasure.F1:
        both = sum(len(set(a or ()) & set(b or ())) for a, b in filled)
        value = 2 * both / sum(len(set(a or ())) + len(set(b or ())) for a, b in filled)
    elif how is AgreementMeasure.SIMILARITY:
        value = sum(measure.similarity(str(a), str(b)) if a and b else 0.0 for a, b in filled) / len(filled)
    else:
        value = sum(a == b for a, b in filled) / len(filled)
    return FieldAgreement(how, value, len(cells), differing)


def _label(value: str | frozenset[str] | None) -> str:
    return _NOBODY if value is None else str(value)


def kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Cohen's kappa (1960): ``(observed − chance) / (1 − chance)``.

    The tests hold it against scikit-learn's, whose import would keep the first visitor of the page waiting for seconds.

    Returns:
        −1 to 1; ``None`` without cells, or where both used one value throughout.
    """
    count = len(one)
    if not count or len({*one, *other}) == 1:
        return None
    observed = sum(a == b for a, b in zip(one, other, strict=True)) / count
    mine, theirs = Counter(one), Counter(other)
    chance = sum(mine[value] * theirs[value] for value in mine) / count**2
    return (observed - chance) / (1.0 - chance)
