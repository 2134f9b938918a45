"""抽取任务: start a run, see how it goes while it goes, and what to do about what failed."""

from collections.abc import Callable

import streamlit as st

from core import jobs
from core.jobs import Failure, Offer
from core.store import DatasetView, RunView
from core.store.models import RunStatus
from core.ui import pages, state
from core.ui.notices import empty_state, guarded, reported

STATUSES = {
    RunStatus.WAITING: ("未开始", "gray"),
    RunStatus.RUNNING: ("进行中", "blue"),
    RunStatus.PAUSED: ("已暂停", "orange"),
    RunStatus.CANCELLED: ("已取消", "gray"),
    RunStatus.FINISHED: ("已完成", "green"),
}
LIVE_SECONDS = 1.0
ROW_HEIGHT, MOST_HEIGHT = 35, 290


def draw_new(dataset: DatasetView, offers: list[Offer]) -> None:
    """The form of a new run."""
    store = state.store()
    by_name = {offer.name: offer for offer in offers}
    provider = st.selectbox(
        "服务",
        list(by_name),
        format_func=lambda name: f"{by_name[name].title} · {'未配置' if by_name[name].missing else '已配置'}",
        key="runs-provider",
    )
    offer = by_name[provider]
    model = st.selectbox(
        "模型",
        offer.models,
        format_func=lambda name: f"{offer.titles[name]} · {name}" if offer.titles.get(name) else name,
        accept_new_options=True,
        placeholder="选择或输入模型名称",
        key=f"runs-model-{provider}",
    )
    titles = dict(jobs.prompts())
    prompt = st.selectbox("提示词", list(titles), format_func=lambda id_: f"{titles[id_]} · {id_}", key="runs-prompt")
    left, right = st.columns(2)
    limit = left.number_input(
        "前几条",
        min_value=1,
        max_value=max(1, dataset.chats),
        value=None,
        placeholder=f"全部 {dataset.chats} 条",
        key=f"runs-limit-{dataset.id}",
    )
    concurrency = right.number_input(
        "并发数",
        min_value=1,
        max_value=256,
        value=offer.concurrency,
        help="同时进行的调用数",
        key=f"runs-at-once-{provider}",
    )
    suggested = jobs.free_name(store, dataset.id, provider, model or "")
    name = st.text_input("任务名称", value=suggested, key=f"runs-name-{dataset.id}-{suggested}")
    if offer.missing:
        st.warning(offer.missing, icon=":material/key_off:")
    pressed = st.button(
        "开始抽取",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=bool(offer.missing) or not dataset.chats,
        key=f"runs-start-{dataset.id}-{suggested}",
    )
    if pressed:
        with reported():
            run = jobs.create_run(
                store,
                dataset=dataset.id,
                name=name,
                provider=provider,
                model=model or "",
                prompt=prompt,
                limit=limit,
                concurrency=concurrency,
            )
            jobs.start(store, run.id)
            jobs.ensure_running(store).wake()
            st.rerun()


def draw_runs(dataset: DatasetView, offers: list[Offer]) -> None:
    """All runs of a dataset; drawn again and again while one of them runs."""
    live = st.fragment(_draw_live, run_every=LIVE_SECONDS)
    found = jobs.model_runs(state.store(), dataset.id)
    if not found:
        empty_state("还没有抽取任务", "在左边选择服务和提示词，开始第一个；「本地规则」不需要密钥，马上就有结果。")
    elif any(run.status == RunStatus.RUNNING for run in found):
        live(dataset, offers)
    else:
        _draw_all(found, offers)


@guarded
def _draw_live(dataset: DatasetView, offers: list[Offer]) -> None:
    found = jobs.model_runs(state.store(), dataset.id)
    if not any(run.status == RunStatus.RUNNING for run in found):
        # Nothing moves any more: the whole page once more, and the clock stops.
        st.rerun()
    _draw_all(found, offers)


def _draw_all(found: list[RunView], offers: list[Offer]) -> None:
    missing = {offer.name: offer.missing for offer in offers}
    for run in found:
        with st.container(border=True, key=f"run-{run.id}"):
            _draw_run(run, missing.get(run.provider, ""))


def _draw_run(run: RunView, missing: str) -> None:
    title, color = STATUSES[RunStatus(run.status)]
    head, actions = st.columns(2, vertical_alignment="center")
    head.markdown(
        f"**{run.name}** &nbsp; :{color}-badge[{title}] &nbsp; "
        f":gray[{run.provider} · {run.model} · {run.prompt_name}.v{run.prompt_version}]"
    )
    with actions:
        _draw_actions(run)
    st.progress((run.done + run.failed) / run.total if run.total else 0.0, text=progress_text(run))
    if run.status == RunStatus.RUNNING and missing:
        st.warning(f"{missing}这个任务会等到补齐后继续。", icon=":material/key_off:")
    if run.failed:
        _draw_failures(run, jobs.failures(state.store(), run.id))


def progress_text(run: RunView) -> str:
    """Counts, pace, time left and tokens in one line."""
    parts = [f"完成 {run.done:,} / {run.total:,}"]
    if run.failed:
        parts.append(f"失败 {run.failed:,}")
    if run.status == RunStatus.RUNNING:
        pace = jobs.pace(state.store(), run)
        if pace.seconds_left is None:
            parts.append("正在开始" if not run.done + run.failed else "等待回答")
        else:
            parts.append(f"每分钟 {pace.per_minute:.0f} 条")
            parts.append(f"还需{duration(pace.seconds_left)}")
    elif run.pending:
        parts.append(f"未完成 {run.pending:,}")
    if run.tokens_in or run.tokens_out:
        parts.append(f"token 提问 {run.tokens_in:,}、回答 {run.tokens_out:,}")
    if (settled := run.done + run.failed) and run.seconds / settled >= 0.05:
        parts.append(f"平均每条 {run.seconds / settled:.1f} 秒")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """A rough time for people."""
    if seconds < 60:
        return f"约 {max(1, round(seconds))} 秒"
    if seconds < 3600:
        return f"约 {round(seconds / 60)} 分钟"
    return f"约 {seconds / 3600:.1f} 小时"


def _draw_actions(run: RunView) -> None:
    store = state.store()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        if run.status == RunStatus.RUNNING:
            if st.button("暂停", key=f"pause-{run.id}", icon=":material/pause:"):
                _act(lambda: jobs.pause(store, run.id))
            if st.button("取消", key=f"cancel-{run.id}", icon=":material/stop:"):
                _act(lambda: jobs.cancel(store, run.id))
            return
        if run.pending and st.button("继续", key=f"go-{run.id}", icon=":material/play_arrow:"):
            _act(lambda: jobs.start(store, run.id))
        if run.failed and st.button(f"重试失败的 {run.failed} 条", key=f"retry-{run.id}", icon=":material/replay:"):
            _act(lambda: jobs.retry_failed(store, run.id))
        if run.done:
            st.page_link(
                pages.WORKBENCH,
                label="审阅",
                icon=":material/arrow_forward:",
                query_params={"dataset": str(run.dataset_id)},
            )
        with st.popover("", icon=":material/delete:", help="删除"):
            st.markdown(f"删除「{run.name}」和它的 {run.done + run.failed} 条结果？已保存的记录不受影响。")
            if st.button("删除", key=f"delete-{run.id}", type="primary"):
                _act(lambda: jobs.delete(store, run.id))


def _act(do: Callable[[], object]) -> None:
    with reported():
        do()
        jobs.ensure_running(state.store()).wake()
        st.rerun()


def _draw_failures(run: RunView, found: list[Failure]) -> None:
    groups = " · ".join(f"{failure.title} {len(failure.chats)}" for failure in found)
    with st.expander(f"失败 {run.failed} 条：{groups}", icon=":material/error:", key=f"failures-{run.id}"):
        rows = [(failure, chat) for failure in found for chat in failure.chats]
        picked = st.dataframe(
            [{"群聊": index, "原因": failure.title, "说明": error} for failure, (index, error, _) in rows],
            hide_index=True,
            height=min(MOST_HEIGHT, ROW_HEIGHT * (len(rows) + 1) + 3),
            on_select="rerun",
            selection_mode="single-row",
            key=f"failed-{run.id}-{len(rows)}",
            column_config={
                "群聊": st.column_config.NumberColumn(width=60, format="第 %d 条"),
                "原因": st.column_config.TextColumn(width=150),
                "说明": st.column_config.TextColumn(width=600),
            },
        )
        chosen = [row for row in picked.selection.rows if row < len(rows)]
        if not chosen:
            st.caption("点一行，看模型的原始回复。")
            return
        _, (index, _, raw) = rows[chosen[0]]
        st.caption(f"第 {index} 条的原始回复")
        st.code(raw or "（没有收到任何内容）", language=None, wrap_lines=True, height=220)


st.title("抽取任务")
available = state.datasets()
if not available:
    empty_state("还没有可以抽取的群聊", "先导入群聊，再由模型填写表单。", page=pages.IMPORT, label="导入群聊")
else:
    jobs.ensure_running(state.store())
    known = jobs.offers()
    form, runs = st.columns([3, 8], gap="large")
    with form:
        dataset = state.choose_dataset(available)
        draw_new(dataset, known)
    with runs:
        draw_runs(dataset, known)
