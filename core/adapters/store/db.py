"""Opens a database: engine settings, migrations at start, one transaction per read or write."""

import logging
import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, Executable, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlmodel import Session, col, select
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from core import private_files
from core.adapters.store.address import ADDRESS_REMEDY, parse_database_url
from core.adapters.store.backup import copy_database
from core.adapters.store.blank_schema import create_blank
from core.adapters.store.erasure import erase_deleted
from core.adapters.store.lost_connections import ask_only_doubtful_connections
from core.adapters.store.models import FormVersion
from core.adapters.store.open_sessions import OpenSessions
from core.adapters.store.outages import damaged, schema_mismatch, translate_driver_errors
from core.adapters.store.postgres_dump import dump_database
from core.adapters.store.schema_version import (
    NEWEST,
    VERSION_TABLE,
    VERSIONS,
    lacking_in_schema,
    stated_versions,
    upgrade,
    why_no_version,
)
from core.adapters.store.stored_json import dump_json
from core.domain.form.loading import FormTexts, register_form_source, unregister_form_source
from core.errors import StoreDamagedError, StoreError
from core.places import var_folder
from core.private_files import create_private, private_folder
from core.settings import settings
from core.system_errors import system_reason

_log = logging.getLogger("shiyao.store")
_WRITE = "shiyao_write"
READING = "shiyao_reading"
"""Key in ``Session.info`` of sessions that never write."""
AFTER_READING = "shiyao_after_reading"
"""Key in ``Session.info``: functions of the store that are called once a session that reads has ended well."""
BUSY_SECONDS = 15
SQLITE_CONNECTIONS = 64
_BAD_OPTIONS = "数据库地址不能用：? 后面的选项不对"
_MOST_NAMED = 10
"""Parts that a damaged schema lacks, which are named."""
_migrating = threading.Lock()
# Any number will do, as long as every process of this program uses the same one.
_PG_LOCK = 7_240_611
# A server that is gone without a word (cable, firewall) is noticed within seconds; libpq alone waits for minutes.
_PG_TIMEOUTS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}


class Store:
    """An open, migrated database.

    ``read()`` and ``write()`` each give a session in one transaction. A write on SQLite begins with
    ``BEGIN IMMEDIATE``, so it waits for other writers at its start instead of failing in its middle.

    Attributes:
        engine: for reading; writes go through ``write()``.
        created: whether the database was blank when this store was opened.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.created = False
        self._writing = engine.execution_options(**{_WRITE: True})
        on_sqlite = engine.dialect.name == "sqlite"
        self._alone = engine if on_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writer = threading.RLock() if on_sqlite else None
        self._open_sessions = OpenSessions()

    @property
    def url(self) -> str:
        """The address without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    @property
    def path(self) -> Path | None:
        """The SQLite file; ``None`` for another database."""
        name = self.engine.url.database
        return Path(name) if self.engine.dialect.name == "sqlite" and name else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Context manager: a session with a consistent snapshot that never writes."""
        with (
            self._driver_errors(),
            Session(self.engine, info={READING: True}) as session,
            self._open_sessions.noting(session),
        ):
            yield session
            session.rollback()
        for follow_up in session.info.pop(AFTER_READING, ()):
            follow_up(self)

    @contextmanager
    def read_alone(self) -> Iterator[Session]:
        """Context manager: a session that reads, each statement by itself: for one of them, without a snapshot.

        On PostgreSQL nothing is said to the database beside the statement; beginning and ending a transaction would be
        twice as much again.
        """
        with (
            self._driver_errors(),
            Session(self._alone, info={READING: True}) as session,
            self._open_sessions.noting(session),
        ):
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Context manager: a session that commits at its end, or rolls back if anything is raised."""
        with (
            self._driver_errors(),
            self._only_writer(),
            Session(self._writing, expire_on_commit=False) as session,
            session.begin(),
            self._open_sessions.noting(session),
        ):
            yield session

    def form_texts(self, name: str, version: int) -> FormTexts | None:
        """The texts of a form version; ``None`` where there is none. Takes no second connection inside a session."""
        texts = select(FormVersion.form, FormVersion.guidelines, FormVersion.rules).where(
            col(FormVersion.name) == name, col(FormVersion.version) == version
        )
        rows = self._rows(texts)
        return FormTexts(*rows[0]) if rows else None

    def form_references(self) -> list[str]:
        """References of all form versions, by name and version."""
        statement = select(FormVersion.name, FormVersion.version).order_by(FormVersion.name, col(FormVersion.version))
        return [f"{row[0]}@{row[1]}" for row in self._rows(statement)]

    def _rows(self, statement: Executable) -> Sequence[Sequence[Any]]:
        """Rows of a select, in the session that this thread has open, or else by themselves."""
        session = self._open_sessions.here()
        if session is not None:
            return session.connection().execute(statement).all()
        with self.read_alone() as reading:
            return reading.connection().execute(statement).all()

    def is_at_hand(self) -> bool:
        """Whether this is the store that the calling thread has open, or used last."""
        return self._open_sessions.are_here()

    def is_available(self) -> bool:
        """Whether the database responds now."""
        try:
            with self.read() as session:
                session.execute(text(f"SELECT 1 FROM {VERSION_TABLE}"))
        except StoreError:
            return False
        return True

    def backups(self) -> list[Path]:
        """Files that :meth:`backup` made in :attr:`backup_folder`, newest first."""
        folder = self.backup_folder
        if folder is None:
            return []
        # By the whole name: 「a」 has no part in the copies of 「a-test」.
        own = re.compile(rf"{re.escape(self.name)}-\d{{8}}-\d{{6}}{re.escape(self.backup_suffix)}")
        copies = [path for path in folder.glob(f"*{self.backup_suffix}") if own.fullmatch(path.name)]
        return sorted(copies, key=lambda path: path.stat().st_mtime, reverse=True)

    @property
    def backup_folder(self) -> Path | None:
        """Folder of this database's backups: beside a file, else in that of our data; ``None`` for one in memory."""
        if self.path is None:
            return var_folder() / "backups"
        return None if str(self.path) == ":memory:" else self.path.parent / "backups"

    @property
    def name(self) -> str:
        """What its backups are named after: the file without its ending, or the server's database."""
        return self.path.stem if self.path is not None else str(self.engine.url.database or "shiyao")

    @property
    def backup_suffix(self) -> str:
        """Ending of its backups."""
        return ".db" if self.path is not None else ".dump"

    def _damaged(self, what: str) -> StoreDamagedError:
        return damaged(self.url, self.path, self.backups(), what)

    def _driver_errors(self) -> AbstractContextManager[None]:
        return translate_driver_errors(self.url, self.path, self.backups)

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        """SQLite: this process's writers one behind the other, each woken when the one before it ends.

        SQLite has one writer at a time anyway, but lets the others sleep for up to 100 ms between two looks. Where the
        wait is in vain, the database itself says so.
        """
        got = self._writer is not None and self._writer.acquire(timeout=BUSY_SECONDS)
        try:
            yield
        finally:
            if got and self._writer is not None:
                self._writer.release()

    def backup(self, target: Path) -> None:
        """Copy the database while others use it (SQLite's online backup, or ``pg_dump``), then check the copy.

        Raises:
            StoreError: no file and no server, there is no ``pg_dump``, the target is there already or cannot be
                written, or the copy is damaged.
        """
        if self.path is None:
            dump_database(self.engine.url, target)
            return
        if self.backup_folder is None:
            raise StoreError("内存里的数据库不能备份", "请用文件或服务器上的数据库")
        copy_database(self.path, target, busy_seconds=BUSY_SECONDS)

    def purge_deleted(self, *, rewrite: bool = False) -> bool:
        """Take what was deleted out of the database's files, see :func:`~core.adapters.store.erasure.erase_deleted`."""
        with self._driver_errors(), self._only_writer():
            return erase_deleted(self.engine, rewrite=rewrite)

    def problems(self) -> list[str]:
        """Problems of the database, one Chinese sentence each; empty if there are none."""
        problems: list[str] = []
        with self._driver_errors(), self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                integrity = connection.execute(text("PRAGMA integrity_check")).scalars().all()
                problems += [f"完整性检查：{line}" for line in integrity if line != "ok"]
                broken = connection.execute(text("PRAGMA foreign_key_check")).all()
                # Rows that point at a table that is gone are told by its name, once.
                there = set(inspect(connection).get_table_names())
                problems += [f"表 {row[0]} 的第 {row[1]} 行指向不存在的 {row[2]}" for row in broken if row[2] in there]
            versions = stated_versions(connection) or ()
            missing = [why] if (why := why_no_version(versions)) else []
            if missing or versions == (NEWEST,):
                missing += lacking_in_schema(connection)
            else:
                problems.append("数据库的结构版本与程序不一致，请重新打开程序")
        if missing:
            shown = "、".join(missing[:_MOST_NAMED]) + ("等" if len(missing) > _MOST_NAMED else "")
            problems.append(str(self._damaged(f"的结构已损坏：{shown}")))
        return problems

    def close(self) -> None:
        """Close all connections."""
        unregister_form_source(self)
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database at ``url``, creating and migrating it as needed.

    Args:
        url: SQLAlchemy address, ``sqlite:///…`` or ``postgresql://…`` (psycopg 3 is used).

    Raises:
        StoreError: the address is wrong, the database cannot be opened, or it is newer than this program.
        StoreUnavailableError: it is away for a while.
        StoreDamagedError: it is damaged.
    """
    store = Store(_engine(url))
    try:
        # Alembic keeps the migration under way in the module: one at a time in a process.
        with _migrating, store._driver_errors():
            _migrate(store)
    except StoreError:
        store.close()
        raise
    except DatabaseError as error:
        store.close()
        if mismatch := schema_mismatch(error):
            raise store._damaged(f"的结构已损坏：{mismatch}，和版本记录对不上") from error
        if store.path is None and getattr(error.orig, "sqlstate", "") is None:  # no server was asked
            raise StoreError(_BAD_OPTIONS, ADDRESS_REMEDY) from error
        if not isinstance(error, OperationalError):
            raise StoreError(f"{store.url} 不是可用的数据库（{error.orig}）", "请换一个文件，或从备份恢复") from error
        raise StoreError(f"打不开数据库 {store.url}（{error.orig}）", "请检查路径、权限和磁盘空间") from error
    register_form_source(store)
    return store


def _engine(url: str) -> Engine:
    parsed = parse_database_url(url)
    try:
        # Without its parameters a failed statement can be logged: they are whole forms.
        engine = create_engine(parsed, json_serializer=dump_json, hide_parameters=True, **_pool(parsed))
        # Only now: an address whose driver is missing leaves no file behind.
        _create_sqlite(parsed)
    except ImportError as error:
        raise StoreError(f"数据库地址不能用：没有安装驱动 {error.name or ''}", ADDRESS_REMEDY) from error
    except OSError as error:
        reason = f"建不了它的文件夹（{system_reason(error)}）"
        raise StoreError(f"数据库地址不能用：{reason}", "请检查路径、权限和磁盘空间") from error
    except (ArgumentError, NoSuchModuleError, TypeError, ValueError) as error:
        raise StoreError(_BAD_OPTIONS, ADDRESS_REMEDY) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        ask_only_doubtful_connections(engine)
    return engine


def _pool(url: URL) -> dict[str, Any]:
    """How connections are kept: on SQLite as many as threads, for they cost nothing but the pragmas of a new one."""
    if url.get_backend_name() != "sqlite":
        # No overflow: a connection that is thrown away after each use costs more than the query it was made for.
        size, seconds = settings().pool_size, settings().pool_seconds
        return {
            "pool_pre_ping": True,
            "pool_size": size,
            "max_overflow": 0,
            "pool_timeout": seconds,
            "connect_args": _PG_TIMEOUTS | dict(url.query),
        }
    return {} if url.database == ":memory:" else {"pool_size": SQLITE_CONNECTIONS, "pool_use_lifo": True}


def _create_sqlite(url: URL) -> None:
    """The file, for its user alone, before SQLite makes it for everybody."""
    name = str(url.database or "")
    if url.get_backend_name() == "sqlite" and name != ":memory:":
        path = Path(name)
        private_folder(path.parent)
        # What cannot be made here is named by SQLite when it is opened.
        with suppress(OSError, ValueError):
            if not path.exists():
                create_private(path)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions of its own: _begin_sqlite does.
    connection.isolation_level = None
    cursor = connection.cursor()
    # The timeout comes first: switching to WAL takes a lock that another process may hold.
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    # SQLite refuses this one at once while another connection is about the same, whatever the timeout says.
    for attempt in Retrying(
        stop=stop_after_delay(BUSY_SECONDS),
        wait=wait_random(0.01, 0.1),
        retry=retry_if_exception_type(sqlite3.OperationalError),
        reraise=True,
    ):
        with attempt:
            cursor.execute("PRAGMA journal_mode = WAL")
    # What is deleted is overwritten: chats and names of people must not stay in free pages.
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _migrate(store: Store) -> None:
    with store.engine.connect() as connection:
        versions = stated_versions(connection)
    store.created = versions is None
    if versions == (NEWEST,):
        return
    if versions is not None:
        if why := why_no_version(versions):
            raise store._damaged(f"的结构已损坏：{why}")
        if versions[0] not in VERSIONS:
            raise StoreError(f"数据库 {store.url} 由更新的版本创建（{versions[0]}）", "请升级拾要后再打开")
    if store.path is not None:
        with FileLock(f"{store.path}.migrate.lock", mode=private_files.MODE):
            _upgrade(store)
    else:
        _upgrade(store)


def _upgrade(store: Store) -> None:
    with store.engine.connect() as connection, _without_foreign_keys(connection), connection.begin():
        if store.path is None:  # released when the transaction ends, however it ends
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})
        if store.path is not None and create_blank(connection):
            return
        upgrade(connection)
        if store.path is not None and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            _log.warning("rows of %s point at rows that are not there", store.url)


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite: keep foreign keys from acting while tables are built anew, which would delete the rows' children.

    Only outside a transaction can they be switched; the connection goes back to the pool with them on.
    """
    raw = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or raw is None:
        yield
        return
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")
