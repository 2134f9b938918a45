"""A backup appears whole and checked, or not at all; copying a SQLite database while others use it."""

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.adapters.store.outages import result_code
from core.errors import StoreError
from core.private_files import private_folder
from core.system_errors import system_reason

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def copy_database(source: Path, target: Path, *, busy_seconds: float, opened_as: str = "", verb: str = "备份") -> None:
    """Copy a database by SQLite's online backup, check the copy, and move it into place.

    Args:
        source: the database's file.
        target: where the copy goes; its folder is made.
        busy_seconds: how long to wait for another program that has locked the database.
        opened_as: SQLite's URI of the source, where it is not to be opened for writing.
        verb: what this is called in the sentences of errors.

    Raises:
        StoreError: the target is there already or cannot be written, the database is locked, the disk is full, or the
            copy is damaged. Nothing is left behind.
    """
    with new_backup(target, in_use=source) as partial:
        try:
            _copy(opened_as or source, partial, busy_seconds, verb)
        except sqlite3.Error as error:
            if result_code(error, partial) == sqlite3.SQLITE_FULL:
                raise StoreError(f"磁盘已满，没有{verb}", "请先腾出磁盘空间，或换一个磁盘，再试一次") from error
            raise StoreError(f"{verb}失败（{error}）", "请检查磁盘空间和数据库文件后重试") from error


@contextmanager
def new_backup(target: Path, *, in_use: Path | None = None) -> Iterator[Path]:
    """Context manager: an empty file beside the target, which is moved into place once it was filled.

    Args:
        target: where the backup goes; its folder is made.
        in_use: the database's own file, which is never written over; ``None`` where it is none.

    Raises:
        StoreError: the target is there already or cannot be written. Nothing is left behind, also where the caller
            raises.
    """
    partial: Path | None = None
    try:
        _refuse_existing(in_use, target)
        private_folder(target.parent)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".backup.", suffix=".partial")
        os.close(handle)
        partial = Path(name)
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        _publish(partial, target)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = system_reason(error) if isinstance(error, OSError) else "名称里有不能用的字符"
        raise StoreError(f"备份写不了 {target}（{reason}）", "请检查路径、权限和磁盘空间，或换一个文件夹") from error
    finally:
        if partial is not None:
            for ending in ("", "-wal", "-shm", "-journal"):
                partial.with_name(partial.name + ending).unlink(missing_ok=True)


def _refuse_existing(source: Path | None, target: Path) -> None:
    own = {source.with_name(source.name + ending).resolve() for ending in ("", "-wal", "-shm")} if source else set()
    if target.resolve() in own or (source and target.exists() and source.exists() and target.samefile(source)):
        raise StoreError(f"{target} 就是正在使用的数据库，没有备份", "请换一个文件名")
    if target.is_dir():
        raise StoreError(f"{target} 是一个文件夹", "请写明文件名")
    if os.path.lexists(target):
        raise StoreError(f"备份文件 {target} 已经存在", "请换一个文件名，或先移走它")


def _copy(source: Path | str, partial: Path, busy_seconds: float, verb: str) -> None:
    until = time.monotonic() + busy_seconds

    def give_up(status: int, _remaining: int, _total: int) -> None:
        # Left alone, the driver tries again for ever.
        if status in _BUSY and time.monotonic() > until:
            raise StoreError(f"数据库正被别的程序占用，没有{verb}", "请等它结束，或关闭占用它的程序，再试一次")

    connections = [sqlite3.connect(source, uri=isinstance(source, str)), sqlite3.connect(partial)]
    try:
        connections[0].backup(connections[1], progress=give_up, sleep=0.1)
        if connections[1].execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise StoreError("备份没有通过完整性检查，未保留", "请检查磁盘后重试")
        # Left in WAL mode, it could not be read where nothing can be written beside it.
        connections[1].execute("PRAGMA journal_mode=DELETE")
    finally:
        for connection in connections:
            connection.close()


def _publish(partial: Path, target: Path) -> None:
    """Move the copy into place, without replacing what somebody put there meanwhile."""
    try:
        os.link(partial, target)
    except FileExistsError as error:
        raise StoreError(f"备份文件 {target} 已经存在", "请换一个文件名，或先移走它") from error
    except OSError:  # a file system without hard links
        partial.replace(target)
