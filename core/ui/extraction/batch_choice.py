"""How a run's calls go: at once, or as a batch for a part of the price; and how far its batches are."""

from typing import Any, Final

import streamlit as st

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView
from core.adapters.store.models import RunStatus
from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.services.extraction.runs.batch_store import FILES_LEFT, batch_sentence
from core.ui import state
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for

LIVE: Final = ""
_WAYS = {LIVE: "实时", "files": "批量文件", "address": "批量地址"}
_FAILURES = {"batch": "放进下一批", "live": "改为实时再问"}
_MOST_SHOWN = 6


def draw_batch_choice(spec: ModelSpec, *, key: str) -> dict[str, Any]:
    """Choose how the calls go, where the model's service takes batches.

    Args:
        spec: the model.
        key: makes the widgets' keys.

    Returns:
        ``batch`` and ``batch_failures``, as ``create_run`` takes them; empty where there is nothing to choose.
    """
    ways = [LIVE, *(["files"] if spec.batch_files else []), *(["address"] if spec.batch_url else [])]
    if len(ways) == 1:
        return {}
    way = st.segmented_control(
        "调用方式",
        ways,
        required=True,
        format_func=lambda one: _WAYS[one],
        key=held_choice(f"runs-batch-{key}", ways, 0),
    )
    price = "价格未知" if spec.batch_share is None else f"价格是实时的 {spec.batch_share:.0%}"
    if way == "files":
        hours = round(spec.batch_deadline) or 24
        st.caption(
            f"{escape_markdown(price)}。整批上传，服务方最多 {hours:d} 小时做完，取回以后就删除它那里的文件；"
            "关掉网页、重启都不要紧，同一个问题不会付两次钱。"
        )
        failures = st.segmented_control(
            "批量里失败的",
            list(_FAILURES),
            required=True,
            default="batch",
            format_func=lambda one: _FAILURES[one],
            key=f"runs-batch-failures-{key}",
        )
        return {"batch": way, "batch_failures": failures}
    if way == "address":
        hours = round(spec.batch_deadline) or 1
        st.caption(
            f"{escape_markdown(price)}。同样的调用，回答可能要等 {hours:d} 小时；"
            "等着的时候程序被停掉，没有答完的会重新问、重新付。"
        )
        return {"batch": way}
    return {"batch": LIVE}


def draw_call_batches(run: RunView) -> None:
    """How far the batches of a run are, and why they do not go on; nothing for a run without any."""
    batches = run_service.batches_of(state.store(), run.id)
    if run.status == RunStatus.PAUSED:
        for problem in dict.fromkeys(batch.problem for batch in batches if batch.problem):
            st.warning(escape_markdown(problem), icon=":material/inventory_2:")
    elif run.status != RunStatus.RUNNING:
        left = [batch.problem for batch in batches if batch.problem.startswith(FILES_LEFT)]
        for problem in dict.fromkeys(left):
            st.warning(escape_markdown(problem), icon=":material/folder_delete:")
    if not batches:
        if run.parameters.get("batch") == "files" and run.status == RunStatus.RUNNING:
            st.caption("正在准备第一批。")
        return
    for batch in batches[-_MOST_SHOWN:]:
        trouble = (
            f"（上一步没有成功，会再试：{batch.problem}）" if batch.problem and run.status == RunStatus.RUNNING else ""
        )
        st.caption(f":material/inventory_2: {escape_markdown(batch_sentence(batch))}{escape_markdown(trouble)}")
    if len(batches) > _MOST_SHOWN:
        st.caption(f"前面还有 {len(batches) - _MOST_SHOWN:,d} 批。")


def draw_live_button(run: RunView) -> None:
    """Button that has the rest of a batch run asked at once; nothing for other runs, or while it goes on."""
    if run.parameters.get("batch") != "files" or not run.pending:
        return
    st.button(
        "改为实时",
        key=f"live-{run.id}",
        icon=":material/bolt:",
        on_click=_go_live,
        args=(run.id,),
        **only_for(Permission.RUNS, hint="剩下的群聊按实时的价格马上问"),
    )


def _go_live(run_id: int) -> None:
    """Ask about the rest of the run that stood on screen at once; a button's callback."""
    with show_errors():
        run_service.go_live(state.store(), run_id)
        run_service.ensure_running(state.store()).wake()
