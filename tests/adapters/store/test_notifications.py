"""What PostgreSQL tells is heard, however many files the process has open."""

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event

import pytest
from sqlalchemy import text

from core.adapters.store import Store
from core.adapters.store.notifications import Listener

MANY = 1_100


@pytest.fixture
def many_open_files() -> Iterator[None]:
    """As a server has them that many people are at: what is opened next is numbered above 1,023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * MANY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * MANY), hard))
    with ExitStack() as opened:
        for _ in range(MANY):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_open_files")
def test_a_process_with_many_open_files_hears_what_is_told(pg_store: Store) -> None:
    told = Event()
    listener = Listener(pg_store, "told", told.set)
    try:
        assert told.wait(20), "it asks once for what was told before"
        told.clear()
        with pg_store.write() as session:
            session.execute(text("NOTIFY told"))
        assert told.wait(20)
    finally:
        listener.stop()
