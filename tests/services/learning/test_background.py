"""Training in the background: when it is due, what takes over, and what a killed process leaves behind."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.adapters.store import Store, TrainingJobView, queries
from core.adapters.store.models import Record, TrainingJob, TrainingJobStatus
from core.services.learning.background import (
    LearningWatch,
    claim_job,
    forms_to_learn,
    model_name,
    newest_job,
    next_training,
    run_job,
    worse_than,
)
from core.services.learning.models import learned_models
from core.settings import ROOT
from tests.factories.datasets import FORM, make_dataset, make_record
from tests.services.learning.test_learner import made_up
from tests.waiting import wait_until


def approved(store: Store, count: int) -> None:
    """A dataset of which the first ``count`` chats are approved."""
    rows = [made_up(number) for number in range(1, 13)]
    dataset = make_dataset(store, [text for text, _ in rows], "审")
    for index, (_, values) in enumerate(rows[:count], 1):
        make_record(store, dataset, index, [values])


def approve_more(store: Store, first: int, last: int) -> None:
    with store.read() as session:
        dataset = queries.dataset(session, "审")
    for number in range(first, last + 1):
        make_record(store, dataset, number, [made_up(number)[1]])


def job_of(store: Store) -> TrainingJobView:
    with store.read() as session:
        job = newest_job(session, FORM.name)
    assert job is not None
    return job


def test_a_model_is_due_after_5_10_20_and_then_every_tenth() -> None:
    at, steps = 0, []
    while at < 60:
        at = next_training(at)
        steps.append(at)
    assert steps == [5, 10, 20, 22, 25, 28, 31, 35, 39, 43, 48, 53, 59, 65]
    assert next_training(7) == 10


def test_five_approvals_train_a_model_once(store: Store) -> None:
    approved(store, 4)
    assert claim_job(store, FORM.name) is None
    approve_more(store, 5, 5)
    job = claim_job(store, FORM.name)
    assert job is not None
    assert claim_job(store, FORM.name) is None  # this process lives and is at it
    run_job(store, job)
    assert (job_of(store).status, job_of(store).approvals) == (TrainingJobStatus.DONE, 5)
    assert claim_job(store, FORM.name) is None  # the next one is due at ten
    [model] = learned_models(store)
    assert (model.name, model.chats) == (model_name(FORM), 5)
    assert model.evaluation["learned"] > 0
    assert len(model.evaluation["points"]) == 5
    approve_more(store, 6, 10)
    again = claim_job(store, FORM.name)
    assert again is not None
    run_job(store, again)
    assert [model.chats for model in learned_models(store)] == [10, 5]


def test_a_killed_training_is_done_again(store: Store) -> None:
    approved(store, 5)
    job = claim_job(store, FORM.name)
    assert job is not None
    environment = os.environ | {"SHIYAO_DATABASE_URL": f"sqlite:///{store.path}", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "core.services.learning.background", str(job)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    wait_until(lambda: job_of(store).stage != "")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert job_of(store).status == TrainingJobStatus.RUNNING
    assert learned_models(store) == []
    assert claim_job(store, FORM.name) == job
    run_job(store, job)
    assert job_of(store).status == TrainingJobStatus.DONE
    assert len(learned_models(store)) == 1


def test_a_silent_process_on_another_machine_is_waited_for_then_replaced(store: Store) -> None:
    approved(store, 5)
    job = claim_job(store, FORM.name)
    with store.write() as session:
        session.execute(update(TrainingJob).values(worker="elsewhere:1"))
    assert claim_job(store, FORM.name) is None
    with store.write() as session:
        row = session.execute(select(TrainingJob)).scalar_one()
        row.seen_at = row.created_at - timedelta(hours=1)
    assert claim_job(store, FORM.name) == job


def test_what_cannot_be_trained_says_why(store: Store) -> None:
    approved(store, 5)
    job = claim_job(store, FORM.name)
    assert job is not None
    with store.write() as session:
        session.execute(update(Record).values(status="草稿"))
    run_job(store, job)
    assert job_of(store).status == TrainingJobStatus.FAILED
    assert "没有可以学习的群聊" in job_of(store).problem


def test_a_worse_model_does_not_take_over() -> None:
    before = {str(number): 30.0 for number in range(20)}
    assert worse_than(before, dict.fromkeys(before, 30.5)) == ""
    assert "低 1.00 分" in worse_than(before, dict.fromkeys(before, 29.0))
    mixed = {number: 30 + (1.0 if int(number) % 2 else -1.2) for number in before}
    assert worse_than(before, mixed) == ""  # these chats do not tell them apart
    assert worse_than({}, before) == ""


def test_nothing_is_trained_while_somebody_reviews(store: Store) -> None:
    approved(store, 5)
    assert forms_to_learn(store, timedelta(hours=1)) == []
    assert forms_to_learn(store, timedelta(0)) == [FORM.name]


def test_the_server_trains_by_itself_and_stops_when_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []
    monkeypatch.setattr(
        "core.services.learning.background.train_in_process", lambda store, job, *, stopped: trained.append(job) or 0
    )
    approved(store, 5)
    watch = LearningWatch(lambda: store, look_seconds=0.05, quiet=timedelta(0))
    watch.start()
    wait_until(lambda: bool(trained))
    watch.stop()
    assert trained == [job_of(store).id]
