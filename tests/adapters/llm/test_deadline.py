"""A call that is late is given up, and leaves nothing open."""

import threading

import pytest

from core.adapters.llm.deadline import DeadlineExceeded, call_with_deadline


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
