"""For the server under a faked clock: a ``time.sleep`` that works there.

Python 3.11 sleeps by ``clock_nanosleep`` until a moment of the monotonic clock; Debian's libfaketime (0.9.10) answers
that with "Invalid argument". Waiting for a lock goes another way.
"""

import threading
import time


def _sleep(seconds: float, /) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=max(0.0, seconds))


time.sleep = _sleep  # type: ignore[assignment]
