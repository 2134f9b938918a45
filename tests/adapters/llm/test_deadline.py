"""A call that is late is given up, and leaves nothing open."""

import threading

import pytest

from core.adapters.llm import deadline
from core.adapters.llm.deadline import DeadlineExceeded, call_with_deadline
from tests.waiting import wait_until


def test_one_call_after_the_other_is_made_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "_KEPT_SECONDS", 60.0)
    first = call_with_deadline(threading.current_thread, 30, lambda: None)
    assert first.daemon
    wait_until(lambda: any(caller.thread is first for caller in deadline._idle))
    assert call_with_deadline(threading.current_thread, 30, lambda: None) is first


def test_a_thread_that_hangs_holds_nobody_up() -> None:
    go_on = threading.Event()
    with pytest.raises(DeadlineExceeded):
        call_with_deadline(go_on.wait, 0.0, lambda: None)
    assert call_with_deadline(lambda: 1, 30, lambda: None) == 1
    go_on.set()


def test_what_a_late_call_opened_is_closed_as_well() -> None:
    connected, given_up, closed = threading.Event(), threading.Event(), threading.Event()
    is_open: list[bool] = []

    def call() -> None:
        assert given_up.wait(30)
        is_open.append(True)
        connected.set()

    def abandon() -> None:
        if connected.is_set():
            is_open.clear()
            closed.set()
        given_up.set()

    with pytest.raises(DeadlineExceeded):
        call_with_deadline(call, 0.0, abandon)
    assert closed.wait(30)
    assert not is_open
