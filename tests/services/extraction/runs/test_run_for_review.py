"""What an import offers next: no run where one is pointless, the model used last, and the first answer to open."""

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RunKind, RunStatus
from core.services.extraction import runs as run_service
from core.services.extraction.runs import FilledBy
from tests.factories.datasets import make_record, make_run
from tests.factories.reviews import NAME, decide, make
from tests.factories.runs import add_dataset, runner

pytestmark = pytest.mark.both_databases


def filled(store: Store, dataset_id: int) -> FilledBy | None:
    with store.read() as session:
        return run_service.filled_by(session, dataset_id)


def waits_for(store: Store, dataset_id: int, name: str = "") -> int | None:
    with store.read() as session:
        return run_service.run_to_wait_for(session, dataset_id, name)


def first(store: Store, run_id: int) -> int | None:
    with store.read() as session:
        return run_service.first_answer(session, run_id)


def test_a_run_is_pointless_only_where_every_open_chat_has_values(store: Store) -> None:
    dataset = make(store, 3)
    assert filled(store, dataset.id) is None
    make_run(store, dataset, "半个", {1: [{NAME: "林木1"}], 2: None})
    assert filled(store, dataset.id) is None
    make_run(store, dataset, "标注", {i: [{NAME: "林木"}] for i in (1, 2, 3)}, RunKind.LABELS)
    assert filled(store, dataset.id) == FilledBy("标注", True, 3)
    make_run(store, dataset, "模型", {i: [{NAME: "林木"}] for i in (2, 3)})
    decide(store, dataset, 1)
    assert filled(store, dataset.id) == FilledBy("模型", False, 2), "a model's values before a person's"
    for chat in (2, 3):
        make_record(store, dataset, chat, [{NAME: "林木"}])
    assert filled(store, dataset.id) == FilledBy("", False, 0)


def test_rules_are_offered_first_while_nothing_else_was_used(store: Store) -> None:
    dataset = add_dataset(store, 2)
    (way,) = run_service.suggested_runs(store, dataset.id)
    assert (way.title, way.is_remote, way.extends) == ("本地规则", False, None)


def test_the_model_used_last_is_offered_before_the_rules(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "k" * 20)
    other, dataset = add_dataset(store, 1, "别的"), add_dataset(store, 2)
    run_service.create_run(store, dataset=other.id, name="问过", provider="openai", model="自己的", prompt="baseline*3")
    asked, rules = run_service.suggested_runs(store, dataset.id)
    assert asked.option.spec.name == "自己的" and asked.pipeline.calls == 3 and asked.is_remote
    assert rules.option.spec.provider == "local"
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    (only,) = run_service.suggested_runs(store, dataset.id)
    assert only.option.spec.provider == "local", "what cannot be called is not offered"


def test_a_run_goes_on_with_the_chats_that_came_later(store: Store) -> None:
    dataset = add_dataset(store, 3)
    begun = run_service.create_run(store, dataset=dataset.id, name="规则", provider="local", limit=2)
    (way,) = run_service.suggested_runs(store, dataset.id)
    assert way.extends == begun.id
    started = run_service.start_suggested(store, dataset.id, way)
    assert (started.id, started.total, started.status) == (begun.id, 3, RunStatus.RUNNING)


def test_the_desk_waits_for_the_first_answer_and_no_longer(store: Store) -> None:
    dataset = add_dataset(store, 2)
    assert waits_for(store, dataset.id) is None, "without a run there is nothing to wait for"
    (way,) = run_service.suggested_runs(store, dataset.id)
    started = run_service.start_suggested(store, dataset.id, way)
    assert waits_for(store, dataset.id) == waits_for(store, dataset.id, started.name) == started.id
    assert first(store, started.id) is None
    with runner(store):
        run_service.wait_for_run(store, lambda: run_service.start(store, started.id))
    assert first(store, started.id) == 1
    assert waits_for(store, dataset.id) is None and waits_for(store, dataset.id, started.name) is None
    make_record(store, dataset, 1, [{NAME: "甲"}])
    assert first(store, started.id) == 2


def test_what_failed_throughout_is_still_said_and_what_is_done_is_not(store: Store) -> None:
    dataset = make(store, 2)
    failed = make_run(store, dataset, "全失败", {1: None, 2: None})
    assert waits_for(store, dataset.id, "全失败") == failed
    assert waits_for(store, dataset.id) is None
    make_run(store, dataset, "答过一条", {1: [{NAME: "林木"}]})
    decide(store, dataset, 1)
    assert waits_for(store, dataset.id, "答过一条") is None, "it has nothing to say of the second"
    decide(store, dataset, 2)
    assert waits_for(store, dataset.id, "全失败") is None, "nobody reviews any more"
