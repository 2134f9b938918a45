"""A real deadline for calls into SDKs whose own time-outs cannot be relied on."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

T = TypeVar("T")

_KEPT_SECONDS: Final = 1.0
"""For so long a thread that calls were made in waits for the next one: with many at once, new ones cost more."""
_idle: deque["_Caller"] = deque()


class DeadlineExceeded(Exception):
    """The call did not return in time."""


class _Caller:
    """A daemon thread that makes one call after the other; threads that these start inherit that."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], bool]] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, daemon=True, name="model-call")
        self.thread.start()

    def make(self, call: Callable[[], bool]) -> None:
        """Make a call; it raises nothing, and says whether it was waited for until its end."""
        self._calls.put(call)

    def _work(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=_KEPT_SECONDS)
            except Empty:
                try:
                    _idle.remove(self)
                except ValueError:  # somebody is just about to give it a call
                    call = self._calls.get()
                else:
                    return
            if not call():
                return
            del call  # and what it holds
            _idle.append(self)


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
    ended = threading.Lock()
    ended.acquire()
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> bool:
        try:
            result.append(call())
        except BaseException as error:  # handed over to the caller's thread below
            failure.append(error)
        finally:
            ended.release()
            if given_up.is_set():  # a connection that was being made when the rest was closed
                abandon()
        return not given_up.is_set()

    _idle_caller().make(run)
    if not ended.acquire(timeout=max(0.0, seconds)):
        given_up.set()
        abandon()
        raise DeadlineExceeded(f"{seconds:g} s")
    if failure:
        raise failure[0]
    return result[0]


def _idle_caller() -> _Caller:
    try:
        return _idle.pop()
    except IndexError:
        return _Caller()


# A forked process has none of these threads.
os.register_at_fork(after_in_child=_idle.clear)


def stopwatch() -> Callable[[], float]:
    """Start a stopwatch; the returned function gives the seconds since then."""
    start = time.perf_counter()
    return lambda: time.perf_counter() - start
