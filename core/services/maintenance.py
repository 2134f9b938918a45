"""Keeping house: is everything in order, where does it lie, how big is it, and copies of it."""

import platform
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import text

from core.adapters.store import Store, queries
from core.domain.form import load_named_form
from core.errors import FormError, StoreError
from core.settings import ROOT, settings

_PACKAGES = ("streamlit", "spark-ai-python", "openai", "sqlmodel")


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found.

    Attributes:
        problems: one Chinese sentence each; empty where all is well.
        datasets: how many there are.
        chats: likewise.
        runs: likewise.
    """

    problems: tuple[str, ...]
    datasets: int
    chats: int
    runs: int


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the database: its file, its size in bytes, when it was made (local time)."""

    path: Path
    size: int
    made_at: datetime


def check(store: Store) -> Health:
    """Look at the database and at every form that is in use."""
    problems = store.problems()
    with store.read() as session:
        datasets = queries.datasets(session)
        runs = queries.runs(session)
    for name in sorted({settings().form, *(dataset.form for dataset in datasets)}):
        try:
            load_named_form(name)
        except FormError as error:
            problems.append(str(error))
    return Health(tuple(problems), len(datasets), sum(dataset.chats for dataset in datasets), len(runs))


def make_backup(store: Store, *, moment: datetime | None = None) -> Backup:
    """Copy the database into the folder ``backups`` beside it while others use it.

    Args:
        store: open store, SQLite.
        moment: names the file; now by default.

    Raises:
        StoreError: not SQLite, or the copy could not be made.
    """
    folder = _folder(store)
    if folder is None or store.path is None:
        raise StoreError("只有 SQLite 数据库能在这里备份", "PostgreSQL 请用 pg_dump")
    stamp = f"{moment or datetime.now().astimezone():%Y%m%d-%H%M%S}"
    target = folder / f"{store.path.stem}-{stamp}.db"
    store.backup(target)
    return _backup(target)


def backups(store: Store) -> list[Backup]:
    """Copies that :func:`make_backup` made of this database, newest first."""
    folder = _folder(store)
    if folder is None or store.path is None or not folder.is_dir():
        return []
    found = [_backup(path) for path in folder.glob(f"{store.path.stem}-*.db")]
    return sorted(found, key=lambda backup: backup.made_at, reverse=True)


def size(store: Store) -> int | None:
    """Bytes of the database with what is not merged into its file yet; ``None`` for a server's."""
    if store.path is None:
        return None
    return sum(path.stat().st_size for path in store.path.parent.glob(f"{store.path.name}*") if path.suffix != ".lock")


def schema(store: Store) -> str:
    """The schema's version, as the migrations name it."""
    with store.engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """``{name: version}`` of the program, of Python, and of the packages that matter when something is odd."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {"拾要": str(project["version"]), "Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "未安装"
    return found


def _folder(store: Store) -> Path | None:
    if store.path is None or str(store.path) == ":memory:":
        return None
    return store.path.parent / "backups"


def _backup(path: Path) -> Backup:
    stat = path.stat()
    return Backup(path, stat.st_size, datetime.fromtimestamp(stat.st_mtime).astimezone())
