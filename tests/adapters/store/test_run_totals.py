"""Totals of runs: what they say, that they are read from an index alone, and that they are never of another moment."""

import pytest
from sqlalchemy import event, text

from core.adapters.store import RunView, Store, open_store, queries
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind
from core.services.quality.data_versions import run_version
from tests.factories.runs import add_dataset

CHATS = 4


def add_run(store: Store, dataset_id: int, *statuses: str, kind: str = RunKind.MODEL) -> int:
    """A run with an extraction of each status, one chat after the other."""
    with store.write() as session:
        run = Run(dataset_id=dataset_id, name=f"r{len(queries.runs(session))}", kind=kind, total=CHATS)
        session.add(run)
        session.flush()
        chat_ids = list(queries.chat_ids(session, dataset_id).values())
        for number, status in enumerate(statuses):
            numbers = {"tokens_in": 10 + number, "tokens_out": 1, "seconds": 0.5}
            row = Extraction(run_id=run.id or 0, chat_id=chat_ids[number], status=status, forms=[{}], **numbers)
            session.add(row)
        return run.id or 0


def totals(run: RunView) -> tuple[float, ...]:
    return run.done, run.failed, run.tokens_in, run.tokens_out, run.seconds, run.outdated


@pytest.mark.both_databases
def test_totals_count_answers_and_failures_apart(store: Store) -> None:
    dataset = add_dataset(store, CHATS)
    ok, repaired, failed = ExtractionStatus.OK, ExtractionStatus.REPAIRED, ExtractionStatus.FAILED
    mixed = add_run(store, dataset.id, ok, repaired, failed)
    empty = add_run(store, dataset.id)
    labels = add_run(store, dataset.id, ok, kind=RunKind.LABELS)
    with store.write() as session:
        newest = session.get_one(Run, mixed)
        newest.parameters = {}
        session.execute(text("UPDATE extraction SET made_on = 3 WHERE status = 'repaired'"))
    with store.read() as session:
        runs = queries.runs(session, dataset.id)
        assert [run.id for run in runs] == [labels, empty, mixed]
        assert totals(runs[2]) == (2, 1, 33, 3, 1.5, 1)
        assert totals(runs[1]) == (0, 0, 0, 0, 0.0, 0)
        assert runs[1].newest == 0 < runs[2].newest < runs[0].newest
        assert queries.run(session, mixed) == queries.run(session, "r0", dataset.id) == runs[2]
        assert queries.labels_run(session, dataset.id) == runs[0]


def test_totals_are_read_from_an_index_alone(store: Store) -> None:
    dataset = add_dataset(store, CHATS)
    add_run(store, dataset.id, ExtractionStatus.OK)
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if "FROM extraction" in statement:
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    with store.read() as session:
        queries.runs(session, dataset.id)
        queries.labels_run(session, dataset.id)
        queries.run(session, "r0")
    event.remove(store.engine, "before_cursor_execute", note)
    assert len(asked) == 1, "a session that reads sums a run up once"
    with store.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]).all()  # type: ignore[arg-type]
    assert any("COVERING INDEX ix_extraction_totals" in str(row) for row in plan), plan
    # PostgreSQL reads an index alone only where every column stands in it by name.
    columns = next(index for index in Extraction.__table__.indexes if index.name == "ix_extraction_totals").columns
    assert {"id", "run_id", "status", "tokens_in", "tokens_out", "seconds", "made_on"} <= set(columns.keys())


@pytest.mark.both_databases
@pytest.mark.parametrize("change", ["added", "replaced", "gone on", "removed"])
def test_what_another_process_writes_is_a_new_version(store: Store, change: str) -> None:
    dataset = add_dataset(store, CHATS)
    run_id = add_run(store, dataset.id, ExtractionStatus.OK, ExtractionStatus.FAILED)
    with store.read() as session:
        before = queries.run(session, run_id)
        chat_ids = list(queries.chat_ids(session, dataset.id).values())
    other = open_store(store.engine.url.render_as_string(hide_password=False))
    with other.write() as session:
        if change in ("added", "replaced"):
            if change == "replaced":
                session.execute(text("DELETE FROM extraction WHERE status = 'failed'"))
            chat_id = chat_ids[1 if change == "replaced" else 2]
            session.add(Extraction(run_id=run_id, chat_id=chat_id, status=ExtractionStatus.FAILED))
        elif change == "gone on":
            session.execute(text("UPDATE extraction SET made_on = 3 WHERE status = 'ok'"))
        else:
            session.execute(text("DELETE FROM extraction WHERE status = 'ok'"))
    other.close()
    with store.read() as session:
        now = queries.run(session, run_id)
        assert run_version(now) != run_version(before)
        assert queries.run(session, run_id) == now


@pytest.mark.both_databases
def test_who_writes_counts_what_it_wrote(store: Store) -> None:
    dataset = add_dataset(store, CHATS)
    run_id = add_run(store, dataset.id, ExtractionStatus.OK)
    with store.write() as session:
        assert queries.run(session, run_id).done == 1
        chat_ids = list(queries.chat_ids(session, dataset.id).values())
        session.add(Extraction(run_id=run_id, chat_id=chat_ids[1], status=ExtractionStatus.OK))
        session.flush()
        assert queries.run(session, run_id).done == 2
