"""The run in hand: how far, how fast, what it costs, what came last, and what may be done with it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.adapters.llm import ModelSpec, adhoc_model
from core.adapters.store import ExtractionView, RunView
from core.adapters.store.models import ExtractionStatus, RunStatus
from core.domain.cleaning import STEPS
from core.domain.form import Form
from core.services.extraction import runs as run_service
from core.services.extraction.runs import RunOption
from core.ui import navigation, state
from core.ui.extraction.run_failures import draw_failures
from core.ui.extraction.run_limits import change_limits
from core.ui.extraction.run_notes import draw_about
from core.ui.figures import facts, figures
from core.ui.notices import reported

STATUSES = {
    RunStatus.WAITING: ("未开始", "gray"),
    RunStatus.RUNNING: ("进行中", "blue"),
    RunStatus.PAUSED: ("已暂停", "orange"),
    RunStatus.CANCELLED: ("已取消", "gray"),
    RunStatus.FINISHED: ("已完成", "green"),
}
LATEST, FAILED, ABOUT = "最新结果", "失败", "设置"
RESULTS = {ExtractionStatus.OK: "完成", ExtractionStatus.REPAIRED: "修复后完成", ExtractionStatus.FAILED: "失败"}
_ROWS = 12


def run_panel(run: RunView, form: Form, offers: list[RunOption]) -> None:
    """Draw a run; again and again while it goes on.

    Args:
        run: as :func:`core.services.extraction.runs.progress` gave it a moment ago.
        form: of its dataset.
        offers: to say what is missing.
    """
    offer = next((one for one in offers if (one.spec.provider, one.spec.name) == (run.provider, run.model)), None)
    title, color = STATUSES[RunStatus(run.status)]
    head, actions = st.columns([5, 6], vertical_alignment="center")
    head.markdown(f"#### {_plain(run.name)} &nbsp; :{color}-badge[{title}]")
    with actions:
        _draw_actions(run, offer.spec if offer else adhoc_model(run.provider, run.model))
    st.progress((run.done + run.failed) / run.total if run.total else 0.0, text=counts(run))
    cost = run_service.costs(state.store(), [run])[run.id]
    figures(_numbers(run, cost), warn="失败")
    if offer and offer.missing and run.status == RunStatus.RUNNING:
        st.warning(f"{offer.missing}这个任务会等到补齐后继续。", icon=":material/key_off:")
    views = [LATEST, *([FAILED] if run.failed else []), ABOUT]
    view = st.segmented_control(
        "内容",
        views,
        default=FAILED if run.failed and run.status != RunStatus.RUNNING else LATEST,
        required=True,
        format_func=lambda name: f"失败 {run.failed}" if name == FAILED else name,
        label_visibility="collapsed",
        key=f"runs-view-{run.id}-{'failed' if run.failed else 'fine'}",
    )
    if view == FAILED:
        draw_failures(run, form)
    elif view == ABOUT:
        _draw_about(run)
    else:
        _draw_latest(run, form)


def counts(run: RunView) -> str:
    """How far it is, in one line."""
    parts = [f"完成 {run.done:,} / {run.total:,}"]
    if run.failed:
        parts.append(f"失败 {run.failed:,}")
    if run.pending and run.status != RunStatus.RUNNING:
        parts.append(f"未完成 {run.pending:,}")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """A rough time for people."""
    if seconds < 60:
        return f"约 {max(1, round(seconds))} 秒"
    if seconds < 3600:
        return f"约 {round(seconds / 60)} 分钟"
    return f"约 {seconds / 3600:.1f} 小时"


def _numbers(run: RunView, cost: float | None) -> dict[str, str]:
    settled = run.done + run.failed
    values = {"速度": "", "还需": ""}
    if run.status == RunStatus.RUNNING:
        pace = run_service.pace(state.store(), run)
        if pace.seconds_left is None:
            values["速度"] = "等待回答" if settled else "正在开始"
        else:
            values |= {"速度": f"{pace.per_minute:.0f} 条/分", "还需": duration(pace.seconds_left)}
    if run.tokens_in or run.tokens_out:
        values |= {"提问 token": f"{run.tokens_in:,}", "回答 token": f"{run.tokens_out:,}"}
        values["费用"] = "单价未知" if cost is None else run_service.money(cost)
        pending = run.pending and run.status == RunStatus.RUNNING
        if cost and pending and settled:
            values["预计共"] = run_service.money(cost * run.total / settled)
    if copied := run_service.reused(state.store(), run.id):
        values["沿用"] = f"{copied:,} 次回答"
    if settled and run.seconds / settled >= 0.05:
        values["平均每条"] = f"{run.seconds / settled:.1f} 秒"
    values["模型"] = f"{run.model or run.provider}"
    values["提示词"] = stages_of(run)
    return values


def stages_of(run: RunView) -> str:
    """The run's prompt, or all its stages."""
    pipeline = run.parameters.get("pipeline") or {}
    return str(pipeline.get("spec") or f"{run.prompt_name}.v{run.prompt_version}")


def _draw_actions(run: RunView, spec: ModelSpec) -> None:
    store = state.store()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        if run.status == RunStatus.RUNNING:
            if st.button("暂停", key=f"pause-{run.id}", icon=":material/pause:"):
                act(lambda: run_service.pause(store, run.id))
            if st.button("取消", key=f"cancel-{run.id}", icon=":material/stop:"):
                act(lambda: run_service.cancel(store, run.id))
            change_limits(run, spec)
            return
        if run.pending and st.button("继续", key=f"go-{run.id}", icon=":material/play_arrow:", type="primary"):
            act(lambda: run_service.start(store, run.id))
        if run.pending:
            change_limits(run, spec)
        if run.failed and st.button(f"重试失败的 {run.failed} 条", key=f"retry-{run.id}", icon=":material/replay:"):
            act(lambda: run_service.retry_failed(store, run.id))
        more = run_service.chats_out_of_scope(store, run.id)
        if more > 0 and st.button(
            f"扩展到其余 {more} 条",
            key=f"extend-{run.id}",
            icon=":material/add:",
            help="这个任务还没有包括的群聊：后来导入的，或开始时没有选的",
        ):
            act(lambda: run_service.extend(store, run.id))
        if run.done:
            st.page_link(
                navigation.WORKBENCH,
                label="审阅",
                icon=":material/arrow_forward:",
                query_params={"dataset": str(run.dataset_id)},
            )
        with st.popover("", icon=":material/delete:", help="删除"):
            st.markdown(f"删除「{_plain(run.name)}」和它的 {run.done + run.failed} 条结果？已保存的记录不受影响。")
            if st.button("删除", key=f"delete-{run.id}", type="primary"):
                act(lambda: run_service.delete(store, run.id))


def act(do: Callable[[], object]) -> None:
    """Do something with a run, wake whoever carries runs out, and draw the page anew."""
    with reported():
        do()
        run_service.ensure_running(state.store()).wake()
        st.rerun()


def _draw_latest(run: RunView, form: Form) -> None:
    found = run_service.latest(state.store(), run.id, _ROWS)
    if not found:
        st.caption("还没有结果。" if run.status == RunStatus.RUNNING else "还没有开始。")
        return
    st.dataframe(
        [
            row | {"打开": f"/workbench?dataset={run.dataset_id}&chat={one.index}"}
            for one in found
            for row in rows_of(one, form)
        ],
        hide_index=True,
        height="content",
        key=f"runs-latest-{run.id}",
        column_config={
            "群聊": st.column_config.NumberColumn(width=50),
            "结果": st.column_config.TextColumn(width=84),
            "客户": st.column_config.TextColumn(width=90),
            "已填": st.column_config.TextColumn(width=50, help="填了几个字段"),
            "内容": st.column_config.TextColumn(width=300),
            "秒": st.column_config.NumberColumn(width=46, format="%.1f"),
            "token": st.column_config.NumberColumn(width=60, format="localized"),
            "打开": st.column_config.LinkColumn(width=60, display_text="审阅台"),
        },
    )
    draw_about(found, form)


def rows_of(one: ExtractionView, form: Form) -> list[dict[str, Any]]:
    """An extraction as rows, one per customer; a failure is one row with its reason."""
    said = RESULTS.get(ExtractionStatus(one.status), one.status)
    if one.replies and one.replies[-1].get("reused"):
        said += " · 沿用"  # an earlier reply to the same question: it cost nothing
    head = {"群聊": one.index, "结果": said}
    tail = {"秒": one.seconds, "token": one.tokens_in + one.tokens_out}
    if not one.forms:
        why = one.error if one.forms is None else "没有客户"
        return [head | {"客户": "", "已填": "", "内容": why} | tail]
    first, *others = form.fields
    rows = []
    for values in one.forms:
        filled = [field for field in form.fields if values.get(field.key)]
        parts = [f"{field.label}：{_shown(values[field.key])}" for field in others if values.get(field.key)]
        name = _shown(values.get(first.key, "")) or "（未填）"
        rows.append(
            head | {"客户": name, "已填": f"{len(filled)}/{len(form.fields)}", "内容": " · ".join(parts)} | tail
        )
    return rows


def _shown(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _draw_about(run: RunView) -> None:
    parameters = run.parameters
    entry = parameters.get("entry") or {}
    request = {**entry.get("parameters", {}), **parameters.get("request", {})}
    chats = parameters.get("chats")
    pipeline = parameters.get("pipeline") or {}
    steps = "、".join(STEPS[name].title for name in pipeline.get("clean", ()) if name in STEPS)
    facts(
        {
            "模型": f"{entry.get('title') or run.model}（{run.provider} · {entry.get('model') or run.model}）",
            "地址": entry.get("url") or "由环境变量决定",
            "参数": "、".join(f"{key} = {value}" for key, value in request.items()) or "按模型",
            "阶段": stages_of(run),
            "清理": steps or "只去掉表格残留",
            "并发数": str(parameters.get("concurrency", "")),
            "每分钟次数": str(parameters.get("per_minute") or "不限"),
            "时限": f"{parameters.get('deadline', 0):g} 秒",
            "范围": "全部群聊" if chats is None else f"指定的 {len(chats)} 条",
            "创建时间": f"{run.created_at.astimezone():%Y-%m-%d %H:%M}",
        }
    )
    stages = pipeline.get("stages") or [
        {"name": run.prompt_name, "version": run.prompt_version, "source": run.prompt_text}
    ]
    for stage in stages:
        with st.expander(f"提示词 {stage['name']}.v{stage['version']} 的全文"):
            st.code(stage["source"], language=None, wrap_lines=True)


def _plain(text: str) -> str:
    """A name of people's making, without meaning for Markdown."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]()#+-.!|<>$:~" else char for char in text)
