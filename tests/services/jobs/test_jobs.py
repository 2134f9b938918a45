"""Heavy jobs: one for all who ask, taken over where a process is killed, never of other data than they say."""

import os
import pickle
import signal
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from core.adapters.store import HeavyJobView, Store, queries
from core.adapters.store.models import Extraction, HeavyJob, JobPart, JobStatus, Pass, Record, RunKind, now
from core.domain.scoring import LCS
from core.errors import InputError, StoreError
from core.services import jobs
from core.services.datasets import delete_dataset
from core.services.export.answer_sources import AnswerSource
from core.services.jobs import claims, kinds, process
from core.services.jobs.digests import combined_digest
from core.services.jobs.packing import pack, unpack
from core.services.learning.confidence import FEWEST_APPROVED
from core.services.learning.run_confidence import run_reliability
from core.services.quality import LABELS, RECORDS, Benchmark, align
from core.services.quality.cache import forget
from core.services.quality.fill_rates import run_fill_rates
from core.services.quality.leaderboard import board_of, board_scores
from core.services.quality.score_jobs import (
    KINDS,
    alignment_parameters,
    comparison_parameters,
    run_parameters,
    score_parameters,
)
from core.services.quality.scores import stored_comparison
from core.services.team import viewing_as
from core.services.training import TrainingOptions
from core.services.training.preflight import preflight
from core.services.training.preflight_job import KINDS as TRAINING_KINDS
from core.services.training.preflight_job import preflight_parameters
from tests.factories.datasets import FORM, make_dataset, make_run
from tests.factories.quality import NAME, add_record, form, leaderboard, quality_dataset
from tests.forked_programs import ForkedProgram
from tests.services.learning.test_learner import made_up
from tests.waiting import wait_until

pytestmark = pytest.mark.both_databases


@pytest.fixture
def benchmark(store: Store) -> Benchmark:
    return Benchmark(quality_dataset(store), FORM, LABELS, LCS)


def scores_task(store: Store, benchmark: Benchmark) -> jobs.HeavyTask:
    return jobs.task_of(store, "scores", score_parameters(store, benchmark))


def job_row(store: Store, job_id: int) -> HeavyJobView:
    with store.read() as session:
        job = jobs.job_of(session, job_id)
    assert job is not None
    return job


def computed_here(store: Store, task: jobs.HeavyTask) -> Any:
    """Ask, be the runner and its process, and give back the result."""
    job = jobs.request_job(store, task).job
    claimed = claims.claim_waiting(store)
    assert claimed is not None and claimed.id == job.id
    process.compute_job(store, job.id, claims.this_process(), when_lost=lambda: None)
    assert (row := job_row(store, job.id)).status == JobStatus.DONE, row.problem
    forget()
    return jobs.request_job(store, task).value


def add_answer(store: Store, benchmark: Benchmark) -> None:
    """The chat that run 甲 lacks."""
    with store.write() as session:
        run = queries.run(session, "甲", benchmark.dataset.id)
        chat_id = queries.chat_ids(session, benchmark.dataset.id)[8]
        session.add(Extraction(run_id=run.id, chat_id=chat_id, status="ok", forms=[form()]))


def test_what_a_job_brings_is_what_is_computed_here(store: Store, benchmark: Benchmark) -> None:
    scores = computed_here(store, scores_task(store, benchmark))
    assert scores == board_scores(store, benchmark)
    assert board_of(store, benchmark, scores) == leaderboard(store, benchmark)
    with store.read() as session:
        a, b = (queries.run(session, name, benchmark.dataset.id) for name in ("甲", "乙"))
    task = jobs.task_of(store, "comparison", comparison_parameters(store, benchmark, a, b))
    compared, here = computed_here(store, task), stored_comparison(store, benchmark, a, b)
    assert (compared.fields, compared.interval, compared.deltas) == (here.fields, here.interval, here.deltas)
    assert compared.rights_b.right.tolist() == here.rights_b.right.tolist()
    task = jobs.task_of(store, "alignment", alignment_parameters(store, benchmark, ["甲", "乙"]))
    assert computed_here(store, task) == align(store, benchmark, ["甲", "乙"], against=LABELS)


def test_fill_rates_and_confidences_of_a_run_are_the_same_from_a_job(store: Store, benchmark: Benchmark) -> None:
    with store.read() as session:
        run = queries.run(session, "甲", benchmark.dataset.id)
    parameters = run_parameters(store, benchmark, run)
    task = jobs.task_of(store, "fill_rates", parameters)
    assert computed_here(store, task) == run_fill_rates(store, benchmark, run) != []
    assert computed_here(store, jobs.task_of(store, "reliability", parameters)) is None, "of too few chats"
    add_answer(store, benchmark)
    assert jobs.task_of(store, "fill_rates", parameters).digest != task.digest


def test_confidences_of_many_chats_come_from_a_job(store: Store) -> None:
    rows = [made_up(number) for number in range(1, FEWEST_APPROVED + 2)]
    dataset = make_dataset(store, [text for text, _ in rows])
    make_run(store, dataset, "标注", {at: [values] for at, (_, values) in enumerate(rows, 1)}, RunKind.LABELS)
    answers = {at: [{**values, NAME: "别人"}] if at % 3 == 0 else [values] for at, (_, values) in enumerate(rows, 1)}
    make_run(store, dataset, "甲", answers)
    with store.read() as session:
        labelled, run = Benchmark(dataset, FORM, LABELS, LCS), queries.run(session, "甲", dataset.id)
    reliability = computed_here(store, jobs.task_of(store, "reliability", run_parameters(store, labelled, run)))
    assert reliability == run_reliability(store, labelled, run)
    assert reliability.chats == len(rows)


@pytest.mark.parametrize("tasks", [("form",), ("customers", NAME)])
def test_a_preflight_from_a_job_is_the_same(store: Store, benchmark: Benchmark, tasks: tuple[str, ...]) -> None:
    options = TrainingOptions(
        datasets=(benchmark.dataset.id,),
        source=AnswerSource(labels=True),
        tasks=tasks,
        max_chars=400,
        validation=0.3,
        seed=3,
    )
    report = computed_here(store, jobs.task_of(store, "preflight", preflight_parameters(store, options)))
    here = preflight(store, options)
    assert str(report.refusal) == str(here.refusal)
    for name in ("form", "rows", "validation_starts", "counts", "balance", "notes", "similar", "overlong"):
        assert getattr(report, name) == getattr(here, name), name


def test_all_who_ask_for_the_same_share_one_job(store: Store, benchmark: Benchmark) -> None:
    first, second = (jobs.request_job(store, scores_task(store, benchmark)).job for _ in range(2))
    assert first.id == second.id
    claimed = claims.claim_waiting(store)
    assert claimed is not None and claimed.id == first.id
    with store.write() as session:  # as if another server of this moment had claimed it
        session.execute(update(HeavyJob).values(worker="elsewhere:1", seen_at=now()))
    assert claims.claim_waiting(store) is None, "somebody is at it"
    with store.write() as session:
        session.execute(update(HeavyJob).values(seen_at=now() - claims.LOST_AFTER - timedelta(seconds=1)))
    taken_over = claims.claim_waiting(store)
    assert taken_over is not None and taken_over.id == first.id
    assert not claims.end(store, 99, JobStatus.DONE), "there is no such job"


def test_a_result_is_of_the_data_that_it_says(store: Store, benchmark: Benchmark) -> None:
    before = scores_task(store, benchmark)
    computed_here(store, before)
    add_answer(store, benchmark)
    after = scores_task(store, benchmark)
    assert (after.subject, after.digest != before.digest) == (before.subject, True)
    assert jobs.job_now(store, after) is None
    older = jobs.older_result(store, after)
    assert older is not None
    as_of, read = older
    assert as_of <= now() and read().scores != board_scores(store, benchmark).scores
    fresh = computed_here(store, after)
    assert fresh == board_scores(store, benchmark)
    assert jobs.older_result(store, scores_task(store, benchmark)) is not None, "the one before is still there"


def test_data_that_change_in_the_middle_make_it_an_older_result(
    store: Store, benchmark: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = KINDS["scores"]

    def compute(store: Store, parameters: kinds.Parameters, progress: kinds.JobProgress) -> Any:
        value = usual.compute(store, parameters, progress)
        add_answer(store, benchmark)
        return value

    monkeypatch.setitem(KINDS, "scores", kinds.JobKind(usual.title, usual.inputs, compute, usual.classes))
    job = jobs.request_job(store, scores_task(store, benchmark)).job
    claims.claim_waiting(store)
    process.compute_job(store, job.id, claims.this_process(), when_lost=lambda: None)
    task = scores_task(store, benchmark)
    assert jobs.job_now(store, task) is None, "nobody takes it for the newest"
    assert jobs.older_result(store, task) is not None


def test_who_lost_a_job_stores_nothing(store: Store, benchmark: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = KINDS["scores"]

    def compute(store: Store, parameters: kinds.Parameters, progress: kinds.JobProgress) -> Any:
        with store.write() as session:
            session.execute(update(HeavyJob).values(worker="elsewhere:1", seen_at=now()))
        return usual.compute(store, parameters, progress)

    monkeypatch.setattr(process, "BEAT_SECONDS", 60.0)
    monkeypatch.setitem(KINDS, "scores", kinds.JobKind(usual.title, usual.inputs, compute, usual.classes))
    job = jobs.request_job(store, scores_task(store, benchmark)).job
    claims.claim_waiting(store)
    process.compute_job(store, job.id, claims.this_process(), when_lost=lambda: None)
    assert (job_row(store, job.id).status, job_row(store, job.id).worker) == (JobStatus.RUNNING, "elsewhere:1")
    with store.read() as session:
        assert session.execute(select(func.count()).select_from(JobPart)).scalar_one() == 0


def test_a_failure_is_a_sentence_and_can_be_tried_again(store: Store, benchmark: Benchmark) -> None:
    parameters = score_parameters(store, Benchmark(benchmark.dataset, FORM, "records", LCS))
    task = jobs.task_of(store, "scores", parameters)
    job = jobs.request_job(store, task).job
    claims.claim_waiting(store)
    process.compute_job(store, job.id, claims.this_process(), when_lost=lambda: None)
    failed = job_row(store, job.id)
    assert failed.status == JobStatus.FAILED and "还没有已确认的记录" in failed.problem
    assert claims.claim_waiting(store) is None, "not by itself: it would fail again"
    jobs.restart_job(store, job.id)
    assert job_row(store, job.id).status == JobStatus.RUNNING


def test_a_cancelled_job_is_left_alone_until_somebody_wants_it(store: Store, benchmark: Benchmark) -> None:
    job = jobs.request_job(store, scores_task(store, benchmark)).job
    claims.claim_waiting(store)
    jobs.cancel_job(store, job.id)
    assert not claims.beat(store, job.id, done=1), "its process ends"
    assert claims.claim_waiting(store) is None
    assert jobs.request_job(store, scores_task(store, benchmark)).job.status == JobStatus.CANCELLED
    jobs.restart_job(store, job.id)
    assert claims.claim_waiting(store) is not None


def test_a_job_that_ends_every_process_is_given_up(store: Store, benchmark: Benchmark) -> None:
    job = jobs.request_job(store, scores_task(store, benchmark)).job
    for _ in range(3):
        assert claims.claim_waiting(store) is not None
        with store.write() as session:
            session.execute(update(HeavyJob).values(worker="elsewhere:1", seen_at=None))
    assert claims.claim_waiting(store) is None
    assert "中断" in job_row(store, job.id).problem


@contextmanager
def computing(store: Store, job_id: int) -> Iterator[ForkedProgram]:
    """The real process, for a job that was claimed here; its signs of life show it is at work."""
    address = store.engine.url.render_as_string(hide_password=False)
    environment = os.environ | {"SHIYAO_DATABASE_URL": address}
    arguments = ("-m", "core.services.jobs.process", str(job_id), claims.this_process())
    with ForkedProgram(*arguments, env=environment) as child:
        try:
            yield child
        finally:
            child.send_signal(signal.SIGKILL)


def test_a_killed_process_leaves_its_job_to_the_next_one(store: Store, benchmark: Benchmark) -> None:
    job = jobs.request_job(store, scores_task(store, benchmark)).job
    assert claims.claim_waiting(store) is not None
    me = claims.this_process()
    with computing(store, job.id) as child:
        wait_until(lambda: job_row(store, job.id).worker != me or child.poll() is not None)
        child.send_signal(signal.SIGKILL)
    if job_row(store, job.id).status == JobStatus.RUNNING:  # it may have been quicker
        assert job_row(store, job.id).worker == f"{me.rpartition(':')[0]}:{child.pid}"
    runner = jobs.JobRunner(lambda: store, look_seconds=0.2)
    runner.start()
    try:
        wait_until(lambda: job_row(store, job.id).status == JobStatus.DONE)
    finally:
        runner.stop()
    assert jobs.request_job(store, scores_task(store, benchmark)).value == board_scores(store, benchmark)


def test_two_runners_compute_a_job_once_and_a_waking_is_heard_at_once(store: Store, benchmark: Benchmark) -> None:
    runners = [jobs.JobRunner(lambda: store, look_seconds=600.0) for _ in range(2)]
    for runner in runners:
        runner.start()
    try:
        time.sleep(0)  # the first look finds nothing
        job = jobs.request_job(store, scores_task(store, benchmark)).job
        wait_until(lambda: job_row(store, job.id).status == JobStatus.DONE)
    finally:
        for runner in runners:
            runner.stop()
    assert job_row(store, job.id).attempts == 1


def test_what_is_withheld_from_somebody_is_not_shared_with_them(store: Store, benchmark: Benchmark) -> None:
    records = Benchmark(benchmark.dataset, FORM, RECORDS, LCS)
    for index in (1, 2):
        add_record(store, benchmark.dataset, index, [form()], "小林")
    add_record(store, benchmark.dataset, 1, [form()], "阿岚", Pass.SECOND)
    with store.write() as session:
        session.execute(update(Record).where(col(Record.reviewer) == "阿岚").values(status="draft"))
    everybody = computed_here(store, scores_task(store, records))
    with viewing_as("阿岚"):
        own = scores_task(store, records)
        assert jobs.older_result(store, own) is None
        theirs = computed_here(store, own)
    assert (everybody.chats, theirs.chats) == (2, 1)


def test_results_go_with_the_dataset(store: Store, benchmark: Benchmark) -> None:
    computed_here(store, scores_task(store, benchmark))
    delete_dataset(store, benchmark.dataset.id, confirmation=benchmark.dataset.name)
    with store.read() as session:
        for table in (HeavyJob, JobPart):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 0


class _Told:
    """What a stranger would like to be called."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("called",))


def test_only_what_a_kind_lists_is_ever_made(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {name for kind in (KINDS | TRAINING_KINDS).values() for name in kind.classes}
    assert unpack(pack({"a": (1, frozenset({2}))}), listed) == {"a": (1, frozenset({2}))}
    for packed in (zlib.compress(pickle.dumps(_Told())), b"garbage", zlib.compress(b"garbage")):
        with pytest.raises(StoreError, match="读不出来"):
            unpack(packed, listed)
    assert capsys.readouterr().out == ""


def test_digests_are_the_same_in_every_process_and_refuse_what_has_no_fixed_text() -> None:
    assert combined_digest({"b": 1, "a": frozenset({"x", "y"})}) == combined_digest(
        {"a": frozenset({"y", "x"}), "b": 1}
    )
    assert combined_digest([1, 2]) != combined_digest([2, 1])
    with pytest.raises(TypeError):
        combined_digest(object())
    with pytest.raises(InputError):
        kinds.kind_named("no such kind")
