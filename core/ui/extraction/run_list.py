"""All runs of a dataset in a table, and what they cost together."""

import streamlit as st

from core.adapters.store import DatasetView, RunView
from core.adapters.store.models import RunKind, RunStatus
from core.services.extraction import runs as run_service
from core.services.quality import default_run
from core.ui import address, state
from core.ui.extraction.run_panel import run_state
from core.ui.markdown import escape_markdown
from core.ui.tables import count_column

_HEIGHT, _MOST_ROWS = 520, 15
_WIDTHS = {"完成": 75, "失败": 45, "费用": 70}
"""Pixels of the columns that are left out where they say nothing, and of what is done, at least."""
_NAME, _LEAST_NAME, _DIGIT = 120, 80, 8
"""Pixels of a name, of one at least, and of a digit."""
NEW = "new"
"""In the address: the form of a new run instead of a run."""


def show_run(run: str) -> None:
    """Show a run (id), or the form of a new one (``new``); the address says which."""
    st.query_params["run"] = run
    st.rerun()


def refresh_seconds(run_views: list[RunView]) -> float | None:
    """Seconds between two drawings while a run goes on, or calls of a stopped one are under way; else ``None``."""
    if any(run.status == RunStatus.RUNNING for run in run_views):
        return _LIVE_SECONDS
    return _LIVE_SECONDS if run_service.under_way(state.store(), run_views) else None


def current_run(run_views: list[RunView]) -> RunView | None:
    """The run of the address (id or name), else the newest one; the page says so where the address is wrong."""
    requested = address.text_parameter("run")
    named = address.find_named(requested, run_views, lambda run: (str(run.id), run.name))
    if requested not in ("", NEW) and named is None and run_views:
        address.draw_unknown("抽取任务", requested, run_views[0].name)
    return named or (run_views[0] if run_views else None)


_LIVE_SECONDS = 1.0
QUIET_SECONDS = 5.0
"""Between two drawings while no run goes on here: somebody may start one elsewhere."""


def draw_run_list(dataset: DatasetView, chosen_id: int) -> None:
    """Table of a dataset's runs, and what they cost together; a click shows one."""
    runs = run_service.listed_runs(state.store(), dataset.id)
    with state.store().read() as session:
        default = default_run(session, dataset.id)
    each = run_service.costs(state.store(), runs)
    ids = [run.id for run in runs]
    rows = [
        {
            "抽取任务": f"默认 · {run.name}" if default is not None and run.id == default.id else run.name,
            "状态": run_state(run)[0],
            "完成": f"{run.done:,} / {run.total:,}",
            "失败": run.failed,
            "费用": _cost_text(run, each[run.id]),
        }
        for run in runs
    ]
    # A name takes the room of what says nothing: most runs cost nothing and failed nowhere.
    left_out = {
        title
        for title, says in (("失败", any(run.failed for run in runs)), ("费用", any(each.values())))
        if not says and "未知" not in {str(row[title]) for row in rows}
    }
    done = max(_WIDTHS["完成"], _DIGIT * max(len(str(row["完成"])) for row in rows))
    spare = sum(_WIDTHS[title] for title in left_out) + _WIDTHS["完成"] - done
    rows = [{title: value for title, value in row.items() if title not in left_out} for row in rows]
    position = ids.index(chosen_id) if chosen_id in ids else None
    picked = st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= _MOST_ROWS else _HEIGHT,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if position is None else [position]}},
        key=f"runs-list-{dataset.id}-{len(ids)}-{max(ids)}-{chosen_id}",
        column_config={
            "抽取任务": st.column_config.TextColumn(width=max(_LEAST_NAME, _NAME + spare)),
            "状态": st.column_config.TextColumn(width=60),
            "完成": st.column_config.TextColumn(width=done),
            "失败": count_column(width=_WIDTHS["失败"]),
            "费用": st.column_config.TextColumn(width=_WIDTHS["费用"]),
        },
    )
    selected = [ids[row] for row in picked.selection.rows if row < len(ids)]
    if selected and selected[0] != chosen_id:
        show_run(str(selected[0]))
    total = run_service.total_cost(runs, each)
    if total.tokens_in or total.tokens_out:
        unpriced = f"，{total.unpriced:,} 个抽取任务单价未知" if total.unpriced else ""
        st.caption(
            f"{len(runs):,} 个抽取任务共提问 {total.tokens_in:,} token、回答 {total.tokens_out:,} token，"
            f"{escape_markdown(run_service.money(total.yuan))}{escape_markdown(unpriced)}。"
        )


def _cost_text(run: RunView, cost: float | None) -> str:
    """What a run cost; nothing for one that no model was asked for."""
    if run.kind != RunKind.MODEL:
        return ""
    return "未知" if cost is None else run_service.money(cost)
