"""Files of a training set on a page: written at once where small, else by a job that a closed page does not stop."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from core.adapters.store import HeavyJobView
from core.adapters.store.models import JobStatus
from core.errors import StoreError
from core.services import jobs
from core.services.export import Download
from core.services.training.set_jobs import newest_set_job
from core.ui import state
from core.ui.computed import draw_unfinished
from core.ui.markdown import escape_markdown

MOST_CHATS: Final = 2_000
"""Most chats of a set that is written while the page waits: some seconds."""
_HELD: Final = "shiyao.training.file"


def is_written_now(kind: str) -> bool:
    """Whether a set of whoever reads is being written."""
    job = _newest(kind)
    return job is not None and job.status == JobStatus.RUNNING


def draw_newest_file(kind: str, draw: Callable[[Download], None], *, number: int | None = None) -> None:
    """The file that whoever reads has asked for last: its progress, or why there is none, or the file.

    Args:
        kind: a kind of :mod:`core.services.training.set_jobs`.
        draw: draws the file.
        number: of the set that was to be rebuilt; ``None`` for whichever.
    """
    job = _newest(kind)
    if job is None or (number is not None and job.parameters["number"] != number):
        return
    if job.status != JobStatus.DONE:
        draw_unfinished(job)
        return
    held_id, made = st.session_state.get(_HELD, (0, None))
    if held_id != job.id:
        try:
            made = jobs.result_of(state.store(), job)
        except StoreError:  # of an older program
            return
        st.session_state[_HELD] = (job.id, made)
    name = job.parameters.get("name")
    of = f"「{escape_markdown(name)}」" if name else ""
    st.caption(f":material/history: {of}{job.created_at.astimezone():%m-%d %H:%M} 点的，已在后台写好。")
    draw(made)


def _newest(kind: str) -> HeavyJobView | None:
    return newest_set_job(state.store(), kind, state.reviewer())
