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
    """Open a store; while another program has it locked, try again, and say so to whoever wants to write.

    Args:
        opening: opens the store.
        writes: whether the command writes: then it waits until the database can be written.
        note: takes one line for a person now and then.

    Raises:
        StoreUnavailableError: the database is still locked after :data:`LOCK_SECONDS`, or away for another reason.
        StoreError: it cannot be opened.
    """
    until = time.monotonic() + LOCK_SECONDS
    with _progress(note) if writes else nullcontext():
        while True:
            try:
                store = opening()
                try:
                    if writes:
                        with store.write() as session:
                            session.connection()  # only now does the transaction begin
                except BaseException:
                    store.close()
                    raise
                return store
            except StoreUnavailableError as error:
                if not error.locked or time.monotonic() > until:
                    raise
                time.sleep(0.1)


@contextmanager
def _progress(note: Callable[[str], None]) -> Iterator[None]:
    ended, started = threading.Event(), time.monotonic()

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
