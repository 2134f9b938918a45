"""A run stops cleanly at its budget, says so, and goes on once it is raised."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from core import cli
from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, Store
from core.adapters.store.models import Extraction, Run, RunStatus
from core.errors import RunError
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import retry
from core.services.extraction.runs.run_model import spec_of
from core.services.extraction.runs.token_scale import token_scale
from tests.factories.runs import add_dataset, runner, stored
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import API_KEY, FakeOpenAI
from tests.waiting import wait_until

ASK = {"dataset": "d", "name": "r", "provider": "openai", "model": "m"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")


def add_model(store: Store, url: str, **more: object) -> ModelSpec:
    """A model whose answers cost one yuan each."""
    values = {"price_in": 0.0, "price_out": 1.0} | more
    return model_catalog.create(store, name="m", provider="openai", url=url, key_env="SOME_API_KEY", **values)


def yuan(store: Store, run: RunView) -> float:
    return run_service.costs(store, [run_service.progress(store, run.id)])[run.id] or 0.0


@pytest.mark.both_databases
def test_a_run_stops_at_its_budget_and_goes_on_once_it_is_raised(store: Store) -> None:
    add_dataset(store, 12)
    with FakeOpenAI(Answer(tokens_out=1000)) as service:
        add_model(store, service.url)
        run = run_service.create_run(store, budget=5, concurrency=1, **ASK)  # type: ignore[arg-type]
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (view.status, view.done, view.pending) == (RunStatus.PAUSED, 5, 7)
        assert len(service.requests) == 5
        assert run_service.is_stopped_at_budget(view, yuan(store, run))
        with pytest.raises(RunError, match="预算 5.00 元 用完了"):
            run_service.start(store, run.id)
        run_service.set_limits(store, run.id, concurrency=1, per_minute=None, deadline=60, budget=8)
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (view.status, view.done) == (RunStatus.PAUSED, 8)
        run_service.set_limits(store, run.id, concurrency=1, per_minute=None, deadline=60, budget=None)
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (view.status, view.done, len(service.requests)) == (RunStatus.FINISHED, 12, 12)


def test_an_answer_without_an_answer_is_paid_once_and_counts(store: Store) -> None:
    add_dataset(store, 6)
    with FakeOpenAI(Answer(tokens_out=1000, empty=True)) as service:
        add_model(store, service.url)
        run = run_service.create_run(store, budget=2, concurrency=1, **ASK)  # type: ignore[arg-type]
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (view.status, view.done, view.failed, len(service.requests)) == (RunStatus.PAUSED, 0, 2, 2)
        assert yuan(store, run) == pytest.approx(2)


@pytest.mark.parametrize(
    ("usage", "tokens_out"),
    [
        ({"prompt_tokens": None, "completion_tokens": None}, None),
        ({"prompt_tokens": 10**12, "completion_tokens": 10**12}, None),
        ({}, 0),
    ],
)
def test_an_empty_answer_is_asked_for_once_more_and_both_questions_count(
    store: Store, monkeypatch: pytest.MonkeyPatch, usage: dict[str, Any], tokens_out: int | None
) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.0)
    add_dataset(store, 6)
    with FakeOpenAI(Answer(empty=True, usage=usage, tokens_out=tokens_out)) as service:
        add_model(store, service.url, price_in=1.0)
        run = run_service.create_run(store, budget=5, concurrency=1, **ASK)  # type: ignore[arg-type]
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert view.status == RunStatus.PAUSED and 0 < view.failed < 6
        assert len(service.requests) == 2 * view.failed
    assert yuan(store, run) >= 5


def test_an_answer_after_an_empty_one_costs_both(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.0)
    add_dataset(store, 1)
    with FakeOpenAI(
        [Answer(empty=True, tokens_out=0, usage={"prompt_tokens": 300}), Answer(tokens_out=1000)]
    ) as service:
        add_model(store, service.url, price_in=1.0)
        run = run_service.create_run(store, concurrency=1, **ASK)  # type: ignore[arg-type]
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert (view.done, view.tokens_out, len(service.requests)) == (1, 1000, 2) and view.tokens_in > 300


@pytest.mark.both_databases
@pytest.mark.parametrize(("budget", "spent"), [(10.0, 10), (2.5, 3)])
def test_chats_under_way_are_bounded_by_what_is_left(store: Store, budget: float, spent: int) -> None:
    add_dataset(store, 40)
    with FakeOpenAI(Answer(tokens_out=1000, latency=0.02)) as service:
        add_model(store, service.url)
        run = run_service.create_run(store, budget=budget, concurrency=8, **ASK)  # type: ignore[arg-type]
        run_service.start(store, run.id)
        with runner(store), runner(store, take_lock=False):
            wait_until(lambda: run_service.progress(store, run.id).status == RunStatus.PAUSED)
        view = run_service.progress(store, run.id)
        assert view.done == spent, "at most one chat beyond the budget, whatever the number of calls at a time"
        assert len(service.requests) == view.done == len(stored(store, run))
        assert yuan(store, run) == pytest.approx(view.done)


def test_a_budget_below_one_chat_is_refused_and_leaves_no_run(store: Store) -> None:
    add_dataset(store, 3)
    add_model(store, "http://127.0.0.1:9/v1")
    with pytest.raises(RunError, match=r"预算 0.01 元 不够抽取一条群聊（估计每条 .+ 元）"):
        run_service.create_run(store, budget=0.01, **ASK)  # type: ignore[arg-type]
    assert run_service.model_runs(store, 1) == []
    with pytest.raises(RunError, match="预算不能是 inf"):
        run_service.create_run(store, budget=float("inf"), **ASK)  # type: ignore[arg-type]
    run = run_service.create_run(store, budget=90, **ASK)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="不够抽取一条群聊"):
        run_service.set_limits(store, run.id, concurrency=1, per_minute=None, deadline=60, budget=0.01)


def test_a_budget_below_the_estimate_is_said_before_the_start() -> None:
    estimated = run_service.Estimate(ModelSpec(name="m", provider="openai"), 10, 10, 1, 1, 20.0)
    assert run_service.budget_shortfall(20, estimated) == run_service.budget_shortfall(None, estimated) == ""
    assert "少于预计费用 20.00 元，大约够 2 条群聊" in run_service.budget_shortfall(5, estimated)
    assert "不够抽取一条群聊（估计每条 2.00 元）" in run_service.budget_shortfall(1.5, estimated)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens": -5, "completion_tokens": -1000},
        {"prompt_tokens": 2**70, "completion_tokens": "12"},
    ],
)
def test_a_budget_holds_where_the_service_does_not_count(store: Store, usage: dict[str, Any]) -> None:
    add_dataset(store, 6)
    with FakeOpenAI(Answer(usage=usage)) as service:
        add_model(store, service.url, price_in=1.0)
        run = run_service.create_run(store, budget=8, concurrency=1, **ASK)  # type: ignore[arg-type]
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    spent = yuan(store, run)
    assert view.status == RunStatus.PAUSED and 8 <= spent < 8 + 1.5 * spent / view.done
    assert view.tokens_in > 0 and view.tokens_out > 0 and view.parameters["tokens_estimated"]
    with store.read() as session:
        kept = session.execute(select(col(Extraction.replies)).where(col(Extraction.run_id) == run.id)).scalars()
        assert all(reply["tokens_estimated"] for replies in kept for reply in replies)
        assert token_scale(session, spec_of(session.get_one(Run, run.id))) is None, "our own estimates prove nothing"


def test_the_last_chat_may_reach_the_budget(store: Store) -> None:
    add_dataset(store, 3)
    with FakeOpenAI(Answer(tokens_out=1000)) as service:
        add_model(store, service.url)
        run = run_service.create_run(store, budget=3, **ASK)  # type: ignore[arg-type]
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert view.status == RunStatus.FINISHED
    assert not run_service.is_stopped_at_budget(view, 3.0)


def test_a_budget_needs_prices(store: Store) -> None:
    add_dataset(store, 1)
    add_model(store, "http://127.0.0.1:9/v1", price_out=None)
    with pytest.raises(RunError, match="没有单价，预算无从算起"):
        run_service.create_run(store, budget=3, **ASK)  # type: ignore[arg-type]
    run = run_service.create_run(store, **ASK)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="没有单价"):
        run_service.set_limits(store, run.id, concurrency=1, per_minute=None, deadline=60, budget=1)


def test_the_command_says_where_it_stopped(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_dataset(store, 3)
    url = store.engine.url.render_as_string(hide_password=False)
    command = ["--db", url, "extract", "--dataset", "d", "--run", "r", "--provider", "openai", "--model", "m"]
    with FakeOpenAI(Answer(tokens_out=1000)) as service:
        add_model(store, service.url)
        assert cli.main([*command, "--concurrency", "1", "--budget", "2"]) == 1
        assert "花了 2.00 元，预算 2.00 元，已经暂停，还剩 1 条" in capsys.readouterr().err
        assert cli.main([*command, "--budget", "9"]) == 0
