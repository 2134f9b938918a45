"""Databases of every age open: blank ones, the oldest one with rows in it, and none that is newer than the program."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Base
from core.errors import StoreError
from tests.postgres import Postgres

HERE = Path(__file__).parent
MIGRATIONS = Path(__file__).parents[3] / "core" / "adapters" / "store" / "migrations"
TABLES = ("dataset", "chat", "run", "extraction", "record", "recordevent", "claim")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file as version 0001 left it."""
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript((HERE / "0001.sql").read_text(encoding="utf-8"))
    connection.close()
    return path


def counts(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    try:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    finally:
        connection.close()


def test_a_blank_database_gets_what_the_models_say(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert store.problems() == []


def test_a_blank_postgresql_gets_what_the_models_say(pg_store: Store) -> None:
    with pg_store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differing = compare_metadata(context, Base.metadata)
    # The index of the text search is PostgreSQL's own kind, which a model for both databases cannot say.
    assert [(kind, index.name) for kind, index in differing] == [("remove_index", "ix_chatsearch_grams")]
    assert pg_store.problems() == []


def test_postgresql_grows_from_the_oldest_schema(postgres: Postgres) -> None:
    address = make_url(postgres.database()).set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO dataset (name, split, form, sha256, expected, created_at) "
                "VALUES ('旧数据', 'train', 'role_elements', 'x', 3, now())"
            )
        )
    engine.dispose()
    store = open_store(address.render_as_string(hide_password=False))
    try:
        assert store.problems() == []
        with store.read() as session:
            assert queries.dataset(session, "旧数据").expected == 3
    finally:
        store.close()


def test_the_oldest_database_keeps_every_row(old: Path) -> None:
    before = counts(old)
    assert all(before.values())
    store = open_store(f"sqlite:///{old}")
    try:
        assert counts(old) == before
        assert store.problems() == []
        with store.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        with store.read() as session:
            dataset = queries.dataset(session, "旧数据")
            chats = list(queries.chats(session, dataset.id))
            record = next(queries.records(session, dataset.id))
            run = queries.labels_run(session, dataset.id)
            assert run is not None
            assert (run.done, run.tokens_in) == (2, 20)
            assert queries.forms_by_index(session, run.id)[1] == [{"基本信息-姓名": "林木1"}]
            assert [event.save_id for event in queries.events(session, record.id)] == ["save-2", "save-1"]
        assert (dataset.expected, dataset.chats) == (3, 2)
        assert chats[1].text == "林木1：价格多少\n客服小何：稍后发您"
        assert (record.status, record.version, record.forms[0]["基本信息-姓名"]) == ("已确认", 2, "林木1")
    finally:
        store.close()


def test_opening_again_changes_nothing(old: Path) -> None:
    open_store(f"sqlite:///{old}").close()
    before = old.read_bytes()
    open_store(f"sqlite:///{old}").close()
    assert old.read_bytes() == before


def test_a_newer_database_is_refused_untouched(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"由更新的版本创建（9999）。请升级拾要"):
        open_store(f"sqlite:///{old}")
    assert counts(old)["chat"] == 2


def test_migrations_form_one_line() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert len(scripts.get_heads()) == 1
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)


def test_every_table_has_its_foreign_keys_after_migrating(old: Path) -> None:
    store = open_store(f"sqlite:///{old}")
    try:
        assert {key["referred_table"] for key in inspect(store.engine).get_foreign_keys("record")} == {
            "dataset",
            "chat",
            "run",
        }
    finally:
        store.close()
