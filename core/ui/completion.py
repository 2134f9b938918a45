"""What a server does once it answers and before anybody gets a page: most imports, a second of them.

A browser reads Streamlit's own files first, for which nothing of ours is needed; meanwhile the rest is imported.
"""

import sys
from collections.abc import Callable
from threading import Lock

QUICK_TURNS = 0.0005
"""Seconds after which a thread gives way to another meanwhile, a tenth of Python's own: whoever asks for one of
Streamlit's files waits for its turn several times."""
_completing = Lock()
_steps: list[Callable[[], object]] = []


def expect(step: Callable[[], object]) -> None:
    """Have the server do a step before it draws a page or answers at an address of its own."""
    _steps.append(step)


def complete() -> None:
    """Do what is still expected; whoever comes meanwhile waits until it is done.

    A step that fails is tried again by the next who comes.
    """
    with _completing:
        before = sys.getswitchinterval()
        sys.setswitchinterval(QUICK_TURNS)
        try:
            while _steps:
                _steps[0]()
                del _steps[0]
        finally:
            sys.setswitchinterval(before)
