"""Which customer of one set of forms is which of another: by name, else as scores match them."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.scoring import Scorer
from core.domain.scoring.chat_score import Prepared
from core.services.review.records.save_types import Save


def match_customers(scorer: Scorer, pred: Sequence[Prepared], gold: Sequence[Prepared]) -> dict[int, int]:
    """``{gold: pred}``: customers of one name belong together, the others as scores match them."""
    name = scorer.form.keys.index(scorer.form.name_field)
    pairs: dict[int, int] = {}
    for position, gold_form in enumerate(gold):
        same = [i for i, form in enumerate(pred) if gold_form[name] and form[name] == gold_form[name]]
        if len(same) == 1 and same[0] not in pairs.values():
            pairs[position] = same[0]
    golds = [i for i in range(len(gold)) if i not in pairs]
    preds = [i for i in range(len(pred)) if i not in pairs.values()]
    if golds and preds:
        rest = scorer.chat([pred[i] for i in preds], [gold[i] for i in golds])
        pairs |= {golds[pair.gold]: preds[pair.pred] for pair in rest.pairs}
    return pairs


def with_matched_origins(save: Save, scorer: Scorer, forms: Sequence[Mapping[str, Any]]) -> Save:
    """A save whose customers' origins are positions in these forms, found anew by what the customers hold."""
    values = [scorer.form.coerce(customer.values).values for customer in save.customers]
    pred, gold = [scorer.prepare(one) for one in forms], [scorer.prepare(one) for one in values]
    pairs = match_customers(scorer, pred, gold)
    customers = [
        customer.model_copy(update={"origin": pairs.get(position)}) for position, customer in enumerate(save.customers)
    ]
    return save.model_copy(update={"customers": customers})
