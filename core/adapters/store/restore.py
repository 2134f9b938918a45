"""Bringing a backup back: only ever into a new database, never over one that is in use."""

from pathlib import Path

from core.adapters.store.backup import copy_database
from core.adapters.store.db import BUSY_SECONDS, parse_database_url
from core.adapters.store.postgres_dump import begins_with, restore_dump
from core.errors import StoreError

_MARK = b"SQLite format 3\0"


def restore_database(url: str, backup: Path) -> None:
    """Fill a new database with a backup.

    Args:
        url: SQLAlchemy address of a file that is not there yet, or of a blank database of a server.
        backup: the backup's file.

    Raises:
        StoreError: there is something already, or the file is no backup of this kind of database.
    """
    address = parse_database_url(url)
    if address.get_backend_name() != "sqlite":
        restore_dump(address, backup)
        return
    target = Path(str(address.database or ""))
    if str(target) in ("", ".", ":memory:"):
        raise StoreError("没有写明要恢复到哪个文件，没有恢复", "请用 --db 指定，例如 --db sqlite:///新的.db")
    if not begins_with(backup, _MARK):
        raise StoreError(f"{backup.name} 不是 SQLite 数据库的备份", "请选 backup 为 SQLite 写的 .db 文件")
    if target.exists():
        raise StoreError(f"数据库 {target} 已经存在，没有恢复", "请先移走它，或用 --db 换一个新文件")
    copy_database(backup, target, busy_seconds=BUSY_SECONDS)
