"""What runs cost: yuan from the providers' token counts and the models' prices. Reads only."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session

from core.adapters.llm import ModelSpec, unshadowed_presets
from core.adapters.store import RunView
from core.adapters.store.models import ModelEntry
from core.domain.model_settings import ModelSettings


def yuan_per_right_value(run: RunView, yuan: float | None, *, right: float, judged: int) -> float | None:
    """What one right value of a run cost: that is what a cheaper model or prompt is worth.

    Args:
        run: with the number of its chats.
        yuan: what all of it cost.
        right: values that the reference confirms (true-positive credit), over the chats that were judged.
        judged: how many of the run's chats these are; they cost as much as the others on average.

    Returns:
        Yuan; ``None`` where the price is unknown, nothing was asked of a model, or nothing was right.
    """
    settled = run.done + run.failed
    if not yuan or not settled or right <= 0:
        return None
    return yuan * judged / settled / right


def run_costs(session: Session, runs: Iterable[RunView]) -> dict[int, float | None]:
    """What each run cost so far.

    A run counts at the prices that its model had when the run was last started, and where it had none then, at the
    ones that it has now: prices are often filled in once the bill is there.

    Args:
        session: open session.
        runs: with their token counts.

    Returns:
        ``{run id: yuan}``; ``None`` where the price is unknown.
    """
    own: list[ModelEntry] = list(session.execute(select(ModelEntry)).scalars())
    entries: list[ModelSettings] = [*unshadowed_presets({entry.name for entry in own}), *own]
    current = {(entry.provider, entry.name): entry for entry in entries}
    yuan: dict[int, float | None] = {}
    for run in runs:
        models: list[ModelSettings] = []
        if entry_then := run.parameters.get("entry"):
            models.append(ModelSpec.from_dict(entry_then))
        if (run.provider, run.model) in current:
            models.append(current[run.provider, run.model])
        parts = {"cached": run.tokens_cached, "batch_in": run.batch_in, "batch_out": run.batch_out}
        amounts = (model.cost(run.tokens_in, run.tokens_out, **parts) for model in models)
        unpriced = None if run.tokens_in or run.tokens_out else 0.0
        yuan[run.id] = next((amount for amount in amounts if amount is not None), unpriced)
    return yuan
