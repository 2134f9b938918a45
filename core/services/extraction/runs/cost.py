"""Costs of runs for the pages: per run, in total, and as text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.adapters.store import RunView, Store
from core.services.quality import run_cost

ESTIMATED_TOKENS: Final = "模型的服务没有给出可用的 token 数，缺的按估算计入用量、费用和预算。"
"""What is said of a run with such calls."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens and yuan of several runs together.

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


def costs(store: Store, runs: Iterable[RunView]) -> dict[int, float | None]:
    """``{run id: yuan}``, see :func:`core.services.quality.run_cost.run_costs`; ``None`` where the price is unknown."""
    with store.read() as session:
        return run_cost.run_costs(session, runs)


def total_cost(runs: Iterable[RunView], each: dict[int, float | None]) -> Cost:
    """Sum of several runs, given what each of them cost."""
    runs = list(runs)
    known = [value for run in runs if (value := each.get(run.id)) is not None]
    return Cost(
        sum(run.tokens_in for run in runs),
        sum(run.tokens_out for run in runs),
        sum(known),
        sum(each.get(run.id) is None for run in runs),
    )


def money(value: float | None) -> str:
    """Yuan as text: two decimals from one fen up, more below, so that a small sum is not shown as 0."""
    if value is None:
        return "费用未知"
    if value == 0:
        return "0 元"
    if value < 0.01:
        return f"{value:.4f} 元" if value >= 0.0001 else "不到 0.0001 元"
    return f"{value:,.2f} 元"
