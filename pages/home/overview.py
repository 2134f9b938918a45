"""总览: how each dataset stands, what to do next, and what happened last."""

import streamlit as st

from core.adapters.store.models import RunKind, RunStatus
from core.services.datasets import load_sample
from core.services.review import DatasetState, overview
from core.ui import navigation, state
from core.ui.metrics import fact_table
from core.ui.notices import empty_state

MODEL_RUNS = 4


def next_step(item: DatasetState) -> tuple[str, str]:
    """Page and label of what to do next with a dataset."""
    if not item.dataset.chats:
        return navigation.IMPORT, "导入群聊"
    if any(run.status == RunStatus.RUNNING for run in item.runs):
        return navigation.RUNS, "查看抽取进度"
    if not any(run.done for run in item.runs):
        return navigation.RUNS, "新建抽取任务"
    if item.progress.left:
        return navigation.WORKBENCH, f"审阅，还剩 {item.progress.left} 条"
    return navigation.EXPORTS, "全部处理完，去导出"


def standing(item: DatasetState) -> dict[str, str]:
    """Labels and runs of a dataset, each in a few words."""
    labels = [run for run in item.runs if run.kind == RunKind.LABELS]
    runs = [run for run in item.runs if run.kind != RunKind.LABELS]
    said = [
        f"{run.name} {run.done:,} / {run.total:,}" + (f"（失败 {run.failed:,}）" if run.failed else "")
        for run in runs[:MODEL_RUNS]
    ]
    if len(runs) > MODEL_RUNS:
        said.append(f"另有 {len(runs) - MODEL_RUNS} 个")
    return {
        "标注": f"{max(run.done for run in labels):,} 条群聊" if labels else "没有",
        "抽取任务": "　".join(said) or "还没有",
    }


def draw(item: DatasetState, *, first: bool) -> None:
    """One dataset; what to do with the first one is the page's main button."""
    done, view = item.progress, item.dataset
    with st.container(border=True):
        head, action = st.columns([6, 2], vertical_alignment="center")
        head.markdown(f"**{view.name}** &nbsp; :gray[{view.chats:,} 条群聊]")
        page, label = next_step(item)
        with action.container(key="main-next" if first else f"next-{view.id}", horizontal_alignment="right"):
            st.page_link(page, label=label, icon=":material/arrow_forward:", query_params={"dataset": str(view.id)})
        share = (view.chats - done.left) / view.chats if view.chats else 0.0
        st.progress(
            share,
            text=f"已确认 {done.confirmed} · 待讨论 {done.discussed} · 已跳过 {done.skipped} · 还剩 {done.left}",
        )
        fact_table(standing(item))


st.title("总览")
states, events = overview(state.store())
if not states:
    empty_state(
        "欢迎使用拾要",
        "从导入群聊开始：train.json、JSONL、表格或一段粘贴的聊天都可以。",
        page=navigation.IMPORT,
        label="导入群聊",
    )
    if st.button("先看看示例", icon=":material/visibility:", help="28 条自编的群聊，带标注和一个完成的抽取任务"):
        with st.spinner("正在载入示例…"):
            load_sample(state.store())
        st.rerun()
for number, state_of_one in enumerate(states):
    draw(state_of_one, first=not number)
if events:
    st.subheader("最近保存")
    st.dataframe(
        [
            {
                "时间": f"{event.at.astimezone():%m-%d %H:%M}",
                "审阅人": event.who,
                "数据集": event.dataset,
                "群聊": f"第 {event.chat} 条",
                "状态": event.status,
                "打开": f"/workbench?dataset={event.dataset_id}&chat={event.chat}",
            }
            for event in events
        ],
        hide_index=True,
        width="stretch",
        column_config={"打开": st.column_config.LinkColumn("打开", display_text="审阅台")},
    )
