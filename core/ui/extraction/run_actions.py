"""Buttons of a run: pause, resume, retry, extend, review, delete."""

from collections.abc import Callable

import streamlit as st

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, Store
from core.adapters.store.models import RunStatus
from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.services.quality import DefaultReason, default_run, pin_default_run
from core.ui import navigation, state
from core.ui.extraction.batch_choice import draw_live_button
from core.ui.extraction.run_limits import draw_limits_popover
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for


def draw_run_actions(run: RunView, spec: ModelSpec) -> None:
    """Buttons for what can be done with a run in its state."""
    store = state.store()
    off = only_for(Permission.RUNS)
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        if run.status == RunStatus.RUNNING:
            pause = (run_service.pause, run.id)
            st.button("暂停", key=f"pause-{run.id}", icon=":material/pause:", on_click=_act, args=pause, **off)
            _draw_cancel(run)
            draw_limits_popover(run, spec)
            return
        if run.pending:
            go = (run_service.start, run.id)
            icon = ":material/play_arrow:"
            st.button("继续", key=f"go-{run.id}", icon=icon, type="primary", on_click=_act, args=go, **off)
            _draw_cancel(run)
            draw_live_button(run)
            draw_limits_popover(run, spec)
        if run.failed:
            # A run that goes on asks about all that it wanted.
            rest = f"，做完其余 {run.pending:,} 条" if run.pending else ""
            label, retry = f"重试失败的 {run.failed:,} 条{rest}", (run_service.retry_failed, run.id)
            st.button(label, key=f"retry-{run.id}", icon=":material/replay:", on_click=_act, args=retry, **off)
        more = run_service.chats_out_of_scope(store, run.id)
        if more > 0:
            st.button(
                f"扩展到其余 {more:,d} 条",
                key=f"extend-{run.id}",
                icon=":material/add:",
                **only_for(Permission.RUNS, hint="这个抽取任务还没有包括的群聊：后来导入的，或开始时没有选的"),
                on_click=_act,
                args=(run_service.extend, run.id),
            )
        _draw_common_actions(run)


def draw_stored_run_actions(run: RunView) -> None:
    """Buttons of a run that was imported or merged; a joined one is paused and goes on with all of its parts."""
    off = only_for(Permission.RUNS)
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        if run_service.part_ids(run) and run.status == RunStatus.RUNNING:
            pause = (run_service.pause, run.id)
            st.button("暂停", key=f"pause-{run.id}", icon=":material/pause:", on_click=_act, args=pause, **off)
            _draw_cancel(run)
            return
        if run_service.part_ids(run):
            label = "再合并一次" if run.status == RunStatus.FINISHED else "继续"
            go = (run_service.start, run.id)
            st.button(label, key=f"go-{run.id}", icon=":material/merge:", on_click=_act, args=go, **off)
            _draw_cancel(run)
        _draw_common_actions(run)


def _draw_cancel(run: RunView) -> None:
    """Button that cancels a run that goes on, or that was paused and is not to go on by itself any more."""
    if run.status in (RunStatus.RUNNING, RunStatus.PAUSED):
        stop, off = (run_service.cancel, run.id), only_for(Permission.RUNS)
        st.button("取消", key=f"cancel-{run.id}", icon=":material/stop:", on_click=_act, args=stop, **off)


def _draw_common_actions(run: RunView) -> None:
    """Make a run the default, review from it, delete it."""
    with state.store().read() as session:
        default = default_run(session, run.dataset_id)
    is_default = default is not None and default.id == run.id
    if is_default and default is not None and default.reason is DefaultReason.PINNED:
        st.button(
            "不再指定为默认",
            key=f"unpin-{run.id}",
            icon=":material/keep_off:",
            **only_for(
                Permission.DEFAULT_RUN, hint=f"默认任务由{escape_markdown(default.why)}；取消后按得分或新旧选择"
            ),
            on_click=_pin,
            args=(run.dataset_id, None),
        )
    elif run.done:
        why = f"现在就是默认任务：{escape_markdown(default.why)}。" if is_default and default is not None else ""
        st.button(
            # What is the default because of its score is made to stay it.
            "固定为默认任务" if is_default else "设为默认任务",
            key=f"pin-{run.id}",
            icon=":material/keep:",
            **only_for(
                Permission.DEFAULT_RUN,
                hint=f"{why}审阅从默认任务的值开始，导出缺的也用它；指定后不再随得分和新抽取任务改变",
            ),
            on_click=_pin,
            args=(run.dataset_id, run.id),
        )
    if run.done:
        st.page_link(
            navigation.WORKBENCH,
            label="审阅",
            icon=":material/arrow_forward:",
            query_params={"dataset": str(run.dataset_id), "run": run.name},
        )
    off = only_for(Permission.DELETE_RUN, hint="删除")
    with st.popover("", icon=":material/delete:", **off):
        st.markdown(
            f"删除「{escape_markdown(run.name)}」和它的 {run.done + run.failed:,d} 条结果？已保存的记录不受影响。"
        )
        st.button("删除", key=f"delete-{run.id}", type="primary", on_click=_delete, args=(run.id, run.name), **off)


def _delete(run_id: int, name: str) -> None:
    """Delete the run that stood on screen; the address names it no more. A button's callback."""
    with show_errors():
        run_service.delete(state.store(), run_id)
        st.query_params.pop("run", None)
        st.toast(f"已删除抽取任务「{escape_markdown(name)}」", icon=":material/delete:")


def _pin(dataset_id: int, run_id: int | None) -> None:
    """Pin the run that stood on screen as the default, or leave the choice to the rule; a button's callback."""
    with show_errors():
        pin_default_run(state.store(), dataset_id, run_id, who=state.reviewer())


def _act(action: Callable[[Store, int], object], run_id: int) -> None:
    """Call a run service for the run that stood on screen, and wake the scheduler; a button's callback."""
    with show_errors():
        action(state.store(), run_id)
        run_service.ensure_running(state.store()).wake()
