"""Backup and restore of a PostgreSQL database by its own programs, ``pg_dump`` and ``pg_restore``."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from core.adapters.store.backup import new_backup
from core.adapters.store.schema_version import VERSIONS, why_no_version
from core.errors import StoreError

_MARK = b"PGDMP"
"""First bytes of a dump in PostgreSQL's own format."""
_VERSION_ROWS = re.compile(r"^COPY \S*alembic_version \(version_num\) FROM stdin;\n((?:(?!\\\.).*\n)*)", re.MULTILINE)
_LOCK_WAIT = "15s"
_INSTALL = "请安装 PostgreSQL 的客户端程序（Debian：postgresql-client），版本不低于服务器，再试一次"
_HINTS = {
    "No space left on device": "磁盘已满：请先腾出磁盘空间，或换一个磁盘，再试一次",
    "version mismatch": _INSTALL,
    # Says so what a newer program sets in a session that an older server does not know.
    "unrecognized configuration parameter": "这个程序比数据库服务器新：请恢复到版本不低于它的 PostgreSQL",
    "unsupported version": "备份是更新的 pg_dump 写的：请安装版本不低于它的 PostgreSQL 客户端程序，再试一次",
}
"""What to do, by what the programs say."""
_HOLDS_NOTHING = text(
    "SELECT NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')"
)


def dump_refusal() -> str:
    """Why no backup of a PostgreSQL database can be made on this machine; ``""`` if one can."""
    return "" if shutil.which("pg_dump") and shutil.which("pg_restore") else f"本机没有 pg_dump，{_INSTALL}"


def dump_database(url: URL, target: Path) -> None:
    """Write a dump of a database, consistent while others use it, check that it can be read, and move it into place.

    Args:
        url: address of the database, with its password.
        target: the new file; its folder is made.

    Raises:
        StoreError: there is no ``pg_dump``, it failed, or the target is there already. Nothing is left behind.
    """
    with new_backup(target) as partial:
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--lock-wait-timeout={_LOCK_WAIT}"]
        _run("备份", "pg_dump", *options, f"--file={partial}", f"--dbname={_address(url)}", password=url.password)
        _run("备份", "pg_restore", "--list", str(partial))


def has_mark(backup: Path, mark: bytes) -> bool:
    """Whether a backup begins with the mark of its kind.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        with backup.open("rb") as file:
            return file.read(len(mark)) == mark
    except (OSError, ValueError) as error:
        raise StoreError(f"读不了备份文件 {backup}", "请检查路径和权限") from error


def restore_dump(url: URL, dump: Path) -> None:
    """Fill a blank database with a dump: all of it, or nothing.

    Args:
        url: address of the blank database, with its password.
        dump: a file that :func:`dump_database` wrote.

    Raises:
        StoreError: the file is no dump of ours or a newer program's, the database holds something already or cannot be
            reached, or there is no ``pg_restore``. The database is as it was.
    """
    if not has_mark(dump, _MARK):
        raise StoreError(f"{dump.name} 不是 PostgreSQL 数据库的备份", "请选 backup 为 PostgreSQL 写的 .dump 文件")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            is_blank = bool(connection.execute(_HOLDS_NOTHING).scalar())
    except DBAPIError as error:
        raise StoreError("连不上要恢复到的数据库，没有恢复", "请检查地址，并先建好这个空数据库") from error
    finally:
        engine.dispose()
    if not is_blank:
        raise StoreError(f"数据库「{url.database}」里已经有数据，没有恢复", "请新建一个空数据库，再用 --db 指定它")
    _require_ours(dump)
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    _run("恢复", "pg_restore", *options, f"--dbname={_address(url)}", str(dump), password=url.password)


def require_known(backup: Path, versions: tuple[str, ...]) -> None:
    """Refuse a backup whose tables are of a version that this program does not know, or that states none or several.

    Raises:
        StoreError: they are.
    """
    if why := why_no_version(versions):
        raise StoreError(f"{backup.name} 里的结构已损坏：{why}，没有恢复", "请换一个备份")
    if versions[0] not in VERSIONS:
        raise StoreError(f"{backup.name} 由更新的版本写成（{versions[0]}），没有恢复", "请升级拾要后再恢复")


def _require_ours(dump: Path) -> None:
    rows = _VERSION_ROWS.search(
        _run("恢复", "pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(dump))
    )
    if rows is None:
        raise StoreError(f"{dump.name} 里没有拾要的数据，没有恢复", "请选 backup 写的 .dump 文件")
    require_known(dump, tuple(sorted(rows[1].split())))


def _address(url: URL) -> str:
    """The address as PostgreSQL's programs read it; without its password, which anybody sees on a command line."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(what: str, program: str, *arguments: str, password: object = None) -> str:
    """Run one of PostgreSQL's programs and give what it writes."""
    place = shutil.which(program)
    if place is None:
        raise StoreError(f"本机没有 {program}，没有{what}", _INSTALL)
    environment = os.environ | {"LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    done = subprocess.run(
        [place, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error:" in line] or [f"退出码 {done.returncode}"]
        # Not what follows: it may quote a row.
        reason = lines[0].partition("error: ")[2] or lines[0]
        usual = "请按原因处理后重试，完整输出请直接运行它查看"
        hint = next((hint for words, hint in _HINTS.items() if words in done.stderr), usual)
        raise StoreError(f"{program} 没有成功，没有{what}（{reason.split(chr(10))[0][:200]}）", hint)
    return done.stdout
