"""Identical requests are answered from earlier replies, and only those; at no cost, and counted."""

from collections.abc import Iterator

import pytest

from core.adapters.llm import ModelRequest, adhoc_model
from core.adapters.store import RunView, Store, queries
from core.services.extraction import runs as run_service
from core.services.extraction.runs.cached_provider import request_key
from tests.factories.runs import add_dataset, execute
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI


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
