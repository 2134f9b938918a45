"""Limits of a run: concurrent calls, calls per minute, deadline of a call; for a new run and a started one."""

from typing import Any

import streamlit as st

from core.adapters.llm import ModelSpec, is_remote
from core.adapters.store import RunView
from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.ui import navigation, state
from core.ui.notices import show_errors
from core.ui.only_for import only_for

_DEADLINE = 120.0


def draw_limits(
    spec: ModelSpec,
    *,
    key: str,
    concurrency: int,
    per_minute: int | None = None,
    deadline: float = _DEADLINE,
    budget: float | None = None,
) -> dict[str, Any]:
    """Draw the three limits.

    Args:
        spec: the model; its own limit a minute stands where none is given, and what it allows at a time is said.
        key: makes the widgets' keys.
        concurrency: calls at a time, to begin with.
        per_minute: calls a minute, to begin with.
        deadline: seconds for one call, to begin with.
        budget: yuan that the run may cost, to begin with.

    Returns:
        ``concurrency``, ``per_minute``, ``deadline`` and ``budget``, as ``create_run`` takes them.
    """
    first, second, third = st.columns(3)
    at_once = first.number_input(
        "并发数",
        min_value=1,
        max_value=256,
        value=concurrency,
        help="同时进行的调用数，同一个模型的抽取任务共用",
        key=f"runs-at-once-{key}",
    )
    rate = second.number_input(
        "每分钟次数", min_value=1, value=per_minute or spec.per_minute, placeholder="不限", key=f"runs-minute-{key}"
    )
    seconds = third.number_input(
        "时限（秒）",
        min_value=5,
        max_value=3600,
        value=round(deadline),
        help="一次调用最长等多久",
        key=f"runs-deadline-{key}",
    )
    most = draw_budget(spec, key=key, budget=budget)
    allowed = spec.concurrency
    if allowed and at_once > allowed:
        st.caption(f":orange[这个模型允许的并发数是 {allowed:d}，更多的调用可能被拒绝后重试。]")
    return {"concurrency": at_once, "per_minute": rate, "deadline": float(seconds), **most}


def draw_budget(spec: ModelSpec, *, key: str, budget: float | None = None) -> dict[str, Any]:
    """Draw what a run may cost; nothing can be typed where the model has no prices.

    Args:
        spec: the model.
        key: makes the widget's key.
        budget: yuan, to begin with.

    Returns:
        ``budget``, as ``create_run`` takes it.
    """
    priced = spec.cost(1, 1) is not None
    most = st.number_input(
        "预算（元）",
        min_value=0.01,
        value=budget if priced else None,
        step=1.0,
        placeholder="不限" if priced else "模型没有单价",
        disabled=not priced,
        help="花到这么多就暂停，已经发出的调用照样保存；提高以后可以继续"
        if priced
        else "在模型页填了单价，才能按预算停下",
        key=f"runs-budget-{key}",
    )
    if not priced:
        st.page_link(navigation.MODELS, label="去模型页填单价", icon=":material/arrow_forward:")
    return {"budget": most}


def draw_limits_popover(run: RunView, spec: ModelSpec) -> None:
    """Popover that changes the limits of a started run; nothing for local rules."""
    if not is_remote(run.provider):
        return
    now = run.parameters
    with st.popover(
        "限速",
        icon=":material/speed:",
        **only_for(Permission.RUNS, hint="并发数、每分钟次数、时限和预算；从下一次调用起生效"),
    ):
        limits = draw_limits(
            spec,
            key=f"run-{run.id}",
            concurrency=int(now["concurrency"]),
            per_minute=now.get("per_minute"),
            deadline=float(now["deadline"]),
            budget=now.get("budget"),
        )
        if st.button("改用这些限制", key=f"limits-{run.id}", **only_for(Permission.RUNS)):
            with show_errors():
                store = state.store()
                run_service.set_limits(store, run.id, **limits)
                run_service.ensure_running(store).wake()
                st.rerun()
