"""Outages and damage are named where sessions open; what was not written is not written in part."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from core.adapters.store import Store, open_store
from core.adapters.store.models import Dataset
from core.adapters.store.restore import restore_database
from core.cli import main
from core.errors import StoreDamagedError, StoreError, StoreUnavailableError
from core.services.maintenance import make_backup
from tests.small_disk import fill, small_disk


def add(store: Store, name: str) -> None:
    with store.write() as session:
        session.add(Dataset(name=name, form="f", sha256=""))


def pragma(store: Store, statement: str) -> None:
    """Run on every connection that the store opens from now on."""
    store.engine.dispose()
    event.listen(store.engine, "connect", lambda connection, _: connection.execute(statement))


def test_a_full_disk_is_said_and_passes(store: Store) -> None:
    with store.read() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
    pragma(store, f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailableError, match="磁盘已满"):
        for number in range(1000):
            add(store, f"{number}" * 900)
    assert store.is_available()  # reading goes on


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk() as place:
        yield place


def test_a_disk_that_was_full_before_it_is_opened_is_said(disk: Path) -> None:
    address = f"sqlite:///{disk / 'x.db'}"
    open_store(address).close()
    fill(disk)
    # The files beside it cannot be made, which SQLite calls an error of the disk.
    with pytest.raises(StoreUnavailableError, match="磁盘已满，数据库写不进去。请先腾出"):
        open_store(address)


def test_a_disk_that_is_full_is_said_by_backup_and_restore(disk: Path, store: Store, tmp_path: Path) -> None:
    fill(disk)
    with pytest.raises(StoreError, match="磁盘已满，没有备份"):
        store.backup(disk / "backup.db")
    store.backup(tmp_path / "backup.db")
    with pytest.raises(StoreError, match="磁盘已满，没有恢复"):
        restore_database(f"sqlite:///{disk / 'new.db'}", tmp_path / "backup.db")
    assert [path.name for path in disk.iterdir()] == ["full"]


def test_a_full_disk_of_postgresql_is_said(disk: Path, own_postgres: Any) -> None:
    (disk / "space").mkdir()
    disk.chmod(0o755)
    shutil.chown(disk / "space", own_postgres._user)
    address = own_postgres.database()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'")  # type: ignore[call-overload]
    store = open_store(address)
    try:
        large = "CREATE TABLE large TABLESPACE small AS SELECT n, repeat('x', 900) FROM generate_series(1, 9000) n"
        with pytest.raises(StoreUnavailableError, match="数据库服务器的磁盘已满"), store.write() as session:
            session.execute(text(large))
        assert store.is_available()
    finally:
        store.close()


def test_a_read_only_database_is_said(store: Store) -> None:
    pragma(store, "PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailableError, match="只读"):
        add(store, "甲")


def test_a_database_that_another_program_holds_is_said(store: Store) -> None:
    pragma(store, "PRAGMA busy_timeout = 50")
    other = sqlite3.connect(store.path or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreUnavailableError, match="占用"):
            add(store, "甲")
    finally:
        other.close()
    add(store, "甲")


def test_a_mistake_of_ours_stays_what_it_is(store: Store) -> None:
    with pytest.raises(IntegrityError):
        add(store, None)  # type: ignore[arg-type]


def damage(path: Path) -> None:
    """Overwrite the middle of the file, header and schema left."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


def test_a_damaged_database_names_its_last_backup(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    path = store.path
    assert path is not None
    add(store, "甲")
    backup = make_backup(store)
    store.close()
    damage(path)
    with pytest.raises(StoreDamagedError, match="已损坏") as in_the_middle, store.read() as session:
        session.execute(text("SELECT * FROM dataset")).all()
    assert str(backup.path) in str(in_the_middle.value)
    assert f"{path.name}-wal" in str(in_the_middle.value)
    assert not store.is_available()
    store.close()
    with pytest.raises(StoreDamagedError):
        open_store(f"sqlite:///{path}")
    assert main(["--db", f"sqlite:///{path}", "check"]) == 1
    assert str(backup.path) in capsys.readouterr().err


def test_a_stopped_postgresql_is_away_and_the_pool_finds_it_again(own_postgres: Any) -> None:
    store = open_store(own_postgres.database())
    try:
        add(store, "甲")
        own_postgres.stop()
        try:
            with pytest.raises(StoreUnavailableError):
                add(store, "乙")
            assert not store.is_available()
        finally:
            own_postgres.start()
        add(store, "丙")
        with store.read() as session:
            assert list(session.execute(text("SELECT name FROM dataset ORDER BY id")).scalars()) == ["甲", "丙"]
    finally:
        store.close()
