"""In place of the desk while the run that it is to start from has no answer yet; it opens itself with the first one."""

import streamlit as st

from core.adapters.store import DatasetView, RunView
from core.adapters.store.models import RunStatus
from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.ui import address, navigation, state
from core.ui.markdown import escape_markdown
from core.ui.notices import fragment, show_errors
from core.ui.only_for import only_for

_LOOK_SECONDS = 0.5
_AT_ONCE = "shiyao.workbench.at-once"


def waits_for_first_answer(dataset: DatasetView) -> bool:
    """Draw what the desk waits for, and say whether it waits; with a chat in the address, it never does.

    Args:
        dataset: whose chats are to be reviewed.
    """
    name = address.text_parameter("run")
    if address.text_parameter("chat") or st.session_state.get(_AT_ONCE) == (dataset.id, name):
        return False
    with state.store().read() as session:
        run_id = run_service.run_to_wait_for(session, dataset.id, name)
    if run_id is None:
        return False
    run_service.ensure_running(state.store())
    st.title("审阅台")
    fragment(_draw, every=_LOOK_SECONDS)(dataset, run_id)
    return True


def _draw(dataset: DatasetView, run_id: int) -> None:
    """How far the run is; with its first answer the page becomes the desk."""
    with state.store().read() as session:
        first = run_service.first_answer(session, run_id)
    if first is not None:
        st.query_params["chat"] = str(first)
        st.rerun()
    run = run_service.progress(state.store(), run_id)
    is_over = run.status != RunStatus.RUNNING
    with st.container(border=True, key="empty-first-answer", horizontal_alignment="center", gap="medium"):
        with st.container(width=560, gap="small"):
            st.markdown(f"### {'还没有可以审阅的回答' if is_over else '正在抽取，第一条一有回答就打开'}")
            share = (run.done + run.failed) / run.total if run.total else 0.0
            failed = f" · 失败 {run.failed:,d}" if run.failed else ""
            st.progress(share, text=f"「{escape_markdown(run.name)}」完成 {run.done:,d} / {run.total:,d}{failed}")
            is_stuck = _say_why(run, is_over=is_over)
            _draw_ways(dataset, run, offers_rules=is_over or is_stuck)


def _say_why(run: RunView, *, is_over: bool) -> bool:
    """Say what is in the way of an answer, and what to do about it; whether the run waits for a key."""
    options = [] if is_over or run.done + run.failed else run_service.run_options(state.store())
    missing = "".join(
        option.missing for option in options if (option.spec.provider, option.spec.name) == (run.provider, run.model)
    )
    if missing:
        st.warning(escape_markdown(missing), icon=":material/key_off:")
    if run.failed:
        for failure in run_service.failures(state.store(), run.id)[:3]:
            st.error(f"{escape_markdown(failure.title)}：{len(failure.chats):,d} 条", icon=":material/error:")
    if not is_over:
        st.caption("关掉这一页也不会停：抽取在服务器上继续，回来时从这里接着看。")
    elif not run.failed:
        st.caption("这个抽取任务停着，还没有回答。在「抽取任务」里继续它，或先从空表单开始审。")
    else:
        st.caption("在「抽取任务」里可以看每一条的原因并重试；也可以换本地规则，或先从空表单开始审。")
    return bool(missing)


def _draw_ways(dataset: DatasetView, run: RunView, *, offers_rules: bool) -> None:
    """Where to look, and what to do instead of waiting."""
    store = state.store()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            navigation.RUNS,
            label="看失败的原因" if run.failed else "看抽取任务",
            icon=":material/arrow_forward:",
            query_params={"dataset": str(dataset.id), "run": run.name},
        )
        rules = run_service.suggested_runs(store, dataset.id)[-1] if offers_rules else None
        if (
            rules is not None
            and rules.extends != run.id
            and st.button(
                f"用{escape_markdown(rules.title)}抽取并审阅",
                type="primary",
                icon=":material/play_arrow:",
                key=f"wait-rules-{run.id}",
                **only_for(Permission.RUNS),
            )
        ):
            with show_errors():
                started = run_service.start_suggested(store, dataset.id, rules)
                run_service.ensure_running(store).wake()
                st.query_params["run"] = started.name
                st.rerun()
        if st.button("不等，从空表单开始", key=f"wait-not-{run.id}"):
            st.query_params.pop("run", None)
            st.session_state[_AT_ONCE] = (dataset.id, "")
            st.rerun()
