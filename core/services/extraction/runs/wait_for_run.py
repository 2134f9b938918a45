"""Starts a run and waits for its end, for the command line."""

import time
from collections.abc import Callable

from core.adapters.store import RunView, Store
from core.adapters.store.models import RunStatus
from core.errors import RunError
from core.services.extraction.runs.places import placed_counts
from core.services.extraction.runs.progress import progress
from core.services.extraction.runs.scheduler import DRAIN_SECONDS, RunScheduler

_POLL_SECONDS = 0.2


def wait_for_run(
    store: Store,
    begin: Callable[[], RunView],
    *,
    seen: Callable[[RunView], None] = lambda _: None,
    interrupted: Callable[[], None] = lambda: None,
) -> RunView:
    """Start a run and wait until it no longer runs.

    Another process may be the one that executes it; if that one dies, this one takes over. Calls under way are
    stored before this returns, and counted in what it gives, or before it raises.

    Args:
        store: open store.
        begin: starts the run (``start``, ``retry_failed``).
        seen: called with each state.
        interrupted: called on Ctrl+C, before calls under way are waited for.

    Raises:
        RunError: from ``begin``, or the run cannot be executed in this process.
        KeyboardInterrupt: as it came; the run stays as it is and goes on when it is asked for again.
    """
    view = begin()
    scheduler = RunScheduler(store)
    scheduler.start(take_lock=True)
    try:
        seen(view)
        while view.status == RunStatus.RUNNING:
            if scheduler.problem is not None:
                raise RunError(
                    f"抽取任务「{view.name}」无法继续（{scheduler.problem}）", "请查看日志"
                ) from scheduler.problem
            time.sleep(_POLL_SECONDS)
            view = progress(store, view.id)
            seen(view)
    except KeyboardInterrupt:
        interrupted()
        raise
    finally:
        scheduler.stop()
    _wait_for_calls(store, view.id)
    view = progress(store, view.id)
    seen(view)
    return view


def _wait_for_calls(store: Store, run_id: int) -> None:
    """Wait until what another process has under way for a stopped run is stored, or it is lost."""
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        with store.read() as session:
            if run_id not in placed_counts(session):
                return
        time.sleep(_POLL_SECONDS)
