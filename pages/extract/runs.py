"""抽取任务: start a run knowing what it will take, see how it goes while it goes, and what to do about what failed."""

import streamlit as st

from core.adapters.store import DatasetView, RunView
from core.adapters.store.models import RunStatus
from core.services.extraction import runs as run_service
from core.services.extraction.runs import RunOption
from core.ui import navigation, state
from core.ui.extraction.new_run import new_run
from core.ui.extraction.run_panel import STATUSES, run_panel
from core.ui.heading import heading
from core.ui.notices import empty_state, fragment, reported

LIVE_SECONDS = 1.0
NEW = "new"
TABLE_HEIGHT, MOST_ROWS = 520, 15


def go(run: str) -> None:
    """Show a run, or the form of a new one; the address says which."""
    st.query_params["run"] = run
    st.rerun()


def live(found: list[RunView]) -> float | None:
    """How often to draw: only while something moves."""
    return LIVE_SECONDS if any(run.status == RunStatus.RUNNING for run in found) else None


def chosen_of(found: list[RunView]) -> RunView | None:
    """The run of the address (id or name), else the newest one."""
    wanted = st.query_params.get("run", "")
    return next((run for run in found if wanted in (str(run.id), run.name)), found[0] if found else None)


def draw_list(dataset: DatasetView, chosen_id: int) -> None:
    """All runs of a dataset, and what they took together."""
    found = run_service.model_runs(state.store(), dataset.id)
    each = run_service.costs(state.store(), found)
    ids = [run.id for run in found]
    rows = [
        {
            "任务": run.name,
            "状态": STATUSES[RunStatus(run.status)][0],
            "完成": f"{run.done:,} / {run.total:,}",
            "失败": run.failed,
            "费用": run_service.money(cost) if (cost := each[run.id]) is not None else "未知",
        }
        for run in found
    ]
    position = ids.index(chosen_id) if chosen_id in ids else None
    picked = st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= MOST_ROWS else TABLE_HEIGHT,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if position is None else [position]}},
        key=f"runs-list-{dataset.id}-{len(ids)}-{max(ids)}-{chosen_id}",
        column_config={
            "任务": st.column_config.TextColumn(width=120),
            "状态": st.column_config.TextColumn(width=60),
            "完成": st.column_config.TextColumn(width=75),
            "失败": st.column_config.NumberColumn(width=45),
            "费用": st.column_config.TextColumn(width=70),
        },
    )
    selected = [ids[row] for row in picked.selection.rows if row < len(ids)]
    if selected and selected[0] != chosen_id:
        go(str(selected[0]))
    total = run_service.total_cost(found, each)
    if total.tokens_in or total.tokens_out:
        unpriced = f"，{total.unpriced} 个任务单价未知" if total.unpriced else ""
        st.caption(
            f"{len(found)} 个任务共提问 {total.tokens_in:,} token、回答 {total.tokens_out:,} token，"
            f"{run_service.money(total.yuan)}{unpriced}。"
        )


def draw_run(dataset: DatasetView, run_id: int, offers: list[RunOption], was_running: bool) -> None:
    """The run in hand; when nothing moves any more the whole page is drawn once more, and the clock stops."""
    found = run_service.model_runs(state.store(), dataset.id)
    run = next((one for one in found if one.id == run_id), None)
    if run is None or (was_running and live(found) is None):
        st.rerun()
    run_panel(run, state.form_of(dataset), offers)


def draw_new(dataset: DatasetView, offers: list[RunOption]) -> None:
    """The form of a new run."""
    st.markdown("#### 新建抽取任务")
    with reported():
        started = new_run(dataset, offers)
        if started is not None:
            go(str(started.id))


available = state.datasets()
if not available:
    st.title("抽取任务")
    empty_state("还没有可以抽取的群聊", "先导入群聊，再由模型填写表单。", page=navigation.IMPORT, label="导入群聊")
else:
    run_service.ensure_running(state.store())
    dataset, rest = heading("抽取任务", available)
    action = rest.columns([3, 2])[1]
    known = run_service.run_options(state.store())
    runs = run_service.model_runs(state.store(), dataset.id)
    in_hand = chosen_of(runs)
    new = in_hand is None or st.query_params.get("run", "") == NEW
    if runs and action.button(
        "新建抽取任务", type="secondary" if new else "primary", icon=":material/add:", width="stretch", key="runs-new"
    ):
        go(NEW)
    every = live(runs)
    if not runs:
        draw_new(dataset, known)
    else:
        listed, detail = st.columns([4, 8], gap="large")
        with listed:
            fragment(draw_list, every=every)(dataset, 0 if new or in_hand is None else in_hand.id)
        with detail:
            if new or in_hand is None:
                draw_new(dataset, known)
            else:
                fragment(draw_run, every=every)(dataset, in_hand.id, known, every is not None)
