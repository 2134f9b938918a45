"""A database whose tables and schema number do not go together is called damaged, never out of reach or in order."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from core.adapters.store import Store, open_store
from core.adapters.store.restore import restore_database
from core.cli import main
from core.errors import StoreDamagedError, StoreError
from core.places import sqlite_address
from core.services.maintenance import check_health, make_backup
from tests.factories.datasets import make_dataset


def address(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def change(store: Store, *statements: str) -> None:
    """Run statements that no program of ours would, and let go of the database."""
    with store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    store.close()


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("INSERT INTO alembic_version VALUES ('0001')", "版本记录有 2 行"),
        ("DELETE FROM alembic_version", "没有版本记录"),
        ("DROP TABLE alembic_version", "没有版本记录"),
        ("UPDATE alembic_version SET version_num = '0043'", "和版本记录对不上"),
        ("UPDATE alembic_version SET version_num = ''", "版本记录写的是 ''，不是版本号"),
        ("UPDATE alembic_version SET version_num = '0045\n'", "不是版本号"),
    ],
)
def test_a_schema_number_that_cannot_be_true_is_called_damage(store: Store, statement: str, sentence: str) -> None:
    change(store, statement)
    with pytest.raises(StoreDamagedError, match=sentence) as error:
        open_store(address(store))
    assert "备份" in str(error.value) and "权限" not in str(error.value)


def test_a_schema_number_that_is_no_text_is_called_damage(store: Store) -> None:
    change(store, "UPDATE alembic_version SET version_num = x'00ff'")
    with pytest.raises(StoreDamagedError, match="不是版本号"):
        open_store(address(store))


@pytest.mark.both_databases
def test_an_index_on_other_columns_is_named(store: Store) -> None:
    assert store.problems() == []
    with store.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_record_dataset_reviewer"))
        connection.execute(text("CREATE INDEX ix_record_dataset_reviewer ON record (reviewer, dataset_id, updated_at)"))
    (problem,) = store.problems()
    assert "索引 ix_record_dataset_reviewer 建在别的列上" in problem


def test_rows_that_point_at_a_table_that_is_gone_are_told_by_its_name(store: Store) -> None:
    make_dataset(store, ["林木：好"])
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("INSERT INTO claim VALUES (1, '林晓', '2026-01-01')")
        connection.exec_driver_sql("DROP TABLE chat")
        connection.commit()
    (problem,) = store.problems()
    assert "缺少表 chat" in problem


def test_a_damaged_schema_names_the_last_backup(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    backup = make_backup(store)
    change(store, "INSERT INTO alembic_version VALUES ('0001')")
    assert main(["--db", address(store), "check"]) == 1
    assert str(backup.path) in capsys.readouterr().err


def test_a_blank_database_with_an_empty_table_of_versions_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "blank.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    store = open_store(sqlite_address(path))
    assert store.created and store.problems() == []
    store.close()


@pytest.mark.both_databases
def test_check_names_tables_columns_and_indexes_that_are_gone(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE place"))
        connection.execute(text("ALTER TABLE dataset DROP COLUMN split"))
        connection.execute(text("DROP INDEX ix_callbatch_run"))
    (problem,) = store.problems()
    assert "缺少表 place" in problem and "缺少列 dataset.split" in problem and "缺少索引 ix_callbatch_run" in problem
    assert "备份" in problem
    health = check_health(store)  # cannot count what it cannot read
    assert health.problems == (problem,) and health.datasets is None


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [("DROP TABLE place", "缺少表 place"), ("ALTER TABLE place RENAME COLUMN holder TO other", "缺少列")],
)
def test_what_is_gone_is_named_where_it_is_used(store: Store, statement: str, sentence: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(StoreDamagedError, match=sentence), store.read() as session:
        session.execute(text("SELECT place.holder FROM place"))


def test_the_verb_check_says_what_is_gone(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    change(store, "DROP TABLE dataset")
    assert main(["--db", address(store), "check", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["ok"] and "缺少表 dataset" in told["problems"][0] and told["chats"] is None


def test_a_mistake_in_a_query_stays_what_it_is(store: Store) -> None:
    with pytest.raises(Exception, match="never_was") as error, store.read() as session:
        session.execute(text("SELECT * FROM never_was"))
    assert not isinstance(error.value, StoreError)


def test_a_backup_with_two_schema_numbers_is_not_brought_back(store: Store, tmp_path: Path) -> None:
    backup = tmp_path / "two.db"
    store.backup(tmp_path / "good.db")
    shutil.copy(tmp_path / "good.db", backup)
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.commit()
    with pytest.raises(StoreError, match="版本记录有 2 行"):
        restore_database(sqlite_address(tmp_path / "target.db"), backup)
    assert not (tmp_path / "target.db").exists()
