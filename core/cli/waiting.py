"""Waiting for a database that another program has locked: with progress, up to a limit."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from core.errors import StoreUnavailableError

if TYPE_CHECKING:
    from core.adapters.store import Store

LOCK_SECONDS = 60.0
"""How long a command waits for another program; a large import of somebody else is over by then."""

_FIRST_NOTE, _NEXT_NOTES = 2.0, 5.0


def open_unlocked(opening: Callable[[], "Store"], *, writes: bool, note: Callable[[str], None]) -> "Store":
    """Open a store; while another program has it locked, say so and try again.

    Args:
        opening: opens the store.
        writes: whether the command writes: then it waits until the database can be written.
        note: takes one line for a person now and then.

    Raises:
        StoreUnavailableError: the database is still locked after :data:`LOCK_SECONDS`, or away for another reason.
        StoreError: it cannot be opened.
    """
    started = time.monotonic()
    was_locked = False
    while True:
        try:
            # Opening takes its time without anybody in the way; only what is known to wait is said.
            with _progress(note, started) if was_locked else nullcontext():
                store = opening()
            try:
                if writes:
                    with _progress(note, started), store.write() as session:
                        session.connection()  # only now does the transaction begin
            except BaseException:
                store.close()
                raise
            return store
        except StoreUnavailableError as error:
            if not error.locked or time.monotonic() > started + LOCK_SECONDS:
                raise
            was_locked = True
            time.sleep(0.1)


@contextmanager
def _progress(note: Callable[[str], None], started: float) -> Iterator[None]:
    """Say now and then how long it has been since ``started``."""
    ended = threading.Event()

    def tell() -> None:
        pause = _FIRST_NOTE
        while not ended.wait(pause):
            note(f"正在等数据库，可能正被别的程序占用（已等 {time.monotonic() - started:.0f} 秒）…")
            pause = _NEXT_NOTES

    teller = threading.Thread(target=tell, name="shiyao-waiting", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
