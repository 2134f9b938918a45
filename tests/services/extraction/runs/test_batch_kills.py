"""A run that goes as a batch, its process killed in the middle of each step: every question is paid for once."""

import signal
from collections import Counter

import pytest

from core.adapters.store import Store
from core.adapters.store.models import CallBatchState, RunStatus
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from tests.factories.runs import add_dataset, stored
from tests.fakes.batch_server import FakeBatches
from tests.fakes.openai_server import API_KEY
from tests.forked_programs import ForkedProgram
from tests.waiting import wait_until

STEPS = ("upload", "create", "retrieve", "content", "delete")
PROCESS = """
import sys, threading
from core.adapters.store import open_store
from core.services.extraction.runs.batch_driver import BatchPace
from core.services.extraction.runs.scheduler import RunScheduler
RunScheduler(open_store(sys.argv[1]), batch_pace=BatchPace(poll=0.05, slow_poll=0.05, lost=0.0)).start()
threading.Event().wait()
"""


@pytest.mark.both_databases
def test_killed_in_every_step_nothing_is_paid_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")
    add_dataset(store, 4)
    with FakeBatches(polls=0) as service:
        model_catalog.create(
            store, name="m", provider="openai", url=service.url, key_env="SOME_API_KEY", batch_files=True
        )
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m", batch="files")
        run_service.start(store, run.id)
        for step in STEPS:
            service.faults[step] = ["hold"]  # done, and the process is killed before it hears of it
        for _ in STEPS:
            process = begin(store)
            try:
                assert service.held.wait(60)
            finally:
                end(process)
            service.held.clear()
        process = begin(store)
        try:
            wait_until(
                lambda: [batch.state for batch in run_service.batches_of(store, run.id)] == [CallBatchState.CLOSED]
            )
            wait_until(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED)
        finally:
            end(process)
        assert len(stored(store, run)) == 4
        questions = Counter(body["messages"][-1]["content"] for body in service.executed)
        assert len(questions) == 4 and set(questions.values()) == {1}
        assert (service.steps.count("create"), service.steps.count("upload"), service.files) == (1, 1, {})


def begin(store: Store) -> ForkedProgram:
    return ForkedProgram("-c", PROCESS, store.engine.url.render_as_string(hide_password=False))


def end(process: ForkedProgram) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
