"""Files of the program can be read by its user alone: database, log, backups, exports, lock and temporary files."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import logs, private_files
from core.adapters.store import open_store
from core.services.export.atomic_file import pending_file
from core.services.training.set_files import publish_set
from tests.factories.runs import add_dataset

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """As on most machines: what the program does not close is open to all."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
        if path.stat().st_mode & 0o077
    }


def test_database_its_companions_and_backups(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'var' / 'shiyao.db'}")
    add_dataset(store, 3)
    store.backup(tmp_path / "var" / "backups" / "b.db")
    names = {path.name for path in (tmp_path / "var").rglob("*")}
    assert {"shiyao.db", "shiyao.db-wal", "shiyao.db-shm", "b.db"} <= names
    assert open_to_others(tmp_path) == {}
    store.close()


def test_log_and_what_it_is_rotated_into(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    for handler in before:
        root.removeHandler(handler)
    try:
        logs.set_up(tmp_path / "var" / "shiyao.log")
        handler = root.handlers[-1]
        logging.getLogger("shiyao.test").warning("一")
        handler.doRollover()  # type: ignore[attr-defined]
        logging.getLogger("shiyao.test").warning("二")
        handler.close()
        assert {path.name for path in (tmp_path / "var").iterdir()} == {"shiyao.log", "shiyao.log.1"}
        assert open_to_others(tmp_path) == {}
    finally:
        for handler in list(root.handlers):
            root.removeHandler(handler)
        for handler in before:
            root.addHandler(handler)


def test_exports(tmp_path: Path) -> None:
    with pending_file(tmp_path / "out.json") as file:
        file.write("{}")
        assert open_to_others(tmp_path) == {}
        file.finish()
        file.publish()
    folder = tmp_path / ".set.partial"
    folder.mkdir(mode=0o700)
    with pending_file(folder / "train.jsonl") as file:
        file.finish()
        file.publish()
    publish_set(folder, tmp_path / "set")
    assert open_to_others(tmp_path) == {}


def test_an_older_folder_of_ours_is_closed(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o755)
    private_files.close_folder(tmp_path / "var")
    private_files.close_folder(tmp_path / "none")
    assert open_to_others(tmp_path) == {}


def test_everything_that_the_command_line_leaves(tmp_path: Path) -> None:
    environment = os.environ | {
        "SHIYAO_DATABASE_URL": f"sqlite:///{tmp_path / 'var' / 'shiyao.db'}",
        "SHIYAO_LOG_FILE": str(tmp_path / "var" / "shiyao.log"),
    }
    (tmp_path / "in.txt").write_text("客户1：你好\n客服2：您好\n", "utf-8")
    (tmp_path / "in.txt").chmod(0o600)
    for command in (
        ["import", str(tmp_path / "in.txt"), "--dataset", "甲"],
        ["extract", "--dataset", "甲", "--model", "local"],
        ["backup", str(tmp_path / "b.db")],
        ["export", "dataset", "--dataset", "甲", "--out", str(tmp_path / "clean.json")],
        ["no-such-command"],
        ["import", "missing.json", "--dataset", "乙"],
    ):
        subprocess.run(
            [sys.executable, "-m", "core", *command], cwd=ROOT, env=environment, check=False, capture_output=True
        )
    names = {path.name for path in tmp_path.rglob("*")}
    assert {"shiyao.db", "shiyao.log"} <= names
    assert open_to_others(tmp_path) == {}
