"""A real deadline for calls into SDKs whose own time-outs cannot be relied on."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class DeadlineExceeded(Exception):
    """The call did not return in time."""


def call_with_deadline(call: Callable[[], T], seconds: float, abandon: Callable[[], None]) -> T:
    """Run a function in a daemon thread and wait for at most ``seconds``.

    The thread is a daemon, and threads that it starts inherit that, so that nothing keeps the process from ending.

    Args:
        call: what to run.
        seconds: how long to wait.
        abandon: run when time is up, and again when ``call`` ends after that; closes what ``call`` waits for, so that
            its thread ends, and what it opened meanwhile. May run twice, also at once in two threads.

    Raises:
        DeadlineExceeded: time is up.
        Exception: whatever ``call`` raised.
    """
    given_up = threading.Event()
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(call())
        except BaseException as error:  # handed over to the caller's thread below
            failure.append(error)
        finally:
            if given_up.is_set():  # a connection that was being made when the rest was closed
                abandon()

    thread = threading.Thread(target=run, daemon=True, name="model-call")
    thread.start()
    thread.join(max(0.0, seconds))
    if thread.is_alive():
        given_up.set()
        abandon()
        raise DeadlineExceeded(f"{seconds:g} s")
    if failure:
        raise failure[0]
    return result[0]


def stopwatch() -> Callable[[], float]:
    """Start a stopwatch; the returned function gives the seconds since then."""
    start = time.perf_counter()
    return lambda: time.perf_counter() - start
