"""A change of a form that goes on in the background: how far it is, and how it ended."""

from typing import Final

import streamlit as st

from core.adapters.store import HeavyJobView
from core.adapters.store.models import JobStatus
from core.domain.permissions import Permission
from core.services.forms.change_jobs import PREVIEW_JOB, cancel_change, newest_change_job
from core.services.forms.change_writing import CHANGE_JOB, UNDO_JOB
from core.services.jobs import job_of
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import announce, fragment, show_errors
from core.ui.only_for import only_for

_DOING: Final = {PREVIEW_JOB: "看会改什么", CHANGE_JOB: "把数据改过去", UNDO_JOB: "撤销表单改动"}
DONE: Final = {
    CHANGE_JOB: "已改过去。要回到原来的样子，在「改过的」里撤销。",
    UNDO_JOB: "已撤销，数据集又用原来的表单。",
}
"""What is said once a change has been made."""
_WATCHED: Final = "form-change-watched"
_SECONDS: Final = 1.0


def watch_change(job: HeavyJobView) -> None:
    """Have this session told how a job ends that it has just asked for."""
    st.session_state[_WATCHED] = job.id


def draw_change_job(name: str, *, after: str = "") -> bool:
    """Draw the change of a form that anybody asked for last; whether it is under way.

    Args:
        name: of the form, without a version.
        after: when the form was last changed, ISO 8601: what came to nothing before is not told any more.
    """
    job = newest_change_job(state.store(), name)
    if job is None:
        return False
    if job.status == JobStatus.RUNNING:
        draw_job_progress(job)
        return True
    is_own = st.session_state.get(_WATCHED) == job.id
    if job.status != JobStatus.DONE:
        if job.created_at.isoformat() > after:
            draw_failure(job)
    elif is_own:
        announce(DONE[job.kind])
        st.session_state.pop(_WATCHED)
        st.rerun()
    return False


def draw_failure(job: HeavyJobView) -> None:
    """Draw why nothing came of a job."""
    when = f"{job.created_at.astimezone():%m-%d %H:%M} 点的「{_DOING[job.kind]}」"
    if job.status == JobStatus.FAILED:
        st.error(f"{when}没有做成，什么也没有改：{escape_markdown(job.problem)}", icon=":material/error:")
    else:
        st.info(f"{when}已取消，什么也没有改。", icon=":material/info:")


def draw_job_progress(job: HeavyJobView) -> None:
    """Draw how far a job is, with the button that gives it up; the page is drawn anew when it ends."""
    _draw_progress(job.id, job.kind)


def _draw_progress_once(job_id: int, kind: str) -> None:
    with state.store().read() as session:
        job = job_of(session, job_id)
    if job is None or job.status != JobStatus.RUNNING:
        st.rerun()
        return
    stage = escape_markdown(job.stage or ("正在开始" if job.worker else "在排队"))
    counted = f" {job.done:,} / {job.total:,} 行" if job.total else ""
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.progress(
        min(job.done / job.total, 1.0) if job.total else 0.0,
        f"正在后台{_DOING[kind]}：{stage}{counted}。可以离开本页，回来接着看。",
    )
    off = only_for(Permission.FORMS, hint="还没有写入的都不算；已经在写入就改不了了，改完可以撤销")
    if right.button("取消", key=f"form-change-cancel-{job_id}", width="stretch", **off):
        with show_errors():
            cancel_change(state.store(), job_id)
            st.rerun()


_draw_progress = fragment(_draw_progress_once, every=_SECONDS)
