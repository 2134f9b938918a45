"""Status and next step of each dataset; the latest saves."""

from collections.abc import Sequence

import streamlit as st

from core.adapters.store.models import RunKind, RunStatus
from core.domain.form import form_label
from core.errors import FormError
from core.services.extraction.runs.cost import money
from core.services.quality import DefaultRun
from core.services.review import DatasetState
from core.services.review.latest_saves import Activity
from core.services.review.lead_view import LeadView
from core.services.review.passing_audits import PassedChats
from core.ui import navigation
from core.ui.home.lead_panel import blind_estimate_of, draw_open_decisions, spent
from core.ui.links import workbench_address, workbench_column
from core.ui.markdown import Markdown, escape_markdown
from core.ui.metrics import fact_table
from core.ui.notices import show_error
from core.ui.quality.blind_estimate import blind_estimate_text

_MOST_RUNS = 4


def next_step(item: DatasetState) -> tuple[str, str]:
    """Page and label of what to do next with a dataset."""
    if not item.dataset.chats:
        return navigation.IMPORT, "导入群聊"
    if any(run.status == RunStatus.RUNNING for run in item.runs):
        return navigation.RUNS, "查看抽取进度"
    is_begun = item.progress.left < item.dataset.chats
    if not is_begun and not any(run.done for run in item.runs if run.kind != RunKind.LABELS):
        return navigation.RUNS, "新建抽取任务"
    if item.progress.left:
        return navigation.WORKBENCH, f"审阅，还剩 {item.progress.left:,} 条"
    return navigation.EXPORTS, "全部处理完，去导出"


def _status_facts(item: DatasetState, *, has_form: bool) -> dict[str, str]:
    """Labels and runs of a dataset, each in a few words."""
    labels = [run for run in item.runs if run.kind == RunKind.LABELS]
    runs = [run for run in item.runs if run.kind != RunKind.LABELS]
    run_texts = [
        f"{run.name} {run.done:,} / {run.total:,}" + (f"（失败 {run.failed:,}）" if run.failed else "")
        for run in runs[:_MOST_RUNS]
    ]
    if len(runs) > _MOST_RUNS:
        run_texts.append(f"另有 {len(runs) - _MOST_RUNS:,} 个")
    facts = {
        "表单": form_label(item.dataset.form),
        "标注": f"{max(run.done for run in labels):,} 条群聊" if labels else "没有",
        "抽取任务": "　".join(run_texts) or "还没有",
        "默认任务": f"{item.default.name}（{_why(item, item.default)}）" if item.default is not None else "还没有",
    }
    if item.best is not None and item.default is not None and item.best.id != item.default.id:
        facts["得分最高的"] = f"{item.best.name}（{_why(item, item.best)}）"
    if has_form and (estimate := blind_estimate_of(item)) is not None:
        facts["盲审估计"] = blind_estimate_text(estimate)
    if cost := spent(item):
        facts["花费"] = cost
    names = {run.id: run.name for run in item.runs}
    if values := [f"{names[run_id]} {money(yuan)}" for run_id, yuan in item.value_costs.items() if run_id in names]:
        more = f"　另有 {len(values) - _MOST_RUNS:,} 个" if len(values) > _MOST_RUNS else ""
        facts["每个对的值"] = "　".join(values[:_MOST_RUNS]) + more + "（对照标注）"
    return facts


def _why(item: DatasetState, run: DefaultRun) -> str:
    """Why a run is taken, with the interval of its score where that was measured."""
    if item.interval is None or item.best is None or run.id != item.best.id:
        return run.why
    return f"{run.why}，95% 区间 {item.interval.low:.2f} ~ {item.interval.high:.2f}"


def released_text(passed: PassedChats) -> str:
    """What thresholds let pass, and how far the audits are; ``""`` where nothing passed."""
    parts = [f"整条 {passed.whole:,} 条群聊"] if passed.whole else []
    parts += [f"{passed.partly:,} 条群聊的格子（群聊仍待审阅）"] if passed.partly else []
    return f"{'、'.join(parts)} · 抽查 {passed.asked:,} / {passed.drawn:,}" if parts else ""


def _unseen_part(passed: int) -> Markdown:
    """How many of the confirmed records nobody has looked at."""
    return f"（其中 {passed:,d} 条按阈值通过，没有人看过）" if passed else ""


def draw_import_link(states: Sequence[DatasetState]) -> None:
    """The way to more chats, where there are some already: without any, the page itself leads there."""
    if states:
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.page_link(navigation.IMPORT, label="导入群聊", icon=":material/add:", width="content")


def draw_dataset_status(item: DatasetState, lead: LeadView | FormError, *, first: bool) -> None:
    """Progress of one dataset; the next step of the first one is the page's main button.

    Args:
        item: the dataset.
        lead: what its lead sees, or what is wrong with its form: then only what needs none is drawn.
        first: whether it is the first one.
    """
    done, view = item.progress, item.dataset
    with st.container(border=True):
        head, action = st.columns([6, 2], vertical_alignment="center")
        head.markdown(f"**{escape_markdown(view.name)}** &nbsp; :gray[{view.chats:,} 条群聊]")
        page, label = next_step(item)
        with action.container(key="main-next" if first else f"next-{view.id}", horizontal_alignment="right"):
            st.page_link(
                page,
                label=escape_markdown(label),
                icon=":material/arrow_forward:",
                query_params={"dataset": str(view.id)},
            )
        share = (view.chats - done.left) / view.chats if view.chats else 0.0
        st.progress(
            share,
            text=f"已确认 {done.confirmed:,d}{_unseen_part(item.passed)} · 待讨论 {done.discussed:,d} · 已跳过 "
            f"{done.skipped:,d} · 还剩 {done.left:,d}",
        )
        facts = _status_facts(item, has_form=not isinstance(lead, FormError))
        if not isinstance(lead, FormError) and (released := released_text(lead.released)):
            facts["按把握放行"] = released
        fact_table(facts)
        if isinstance(lead, FormError):
            show_error(lead)
        else:
            draw_open_decisions(item, lead)


def draw_recent_saves(events: Sequence[Activity]) -> None:
    """Table of the last saves; nothing where there are none."""
    if not events:
        return
    st.subheader("最近保存")
    st.dataframe(
        [
            {
                "时间": f"{event.at.astimezone():%m-%d %H:%M}",
                "审阅人": event.who,
                "数据集": event.dataset,
                "群聊": f"第 {event.chat} 条" if event.chat else f"共 {event.chats:,d} 条",
                "状态": event.status,
                "打开": workbench_address(event.dataset_id, event.chat, queue="") if event.chat else None,
            }
            for event in events
        ],
        hide_index=True,
        width="stretch",
        column_config={"打开": workbench_column(None)},
    )
