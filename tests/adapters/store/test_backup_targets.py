"""A backup that cannot be made says so in one sentence, and leaves nothing behind."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.adapters.store import Store, open_store
from core.adapters.store import backup as backups
from core.errors import StoreError
from core.services.maintenance import list_backups, make_backup
from tests.factories.quality import quality_dataset


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if "partial" in path.name]


BAD_TARGETS: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "the database itself": (lambda folder, own: own, "就是正在使用的数据库"),
    "itself by another way": (lambda folder, own: own.parent / "x" / ".." / own.name, "就是正在使用的数据库"),
    "its log": (lambda folder, own: own.with_name(own.name + "-wal"), "就是正在使用的数据库"),
    "a folder": (lambda folder, own: folder, "是一个文件夹"),
    "a dangling link": (lambda folder, own: folder / "dangling", "已经存在"),
    "below a file": (lambda folder, own: own / "copy.db", "写不了"),
    "no such place": (lambda folder, own: Path("/proc/nowhere/copy.db"), "写不了"),
    "too long": (lambda folder, own: folder / ("长" * 300), "写不了"),
    "a NUL": (lambda folder, own: folder / "a\x00b", "写不了"),
}


@pytest.mark.parametrize("name", BAD_TARGETS)
def test_a_bad_target_is_a_sentence(store: Store, tmp_path: Path, name: str) -> None:
    quality_dataset(store, 2)
    assert store.path is not None
    (tmp_path / "x").mkdir()
    (folder := tmp_path / "copies").mkdir()
    (folder / "dangling").symlink_to(folder / "absent")
    target, sentence = BAD_TARGETS[name]
    with pytest.raises(StoreError, match=sentence):
        store.backup(target(folder, store.path))
    assert leftovers(tmp_path) == []
    assert store.problems() == []


def test_a_full_disk_leaves_nothing(store: Store, tmp_path: Path) -> None:
    """The limit of a file's size stands for the disk: SQLite gets the same refusal from the system."""
    quality_dataset(store, 200)
    script = (
        "import resource, signal, sys; from pathlib import Path; from core import cli;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536));"
        "sys.exit(cli.main(['backup', sys.argv[1], '--db', sys.argv[2]]))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "copies" / "b.db"), store.engine.url.render_as_string()]
    environment = {**os.environ, "SHIYAO_LOG_FILE": str(tmp_path / "log")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("备份失败") and done.stderr.count("\n") == 1
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_locked_database_is_not_waited_for_without_end(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.path is not None
    store.close()
    holder = sqlite3.connect(store.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("PRAGMA user_version = 1")
    started = time.monotonic()
    with pytest.raises(StoreError, match="占用|备份失败"):
        backups.copy_database(store.path, tmp_path / "copy.db", busy_seconds=0.3)
    assert time.monotonic() - started < 20
    holder.close()
    assert leftovers(tmp_path) == [] and not (tmp_path / "copy.db").exists()


def test_only_its_own_copies_are_listed(tmp_path: Path) -> None:
    first, second = open_store(f"sqlite:///{tmp_path / 'a.db'}"), open_store(f"sqlite:///{tmp_path / 'a-test.db'}")
    try:
        moment = datetime(2026, 11, 28, 8, tzinfo=UTC)
        own, others = make_backup(first, moment=moment), make_backup(second, moment=moment)
        (tmp_path / "backups" / "a-notes.db").write_bytes(b"")
        assert [backup.path for backup in list_backups(first)] == [own.path]
        assert [backup.path for backup in list_backups(second)] == [others.path]
    finally:
        first.close()
        second.close()
