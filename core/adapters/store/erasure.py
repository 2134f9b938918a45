"""Takes what was deleted out of the database's files: pages, write-ahead log, search index."""

from collections.abc import Collection

from sqlalchemy import Connection, Engine, column, delete, table, text
from sqlmodel import Session


def forget_search_index(session: Session) -> None:
    """Drop the text search index, which holds pairs of characters of deleted chats; it is built anew by itself."""
    if session.get_bind().dialect.name == "sqlite":
        named = text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%'")
        for name in list(session.execute(named).scalars()):
            session.execute(text(f'DROP TABLE "{name}"'))
    session.execute(text("DELETE FROM chatsearch"))


def forget_job_results(session: Session, *, but: Collection[str] = ()) -> None:
    """Drop results of heavy jobs, which quote chats and answers; they are computed anew when somebody asks.

    Args:
        session: open for writing.
        but: kinds that stay.
    """
    session.execute(delete(table("heavyjob")).where(column("kind").not_in(but)))


_COUNTED_COLUMNS = text(
    "SELECT s.tablename, s.attname, format_type(a.atttypid, a.atttypmod) FROM pg_stats s JOIN pg_attribute a "
    "ON a.attrelid = format('%I.%I', s.schemaname, s.tablename)::regclass AND a.attname = s.attname "
    "WHERE s.schemaname = current_schema() AND format_type(a.atttypid, NULL) IN ('text', 'character varying')"
)


def _forget_statistics(connection: Connection) -> None:
    """Count anew what PostgreSQL knows of columns: it keeps the commonest values of each, deleted or not.

    A table that has become empty is not counted anew, and its old values stay: there, giving a column the type that it
    has makes the server forget them.
    """
    connection.execute(text("ANALYZE"))
    quoted = connection.dialect.identifier_preparer.quote
    for name, counted, kind in connection.execute(_COUNTED_COLUMNS).all():
        if connection.execute(text(f"SELECT 1 FROM {quoted(name)} LIMIT 1")).first() is None:
            connection.execute(text(f"ALTER TABLE {quoted(name)} ALTER COLUMN {quoted(counted)} TYPE {kind}"))


def erase_deleted(engine: Engine, *, rewrite: bool) -> bool:
    """Leave nothing deleted in the database's files.

    SQLite overwrites what is deleted (``secure_delete``); what lies in the write-ahead log goes with a checkpoint. On
    PostgreSQL tables, indexes and statistics are written anew; its write-ahead log is its administrator's.

    Args:
        engine: of the database.
        rewrite: whether all pages are written anew, which also takes what was deleted before ``secure_delete`` was on.
            Others cannot write meanwhile.

    Returns:
        Whether it is all gone; ``False`` where somebody was reading just then.
    """
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _forget_statistics(connection)
            connection.execute(text("VACUUM (FULL)" if rewrite else "VACUUM"))
        return True
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        if rewrite:
            cursor.execute("VACUUM")
        busy = int(cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        cursor.close()
    finally:
        raw.close()
    return busy == 0
