"""Takes what was deleted out of the database's files: pages, write-ahead log, search index."""

from sqlalchemy import Engine, text
from sqlmodel import Session


def forget_search_index(session: Session) -> None:
    """Drop the text search index, which holds pairs of characters of deleted chats; it is built anew by itself."""
    if session.get_bind().dialect.name == "sqlite":
        named = text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%'")
        for name in list(session.execute(named).scalars()):
            session.execute(text(f'DROP TABLE "{name}"'))
    session.execute(text("DELETE FROM chatsearch"))


def erase_deleted(engine: Engine, *, rewrite: bool) -> bool:
    """Leave nothing deleted in the database's files.

    SQLite overwrites what is deleted (``secure_delete``); what lies in the write-ahead log goes with a checkpoint.

    Args:
        engine: of the database.
        rewrite: whether all pages are written anew, which also takes what was deleted before ``secure_delete`` was on.
            Others cannot write meanwhile.

    Returns:
        Whether it is all gone; ``False`` where somebody was reading just then.
    """
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
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
