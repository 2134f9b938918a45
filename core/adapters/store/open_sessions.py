"""Which sessions of a store a thread has open: who needs a row inside one must take no second connection."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import ref

from sqlmodel import Session

_last_used = threading.local()


class OpenSessions:
    """The sessions of one store, by thread."""

    def __init__(self) -> None:
        self._held = threading.local()

    @contextmanager
    def noting(self, session: Session) -> Iterator[None]:
        """Context manager: the calling thread has this session open."""
        held = self._of_thread()
        held.append(session)
        _last_used.store = ref(self)
        try:
            yield
        finally:
            # A generator that was left half way may end in another order.
            with suppress(ValueError):
                held.remove(session)

    def here(self) -> Session | None:
        """The session that the calling thread opened last and has open; ``None`` where it has none."""
        held = self._of_thread()
        return held[-1] if held else None

    def are_here(self) -> bool:
        """Whether the calling thread has a session open, or had one last of all stores."""
        last = getattr(_last_used, "store", None)
        return bool(self._of_thread()) or (last is not None and last() is self)

    def _of_thread(self) -> list[Session]:
        if not hasattr(self._held, "sessions"):
            self._held.sessions = []
        held: list[Session] = self._held.sessions
        return held
