"""总览 until the first decision: what this is in one sentence, the way through it with its state, and the name."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from core.adapters.store.models import RunKind, RunStatus
from core.services.review import DatasetState
from core.settings import settings
from core.ui import navigation, state
from core.ui.first_steps import draw_import_and_sample, draw_way
from core.ui.markdown import Markdown, escape_markdown
from core.ui.name_form import ask_name

_WHAT = "模型先从群聊里填好表单，您对着原文核对、改正，审过的变成提交文件和训练集，下一个模型就更准。"


def is_first_minute(states: Sequence[DatasetState]) -> bool:
    """Whether nobody has decided on any chat yet.

    Args:
        states: of all datasets.
    """
    return all(item.progress.left == item.progress.total for item in states)


def draw_first_minute(states: Sequence[DatasetState]) -> bool:
    """Draw what this is and how one begins: with the name, then with what is there, else with a file or the sample.

    Args:
        states: of all datasets, that with the latest work first; nobody has decided on any of their chats.

    Returns:
        Whether the name is asked for: then that is what the page is for.
    """
    ready = next((item for item in states if item.default is not None and item.progress.left), None)
    shown = ready or next(iter(states), None)
    key = "first-minute" if states else "empty-first-minute"
    side: Literal["left", "center"] = "left" if states else "center"
    with st.container(border=True, key=key, horizontal_alignment=side, gap="small" if states else "medium"):
        st.markdown("### 欢迎使用拾要")
        st.caption(_WHAT if states else f"{_WHAT}从导入群聊或示例开始。")
        asks = not state.reviewer() and not settings().sign_in_named
        if asks:
            if ask_name("开始审阅" if ready else "继续", side=side):
                if ready:
                    st.switch_page(navigation.WORKBENCH, query_params={"dataset": str(ready.dataset.id)})
                st.rerun()
        elif not states:
            draw_import_and_sample("导入群聊", opens_desk=True)
        draw_way("first-minute", _states_of(shown), whose=shown.dataset.id if shown else None, side=side)
    return asks


def _states_of(item: DatasetState | None) -> tuple[Markdown, Markdown, Markdown, Markdown] | None:
    """How far a dataset is in each of the four steps; ``None`` where there is none."""
    if item is None:
        return None
    chats, runs = item.dataset.chats, [run for run in item.runs if run.kind != RunKind.LABELS]
    if not chats:
        return None
    running = next((run for run in runs if run.status == RunStatus.RUNNING), None)
    filled = next((run for run in runs if run.done), None)
    if running is not None:
        extracted = f":blue[:material/progress_activity:] {running.done:,d} / {running.total:,d} 条"
    elif filled is not None:
        extracted = f":green[:material/check_circle:] {escape_markdown(filled.name)}，{filled.done:,d} 条"
    elif len(runs) < len(item.runs):
        extracted = ":green[:material/check_circle:] 有标注，可以直接审"
    else:
        extracted = ":gray[:material/radio_button_unchecked:] 还没有，规则不需要密钥"
    is_next = ":orange[:material/arrow_circle_right:]" if item.default is not None else ""
    return (
        f":green[:material/check_circle:] {escape_markdown(item.dataset.name)}，{chats:,d} 条群聊",
        extracted,
        f"{is_next or ':gray[:material/radio_button_unchecked:]'} 已确认 0 / {chats:,d} 条",
        ":gray[:material/radio_button_unchecked:] 确认过的就能导出，也能做训练集",
    )
