"""Which version of the tables a database has, bringing it to the newest, and what is missing of them.

Alembic is imported only where there is something to migrate: most starts find the newest version, and should be quick.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Column, Connection, Index, inspect, text

from core.adapters.store.models import Base

_MIGRATIONS = Path(__file__).with_name("migrations")
VERSIONS = tuple(sorted(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")))
"""Revisions of the migration scripts, oldest first: each file is named after its own."""
NEWEST = VERSIONS[-1]
VERSION_TABLE = "alembic_version"
_REVISION = re.compile(r"[0-9]{4,8}")


def stated_versions(connection: Connection) -> tuple[str, ...] | None:
    """The revisions that a database says it was migrated to, sorted.

    Returns:
        Exactly one, unless its schema is damaged; ``None`` for a database without tables of ours.
    """
    # One look at all names: between two, another process may have filled a blank database.
    tables = set(inspect(connection).get_table_names())
    versions: tuple[str, ...] = ()
    if VERSION_TABLE in tables:
        stated = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars()
        versions = tuple(sorted(one if isinstance(one, str) else repr(one) for one in stated))
    return versions if versions or tables & Base.metadata.tables.keys() else None


def why_no_version(versions: tuple[str, ...]) -> str:
    """What is wrong with the revisions that a database states, a Chinese clause; empty where it is one.

    One that this program does not know may be a newer program's; what is no number at all is nobody's.
    """
    if len(versions) == 1:
        is_number = _REVISION.fullmatch(versions[0]) is not None
        return "" if is_number else f"版本记录写的是 {versions[0][:30]!r}，不是版本号"
    return f"版本记录有 {len(versions):,} 行（{'、'.join(versions)[:60]}），应只有一行" if versions else "没有版本记录"


def lacking_in_schema(connection: Connection) -> list[str]:
    """Tables, columns and indexes of this program that a database lacks, a Chinese clause for each."""
    there = inspect(connection)
    columns = {table: {column["name"] for column in listed} for (_, table), listed in there.get_multi_columns().items()}
    indexes = {
        index["name"]: tuple(index["column_names"]) for listed in there.get_multi_indexes().values() for index in listed
    }
    return list(_missing(columns, indexes))


def _missing(columns: dict[str, set[str]], indexes: dict[str | None, tuple[str | None, ...]]) -> Iterator[str]:
    for name, table in Base.metadata.tables.items():
        if name not in columns:
            yield f"缺少表 {name}"
            continue
        yield from (f"缺少列 {name}.{column.name}" for column in table.columns if column.name not in columns[name])
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if index.name not in indexes:
                yield f"缺少索引 {index.name}"
            elif _is_on_others(index, indexes[index.name]):
                yield f"索引 {index.name} 建在别的列上"


def _is_on_others(index: Index, found: tuple[str | None, ...]) -> bool:
    """Whether an index is on other columns than ours; of expressions a database does not say enough."""
    expected = [column.name if isinstance(column, Column) else None for column in index.expressions]
    return None not in (*expected, *found) and tuple(expected) != found


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction of this connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
