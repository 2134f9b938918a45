"""One run: progress, speed and cost, with its results, failures and settings."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.llm import adhoc_model, is_remote
from core.adapters.store import RunView
from core.adapters.store.models import RunKind, RunStatus
from core.domain.form import Form, form_label
from core.services.extraction import runs as run_service
from core.services.extraction.runs import RunOption
from core.ui import state
from core.ui.extraction.batch_choice import draw_call_batches
from core.ui.extraction.run_actions import draw_run_actions, draw_stored_run_actions
from core.ui.extraction.run_failures import draw_failures
from core.ui.extraction.run_results import draw_latest_results
from core.ui.extraction.run_settings import draw_run_settings, prompt_stages
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown
from core.ui.metrics import metrics

_COLOURS = {RunStatus.RUNNING: "blue", RunStatus.PAUSED: "orange", RunStatus.FINISHED: "green"}
_ORIGINS = {RunKind.IMPORT: ("导入", "violet"), RunKind.MERGE: ("合并", "violet")}
LATEST, FAILED, ABOUT = "最新结果", "失败", "设置"


def run_state(run: RunView) -> tuple[str, str]:
    """A run's state and its colour; of one that no model works on, where it comes from."""
    status = RunStatus(run.status)
    colour = _COLOURS.get(RunStatus.FINISHED if run_service.has_ended(run) else status, "gray")
    named = run_service.state_name(run), "orange" if run.failed and run_service.has_ended(run) else colour
    if run_service.part_ids(run) and status != RunStatus.FINISHED:
        return ("等待合并", "blue") if status == RunStatus.RUNNING else named
    return _ORIGINS.get(RunKind(run.kind)) or named


def draw_run_panel(run: RunView, form: Form, options: list[RunOption]) -> None:
    """Draw one run; redrawn every second while it goes on.

    Args:
        run: as :func:`core.services.extraction.runs.progress` gave it a moment ago.
        form: of its dataset.
        options: to say what is missing.
    """
    if run.kind != RunKind.MODEL:
        _draw_stored_run(run, form)
        return
    option = next((one for one in options if (one.spec.provider, one.spec.name) == (run.provider, run.model)), None)
    with _draw_head(run):
        draw_run_actions(run, option.spec if option else adhoc_model(run.provider, run.model))
    _draw_bar(run)
    cost = run_service.costs(state.store(), [run])[run.id]
    metrics(_numbers(run, cost), warn="失败")
    if run.parameters.get("tokens_estimated"):
        st.caption(f":material/calculate: {run_service.ESTIMATED_TOKENS}")
    if option and option.missing and run.status == RunStatus.RUNNING:
        st.warning(f"{escape_markdown(option.missing)}这个抽取任务会等到补齐后继续。", icon=":material/key_off:")
    draw_call_batches(run)
    if run_service.is_stopped_at_budget(run, cost):
        st.warning(
            f"花了 {escape_markdown(run_service.money(cost))}，预算 "
            f"{escape_markdown(run_service.money(run.parameters['budget']))}，已经暂停，"
            f"还剩 {run.pending:,d} 条群聊没有抽取。在「限速」里提高预算，再点「继续」。",
            icon=":material/savings:",
        )
    views = [LATEST, *([FAILED] if run.failed else []), ABOUT]
    view = st.segmented_control(
        "内容",
        views,
        required=True,
        format_func=lambda name: f"失败 {run.failed:d}" if name == FAILED else escape_markdown(name),
        label_visibility="collapsed",
        key=held_choice(
            f"runs-view-{run.id}-{'failed' if run.failed else 'fine'}",
            views,
            views.index(FAILED if run.failed and run.status != RunStatus.RUNNING else LATEST),
        ),
    )
    if view == FAILED:
        draw_failures(run, form)
    elif view == ABOUT:
        draw_run_settings(run)
    else:
        draw_latest_results(run, form)


def _draw_head(run: RunView) -> DeltaGenerator:
    """Name and state of a run; gives the place for its buttons."""
    title, color = run_state(run)
    head, actions = st.columns([5, 6], vertical_alignment="center")
    head.markdown(f"#### {escape_markdown(run.name)} &nbsp; :{escape_markdown(color)}-badge[{escape_markdown(title)}]")
    if run.form:
        head.caption(
            f"做的时候表单是「{escape_markdown(form_label(run.form))}」，答案已按字段的对应改到数据集现在的表单，可以照常评分、对比；"
            "模型的原始回复没有动。"
        )
    return actions


def _draw_stored_run(run: RunView, form: Form) -> None:
    """A run that was imported or merged: what there is to see, and what can be done with it."""
    with _draw_head(run):
        draw_stored_run_actions(run)
    for part in run_service.joined_progress(state.store(), run):
        share = (part.done + part.failed) / part.total if part.total else 0.0
        title = escape_markdown(run_state(part)[0])
        st.progress(share, text=f"{escape_markdown(part.name)}：{title}，{escape_markdown(progress_text(part))}")
    merged = run.parameters.get("merge") or {}
    # Those of a joined run stand above, with how far they are.
    sources = "" if run_service.part_ids(run) else "、".join(map(str, merged.get("runs", ())))
    metrics(
        {
            "群聊": f"{run.done:,}",
            "文件": str(run.parameters.get("file") or ""),
            "合并自": sources,
            "创建时间": f"{run.created_at.astimezone():%Y-%m-%d %H:%M}",
        }
    )
    draw_latest_results(run, form)


def _draw_bar(run: RunView) -> None:
    """A bar of what is answered, with an amber part for what failed; below it what a stopped run still waits for."""
    answered, settled = ((count / run.total if run.total else 0.0) for count in (run.done, run.done + run.failed))
    with st.container(key=f"run-bar-{run.id:d}"):
        st.progress(min(answered, 1.0), text=escape_markdown(progress_text(run)))
    if run.failed:
        part = f"transparent {answered:.2%}, var(--ours-amber) {answered:.2%} {settled:.2%}, transparent {settled:.2%}"
        bar = f'#root .st-key-run-bar-{run.id:d} [data-testid="stProgressBarTrack"]'
        st.html(f"<style>{bar} {{ background-image: linear-gradient(to right, {part}); }}</style>")
    if calls := run_service.under_way(state.store(), [run]):
        st.caption(f":material/hourglass_top: 还有 {calls:,} 条群聊的回答没有回来，回来了照样存下。")


def progress_text(run: RunView) -> str:
    """Chats done, failed and pending, in one line."""
    parts = [f"完成 {run.done:,} / {run.total:,}"]
    if run.failed:
        parts.append(f"失败 {run.failed:,}")
    if run.outdated:
        parts.append(f"续写前得出 {run.outdated:,}")
    if run.pending and run.status != RunStatus.RUNNING:
        parts.append(f"未完成 {run.pending:,}")
    return " · ".join(parts)


def duration_text(seconds: float) -> str:
    """A rounded duration."""
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
            is_batch = run.parameters.get("batch") == "files"
            values["速度"] = "作为批量" if is_batch else "等待回答" if settled else "正在开始"
        else:
            values |= {"速度": f"{pace.per_minute:,.0f} 条/分", "还需": duration_text(pace.seconds_left)}
    if run.tokens_in or run.tokens_out:
        values |= {"提问 token": f"{run.tokens_in:,}", "回答 token": f"{run.tokens_out:,}"}
        values["费用"] = "单价未知" if cost is None else run_service.money(cost)
        if run.parameters.get("budget"):
            values["预算"] = run_service.money(run.parameters["budget"])
        if run.tokens_cached:
            values["缓存过的提问"] = f"{run.tokens_cached / max(run.tokens_in, 1):.0%}"
        pending = run.pending and run.status == RunStatus.RUNNING
        if cost and pending and settled:
            values["预计共"] = run_service.money(cost * run.total / settled)
    if copied := run_service.reused(state.store(), run.id):
        values["沿用"] = f"{copied:,} 次回答"
    if settled and run.seconds / settled >= 0.05:
        values["平均每条"] = f"{run.seconds / settled:.1f} 秒"
    values["模型"] = f"{run.model or run.provider}"
    if is_remote(run.provider):  # rules read no prompt
        values["提示词"] = prompt_stages(run)
    return values
