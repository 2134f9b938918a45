"""One cache of compiled statements for all databases of a test process.

SQLAlchemy keeps what it has compiled with each engine. A server has one; nearly every test opens one of its own, and
would spend a third of its time on compiling what the test before has compiled.
"""

from collections import defaultdict
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine
from sqlalchemy.util import LRUCache

_KEPT = 3000
"""Statements of one dialect; the program has fewer."""
_compiled: dict[type[Dialect], LRUCache[Any, Any]] = defaultdict(lambda: LRUCache(_KEPT))


@cache
def _like_all_others(kind: type[Any]) -> type[Any]:
    """A dialect that equals every other of its kind: it is part of what a compiled statement is found by."""

    def equals(self: Dialect, other: object) -> bool:
        return type(self) is type(other)

    return type(
        kind.__name__,
        (kind,),
        {"__eq__": equals, "__hash__": lambda self: hash(kind), "supports_statement_cache": True},
    )


def sharing_engine(*arguments: Any, **options: Any) -> Engine:
    """As ``create_engine``, for databases that one program makes with the same options."""
    engine = create_engine(*arguments, **options)
    dialect: Any = engine.dialect
    own: Any = type(dialect)
    dialect.__class__ = kind = _like_all_others(own)
    engine._compiled_cache = _compiled[kind]
    return engine
