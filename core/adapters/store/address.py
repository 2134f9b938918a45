"""Addresses of databases: what one that was written down means, and whether there is a database at it."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from core.errors import StoreError

ADDRESS_REMEDY = "请检查 SHIYAO_DATABASE_URL 或 --db，例如 sqlite:///x.db、postgresql://用户@主机/库"
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""Ways to write which database is meant, and the driver by which we use it."""


def parse_database_url(url: str) -> URL:
    """An address that was written down, with the driver that we use.

    Raises:
        StoreError: it is none, of another kind of database or driver, or says what a file cannot have.
    """
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:  # no address, or one with a port that is no number
        raise StoreError("数据库地址不能用：写法不对", ADDRESS_REMEDY) from error
    except NoSuchModuleError:
        kind = ""
    if kind not in ("sqlite", "postgresql", "postgres"):
        raise StoreError("数据库地址不能用：只能用 SQLite 或 PostgreSQL", ADDRESS_REMEDY)
    if parsed.drivername not in _DRIVERS:
        driver = parsed.drivername.partition("+")[2]
        raise StoreError(f"数据库地址不能用：不能用驱动 {driver}", f"请把 +{driver} 去掉；{ADDRESS_REMEDY}")
    if "\0" in str(parsed.database):
        raise StoreError("数据库地址不能用：写法不对", ADDRESS_REMEDY)
    if kind == "sqlite":
        _require_file(parsed)
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _require_file(url: URL) -> None:
    """Refuse an address of SQLite that names no file alone: the store sets by itself what options could say."""
    if url.query:
        names = "、".join(sorted(url.query))
        raise StoreError(
            f"数据库地址不能用：SQLite 的地址后面不能写选项（{names}）",
            "请把 ? 和后面的内容去掉；文件名里的 ? 写成 %3F",
        )
    if url.host or url.username or url.port or not url.database:
        raise StoreError("数据库地址不能用：没有写是哪个文件，sqlite 后面是三条斜线再加路径", ADDRESS_REMEDY)


def has_database(url: str) -> bool:
    """Whether a database may be at an address: a file that holds anything, or any on a server.

    Raises:
        StoreError: it is no address, or one of another kind of database.
    """
    address = parse_database_url(url)
    if address.get_backend_name() != "sqlite" or address.database == ":memory:":
        return True
    try:
        path = Path(str(address.database))
        return path.is_file() and path.stat().st_size > 0
    except OSError:  # whoever opens it is told why it cannot be read
        return True


def require_database(url: str) -> None:
    """Refuse an address at which there is no database, before anybody makes one there.

    Raises:
        StoreError: there is none, or the address cannot be used.
    """
    if not has_database(url):
        path = Path(str(parse_database_url(url).database)).absolute()
        raise StoreError(
            f"{path} 没有数据库",
            "请检查 --db 或 SHIYAO_DATABASE_URL 里的路径；还没有数据时先用 import 导入群聊，或用 sample 载入示例",
        )
