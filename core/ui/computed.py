"""Results of heavy computations on a page: at once where small or ready, else progress beside the older result."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

import streamlit as st

from core.adapters.store import HeavyJobView
from core.adapters.store.models import JobStatus
from core.errors import StoreError
from core.services import jobs
from core.services.jobs.kinds import kind_named
from core.services.quality.cache import cached
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import fragment

T = TypeVar("T")
_WAIT_SECONDS: Final = 1.5
"""How long after a job was asked for a page waits for it, before it draws progress instead."""
_LOOK_SECONDS: Final = 0.1
_PROGRESS_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Computed(Generic[T]):
    """A result on a page.

    Attributes:
        value: the result.
        as_of: since when its data are not the newest any more; ``None`` where they are.
    """

    value: T
    as_of: datetime | None = None


def computed(
    kind: str,
    parameters: Mapping[str, Any],
    *,
    answers: int,
    inline: Callable[[], T],
) -> Computed[T] | None:
    """The result of a computation; while it goes on, progress is drawn, and the older result is given if there is one.

    Everybody who asks for the same shares one computation, which goes on when the page is closed.

    Args:
        kind: name of the kind, see :mod:`core.services.jobs.kinds`.
        parameters: of the kind.
        answers: how many answers are looked at; few are computed here.
        inline: computes it here.

    Returns:
        The result; ``None`` where there is none yet, which is then drawn.
    """
    if answers <= jobs.INLINE_ANSWERS:
        return Computed(inline())
    store = state.store()
    task = jobs.task_of(store, kind, parameters)
    outcome = _ask(task, time.monotonic() + _WAIT_SECONDS, answers)
    if outcome.job.status == JobStatus.DONE:
        return Computed(outcome.value)
    older = jobs.older_result(store, task)
    draw_unfinished(outcome.job, older is not None)
    if older is None:
        return None
    as_of, read = older
    try:
        value: T = cached(("older", task.subject, as_of), read, chats=answers)
    except StoreError:
        return None  # of an older program: the new one is on its way
    st.caption(f":material/history: 下面是 {as_of.astimezone():%m-%d %H:%M} 的结果，之后的改动还没有算进去。")
    return Computed(value, as_of)


def is_asked(kind: str, parameters: Mapping[str, Any]) -> bool:
    """Whether somebody has asked for the same with the data of now; it may be ready."""
    store = state.store()
    return jobs.job_now(store, jobs.task_of(store, kind, parameters)) is not None


def _ask(task: jobs.HeavyTask, until: float, answers: int) -> jobs.RequestedJob:
    store = state.store()
    while True:
        job = jobs.job_now(store, task)
        if job is not None and job.status == JobStatus.DONE:
            return jobs.RequestedJob(
                job, cached(("job", task.digest), lambda: jobs.request_job(store, task).value, chats=answers)
            )
        if job is None:
            jobs.request_job(store, task)
        elif job.status != JobStatus.RUNNING or time.monotonic() >= until or not _is_fresh(job):
            return jobs.RequestedJob(job)
        time.sleep(_LOOK_SECONDS)


def _is_fresh(job: HeavyJobView) -> bool:
    """Whether a job was asked for so shortly before that it may be done at once; others go on in the background."""
    return (datetime.now(UTC) - job.created_at).total_seconds() < _WAIT_SECONDS


def draw_unfinished(job: HeavyJobView, has_older: bool = False) -> None:
    """Progress of a job, or why there is no result, with the button that begins anew.

    Args:
        job: a job that is not done.
        has_older: whether an older result stands below.
    """
    title = escape_markdown(kind_named(job.kind).title)
    if job.status == JobStatus.RUNNING:
        _draw_progress(job.id, title)
        return
    if job.status == JobStatus.FAILED:
        st.error(f"{title}没有算出来：{escape_markdown(job.problem)}", icon=":material/error:")
    else:
        kept = "" if has_older else "，这里还没有结果"
        st.info(f"{title}的计算已取消{kept}。", icon=":material/info:")
    st.button("重新计算", icon=":material/refresh:", key=f"again-{job.id}", on_click=_again, args=(job.id,))


def _draw_progress_once(job_id: int, title: str) -> None:
    with state.store().read() as session:
        job = jobs.job_of(session, job_id)
    if job is None or job.status != JobStatus.RUNNING:
        st.rerun()
        return
    share = job.done / job.total if job.total else 0.0
    stage = escape_markdown(job.stage or ("正在开始" if job.worker else "在排队"))
    counted = f" {job.done:,} / {job.total:,}" if job.total else ""
    left, right = st.columns([6, 1], vertical_alignment="center")
    sentence = f"正在后台计算{escape_markdown(title)}：{stage}{counted}。可以离开本页，回来接着看。"
    left.progress(min(share, 1.0), sentence)
    right.button("取消计算", key=f"cancel-{job_id}", on_click=_cancel, args=(job_id,), help="对所有在等它的人都停下")


_draw_progress = fragment(_draw_progress_once, every=_PROGRESS_SECONDS)


def _again(job_id: int) -> None:
    jobs.restart_job(state.store(), job_id)


def _cancel(job_id: int) -> None:
    jobs.cancel_job(state.store(), job_id)
