"""Texts as the UTF-8 that they are stored in, for rows that are made ready before they are inserted."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Cast, Dialect, Text, bindparam, cast
from sqlalchemy.types import UserDefinedType
from sqlmodel import Session


def utf8_parameter(name: str) -> Cast[str]:
    """A parameter of an insert that takes a text's UTF-8 and stores the text.

    SQLite's files hold just that: nothing is decoded and encoded again while others wait for the database. It must be
    UTF-8, for SQLite does not look, and so must be what the file holds: ask :func:`holds_utf8` first.

    Args:
        name: of the parameter.
    """
    return cast(bindparam(name, type_=_Utf8()), Text())


def holds_utf8(session: Session) -> bool:
    """Whether a database takes a text's UTF-8 by :func:`utf8_parameter`: all but SQLite's files of another encoding.

    Ours are all UTF-8. One that somebody else has made, or put together from a dump, may be UTF-16.
    """
    if session.get_bind().dialect.name != "sqlite":
        return True
    return str(session.connection().exec_driver_sql("PRAGMA encoding").scalar_one()) == "UTF-8"


class _Utf8(UserDefinedType[Any]):
    """Type of a parameter: bytes that are the UTF-8 of a text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """What the column's type is called in both databases."""
        return "TEXT"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str] | None:
        """How a value is handed to the driver: to SQLite's as it is, to PostgreSQL's as a text."""
        return None if dialect.name == "sqlite" else bytes.decode
