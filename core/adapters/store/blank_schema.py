"""All tables of a blank SQLite database made at once, which takes a fortieth of the time of all migrations.

The statements are those that a file holds which the migrations have made; ``make docs`` writes them anew.
"""

from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, text

from core.adapters.store.schema_version import NEWEST, VERSION_TABLE

_FILE = Path(__file__).with_name("migrations") / "blank_sqlite.sql"
_END = ";\n"
"""Ends a statement: those of a trigger inside of it stand in one line."""
_CONSTRAINTS = ("CONSTRAINT ", "PRIMARY KEY ", "FOREIGN KEY", "UNIQUE ", "CHECK ")


def create_blank(connection: Connection) -> bool:
    """Make the tables of the newest version in the transaction of this connection.

    Args:
        connection: of a SQLite database.

    Returns:
        False where nothing was done: there is something in the database, or the statements are older than the
        migrations. Then those have to be run.
    """
    if connection.execute(text("SELECT 1 FROM sqlite_master LIMIT 1")).first() is not None:
        return False
    lines = _FILE.read_text("utf-8").splitlines(keepends=True)
    statements = "".join(line for line in lines if not line.startswith("--")).split(_END)
    if _version_statement(NEWEST) not in statements:
        return False
    for statement in statements[:-1]:
        connection.exec_driver_sql(statement)
    return True


def statements_of(connection: Connection) -> str:
    """What has to be executed to make the tables of a SQLite database anew: tables first, its version last.

    Constraints of a table that follow one another are put in order: a migration that builds a table anew writes them
    in whatever order a set of them has.

    Raises:
        ValueError: a statement that would not be read back as it is.
    """
    kinds = "CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END"
    master = f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY {kinds}, name"
    statements = [_in_order(str(sql)) for sql in connection.execute(text(master)).scalars()]
    version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()
    if any(_END in one or "\n--" in one for one in statements):
        raise ValueError("a statement with a line that ends or begins as no line of one may")
    return "".join(f"{statement}{_END}" for statement in [*statements, _version_statement(version)])


def _in_order(statement: str) -> str:
    *lines, last = (line.rstrip() for line in statement.split("\n"))
    ordered: list[str] = []
    for is_constraint, group in groupby(lines, lambda line: line.lstrip().startswith(_CONSTRAINTS)):
        together = list(group)
        if is_constraint:
            has_more = together[-1].endswith(",")
            *front, end = sorted(line.removesuffix(",") for line in together)
            together = [*(f"{line}," for line in front), f"{end}," if has_more else end]
        ordered += together
    return "\n".join([*ordered, last])


def _version_statement(version: str) -> str:
    return f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ('{version}')"
