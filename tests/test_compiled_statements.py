"""What one test's database has compiled, the next one's does not compile again; another kind of database does."""

from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import event, select
from sqlmodel import col

from core.adapters.store import Store, open_store
from core.adapters.store.models import Dataset


def hits(store: Store) -> list[str]:
    """Whether a statement was found compiled, each time that it is executed."""
    told: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if context.compiled is not None:
            told.append(context.cache_hit.name)

    event.listen(store.engine, "before_cursor_execute", note)
    for value in ("甲", "乙"):
        with store.read() as session:
            rows = session.execute(select(col(Dataset.id).label("compiled_once")).where(col(Dataset.name) == value))
            assert rows.all() == []
    event.remove(store.engine, "before_cursor_execute", note)
    return told


def test_each_statement_is_compiled_once_for_each_kind_of_database(tmp_path: Path, pg_store: Store) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as first:
        assert hits(first) == ["CACHE_MISS", "CACHE_HIT"]
    with closing(open_store(f"sqlite:///{tmp_path / 'b.db'}")) as second:
        assert hits(second) == ["CACHE_HIT", "CACHE_HIT"]
    assert hits(pg_store) == ["CACHE_MISS", "CACHE_HIT"]
