"""Bringing a backup back: only ever into a new database, never over one that is in use."""

import sqlite3
from contextlib import closing
from pathlib import Path

from core.adapters.store.address import parse_database_url
from core.adapters.store.backup import copy_database
from core.adapters.store.db import BUSY_SECONDS
from core.adapters.store.postgres_dump import has_mark, require_known, restore_dump
from core.adapters.store.schema_version import VERSION_TABLE
from core.errors import StoreError

_MARK = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files beside a database in which SQLite keeps what it has not written into it yet."""


def restore_database(url: str, backup: Path) -> None:
    """Fill a new database with a backup.

    Args:
        url: SQLAlchemy address of a file that is not there yet, or of a blank database of a server.
        backup: the backup's file.

    Raises:
        StoreError: there is something already, or the file is no backup of this kind of database. Nothing was made.
    """
    try:
        is_file = backup.is_file()
    except (OSError, ValueError) as error:
        raise StoreError(f"读不了备份文件 {backup}", "请检查路径和权限") from error
    if not is_file:
        raise StoreError(f"{backup} 不是文件，没有恢复", "请检查备份文件的路径")
    address = parse_database_url(url)
    if address.get_backend_name() != "sqlite":
        restore_dump(address, backup)
        return
    target = Path(str(address.database or ""))
    if str(target) == ":memory:":
        raise StoreError("没有写明要恢复到哪个文件，没有恢复", "请用 --db 指定，例如 --db sqlite:///新的.db")
    if not has_mark(backup, _MARK):
        raise StoreError(f"{backup.name} 不是 SQLite 数据库的备份", "请选 backup 为 SQLite 写的 .db 文件")
    if target.exists():
        raise StoreError(
            f"数据库 {target} 已经存在，没有恢复", "请先移走它（连同旁边的 -wal 和 -shm 文件），或用 --db 换一个新文件"
        )
    if left := [ending for ending in _BESIDE if Path(f"{target}{ending}").exists()]:
        # SQLite would take them for the new file's, and its rows with them.
        names = "、".join(f"{target.name}{ending}" for ending in left)
        raise StoreError(f"{target.parent} 里还有 {names}，是另一个数据库的，没有恢复", "请把它们也移走，再恢复")
    copy_database(backup, target, busy_seconds=BUSY_SECONDS, opened_as=_readable_as(backup), verb="恢复")


def _readable_as(backup: Path) -> str:
    """SQLite's URI by which a backup of ours can be read; a refusal of any other file."""
    address = backup.absolute().as_uri()
    try:
        try:
            opened_as = f"{address}?mode=ro"
            versions = _versions(opened_as)
        except sqlite3.OperationalError:
            # A backup in WAL mode wants a file beside it, also for reading. Rows in a -wal would be passed over.
            log = Path(f"{backup}-wal")
            if log.exists() and log.stat().st_size:
                raise
            opened_as = f"{address}?immutable=1"
            versions = _versions(opened_as)
    except sqlite3.Error as error:
        raise StoreError(f"{backup.name} 里没有拾要的数据，或已损坏，没有恢复", "请选 backup 写的 .db 文件") from error
    require_known(backup, versions)
    return opened_as


def _versions(address: str) -> tuple[str, ...]:
    with closing(sqlite3.connect(address, uri=True)) as connection:
        rows = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()
    return tuple(sorted(str(row[0]) for row in rows))
