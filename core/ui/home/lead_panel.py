"""What a lead looks for on 总览: open decisions, pace, what is left, how much is changed, what it cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.adapters.store.models import DisputeStatus
from core.domain.form import Form, load_named_form
from core.domain.permissions import Permission
from core.errors import FormError
from core.services.discussion import open_counts
from core.services.extraction.runs.cost import costs, money, total_cost
from core.services.quality.blind_estimate import BlindEstimate, blind_estimate
from core.services.review import DatasetState
from core.services.review.batches import waiting_in_batches
from core.services.review.lead_view import LeadView, lead_view
from core.services.review.queue.filters import MINE
from core.services.team import is_allowed
from core.ui import navigation, state
from core.ui.folded import draw_folded
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown
from core.ui.navigation import PASS, SECOND
from core.ui.tables import count_columns, draw_table, percent_column, percent_value

_FEWEST_WEEKS = 2
"""Weeks from which a change over time can be looked at field by field."""


def spent(item: DatasetState) -> str:
    """What a dataset's runs cost together, in words; ``""`` where nothing was asked of a model."""
    total = total_cost(item.runs, costs(state.store(), item.runs))
    tokens = total.tokens_in + total.tokens_out
    if not tokens:
        return ""
    unpriced = f"，{total.unpriced:,} 个抽取任务的单价未知" if total.unpriced else ""
    return f"{money(total.yuan)} · {tokens:,} token{unpriced}"


def blind_estimate_of(item: DatasetState) -> BlindEstimate | None:
    """盲审估计 of a dataset; ``None`` where the lead has set no share of chats for it."""
    return blind_estimate(state.store(), item.dataset, load_named_form(item.dataset.form))


def draw_open_decisions(item: DatasetState, view: LeadView) -> None:
    """Links to whatever of a dataset waits for somebody's decision; nothing where nothing does."""
    here = {"dataset": str(item.dataset.id)}
    failed = next((run for run in item.runs if item.default and run.id == item.default.id and run.failed), None)
    waiting: list[tuple[str, str, dict[str, str]]] = []
    if assigned := waiting_in_batches(state.store(), state.reviewer()).get(item.dataset.id, 0):
        waiting.append((navigation.WORKBENCH, f"派给您的批次 {assigned:,} 条待审", here | {"batch": MINE}))
    if item.progress.discussed:
        waiting.append((navigation.WORKBENCH, f"待讨论 {item.progress.discussed:,} 条", here | {"queue": "待讨论"}))
    talks = open_counts(state.store(), state.reviewer()).get(item.dataset.id)
    if talks is not None:
        mine = f" · @我 {talks.mine:,}" if talks.mine else ""
        waiting.append((navigation.DISCUSSIONS, f"未解决的讨论 {talks.open:,} 处{mine}", here))
    if view.differences:
        waiting.append((navigation.AGREEMENT, f"待仲裁 {view.differences:,} 条", here | {"view": "待仲裁"}))
    if view.disputes:
        query = here | {"status": DisputeStatus.OPEN.value}
        waiting.append((navigation.DISPUTES, f"标注争议 {view.disputes:,} 处", query))
    if view.fast and is_allowed(Permission.REVIEW_CHECKS):
        each = "、".join(f"{who} {count:,} 条" for who, count in view.fast)
        waiting.append((navigation.AGREEMENT, f"过快确认：{each}", here | {"view": "把关"}))
    if failed is not None:
        waiting.append((navigation.RUNS, f"抽取失败 {failed.failed:,} 条", here | {"run": failed.name}))
    if view.released.due:
        waiting.append((navigation.WORKBENCH, f"放行的抽查 {view.released.due:,} 条待盲审", here | {PASS: SECOND}))
    if view.stopped:
        waiting.append((navigation.BATCHES, f"抽查停用的放行 {view.stopped:,} 个", here))
    if not waiting:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"decisions-{item.dataset.id}"):
        st.caption("等人决定", width="content")
        for page, label, query in waiting:
            st.page_link(
                page, label=escape_markdown(label), icon=":material/arrow_forward:", query_params=query, width="content"
            )


def draw_progress_of(states: Sequence[DatasetState], leads: Mapping[int, LeadView]) -> None:
    """Charts of one dataset, with their numbers below.

    Args:
        states: of all datasets; the first one with decisions is shown unless another is chosen.
        leads: what their lead sees, by the dataset's id.
    """
    views = {number: view for number, view in leads.items() if view.work}
    worked_on = [item for item in states if item.dataset.id in views]
    if not worked_on:
        return
    names = {item.dataset.id: item.dataset.name for item in worked_on}
    head, choice = st.columns([3, 2], vertical_alignment="bottom")
    head.subheader("进展")
    with choice:
        numbers = list(names)
        chosen = numbers[0]
        if len(numbers) > 1:
            chosen = st.selectbox(
                "哪个数据集",
                numbers,
                key=held_choice("overview-progress", numbers),
                format_func=lambda number: names[number],
                label_visibility="collapsed",
            )
    form = load_named_form(next(item.dataset.form for item in worked_on if item.dataset.id == chosen))
    _draw_charts(form, views[chosen])


def view_of(item: DatasetState) -> LeadView | FormError:
    """A dataset as its lead sees it; what is wrong with its form where that is gone or broken."""
    try:
        return lead_view(state.store(), item.dataset, load_named_form(item.dataset.form))
    except FormError as error:
        return error


def _draw_field_changes(charts: Any, form: Form, view: LeadView) -> None:
    """Small multiples: per field the share of values that people changed by week, those that are changed most first."""
    if len(view.changes) < _FEWEST_WEEKS:
        return
    totals = {key: [0, 0] for key in form.keys}
    for week in view.changes:
        for key, (changed, cells) in week.fields.items():
            totals[key][0] += changed
            totals[key][1] += cells
    keys = sorted((key for key in form.keys if totals[key][0]), key=lambda key: -totals[key][0] / totals[key][1])
    rows = [
        {
            "字段": form.field(key).label,
            "周一": week.monday.isoformat(),
            "改动": percent_value(week.fields[key][0] / week.fields[key][1]),
            "改过": week.fields[key][0],
            "有值的格": week.fields[key][1],
        }
        for key in keys
        for week in view.changes
        if key in week.fields
    ]
    if not rows:
        return

    def draw() -> None:
        chart, numbers = st.tabs(["图", "数字"])
        with chart:
            charts.draw_small_multiples(
                charts.field_changes_chart(rows),
                len(keys),
                alt_text=f"改得最多的字段是{rows[0]['字段']}",
                key="chart-field-changes",
            )
        with numbers:
            counted = count_columns("改过", "有值的格")
            draw_table(rows, name="逐字段改动", key="table-field-changes", columns={"改动": percent_column()} | counted)

    draw_folded(f"逐字段看改动的占比（{len(keys):,} 个字段改过）", draw, key="overview-field-changes")


def _draw_charts(form: Form, view: LeadView) -> None:
    from core.ui import charts  # Altair and pandas: a second that the first page of a fresh start need not take

    left = [{"日期": day.isoformat(), "还剩": count} for day, count in view.left]
    work = [{"日期": entry.day.isoformat(), "审阅人": entry.reviewer, "审完": entry.chats} for entry in view.work]
    changes = [
        {
            "周一": week.monday.isoformat(),
            "改动": percent_value(week.share),
            "群聊": week.chats,
            "有值的格": week.cells,
            "改过": week.changed,
        }
        for week in view.changes
    ]
    first, second, third = st.columns(3, gap="medium")
    with first:
        st.markdown("**还剩多少**")
        last = view.left[-1]
        charts.draw_chart(
            charts.remaining_chart(left), alt_text=f"到 {last[0]} 还剩 {last[1]:,} 条没有审", key="chart-left"
        )
    with second:
        st.markdown("**每天审完**")
        charts.draw_chart(
            charts.daily_work_chart(work), alt_text="每天每人审完的群聊，数字在下面的表里", key="chart-work"
        )
    with third:
        st.markdown("**改动的占比**", help="有值的格里，人改过抽取的值的占比；每周至多看 100 条，从最近的起。")
        if changes:
            charts.draw_chart(
                charts.changed_share_chart(changes),
                alt_text=f"最近一周改了 {view.changes[-1].share:.0%} 有值的格",
                key="chart-changes",
            )
        else:
            st.caption("还没有从抽取任务改起的记录。")
    _draw_field_changes(charts, form, view)

    def draw_numbers() -> None:
        tables = st.columns(3, gap="medium")
        with tables[0]:
            draw_table(left, name="还剩", key="table-left", columns=count_columns("还剩"))
        with tables[1]:
            draw_table(work, name="每天审完", key="table-work", columns=count_columns("审完"))
        with tables[2]:
            counted = count_columns("群聊", "有值的格", "改过")
            draw_table(changes, name="改动", key="table-changes", columns={"改动": percent_column()} | counted)

    draw_folded("这些图的数字", draw_numbers, key="overview-numbers")
