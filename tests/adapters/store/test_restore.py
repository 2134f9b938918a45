"""A backup comes back as what it was, or nothing is made."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from core.adapters.store import Store, open_store, queries
from core.adapters.store.restore import restore_database
from core.errors import StoreError
from core.places import sqlite_address
from core.settings import settings
from tests.factories.datasets import make_dataset


@pytest.fixture
def backup(store: Store, tmp_path: Path) -> Path:
    make_dataset(store, ["林木1：你好"], "备份里的")
    store.backup(tmp_path / "good.db")
    return tmp_path / "good.db"


def names(url: str) -> list[str]:
    store = open_store(url)
    try:
        with store.read() as session:
            return [dataset.name for dataset in queries.datasets(session)]
    finally:
        store.close()


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_what_another_database_left_beside_the_target_is_not_taken_for_its_own(
    store: Store, backup: Path, tmp_path: Path, ending: str
) -> None:
    make_dataset(store, ["林木1：你好"], "之后的")
    target = tmp_path / "new.db"
    left = Path(f"{target}{ending}")
    shutil.copy(Path(f"{store.path}-wal"), left)
    with pytest.raises(StoreError, match=f"还有 new.db{ending}"):
        restore_database(sqlite_address(target), backup)
    assert not target.exists()
    left.unlink()
    restore_database(sqlite_address(target), backup)
    assert names(sqlite_address(target)) == ["备份里的"]


def test_what_is_no_backup_of_ours_makes_nothing(backup: Path, tmp_path: Path) -> None:
    foreign, newer, pipe, target = (tmp_path / name for name in ("foreign.db", "newer.db", "pipe.db", "target.db"))
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE other (id)")
    connection.close()
    shutil.copy(backup, newer)
    with sqlite3.connect(newer) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    os.mkfifo(pipe)
    for file, sentence in ((foreign, "没有拾要的数据"), (newer, "由更新的版本写成"), (pipe, "不是文件")):
        with pytest.raises(StoreError, match=sentence):
            restore_database(sqlite_address(target), file)
    assert not target.exists()


def test_a_backup_needs_no_file_beside_it(backup: Path, tmp_path: Path) -> None:
    assert backup.read_bytes()[18:20] == b"\1\1", "in WAL mode it could not be read on a read-only place"
    with sqlite3.connect(backup) as connection:  # as backups were written before
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    assert backup.read_bytes()[18:20] == b"\2\2"
    restore_database(sqlite_address(tmp_path / "new.db"), backup)
    assert names(sqlite_address(tmp_path / "new.db")) == ["备份里的"]


@pytest.mark.parametrize("name", ["a%20b", "a?b=1", "a#b", "a b", "%", "文件夹"])
def test_a_folder_of_any_name_holds_its_own_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.delenv("SHIYAO_DATABASE_URL", raising=False)
    monkeypatch.setenv("SHIYAO_VAR", str(folder))
    settings.cache_clear()
    open_store(settings().database_url).close()
    assert (folder / "shiyao.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]
