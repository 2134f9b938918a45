"""Waiting for something that has to happen: the limit only ends a test that would never end."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Return as soon as the condition holds; fail after ``seconds``, far longer than a busy machine needs."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
