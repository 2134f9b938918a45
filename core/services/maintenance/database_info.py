"""Disk usage of the database, and the version of its schema."""

from sqlalchemy import text

from core.adapters.store import Store


def database_size(store: Store) -> int | None:
    """Bytes on disk, write-ahead log included; ``None`` for a database server."""
    if store.path is None:
        return None
    return sum(path.stat().st_size for path in store.path.parent.glob(f"{store.path.name}*") if path.suffix != ".lock")


def schema_version(store: Store) -> str:
    """The schema's version, as the migrations name it."""
    with store.read() as session:
        return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
