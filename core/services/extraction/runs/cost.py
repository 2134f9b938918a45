"""What runs cost: yuan from the provider's token counts and the model's prices. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, Store
from core.services.extraction import models as model_catalog

PER = 1000
"""Prices are for so many tokens."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What runs took together.

    Attributes:
        tokens_in: of all questions, as the providers counted.
        tokens_out: of all answers.
        yuan: sum over the runs whose prices are known.
        unpriced: how many runs have tokens but no price.
    """

    tokens_in: int
    tokens_out: int
    yuan: float
    unpriced: int


def yuan(spec: ModelSpec, tokens_in: int, tokens_out: int) -> float | None:
    """What tokens cost; ``None`` where a price that matters is unknown.

    Args:
        spec: the model with its prices, yuan per thousand tokens.
        tokens_in: of the questions.
        tokens_out: of the answers.
    """
    total = 0.0
    for tokens, price in ((tokens_in, spec.price_in), (tokens_out, spec.price_out)):
        if tokens and price is None:
            return None
        total += tokens * (price or 0.0) / PER
    return total


def costs(store: Store, runs: Iterable[RunView]) -> dict[int, float | None]:
    """``{run id: yuan}``; ``None`` where the price is unknown.

    A run counts at the prices that its entry had when the run was last started, and where it had none then, at the ones
    that it has now: prices are often filled in once the bill is there.
    """
    current = {(spec.provider, spec.name): spec for spec in model_catalog.models(store)}
    found: dict[int, float | None] = {}
    for run in runs:
        kept = run.parameters.get("entry")
        specs = [ModelSpec.from_dict(kept)] if kept else []
        if (run.provider, run.model) in current:
            specs.append(current[run.provider, run.model])
        priced = (yuan(spec, run.tokens_in, run.tokens_out) for spec in specs)
        unknown = None if run.tokens_in or run.tokens_out else 0.0
        found[run.id] = next((value for value in priced if value is not None), unknown)
    return found


def total_cost(runs: Iterable[RunView], each: dict[int, float | None]) -> Cost:
    """What runs took together, given what each of them cost."""
    runs = list(runs)
    known = [value for run in runs if (value := each.get(run.id)) is not None]
    return Cost(
        sum(run.tokens_in for run in runs),
        sum(run.tokens_out for run in runs),
        sum(known),
        sum(each.get(run.id) is None for run in runs),
    )


def money(value: float | None) -> str:
    """Yuan for people: two digits from one fen up, more below, so that a small sum is not nothing."""
    if value is None:
        return "费用未知"
    if value == 0:
        return "0 元"
    if value < 0.01:
        return f"{value:.4f} 元" if value >= 0.0001 else "不到 0.0001 元"
    return f"{value:,.2f} 元"
