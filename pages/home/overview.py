"""总览: how each dataset stands, what to do next, and what happened last."""

import streamlit as st

from core.ingest import load_sample
from core.review import DatasetState, overview
from core.store.models import RunStatus
from core.ui import pages, state
from core.ui.notices import empty_state

MODEL_RUNS = 4


def next_step(item: DatasetState) -> tuple[str, str]:
    """Page and label of what to do next with a dataset."""
    if not item.dataset.chats:
        return pages.IMPORT, "导入群聊"
    if any(run.status == RunStatus.RUNNING for run in item.runs):
        return pages.RUNS, "查看抽取进度"
    if not any(run.done for run in item.runs):
        return pages.RUNS, "新建抽取任务"
    if item.progress.left:
        return pages.WORKBENCH, f"审阅，还剩 {item.progress.left} 条"
    return pages.EXPORTS, "全部处理完，去导出"


def draw(item: DatasetState) -> None:
    """One dataset."""
    done, view = item.progress, item.dataset
    with st.container(border=True):
        head, action = st.columns([6, 2], vertical_alignment="center")
        head.markdown(f"**{view.name}** &nbsp; {view.chats} 条群聊")
        page, label = next_step(item)
        action.page_link(
            page, label=label, icon=":material/arrow_forward:", query_params={"dataset": str(view.id)}, width="stretch"
        )
        share = (view.chats - done.left) / view.chats if view.chats else 0.0
        st.progress(
            share,
            text=f"已确认 {done.confirmed} · 待讨论 {done.discussed} · 已跳过 {done.skipped} · 还剩 {done.left}",
        )
        for run in item.runs[:MODEL_RUNS]:
            failed = f"，失败 {run.failed}" if run.failed else ""
            st.caption(f"抽取任务「{run.name}」：完成 {run.done} / {run.total}{failed}")
        if len(item.runs) > MODEL_RUNS:
            st.caption(f"另有 {len(item.runs) - MODEL_RUNS} 个抽取任务。")


st.title("总览")
states, events = overview(state.store())
if not states:
    empty_state(
        "欢迎使用拾要",
        "从导入群聊开始：train.json、JSONL、表格或一段粘贴的聊天都可以。",
        page=pages.IMPORT,
        label="导入群聊",
    )
    if st.button("先看看示例", icon=":material/visibility:", help="28 条自编的群聊，带标注和一个完成的抽取任务"):
        with st.spinner("正在载入示例…"):
            load_sample(state.store())
        st.rerun()
for state_of_one in states:
    draw(state_of_one)
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
