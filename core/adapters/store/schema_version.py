"""Which version of the tables a database has, and bringing it to the newest.

Alembic is imported only where there is something to migrate: most starts find the newest version, and should be quick.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

_MIGRATIONS = Path(__file__).with_name("migrations")
VERSIONS = tuple(sorted(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")))
"""Revisions of the migration scripts, oldest first: each file is named after its own."""
NEWEST = VERSIONS[-1]


def current_version(connection: Connection) -> str | None:
    """The revision that a database was migrated to; ``None`` for a blank one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return version


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction of this connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
