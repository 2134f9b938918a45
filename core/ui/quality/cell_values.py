"""Values of scored cells as texts for a table."""

from collections.abc import Sequence

from core.adapters.store import RunView
from core.domain.form import text_of
from core.domain.scoring import Cell, Interval
from core.services.quality import Benchmark, align, remember_reference_shown
from core.ui import state

MAX_CELLS = 300
"""Most rows of cells that a page lists; the CSV of 对比 has all of them."""


def cell_texts(benchmark: Benchmark, runs: Sequence[RunView], cells: Sequence[Cell]) -> list[tuple[str, list[str]]]:
    """Texts of scored cells: for each, the reference's value and every run's.

    Args:
        benchmark: what the runs are scored against.
        runs: the runs.
        cells: cells of the reference, of the newest data or of data before; customers are matched as the score does.
    """
    chats = {cell.chat for cell in cells}
    alignment = align(state.store(), benchmark, [run.name for run in runs], against=benchmark.against, chats=chats)
    remember_reference_shown(state.store(), benchmark.dataset.id, alignment, chats)
    out: list[tuple[str, list[str]]] = []
    for cell in cells:
        customer = next((c for c in alignment.chats.get(cell.chat, ()) if c.gold == cell.customer), None)
        if customer is None:
            out.append(("（对照刚刚变了）", ["—"] * len(runs)))
            continue
        lacking = f"（没有这位{benchmark.form.subject}）"
        texts = [text_of(values.get(cell.key)) if values is not None else lacking for values in customer.forms]
        out.append((text_of((customer.reference or {}).get(cell.key)), texts))
    return out


def interval_text(interval: Interval | None, *, signed: bool = False) -> str:
    """An interval as text, ``—`` for none."""
    if interval is None:
        return "—"
    shape = "+.2f" if signed else ".2f"
    return f"{interval.low:{shape}} ~ {interval.high:{shape}}"
