"""The store itself: pragmas, transactions, several processes at once, backup, and sentences for bad addresses."""

import multiprocessing
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Chat, Dataset
from core.errors import NotFoundError, StoreError


def add(store: Store, name: str) -> int:
    with store.write() as session:
        row = Dataset(name=name, form="role_elements", sha256="")
        session.add(row)
        session.flush()
        return row.id or 0


def names(store: Store) -> list[str]:
    with store.read() as session:
        return [dataset.name for dataset in queries.datasets(session)]


def test_pragmas(store: Store) -> None:
    with store.engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "foreign_keys")}
    assert found == {"journal_mode": "wal", "foreign_keys": 1}


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as session:
        session.add(Dataset(name="半", form="f", sha256=""))
        session.flush()
        raise RuntimeError
    assert names(store) == []


def test_foreign_keys_hold_and_cascade(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as session:
        session.add(Chat(dataset_id=99, index=1, text="x", sha256="", characters=1, residue_characters=0))
    number = add(store, "甲")
    with store.write() as session:
        session.add(Chat(dataset_id=number, index=1, text="x", sha256="", characters=1, residue_characters=0))
    with store.write() as session:
        session.delete(session.get_one(Dataset, number))
    with store.read() as session:
        assert session.execute(select(Chat)).all() == []


@pytest.mark.two_connections
def test_a_reader_sees_one_state(store: Store) -> None:
    add(store, "甲")
    with store.read() as session:
        assert len(queries.datasets(session)) == 1
        add(store, "乙")
        assert len(queries.datasets(session)) == 1
    assert len(names(store)) == 2


def test_a_reader_writes_nothing(store: Store) -> None:
    with store.read() as session:
        session.add(Dataset(name="甲", form="f", sha256=""))
        session.flush()
    assert names(store) == []


def test_writers_wait_for_one_another(store: Store) -> None:
    seen: list[list[str]] = []

    def second() -> None:
        with store.write() as session:
            seen.append([dataset.name for dataset in queries.datasets(session)])
            session.add(Dataset(name="乙", form="f", sha256=""))

    thread = threading.Thread(target=second)
    with store.write() as session:
        assert queries.datasets(session) == []  # the transaction begins with the first statement
        # BEGIN IMMEDIATE: the place of the only writer is taken before anything is written.
        impatient = sqlite3.connect(str(store.engine.url.database), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            impatient.execute("BEGIN IMMEDIATE")
        impatient.close()
        thread.start()
        session.add(Dataset(name="甲", form="f", sha256=""))
    thread.join(60)
    assert seen == [["甲"]]
    assert sorted(names(store)) == ["乙", "甲"]


def _open(url: str, name: str) -> None:
    store = open_store(url)
    add(store, name)
    store.close()


def test_several_processes_open_a_blank_database_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'shiyao.db'}"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open, args=(url, f"p{number}")) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    store = open_store(url)
    assert sorted(names(store)) == ["p0", "p1", "p2"]
    assert store.problems() == []
    store.close()


def test_several_threads_open_a_blank_database_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shiyao.db'}"
    threads = [threading.Thread(target=_open, args=(url, f"t{number}")) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = open_store(url)
    assert len(names(store)) == 4
    store.close()


def test_backup_while_somebody_writes(store: Store, tmp_path: Path) -> None:
    add(store, "甲")
    target = tmp_path / "copies" / "one.db"
    with store.write() as session:
        session.add(Dataset(name="乙", form="f", sha256=""))
        session.flush()
        store.backup(target)
    copy = open_store(f"sqlite:///{target}")
    assert names(copy) == ["甲"]
    assert copy.problems() == []
    copy.close()
    with pytest.raises(StoreError, match="已经存在"):
        store.backup(target)
    assert [path.name for path in target.parent.glob("*.partial")] == []


def test_problems_are_found(store: Store) -> None:
    assert store.path is not None
    connection = sqlite3.connect(store.path)
    columns = 'dataset_id, "index", text, sha256, characters, residue_characters'
    connection.execute(f"INSERT INTO chat ({columns}) VALUES (9, 1, '', '', 0, 0)")
    connection.commit()
    connection.close()
    assert store.problems() == ["表 chat 的第 1 行指向不存在的 dataset"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "数据库地址不能用"),
        ("mysql://x", "只能用 SQLite 或 PostgreSQL"),
        ("mssql+pyodbc://x", "只能用 SQLite 或 PostgreSQL"),
        ("postgresql+psycopg2://x", "数据库地址不能用"),
        ("postgresql+asyncpg://x", "数据库地址不能用"),
        ("sqlite+aiosqlite:///x", "数据库地址不能用"),
        ("sqlite+pysqlcipher:///x", "数据库地址不能用"),
        ("oracle+nothing://x", "数据库地址不能用"),
        ("sqlite:////proc/nowhere/x.db", "数据库"),
    ],
)
def test_bad_addresses(url: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=sentence):
        open_store(url)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(StoreError, match="不是可用的数据库"):
        open_store(f"sqlite:///{path}")


def test_what_is_not_there_has_a_sentence(store: Store) -> None:
    with store.read() as session:
        with pytest.raises(NotFoundError, match="没有数据集「无」"):
            queries.dataset(session, "无")
        with pytest.raises(NotFoundError, match="没有抽取任务「无」"):
            queries.run(session, "无")
        with pytest.raises(NotFoundError, match="没有第 3 条群聊"):
            queries.chat(session, 1, 3)
