"""Budget of a run in yuan: it bounds the chats under way, and a run that has spent it is paused until it is raised."""

import math
from typing import Final

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, queries
from core.adapters.store.models import Extraction, Place, Run, RunStatus
from core.errors import RunError
from core.services.extraction.runs.cost import money
from core.services.extraction.runs.pipeline_loading import pipeline_of
from core.services.extraction.runs.scope import BatchWay, parameters_of, pending
from core.services.quality.run_cost import run_costs

_LOCK: Final[dict[str, bool]] = {"key_share": True}
"""Whoever stores a result or takes a place refers to the run, and is not to wait for this, nor the other way round."""
_ROUNDING: Final = 1e-9
_UNSURE: Final = 4.0
"""So many times its estimate a chat may cost, as long as no answer of its run has come: some models write much more."""


def stop_at_budget(session: Session, row: Run) -> None:
    """Pause a run that has spent its budget; call it inside the transaction that stores a result, after flushing.

    The run's row is locked meanwhile, so that of two workers that store at the same moment the second one counts what
    the first one brought. A run whose last chats are under way is not paused: there is nothing more to begin.

    Args:
        session: writing.
        row: of the run.
    """
    budget = parameters_of(row).budget
    if budget is None:
        return
    session.refresh(row, with_for_update=_LOCK)
    yuan = run_yuan(session, row)
    spent = yuan is not None and yuan >= budget
    if row.status == RunStatus.RUNNING and spent and pending(session, row) > _under_way(session, row):
        row.status = RunStatus.PAUSED


def note_estimated_tokens(session: Session, row: Run) -> None:
    """Note with a run that some of its tokens are our estimates, once; call it in the transaction that stores them."""
    if parameters_of(row).tokens_estimated:
        return
    session.flush()
    session.refresh(row, with_for_update=_LOCK)
    row.parameters = parameters_of(row).model_copy(update={"tokens_estimated": True}).model_dump(mode="json")


def chats_within_budget(session: Session, row: Run, count: int) -> int:
    """Number of chats, up to ``count``, that a run may begin now; all of them where it has no budget.

    What was spent and what the chats under way are likely to cost stay within the budget. One chat at a time may go in
    any case, so that a run moves: what is spent beyond the budget is less than a chat, as far as chats cost alike.

    Args:
        session: writing; the run's row is locked until its end, so that two workers do not spend the same money.
        row: of the run.
        count: how many would be begun.
    """
    if parameters_of(row).budget is None or not count:
        return count
    # Whoever waited here for a second run, with the first one's row locked, could wait for ever: both may come again.
    lock = select(col(Run.id)).where(col(Run.id) == row.id).with_for_update(skip_locked=True, key_share=True)
    if session.execute(lock).scalar_one_or_none() is None:
        return 0
    session.refresh(row)
    budget, spent = parameters_of(row).budget, run_yuan(session, row)
    if budget is None or row.status != RunStatus.RUNNING:
        return count if budget is None else 0
    under_way, each = _under_way(session, row), _chat_yuan(session, row)
    room = 0
    if spent is not None and each is not None:
        room = math.floor((budget - spent) / each + _ROUNDING) if each else count + under_way
    return min(count, max(room, 1) - under_way) if under_way < max(room, 1) else 0


def _chat_yuan(session: Session, row: Run) -> float | None:
    """Yuan that one chat of a run costs: the mean of those that were paid for, else several times the estimate."""
    paid = select(func.count()).where(
        col(Extraction.run_id) == row.id, or_(col(Extraction.tokens_in) > 0, col(Extraction.tokens_out) > 0)
    )
    if count := session.execute(paid).scalar_one():
        yuan = run_yuan(session, row)
        return None if yuan is None else yuan / count
    estimated = parameters_of(row).chat_yuan
    return None if estimated is None else estimated * _UNSURE


def _under_way(session: Session, row: Run) -> int:
    """Number of a run's chats that somebody is at."""
    held = select(func.count()).select_from(Place).where(col(Place.run_id) == row.id)
    return int(session.execute(held).scalar_one())


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


def require_budget_for_a_chat(session: Session, row: Run) -> None:
    """Refuse a budget that is less than one chat of a run is estimated to cost.

    Raises:
        RunError: it is, and nothing was spent yet.
    """
    budget, each = parameters_of(row).budget, parameters_of(row).chat_yuan
    if budget is not None and each is not None and budget < each and not run_yuan(session, row):
        raise RunError(
            f"预算 {money(budget)} 不够抽取一条群聊（估计每条 {money(each)}）", "请提高预算，或换单价低的模型"
        )


def require_budget_can_be_kept(row: Run) -> None:
    """Refuse a budget for batches of several stages: what a stage cost counts once the chat has its result.

    Raises:
        RunError: a run has such.
    """
    parameters = parameters_of(row)
    if parameters.budget is not None and parameters.batch == BatchWay.FILES and len(pipeline_of(row).steps) > 1:
        raise RunError(
            "提示词有几步时，批量文件的花费要等最后一步答完才算得出，预算管不住它",
            "请去掉预算，或改为实时调用，或换只有一步的提示词",
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
