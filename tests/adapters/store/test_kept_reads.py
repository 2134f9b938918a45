"""What is read once: until anything is written, by whomever; and each process and session sees what is there now."""

from collections.abc import Sequence

import pytest
from sqlmodel import Session

from core.adapters.store import Store, open_store
from core.adapters.store.kept_reads import read_once
from core.adapters.store.models import Dataset

pytestmark = pytest.mark.both_databases


class Reader:
    """Reads lengths of texts, and notes which it was asked for."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []

    def __call__(self, keys: Sequence[str]) -> dict[str, int]:
        self.read.append(list(keys))
        return {key: len(key) for key in keys}


def add_name(session: Session, name: str) -> None:
    session.add(Dataset(name=name, form="role_elements", sha256=name, expected=0))


def test_only_what_nobody_has_read_is_read(store: Store) -> None:
    reader = Reader()
    with store.read() as session:
        assert read_once(session, "length", ["a", "bb"], reader) == {"a": 1, "bb": 2}
        assert read_once(session, "length", [], reader) == {}
    with store.read() as session:
        assert read_once(session, "length", ["bb", "ccc"], reader) == {"bb": 2, "ccc": 3}
        assert read_once(session, "another length", ["bb"], reader) == {"bb": 2}
    assert reader.read == [["a", "bb"], ["ccc"], ["bb"]]


@pytest.mark.parametrize("who", ["this store", "another process"])
def test_whatever_is_written_ends_it(store: Store, who: str) -> None:
    reader = Reader()
    with store.read() as session:
        read_once(session, "length", ["a"], reader)
    writer = store if who == "this store" else open_store(store.engine.url.render_as_string(hide_password=False))
    with writer.write() as session:
        add_name(session, "甲")
        session.flush()
        for _ in range(2):
            read_once(session, "length", ["a"], reader)  # who writes may have changed it
    with store.read() as session:
        read_once(session, "length", ["a"], reader)
    if writer is not store:
        writer.close()
    assert len(reader.read) == 4
