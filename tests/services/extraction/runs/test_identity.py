"""An answer is stored for the very run that it was asked for, whatever has become of that run meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlmodel import col

from core.adapters.store import RunView, Store, queries
from core.adapters.store.job_queue import JobQueue
from core.adapters.store.models import Extraction, Run, RunStatus
from core.errors import RunError
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import Outcome, Status
from core.services.extraction.runs.lane_jobs import TASK
from core.services.extraction.runs.places import Backlog, PlacedChat, take_places
from core.services.extraction.runs.result_store import ChatResult, ResultStore
from tests.factories.datasets import FORM
from tests.factories.runs import add_dataset, execute, stored
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI

NAME = FORM.name_field


def place_chats(store: Store, run: RunView, count: int = 1) -> list[PlacedChat]:
    """Chats of a run, taken as a worker takes them."""
    with store.write() as session:
        if store.engine.dialect.name == "postgresql":
            holder = JobQueue(session, TASK).register()
        else:
            holder = 1
        return take_places(session, holder, f"{run.provider}:{run.model}", count, [(Backlog(run.id), [])])


def started(store: Store, name: str) -> RunView:
    run = run_service.create_run(store, dataset="d", name=name, provider="local", concurrency=9)
    return run_service.start(store, run.id)


def gone(store: Store, run_id: int, *, reuse: bool) -> None:
    """Delete a run; ``reuse`` as a database that was put back from a copy: its id is given again."""
    run_service.cancel(store, run_id)
    run_service.delete(store, run_id)
    if reuse and store.engine.dialect.name == "sqlite":
        with store.write() as session:
            highest = "(SELECT coalesce(max(id), 0) FROM run)"
            session.execute(text(f"UPDATE sqlite_sequence SET seq = {highest} WHERE name = 'run'"))


def answered(store: Store, placed: PlacedChat, name: str) -> None:
    """A late answer for a chat that was taken; ``""`` is a failure."""
    forms = (FORM.empty() | {NAME: name},) if name else None
    outcome = Outcome(forms, Status.OK if name else Status.FAILED, error="" if name else "坏了")
    ResultStore(store).keep(ChatResult(placed, outcome, []))


@pytest.mark.both_databases
def test_a_late_answer_is_not_the_next_runs(store: Store) -> None:
    add_dataset(store, 2)
    run = started(store, "旧")
    [late, *_] = place_chats(store, run)
    gone(store, run.id, reuse=True)
    new = started(store, "新")
    if store.engine.dialect.name == "sqlite":
        assert new.id == run.id, "the test is about an id that was given again"
    answered(store, late, "旧的答案")
    assert stored(store, new) == {}
    assert not execute(store, new.id + 99, late.chat_id)
    [own, *_] = place_chats(store, new)
    answered(store, own, "新的答案")
    assert list(stored(store, new).values()) == ["ok"]


def test_a_deleted_runs_id_is_not_given_again(store: Store) -> None:
    add_dataset(store, 1)
    run = started(store, "旧")
    gone(store, run.id, reuse=False)
    assert started(store, "新").id > run.id


def test_a_run_that_starts_from_a_deleted_one_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 1)
    with FakeOpenAI(Answer()) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        base = run_service.create_run(store, dataset="d", name="起点", provider="local")
        run_service.start(store, base.id)
        with store.read() as session:
            [chat_id] = queries.chat_ids(session, base.dataset_id).values()
            pipeline = run_service.load_pipeline(session, "verify", dataset="d", base="起点")
        execute(store, base.id, chat_id)
        run = run_service.create_run(store, dataset="d", name="核对", provider="openai", pipeline=pipeline)
        gone(store, base.id, reuse=True)
        with store.write() as session:  # a younger run with the same id, and answers of its own
            younger = Run(id=base.id, dataset_id=base.dataset_id, name="别的", kind="model", status=RunStatus.FINISHED)
            session.add(younger)
            session.flush()
            session.add(Extraction(run_id=base.id, chat_id=chat_id, status="ok", forms=[FORM.empty()]))
            younger.created_at += timedelta(seconds=1)
        run_service.start(store, run.id)
        execute(store, run.id, chat_id)
        assert service.requests == []
    with store.read() as session:
        [row] = queries.extractions(session, run.id)
    assert "作为起点的抽取任务已经被删除" in row.error


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("create", "delete", "delete again", "take", "late", "late failure", "retry")),
        st.integers(0, 9),
    ),
    max_size=25,
)


@pytest.fixture
def place(store: Store) -> Callable[[], Store]:
    add_dataset(store, 3)

    def emptied() -> Store:
        with store.write() as session:
            session.execute(text("DELETE FROM run"))
        return store

    return emptied


@given(steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_is_ever_on_a_wrong_run(place: Callable[[], Store], steps: list[tuple[str, int]]) -> None:
    store = place()
    runs: list[RunView] = []
    under_way: list[tuple[PlacedChat, str]] = []
    count = 0
    for step, number in steps:
        run = runs[number % len(runs)] if runs else None
        if step == "create":
            count += 1
            runs.append(started(store, f"第{count}个"))
        elif step.startswith("late") and under_way:
            placed, name = under_way.pop(number % len(under_way))
            answered(store, placed, name if step == "late" else "")
        elif run is None:
            continue
        elif step.startswith("delete"):
            gone(store, run.id, reuse=step == "delete again")
            runs.remove(run)
        elif step == "take":
            under_way += [(placed, run.name) for placed in place_chats(store, run, count=2)]
        elif step == "retry":
            try:
                run_service.retry_failed(store, run.id)
            except RunError:
                continue
        with store.read() as session:
            answers = session.execute(
                select(col(Run.name), col(Extraction.forms)).join(Run, col(Run.id) == col(Extraction.run_id))
            )
            assert all(forms is None or forms[0][NAME] == name for name, forms in answers)
