"""A PostgreSQL database is backed up and brought back row by row by ``backup`` and ``restore``."""

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from core import cli
from core.adapters.store import Store, open_store
from core.adapters.store.schema_version import NEWEST
from core.errors import StoreError
from core.services import maintenance
from core.services.datasets import load_sample
from tests import postgres as pg
from tests.factories.quality import quality_dataset


def address(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def rows(store: Store) -> dict[str, list[Any]]:
    """All rows of all tables, and where each sequence stands: an id that was given once is never given again."""
    with store.read() as session:
        run = session.connection().exec_driver_sql
        tables = [name for (name,) in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        content = {name: sorted(str(row) for row in run(f'SELECT t.* FROM "{name}" t')) for name in tables}
        content[""] = sorted(
            run("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'").all(), key=str
        )
    return content


@pytest.fixture
def blank(postgres: pg.Postgres) -> str:
    """Address of a database without any table."""
    return postgres.database("template0")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHIYAO_VAR", str(tmp_path / "var"))
    return tmp_path / "var" / "backups"


def test_every_row_comes_back(pg_store: Store, blank: str, folder: Path) -> None:
    load_sample(pg_store)
    quality_dataset(pg_store, 5)
    made = maintenance.make_backup(pg_store)
    assert made.path.parent == folder and made.path.suffix == ".dump" and made.size > 10_000
    assert made.path.stat().st_mode & 0o077 == 0
    assert [backup.path for backup in maintenance.list_backups(pg_store)] == [made.path]
    before = rows(pg_store)
    maintenance.restore_backup(blank, made.path)
    restored = open_store(blank)
    after = rows(restored)
    assert maintenance.check_health(restored).problems == ()
    restored.close()
    # The log of the original has the backup, that of the copy the restoring.
    assert [len(content.pop("auditentry")) for content in (before, after)] == [1, 1]
    assert before == after and sum(map(len, before.values())) > 100


def test_the_verbs_say_what_they_did(
    pg_store: Store, blank: str, tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "a.dump"
    assert cli.main(["backup", str(target), "--db", address(pg_store)]) == 0
    assert cli.main(["restore", str(target), "--db", blank]) == 0
    out = capsys.readouterr().out
    assert f"已备份到 {target}" in out and "已从 a.dump 恢复" in out
    assert cli.main(["restore", str(target), "--db", blank]) == 1
    assert "已经有数据，没有恢复。请新建一个空数据库" in capsys.readouterr().err


def test_what_is_no_dump_is_not_restored(blank: str, tmp_path: Path) -> None:
    (tmp_path / "no.dump").write_bytes(b"SQLite format 3\0")
    with pytest.raises(StoreError, match="不是 PostgreSQL 数据库的备份"):
        maintenance.restore_backup(blank, tmp_path / "no.dump")
    (tmp_path / "broken.dump").write_bytes(b"PGDMP\x01\x0e\x00")
    with pytest.raises(StoreError, match="pg_restore 没有成功，没有恢复"):
        maintenance.restore_backup(blank, tmp_path / "broken.dump")
    with psycopg.connect(blank) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_dump_of_strangers_or_of_a_newer_program_makes_nothing(pg_store: Store, blank: str, tmp_path: Path) -> None:
    with pg_store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    pg_store.backup(tmp_path / "newer.dump")
    with pg_store.write() as session:
        session.execute(text(f"UPDATE alembic_version SET version_num = '{NEWEST}'"))
        session.execute(text("ALTER TABLE alembic_version RENAME TO other"))
    pg_store.backup(tmp_path / "foreign.dump")
    with pg_store.write() as session:
        session.execute(text("ALTER TABLE other RENAME TO alembic_version"))
    for name, sentence in (("newer", r"由更新的版本写成（9999）"), ("foreign", "没有拾要的数据，没有恢复")):
        with pytest.raises(StoreError, match=sentence):
            maintenance.restore_backup(blank, tmp_path / f"{name}.dump")
    with psycopg.connect(blank) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_without_the_program_a_sentence_says_what_to_install(
    pg_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "postgresql-client" in maintenance.backup_refusal(pg_store)
    with pytest.raises(StoreError, match="没有 pg_dump，没有备份。请安装 PostgreSQL 的客户端程序"):
        pg_store.backup(tmp_path / "x.dump")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (
            'could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"',
            "不低于它的 Postg",
        ),
        ("unsupported version (1.16) in file header", "备份是更新的 pg_dump 写的"),
    ],
)
def test_programs_and_servers_of_other_versions_are_named(
    said: str, hint: str, blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What version 17 says of a server of before, and one of before of a dump of 17; only one of them is here."""
    program = tmp_path / "pg_restore"
    program.write_text(f"#!/bin/sh\necho 'pg_restore: error: {said}' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "x.dump").write_bytes(b"PGDMP")
    with pytest.raises(StoreError, match=hint):
        maintenance.restore_backup(blank, tmp_path / "x.dump")


def test_a_failure_is_one_sentence_and_leaves_nothing(pg_store: Store, tmp_path: Path) -> None:
    gone = pg_store.engine.url.set(database="gone", password="geheim-1234")
    store = Store(pg_store.engine)
    store.engine = type("Engine", (), {"url": gone, "dialect": pg_store.engine.dialect})()
    with pytest.raises(StoreError, match="pg_dump 没有成功，没有备份") as failure:
        store.backup(tmp_path / "x.dump")
    assert "geheim" not in str(failure.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_restored_into_a_new_file_only(store: Store, tmp_path: Path, folder: Path) -> None:
    quality_dataset(store, 2)
    made = maintenance.make_backup(store)
    url = f"sqlite:///{tmp_path / 'new' / 'again.db'}"
    maintenance.restore_backup(url, made.path)
    again = open_store(url)
    with again.read() as session:
        assert session.execute(text("SELECT count(*) FROM chat")).scalar() == 2
    again.close()
    with pytest.raises(StoreError, match="已经存在，没有恢复"):
        maintenance.restore_backup(url, made.path)
    with pytest.raises(StoreError, match="不是 SQLite 数据库的备份"):
        maintenance.restore_backup(f"sqlite:///{tmp_path / 'other.db'}", Path(__file__))
