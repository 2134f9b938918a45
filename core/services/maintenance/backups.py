"""Backups of the SQLite database, made while others use it, in the folder ``backups`` beside it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.adapters.store import Store
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
        store: open store, SQLite.
        target: the new file; by default one in the folder ``backups`` that is named after the moment.
        moment: names the file; now by default.

    Raises:
        StoreError: not SQLite, or the backup could not be made.
    """
    if target is None:
        folder = store.backup_folder
        if folder is None or store.path is None:
            raise StoreError("只有 SQLite 数据库能在这里备份", "PostgreSQL 请用 pg_dump")
        stamp = f"{moment or datetime.now().astimezone():%Y%m%d-%H%M%S}"
        target = folder / f"{store.path.stem}-{stamp}.db"
    store.backup(target)
    with store.write() as session:
        record_audit(session, AuditKind.BACKUP, target.name, "新备份")
    return _describe(target)


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
