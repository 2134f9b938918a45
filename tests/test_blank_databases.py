"""A test on PostgreSQL finds nothing of the tests before it."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import select

from core.adapters.store import open_store
from core.adapters.store.models import AuditEntry, Dataset
from tests import postgres as pg
from tests.factories.datasets import make_dataset
from tests.waiting import wait_until


@pytest.fixture
def databases(postgres: pg.Postgres, pg_migrated: str) -> Iterator[pg.BlankDatabases]:
    with closing(pg.BlankDatabases(postgres, pg_migrated)) as opened:
        yield opened


def number_of(address: str) -> int:
    """What PostgreSQL knows a database by, whatever its name."""
    with psycopg.connect(address) as connection:
        [(number,)] = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        return int(number)


def test_one_that_was_used_is_blank_again_under_another_name(databases: pg.BlankDatabases) -> None:
    with databases.one() as first:
        number = number_of(first)
        with closing(open_store(first)) as store:
            assert make_dataset(store, ["何苗：在吗"], "群聊").id == 1
            with store.write() as session:
                session.add(AuditEntry(who="何苗", kind="k"))  # which nobody may delete
    # A server lists a connection for a moment after it was closed.
    wait_until(lambda: (first.rpartition("/")[2],) not in databases._ask("SELECT datname FROM pg_stat_activity"))
    with databases.one() as second:
        assert second != first and number_of(second) == number
        with closing(open_store(second)) as store:
            with store.read() as session:
                assert not session.execute(select(Dataset)).all() + session.execute(select(AuditEntry)).all()
            assert make_dataset(store, ["何苗：在吗"], "群聊").id == 1


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE record ADD CONSTRAINT refuse CHECK (note <> 'refuse')",
        "DROP TRIGGER auditentry_no_change ON auditentry",
        "CREATE TABLE own (id int)",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)
def test_one_whose_schema_was_changed_is_not_given_again(databases: pg.BlankDatabases, statement: str) -> None:
    with databases.one() as first, psycopg.connect(first) as connection:
        connection.execute(statement)
        number = number_of(first)
    with databases.one() as second:
        assert number_of(second) != number


def test_one_that_somebody_is_still_connected_to_is_not_given_again(databases: pg.BlankDatabases) -> None:
    with databases.one() as first:
        held = psycopg.connect(first)
        held.execute("SELECT 1")
    with databases.one() as second:
        assert number_of(second) != number_of(first)
    held.close()
