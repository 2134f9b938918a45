"""Budget of a run in yuan: a run that has spent it is paused, and goes on once it is raised."""

from sqlmodel import Session

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, queries
from core.adapters.store.models import Run, RunStatus
from core.errors import RunError
from core.services.extraction.runs.cost import money
from core.services.extraction.runs.scope import parameters_of, pending
from core.services.quality.run_cost import run_costs


def stop_at_budget(session: Session, row: Run) -> None:
    """Pause a run that has spent its budget; call it inside the transaction that stores a result, after flushing.

    The run's row is locked meanwhile, so that of two workers that store at the same moment the second one counts what
    the first one brought: beyond the budget is only what was under way.

    Args:
        session: writing.
        row: of the run.
    """
    budget = parameters_of(row).budget
    if budget is None:
        return
    session.refresh(row, with_for_update=True)
    yuan = run_yuan(session, row)
    if row.status == RunStatus.RUNNING and yuan is not None and yuan >= budget and pending(session, row):
        row.status = RunStatus.PAUSED


def run_yuan(session: Session, row: Run) -> float | None:
    """Yuan that a run has cost so far; ``None`` where a price is unknown."""
    view = queries.run(session, row.id or 0)
    return run_costs(session, [view])[view.id]


def require_budget_left(session: Session, row: Run, spec: ModelSpec) -> None:
    """Refuse to start a run that has a budget and nothing of it left.

    Raises:
        RunError: it is spent, or the model has no price to hold against it.
    """
    budget = parameters_of(row).budget
    if budget is None:
        return
    require_prices(spec)
    yuan = run_yuan(session, row)
    if yuan is not None and yuan >= budget:
        raise RunError(
            f"抽取任务「{row.name}」已经花了 {money(yuan)}，预算 {money(budget)} 用完了", "请先提高预算，再继续"
        )


def require_prices(spec: ModelSpec) -> None:
    """Refuse a budget for a model whose prices are unknown.

    Raises:
        RunError: they are.
    """
    if spec.cost(1, 1) is None:
        raise RunError(f"模型「{spec.title}」没有单价，预算无从算起", "请先在模型页填写提问和回答的单价")


def is_stopped_at_budget(run: RunView, yuan: float | None) -> bool:
    """Whether a run stands still because its budget is spent.

    Args:
        run: the run.
        yuan: what it has cost so far.
    """
    budget = run.parameters.get("budget")
    return run.status == RunStatus.PAUSED and budget is not None and yuan is not None and yuan >= float(budget)
