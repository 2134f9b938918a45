"""The registry that all tables share, and the column types that several of them use."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import configure_mappers, registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class Base(SQLModel, registry=registry()):
    """Base class of all tables, with its own registry: a hot reload cannot define a table twice."""

    # Rows are never validated (only services build them), so pydantic need not compile validators at every start.
    model_config = {"defer_build": True}


def prepare_tables() -> None:
    """Work out how all tables hang together, as the first query would: a tenth of a second."""
    configure_mappers()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on every database (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert a value on its way into the database to UTC."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Make a value from the database timezone-aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NEVER_REUSED = {"sqlite_autoincrement": True}
"""Table options: the id of a deleted row is never given to another one.

PostgreSQL's sequences keep to that anyway. SQLite gives the highest id again once its row is deleted, and whatever
still names the old row (a late answer, an origin, a pick, a browser's journal) would mean the new one.
"""


def now() -> datetime:
    """Current time, timezone-aware, in UTC."""
    return datetime.now(UTC)


def timestamp_column() -> Any:
    """A new non-null column for a UTC time."""
    return Column(UtcDateTime(), nullable=False)


def json_column(*, nullable: bool = False) -> Any:
    """A new JSON column; Python's ``None`` is stored as SQL ``NULL``."""
    return Column(JSON(none_as_null=True), nullable=nullable)
