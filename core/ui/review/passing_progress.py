"""按把握放行 of many chats, or its being taken back, while it goes on in the background; and how it ended."""

from typing import Final

import streamlit as st

from core.adapters.store import HeavyJobView
from core.adapters.store.models import JobStatus
from core.services.jobs import job_of, restart_job, result_of
from core.services.review.passing_jobs import PASS_JOB, TAKE_BACK_JOB, newest_passing_job
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import announce, fragment

_WATCHED: Final = "shiyao.passing.watched"
"""In the session: the job whose end it is told of."""
_SECONDS: Final = 1.0
_DOING: Final = {PASS_JOB: "放行", TAKE_BACK_JOB: "撤回放行的记录"}
_MEANWHILE: Final = {
    PASS_JOB: "可以离开本页，回来接着看；要停下，在下面停用这条规则。",
    TAKE_BACK_JOB: "可以离开本页，回来接着看。",
}


def watch_passing(job: HeavyJobView) -> None:
    """Have this session told how a job ends that it has just asked for."""
    st.session_state[_WATCHED] = job.id


def announce_passed(chats: int) -> None:
    """Say that so many chats have passed."""
    announce(f"已放行 {chats:,d} 条，以后把握够了的也照此放行；下面可以停用和撤回")


def announce_taken_back(chats: int, skipped: int) -> None:
    """Say that so many chats were taken back, and how many were left as they are."""
    left = f"，{skipped:,d} 条后来改过，保持原样" if skipped else ""
    announce(f"已撤回 {chats:,d} 条{left}", icon=":material/undo:")


def draw_passing_job(dataset_id: int) -> bool:
    """Draw the job that anybody asked for last; whether it is under way."""
    job = newest_passing_job(state.store(), dataset_id)
    if job is None:
        return False
    if job.status == JobStatus.RUNNING:
        _draw_progress(job.id)
        return True
    if job.status != JobStatus.DONE:
        st.error(
            f"{job.created_at.astimezone():%m-%d %H:%M} 点的「{_DOING[job.kind]}」没有做完："
            f"{escape_markdown(job.problem or '已取消')}。已经做了的保持原样，可以接着做。",
            icon=":material/error:",
        )
        st.button("接着做", icon=":material/refresh:", key=f"passing-again-{job.id}", on_click=_again, args=(job.id,))
    elif st.session_state.get(_WATCHED) == job.id:
        st.session_state.pop(_WATCHED)
        _announce_end(job)
        st.rerun()
    return False


def _announce_end(job: HeavyJobView) -> None:
    result = result_of(state.store(), job)
    if job.kind == PASS_JOB:
        announce_passed(result)
    else:
        announce_taken_back(*result)


def _again(job_id: int) -> None:
    restart_job(state.store(), job_id)
    st.session_state[_WATCHED] = job_id


def _draw_progress_once(job_id: int) -> None:
    with state.store().read() as session:
        job = job_of(session, job_id)
    if job is None or job.status != JobStatus.RUNNING:
        st.rerun()
        return
    counted = f"{job.done:,} / {job.total:,} 条" if job.total else "正在开始" if job.worker else "在排队"
    st.progress(
        min(job.done / job.total, 1.0) if job.total else 0.0,
        f"正在后台{_DOING[job.kind]}：{counted}。{_MEANWHILE[job.kind]}",
    )


_draw_progress = fragment(_draw_progress_once, every=_SECONDS)
