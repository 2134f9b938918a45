"""Databases of every age open: blank ones, the oldest one with rows in it, and none that is newer than the program."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL, make_url

from core.adapters.store import Store, blank_schema, open_store, queries
from core.adapters.store.models import Base, Chat, Dataset, Run
from core.adapters.store.schema_version import NEWEST, VERSIONS
from core.errors import StoreError
from core.services.discussion.threads import discussions_in
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


def blank_database(kind: str, file: Path, request: pytest.FixtureRequest) -> URL:
    """Address of a database without tables."""
    if kind == "sqlite":
        return make_url(f"sqlite:///{file}")
    postgres: Postgres = request.getfixturevalue("postgres")
    return make_url(postgres.database()).set(drivername="postgresql+psycopg")


def is_procrastinates(name: str | None) -> bool:
    return (name or "").startswith("procrastinate_")


def test_the_installed_package_has_no_newer_tables_for_lanes() -> None:
    """A new version of it that changes its tables needs a migration of ours, for databases that have the old ones."""
    from procrastinate.schema import SchemaManager

    changes = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    assert changes[-1] == "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def test_a_blank_database_gets_what_the_models_say(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert store.problems() == []


def test_a_blank_file_is_made_as_the_migrations_would_have_made_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(opened: Store) -> str:
        with opened.engine.connect() as connection:
            return blank_schema.statements_of(connection)

    older = tmp_path / "older.sql"
    older.write_text("CREATE TABLE never (id INTEGER);\nINSERT INTO alembic_version (version_num) VALUES ('0001');\n")
    monkeypatch.setattr(blank_schema, "_FILE", older)
    migrated = open_store(f"sqlite:///{tmp_path / 'migrated.db'}")  # for those statements are of no use
    try:
        assert content(store) == content(migrated), "run `make docs`: migrations were added"
    finally:
        migrated.close()


def test_a_blank_postgresql_gets_what_the_models_say(pg_store: Store) -> None:
    with pg_store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": lambda name, *_: not is_procrastinates(name)}
        )
        differing = compare_metadata(context, Base.metadata)
    # What a model for both databases cannot say: the kind of index of the text search, and whose places are whose.
    names = {(kind, thing.name) for kind, thing in differing}
    assert names == {("remove_index", "ix_chatsearch_grams"), ("remove_fk", "fk_place_holder")}
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


def test_scripts_are_named_after_their_revisions() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert (scripts.get_current_head(), {script.revision for script in scripts.walk_revisions()}) == (
        NEWEST,
        set(VERSIONS),
    )


def test_a_current_database_opens_without_alembic_and_scipy(store: Store) -> None:
    code = f"""
import sys
from core.adapters.store import open_store
open_store({store.engine.url.render_as_string(hide_password=False)!r}).close()
import core.services.extraction.runs
heavy = ("alembic", "scipy", "cn2an", "jionlp", "pandas", "procrastinate", "sklearn")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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


NUMBERED = ("dataset", "chat", "run", "extraction", "record", "batch", "trainingset")
ANNOTATION = """
CREATE TABLE log (at, what);
CREATE TRIGGER run_gone AFTER DELETE ON run BEGIN INSERT INTO log VALUES (1, old.name); END;
CREATE TRIGGER log_gone AFTER DELETE ON log BEGIN DELETE FROM chat WHERE id = -1; END;
CREATE VIEW open_runs AS SELECT name FROM run;
CREATE INDEX own_index ON run (name) WHERE kind = 'labels';
CREATE VIRTUAL TABLE chatgram USING fts5(pairs, content='', detail=none, columnsize=0, tokenize='unicode61');
INSERT INTO chatgram (rowid, pairs) VALUES (2, '价格 格多');
UPDATE record SET customers = '[{"values": {"基本信息-姓名": "run:999"}, "origin": {"基本信息-姓名": "run:7"}}]';
UPDATE recordevent SET change = '{"customers": [], "base_run_id": 12}' WHERE id = 1;
UPDATE extraction SET replies = '[{"raw": "\\"run_id\\": 888", "reused": {"run": 3, "chat": 41}}]' WHERE id = 1;
"""


def schema(path: Path, kind: str) -> dict[str, str]:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL", (kind,))
        return dict(rows.fetchall())
    finally:
        connection.close()


def test_ids_go_on_above_all_that_were_ever_given_and_nothing_else_changes(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.executescript(ANNOTATION)
    content = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("run", "record", "claim")}
    connection.close()
    before = {kind: schema(old, kind) for kind in ("index", "trigger", "view")}
    store = open_store(f"sqlite:///{old}")
    try:
        assert store.problems() == []
        for kind, there in before.items():
            assert there.items() <= schema(old, kind).items(), kind
        tables = schema(old, "table")
        assert [name for name in NUMBERED if "AUTOINCREMENT" not in tables[name]] == []
        assert "ON DELETE CASCADE" in tables["extraction"] and "ON DELETE SET NULL" in tables["record"]
        with store.write() as session:
            assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
            for table, rows in content.items():
                now_there = [tuple(row) for row in session.execute(text(f"SELECT * FROM {table}"))]
                assert [row[: len(rows[0])] for row in now_there] == rows, "columns of since stand behind them"
            assert session.execute(text("SELECT rowid FROM chatgram WHERE chatgram MATCH '价格'")).scalars().all() == [
                2
            ]
            rows = session.execute(text("SELECT name, seq FROM sqlite_sequence"))
            numbers = {row.name: row.seq for row in rows}
            assert (numbers["run"], numbers["chat"], numbers["extraction"], numbers["dataset"]) == (12, 41, 2, 1)
            session.execute(text("DELETE FROM run"))
            assert session.execute(text("SELECT what FROM log")).scalars().all() == ["标注"]
            assert session.execute(text("SELECT count(*) FROM extraction")).scalar_one() == 0
            run = Run(dataset_id=1, name="新", kind="model")
            session.add(run)
            session.flush()
            assert run.id == 13
    finally:
        store.close()


@pytest.mark.both_databases
def test_an_id_is_given_once(store: Store) -> None:
    def new_run() -> tuple[int, int, int]:
        with store.write() as session:
            dataset = Dataset(name="d", form="role_elements", sha256="x")
            session.add(dataset)
            session.flush()
            chat = Chat(dataset_id=dataset.id or 0, index=1, text="", sha256="x", residue_characters=0, characters=0)
            run = Run(dataset_id=dataset.id or 0, name="r", kind="model")
            session.add_all([chat, run])
            session.flush()
            ids = dataset.id or 0, chat.id or 0, run.id or 0
        with store.write() as session:
            session.execute(text("DELETE FROM dataset"))
        return ids

    first, second = new_run(), new_run()
    assert all(later > earlier for earlier, later in zip(first, second, strict=True))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_picks_beside_a_named_run_name_it_by_its_id(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    address = blank_database(kind, tmp_path / "picks.db", request)
    engine = create_engine(address)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    early, late = "2026-11-01 08:00:00", "2026-11-02 08:00:00"
    selections = {
        "1|2|labels": late,
        "1|2|run:乙": late,
        "1|2|": late,
        "1|2|records": late,
        "2|1|labels": early,
        "1|9|": late,
    }
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        values = f"'train', 'role_elements', 'x', 3, '{early}'"
        connection.execute(
            text(f"INSERT INTO dataset (id, name, split, form, sha256, expected, created_at) VALUES (1, 'd', {values})")
        )
        connection.execute(text("INSERT INTO chat VALUES (1, 1, 1, '', 'x', 0, 0)"))
        for number, name, run_kind, at in ((1, "甲", "labels", late), (2, "乙", "model", early)):
            strings = f"'{run_kind}', 'finished', '', '', '', '', '', '', '{{}}', 1, '{at}'"
            connection.execute(text(f"INSERT INTO run VALUES ({number}, 1, '{name}', {strings})"))
        for number, (selection, at) in enumerate(selections.items(), 1):
            row = {"number": number, "selection": selection, "at": at}
            connection.execute(text(f"INSERT INTO pick VALUES (:number, 1, 1, 'w', :selection, '{{}}', '{at}')"), row)
    engine.dispose()
    store = open_store(address.render_as_string(hide_password=False))
    try:
        with store.read() as session:
            kept = session.execute(text("SELECT selection FROM pick ORDER BY id")).scalars().all()
        assert kept == ["1|2|labels:1", "1|2|run:2", "1|2|", "1|2|records"]
    finally:
        store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_run_in_progress_with_leases_stays_in_progress(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = blank_database(kind, tmp_path / "leases.db", request)
    engine = create_engine(address)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    at = "'2026-11-01 08:00:00'"
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        for statement in (
            f"INSERT INTO dataset (id, name, split, form, sha256, expected, created_at) "
            f"VALUES (1, 'd', 'train', 'role_elements', 'x', 3, {at})",
            "INSERT INTO chat VALUES (1, 1, 1, '', 'x', 0, 0)",
            f"INSERT INTO run VALUES (1, 1, 'r', 'model', 'running', 'local', '', '', '', '', '', '{{}}', 1, {at})",
            f"INSERT INTO worker VALUES ('w', 'here', 1, '[]', {at}, {at})",
            f"INSERT INTO lease VALUES (1, 1, 'w', 'local:', {at})",
        ):
            connection.execute(text(statement))
    engine.dispose()
    store = open_store(address.render_as_string(hide_password=False))
    try:
        with store.read() as session:
            assert session.execute(text("SELECT status FROM run")).scalar_one() == "running"
            assert session.execute(text("SELECT count(*) FROM place")).scalar_one() == 0
        tables = set(inspect(store.engine).get_table_names())
        assert not tables & {"worker", "lease"}
        assert ("procrastinate_jobs" in tables) == (kind == "postgresql")
    finally:
        store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_noted_becomes_a_discussion(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    address = blank_database(kind, tmp_path / "notes.db", request)
    engine = create_engine(address)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    at = "2026-11-01 08:00:00"
    records = [("待讨论", "口径不清"), ("待讨论", ""), ("已确认", "问过了"), ("草稿", "没写完"), ("已确认", "")]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0032")
        values = f"'train', 'role_elements', 'x', 3, '{at}'"
        connection.execute(
            text(f"INSERT INTO dataset (id, name, split, form, sha256, expected, created_at) VALUES (1, 'd', {values})")
        )
        for number, (status, note) in enumerate(records, 1):
            columns = 'id, dataset_id, "index", text, sha256, characters, residue_characters'
            connection.execute(
                text(f"INSERT INTO chat ({columns}) VALUES ({number}, 1, {number}, '', '{number}', 0, 0)")
            )
            columns = "dataset_id, chat_id, review_pass, customers, status, reviewer, note, version, seconds"
            values = f"1, {number}, 'primary', '[]', '{status}', '王芳', '{note}', 1, 0, '{at}', '{at}'"
            connection.execute(text(f"INSERT INTO record ({columns}, created_at, updated_at) VALUES ({values})"))
    engine.dispose()
    store = open_store(address.render_as_string(hide_password=False))
    try:
        with store.read() as session:
            every = discussions_in(session, 1)
        assert [(one.chat, one.is_open, one.turns[0].text) for one in every] == [
            (1, True, "口径不清"),
            (2, True, ""),
            (3, False, "问过了"),
        ]
        assert {(one.opened_by, f"{one.opened_at:%m-%d %H:%M}", one.comments) for one in every} == {
            ("王芳", "11-01 08:00", 1)
        }
    finally:
        store.close()
