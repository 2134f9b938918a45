"""Identical requests are answered from earlier replies, and only those; at no cost, and counted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from core.adapters.llm import ModelRequest, adhoc_model
from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Reply
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import newest_attempt, retry
from core.services.extraction.runs.cached_provider import request_key
from tests.factories.datasets import FORM
from tests.factories.runs import add_dataset, execute
from tests.fakes.behaviour import Answer, Behaviour, Failure
from tests.fakes.openai_server import API_KEY, FakeOpenAI


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with FakeOpenAI([Answer("这不是 JSON"), Answer()]) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        yield fake


def carry_out(store: Store, run: RunView) -> RunView:
    run_service.start(store, run.id)
    with store.read() as session:
        ids = queries.chat_ids(session, run.dataset_id)
    for chat_id in ids.values():
        execute(store, run.id, chat_id)
    return run_service.progress(store, run.id)


def create(store: Store, name: str, **how: object) -> RunView:
    return run_service.create_run(store, dataset="d", name=name, provider="openai", **how)  # type: ignore[arg-type]


def test_an_identical_request_is_asked_once(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 3)
    first = carry_out(store, create(store, "first"))
    assert (first.done, first.failed, len(service.requests)) == (2, 1, 3)

    again = carry_out(store, create(store, "again"))
    assert (again.done, again.failed) == (3, 0)
    assert len(service.requests) == 4, "only the chat whose answer could not be read was asked again"
    assert run_service.reused(store, again.id) == 2
    with store.read() as session:
        ids = list(queries.chat_ids(session, again.dataset_id).values())
        rows = {row.index: row for row in queries.extractions(session, again.id)}
        before = {row.index: row for row in queries.extractions(session, first.id)}
    assert rows[2].forms == before[2].forms
    assert rows[2].replies[-1]["reused"] == {"run": first.id, "chat": ids[1]}
    assert (rows[2].tokens_in, rows[2].tokens_out) == (0, 0)
    assert rows[1].replies[-1]["reused"] is None
    assert rows[1].tokens_in > 0

    run_service.delete(store, first.id)
    third = carry_out(store, create(store, "third"))
    assert (third.done, run_service.reused(store, third.id), len(service.requests)) == (3, 3, 4), (
        "copies are sources too"
    )


def test_an_estimate_counts_no_calls(store: Store, service: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 3)
    carry_out(store, create(store, "first", limit=3))
    counted: list[str] = []
    monkeypatch.setattr(retry, "count_call", lambda *called, **_: counted.append(str(called[1])))
    estimate = run_service.estimate(store, dataset="d", provider="openai")
    assert (estimate.reused, counted) == (2, []), "nobody was asked"


def test_another_way_of_asking_is_another_request(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 1)
    carry_out(store, create(store, "unreadable"))
    carry_out(store, create(store, "first"))
    asked = len(service.requests)
    assert asked == 2
    for name, how in (
        ("fresh", {"fresh": True}),
        ("warmer", {"parameters": {"temperature": 0.9}}),
        ("other", {"model": "another-model"}),
        ("reflecting", {"prompt": "reflect"}),
    ):
        run = carry_out(store, create(store, name, **how))
        asked += 1
        assert (len(service.requests), run_service.reused(store, run.id)) == (asked, 0), name


def test_samples_of_a_vote_are_no_copies_of_one_another(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 1)
    carry_out(store, create(store, "unreadable"))
    first = carry_out(store, create(store, "vote", prompt="baseline*3"))
    assert (first.done, len(service.requests), run_service.reused(store, first.id)) == (1, 4, 0)
    second = carry_out(store, create(store, "vote again", prompt="baseline*3"))
    assert (second.done, len(service.requests), run_service.reused(store, second.id)) == (1, 4, 3)


def test_the_key_is_exact() -> None:
    spec = adhoc_model("openai", "m")
    one = ModelRequest(prompt="问", system="系", model="m", parameters={"temperature": 0, "top_p": 1})
    same = ModelRequest(prompt="问", system="系", model="m", parameters={"top_p": 1, "temperature": 0}, deadline=3.0)
    assert request_key(spec, one) == request_key(spec, same)
    for other in (
        ModelRequest(prompt="问 ", system="系", model="m", parameters=one.parameters),
        ModelRequest(prompt="问", system="", model="m", parameters=one.parameters),
        ModelRequest(prompt="问", system="系", model="n", parameters=one.parameters),
        ModelRequest(prompt="问", system="系", model="m", parameters={"temperature": 0}),
    ):
        assert request_key(spec, other) != request_key(spec, one)
    assert request_key(spec, one, 1) != request_key(spec, one)


def form_named(name: str) -> Answer:
    return Answer(text=json.dumps([FORM.empty() | {FORM.name_field: name}], ensure_ascii=False))


def replies_of(store: Store, run: RunView) -> list[dict[str, object]]:
    with store.read() as session:
        [row] = queries.extractions(session, run.id)
    return list(row.replies)


@contextmanager
def scripted(monkeypatch: pytest.MonkeyPatch, answers: list[Behaviour]) -> Iterator[FakeOpenAI]:
    with FakeOpenAI(answers) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        yield fake


def test_a_retried_vote_counts_no_reply_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 1)
    answers = [form_named("一"), form_named("二"), Failure(status=401), form_named("三")]
    with scripted(monkeypatch, answers) as service:
        carry_out(store, create(store, "single"))
        vote = carry_out(store, create(store, "vote", prompt="baseline*3"))
        assert (vote.failed, len(service.requests)) == (1, 3)
        run_service.retry_failed(store, vote.id)
        assert carry_out(store, vote).done == 1
        newest = newest_attempt(replies_of(store, vote))
        texts = [json.loads(str(reply["raw"]))[0][FORM.name_field] for reply in newest]
        assert texts == ["一", "二", "三"], "the third sample is not the first one's reply again"
        assert [reply["attempts"] for reply in newest] == [0, 0, 1], "what was reused was not asked"
        # And what was stored is each sample's own.
        again = carry_out(store, create(store, "vote again", prompt="baseline*3", chat_indices=[1]))
        texts = [json.loads(str(reply["raw"]))[0][FORM.name_field] for reply in replies_of(store, again)]
        assert (texts[0], texts[2]) == ("一", "三")


def test_a_retry_takes_nothing_from_the_model_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 1)
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")
    answers = [
        Answer(text="旧模型的归纳"),
        Failure(status=401),
        Answer(text="新模型的归纳"),
        Failure(status=401),
        Answer(),
    ]
    with FakeOpenAI(answers) as service:
        entry = model_catalog.create(
            store, name="m", provider="openai", url=service.url, key_env="SOME_API_KEY", model="old"
        )
        run = create(store, "r", model="m", prompt="summary,from_summary")
        assert carry_out(store, run).failed == 1
        model_catalog.update(store, entry.id or 0, model="new")
        run_service.retry_failed(store, run.id)
        assert carry_out(store, run).failed == 1
        run_service.retry_failed(store, run.id)
        assert carry_out(store, run).done == 1
        assert [request["model"] for request in service.requests] == ["old", "old", "new", "new", "new"]
    assert [reply["raw"] for reply in newest_attempt(replies_of(store, run))][0] == "新模型的归纳"


def test_what_could_not_be_read_is_asked_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 1)
    answers = [form_named("一"), Answer(text="说不清楚"), form_named("三"), form_named("四")]
    with scripted(monkeypatch, answers) as service:
        first = carry_out(store, create(store, "vote", prompt="baseline*3"))
        assert (first.done, len(service.requests)) == (1, 3)
        again = carry_out(store, create(store, "vote again", prompt="baseline*3"))
        assert (again.done, len(service.requests), run_service.reused(store, again.id)) == (1, 4, 2)
        assert [reply["ok"] for reply in replies_of(store, again)] == [True, True, True]
        with store.write() as session:  # as databases are that indexed such replies
            row = (
                session.execute(select(Reply).order_by(col(Reply.extraction_id), col(Reply.position))).scalars().first()
            )
            assert row is not None
            session.add(Reply(extraction_id=row.extraction_id, position=1, key=row.key))
            session.execute(delete(Reply).where(col(Reply.position) == 0))
        carry_out(store, create(store, "one", prompt="baseline"))
        assert len(service.requests) == 5
