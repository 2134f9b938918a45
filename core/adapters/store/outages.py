"""Translates errors of database drivers into ours: unreachable for a while, damaged, or a bug of the program."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.adapters.store.models import Base
from core.errors import InputError, ShiyaoError, StoreDamagedError, StoreUnavailableError

_SQLITE_AWAY = {
    sqlite3.SQLITE_FULL: ("磁盘已满，数据库写不进去", "请先腾出磁盘空间，再试一次"),
    sqlite3.SQLITE_BUSY: ("数据库正被别的程序占用", "请等它结束，或关闭占用它的程序，再试一次"),
    sqlite3.SQLITE_LOCKED: ("数据库正被别的程序占用", "请等它结束，或关闭占用它的程序，再试一次"),
    sqlite3.SQLITE_READONLY: ("数据库现在是只读的，写不进去", "请检查数据库文件和文件夹的权限，再试一次"),
    sqlite3.SQLITE_IOERR: ("读写数据库文件时磁盘出错", "请检查磁盘，再试一次"),
    sqlite3.SQLITE_CANTOPEN: ("打不开数据库文件", "请检查路径、权限和磁盘空间，再试一次"),
    sqlite3.SQLITE_PERM: ("没有读写数据库文件的权限", "请检查数据库文件和文件夹的权限，再试一次"),
    sqlite3.SQLITE_PROTOCOL: ("数据库正被别的程序占用", "请等它结束，或关闭占用它的程序，再试一次"),
}
"""Result codes of SQLite (https://www.sqlite.org/rescode.html) that may pass by themselves or by somebody's doing."""
_SQLITE_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_LEAST_BYTES = 64 << 10
"""What a database in use needs beside itself; with less on the disk it is full."""
_SQLITE_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_POSTGRESQL_AWAY = {
    "08": ("连不上数据库", "请检查数据库服务器和网络，再试一次"),
    "28": ("数据库拒绝了登录", "请检查数据库的用户名和密码，再试一次"),
    "53100": ("数据库服务器的磁盘已满，写不进去", "请联系管理员腾出磁盘空间，再试一次"),
    "53": ("数据库服务器的磁盘、内存或连接数已用完", "请联系管理员，再试一次"),
    "55": ("数据库正被别的程序占用", "请稍后再试"),
    "57": ("数据库正在重启或停止", "请稍后再试"),
    "58": ("数据库服务器读写文件时出错", "请联系管理员检查磁盘，再试一次"),
    "25006": ("数据库现在是只读的，写不进去", "请联系管理员，再试一次"),
    "3D000": ("数据库服务器上没有这个数据库", "请检查 SHIYAO_DATABASE_URL"),
    "40": ("数据库正被别的程序占用", "请稍后再试"),
}
"""SQLSTATE classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html), likewise."""
_POSTGRESQL_DAMAGED = frozenset({"XX001", "XX002"})

_SCHEMA_WORDS = {
    "sqlite": (
        ("缺少表", re.compile(r"no such table: (?:\w+\.)?(\w+)")),
        ("缺少列", re.compile(r"no such column: (?:\w+\.)?(\w+)")),
        ("缺少列", re.compile(r"table \w+ has no column named (\w+)")),
        ("缺少索引", re.compile(r"no such index: (\w+)")),
        ("已有表", re.compile(r"table (\w+) already exists")),
        ("已有列", re.compile(r"duplicate column name: (\w+)")),
        ("已有索引", re.compile(r"index (\w+) already exists")),
    ),
    "42P01": (("缺少表", re.compile(r'"(\w+)"')),),
    "42703": (("缺少列", re.compile(r'column "?(?:\w+\.)?(\w+)')),),
    "42704": (("缺少索引", re.compile(r'"(\w+)"')),),
    "42P07": (("已有表或索引", re.compile(r'"(\w+)"')),),
    "42701": (("已有列", re.compile(r'column "(\w+)"')),),
}
"""What drivers say of a part of the schema that is not there, or there already: by SQLSTATE; SQLite has words alone."""

_CONNECTION_LOST = ("数据库暂时不可用", "请稍后再试")
_TOO_LARGE = ("有一个数字太大，数据库存不下", "请改小后再试一次")
_NO_TEXT = ("文字里有读不出或无法保存的字符", "请改正后再试一次；命令行的参数要是 UTF-8（环境变量 LC_ALL=C.UTF-8）")
_POSTGRESQL_TOO_LARGE, _POSTGRESQL_NO_TEXT = "22003", ("22021", "22P05")
_POOL_EMPTY = ("数据库很忙，等不到空闲的连接", "请稍后再试；经常出现请调大 SHIYAO_POOL_SIZE")


@contextmanager
def translate_driver_errors(database: str, path: Path | None, backups: Callable[[], list[Path]]) -> Iterator[None]:
    """Raise a driver's errors about an outage or damage as errors of ours; others pass unchanged.

    Args:
        database: what the database is called in the sentence, without a password.
        path: its SQLite file, ``None`` for another database.
        backups: gives its backups, newest first.

    Raises:
        StoreUnavailableError: nothing was written, and trying again later makes sense.
        StoreDamagedError: the file is damaged.
        InputError: a value is none that the database can hold.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailableError(*_POOL_EMPTY) from error
    except (OverflowError, UnicodeEncodeError) as error:
        # Drivers raise these themselves, before the database hears of anything.
        if isinstance(error, OverflowError) and "SQLite" not in str(error):
            raise
        raise InputError(*(_TOO_LARGE if isinstance(error, OverflowError) else _NO_TEXT)) from error
    except DBAPIError as error:
        named = _named(error, database, path, backups)
        if named is None:
            raise
        raise named from error


def _named(
    error: DBAPIError, database: str, path: Path | None, backups: Callable[[], list[Path]]
) -> ShiyaoError | None:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        if missing := _missing_part(error):
            return damaged(database, path, backups(), f"的结构已损坏：{missing}")
        code = result_code(cause, path)
        if code in _SQLITE_DAMAGED:
            what = "不是可用的数据库，或已损坏" if code == sqlite3.SQLITE_NOTADB else "已损坏"
            return damaged(database, path, backups(), what)
        if code not in _SQLITE_AWAY:
            return None
        return StoreUnavailableError(*_SQLITE_AWAY[code], locked=code in _SQLITE_LOCKED)
    import psycopg  # only where its database is used is it loaded already

    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate or ""
        if state == _POSTGRESQL_TOO_LARGE:
            return InputError(*_TOO_LARGE)
        if state in _POSTGRESQL_NO_TEXT or "NUL" in str(cause):
            return InputError(*_NO_TEXT)
        if missing := _missing_part(error):
            return damaged(database, path, [], f"的结构已损坏：{missing}")
        if state in _POSTGRESQL_DAMAGED:
            return damaged(database, path, [], "已损坏")
        if outage_texts := _POSTGRESQL_AWAY.get(state) or _POSTGRESQL_AWAY.get(state[:2]):
            return StoreUnavailableError(*outage_texts)
        # A server that is not there has no code to give.
        lost = error.connection_invalidated or (not state and isinstance(cause, psycopg.OperationalError))
        return StoreUnavailableError(*_CONNECTION_LOST) if lost else None
    return None


def result_code(error: sqlite3.Error, path: Path | None) -> int:
    """SQLite's result code, without what an extended one says of the place.

    Where the disk is full, files beside the database cannot be made as large as they must be, which SQLite calls an
    error of the disk: that is told as what it is.
    """
    extended = getattr(error, "sqlite_errorcode", 0)
    code = int(extended & 0xFF)
    if code == sqlite3.SQLITE_IOERR and (extended == sqlite3.SQLITE_IOERR_SHMSIZE or _is_full(path)):
        return sqlite3.SQLITE_FULL
    return code


def _is_full(path: Path | None) -> bool:
    try:
        return path is not None and shutil.disk_usage(path.parent).free < _LEAST_BYTES
    except OSError:
        return False


def is_outage(error: Exception) -> bool:
    """Whether the database is away, full or broken, so that whatever is written next would fail as well.

    Else what was written failed by itself, and waiting for another try would hold up all that comes behind it.
    """
    by_itself = DataError, IntegrityError, ProgrammingError, NotSupportedError
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or not isinstance(error, by_itself)
    return isinstance(error, PoolTimeoutError | OSError | MemoryError)


def schema_mismatch(error: DBAPIError) -> str:
    """Which part of the schema a statement missed or found there already, a Chinese clause; empty for other errors."""
    cause = error.orig
    kind = "sqlite" if isinstance(cause, sqlite3.Error) else str(getattr(cause, "sqlstate", ""))
    told = ((what, pattern.search(str(cause))) for what, pattern in _SCHEMA_WORDS.get(kind, ()))
    return next((f"{what} {match[1]}" for what, match in told if match), "")


def _missing_part(error: DBAPIError) -> str:
    """Likewise, but only what a database of this program has: any other name is a mistake in a statement."""
    what, _, name = schema_mismatch(error).partition(" ")
    columns = (table.columns for table in Base.metadata.tables.values())
    ours = what == "缺少表" and (name in Base.metadata.tables or name.startswith(("alembic_", "procrastinate_")))
    ours = ours or (what == "缺少列" and any(name in named for named in columns))
    return f"{what} {name}" if ours else ""


def damaged(database: str, path: Path | None, backups: list[Path], what: str) -> StoreDamagedError:
    """The error for a damaged database: which file, and the way to its last backup."""
    if path is None:
        return StoreDamagedError(f"数据库 {database} {what}", "请停止使用，联系管理员用 pg_dump 的备份恢复")
    aside = f"请先停止拾要，把 {path.name}、{path.name}-wal、{path.name}-shm 移到别处（不要删除）"
    if not backups:
        folder = path.parent / "backups"
        return StoreDamagedError(f"数据库文件 {path} {what}", f"{folder} 里没有备份。{aside}，再联系工程师抢救数据")
    made_at = datetime.fromtimestamp(backups[0].stat().st_mtime).astimezone()
    return StoreDamagedError(
        f"数据库文件 {path} {what}",
        f"最近的备份是 {backups[0]}（{made_at:%Y-%m-%d %H:%M}）。{aside}，再把备份复制成 {path}，重新打开",
    )
