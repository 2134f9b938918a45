"""Backups of the database, made while others use it, in a folder ``backups``; and bringing one back."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.adapters.store import Store, open_store
from core.adapters.store.postgres_dump import dump_refusal
from core.adapters.store.restore import restore_database
from core.domain.permissions import Permission
from core.errors import NotFoundError, StoreError
from core.services.team import AuditKind, permitted, record_audit


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of the database: its file, its size in bytes, when it was made (local time)."""

    path: Path
    size: int
    made_at: datetime


@permitted(Permission.BACKUP)
def make_backup(store: Store, target: Path | None = None, *, moment: datetime | None = None) -> Backup:
    """Back up the database while others use it.

    Args:
        store: open store.
        target: the new file; by default one in the folder ``backups`` that is named after the moment.
        moment: names the file; now by default.

    Raises:
        StoreError: a database in memory, or the backup could not be made.
    """
    if target is None:
        folder = store.backup_folder
        if folder is None:
            raise StoreError("内存里的数据库不能备份", "请用文件或服务器上的数据库")
        stamp = f"{moment or datetime.now().astimezone():%Y%m%d-%H%M%S}"
        target = folder / f"{store.name}-{stamp}{store.backup_suffix}"
    store.backup(target)
    with store.write() as session:
        record_audit(session, AuditKind.BACKUP, target.name, "新备份")
    return _describe(target)


def backup_refusal(store: Store) -> str:
    """Why this database cannot be backed up on this machine, one Chinese sentence; ``""`` if it can be."""
    return dump_refusal() if store.path is None else ""


@permitted(Permission.BACKUP)
def restore_backup(url: str, backup: Path) -> None:
    """Bring a backup back into a new database, which is then migrated where the backup is of an older version.

    Args:
        url: address of the new database: a file that is not there yet, or a blank database of a server.
        backup: a file that :func:`make_backup` wrote, of the same kind of database.

    Raises:
        StoreError: there is something already, the file is no such backup, or it is newer than this program.
    """
    restore_database(url, backup)
    store = open_store(url)
    try:
        with store.write() as session:
            record_audit(session, AuditKind.BACKUP, backup.name, "恢复到新的数据库")
    finally:
        store.close()


@permitted(Permission.BACKUP)
def read_backup(store: Store, name: str) -> bytes:
    """The content of a backup, for a download.

    Args:
        store: open store.
        name: of one of its backups.

    Raises:
        NotFoundError: there is none of that name.
    """
    path = next((path for path in store.backups() if path.name == name), None)
    if path is None:
        raise NotFoundError(f"没有名为「{name}」的备份", "请刷新页面")
    content = path.read_bytes()
    with store.write() as session:
        record_audit(session, AuditKind.BACKUP, name, f"下载，{len(content):,} 字节")
    return content


def list_backups(store: Store) -> list[Backup]:
    """Backups that :func:`make_backup` made of this database, newest first."""
    return [_describe(path) for path in store.backups()]


def _describe(path: Path) -> Backup:
    stat = path.stat()
    return Backup(path, stat.st_size, datetime.fromtimestamp(stat.st_mtime).astimezone())
