"""Analyses the chat that comes next in the background, where it is too long to be sent in advance."""

import logging
from threading import Lock, Thread

from core.adapters.store import Store, queries
from core.services.review.workbench.payload import analyse_ahead

_log = logging.getLogger("shiyao.review")
_busy = Lock()
_latest: tuple[str, int, int] | None = None


def analyse_in_background(store: Store, dataset_id: int, index: int) -> None:
    """Start analysing a chat, unless this process is at one or has just had it."""
    if (store.url, dataset_id, index) != _latest and _busy.acquire(blocking=False):
        Thread(target=_analyse, args=(store, dataset_id, index), name="shiyao-ahead", daemon=True).start()


def _analyse(store: Store, dataset_id: int, index: int) -> None:
    global _latest
    try:
        with store.read() as session:
            text = queries.chat(session, dataset_id, index).text
        analyse_ahead(text)
        _latest = store.url, dataset_id, index
    except Exception:
        _log.warning("chat %s of dataset %s was not analysed ahead", index, dataset_id, exc_info=True)
    finally:
        _busy.release()
