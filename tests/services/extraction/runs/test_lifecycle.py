"""Creating and steering runs: names, scope, refusals. No executor is started here."""

from collections.abc import Callable

import pytest

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Extraction, Run, RunKind, RunStatus
from core.errors import NotFoundError, PromptError, RunError, SettingsError
from core.services.datasets import import_text
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import Outcome, Status
from core.services.extraction.runs.places import PlacedChat
from core.services.extraction.runs.progress import Pace, extraction
from core.services.extraction.runs.result_store import ChatResult, ResultStore
from core.services.extraction.runs.scope import missing
from tests.factories.runs import add_dataset, execute, stored
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import FakeOpenAI


def chat_ids(store: Store, dataset: int) -> dict[int, int]:
    with store.read() as session:
        return queries.chat_ids(session, dataset)


def test_a_run_keeps_provider_model_and_the_whole_prompt(store: Store) -> None:
    add_dataset(store, 3)
    run = run_service.create_run(store, dataset="d", name=" first ", provider="local")
    assert (run.name, run.kind, run.status, run.total, run.pending) == ("first", RunKind.MODEL, RunStatus.WAITING, 3, 3)
    assert (run.provider, run.model) == ("local", "rules.v1")
    assert (run.prompt_name, run.prompt_version) == ("baseline", "2")
    assert "{% block user %}" in run.prompt_text
    assert run.parameters["concurrency"] == 1


def test_the_same_names_find_the_run_and_its_scope_only_grows(store: Store) -> None:
    add_dataset(store, 10)
    run = run_service.create_run(store, dataset="d", name="r", provider="local", limit=3)
    assert run.total == 3
    again = run_service.create_run(store, dataset="d", name="r", provider="local", chat_indices=[9, 2], concurrency=2)
    assert (again.id, again.total, again.parameters["chats"]) == (run.id, 4, [1, 2, 3, 9])
    assert again.parameters["concurrency"] == 2
    assert run_service.create_run(store, dataset="d", name="r", provider="local").total == 10
    assert run_service.create_run(store, dataset="d", name="r", provider="local", limit=2).total == 10


def test_another_way_of_asking_under_the_same_name_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 2)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")
    run_service.create_run(store, dataset="d", name="r", provider="openai", model="one", parameters={"temperature": 0})
    with pytest.raises(RunError, match="服务是 openai 而不是 local"):
        run_service.create_run(store, dataset="d", name="r", provider="local")
    with pytest.raises(RunError, match="模型是 one 而不是 two"):
        run_service.create_run(store, dataset="d", name="r", provider="openai", model="two")
    with pytest.raises(RunError, match="模型参数不同"):
        run_service.create_run(
            store, dataset="d", name="r", provider="openai", model="one", parameters={"temperature": 1}
        )
    with store.write() as session:
        session.get_one(Run, 1).prompt_sha256 = "an older text"
    with pytest.raises(RunError, match="提示词是 baseline.v2 而不是 baseline.v2"):
        run_service.create_run(store, dataset="d", name="r", provider="openai", model="one")


def test_a_run_of_labels_is_no_run_of_a_model(store: Store) -> None:
    dataset = add_dataset(store, 1)
    with store.write() as session:
        session.add(Run(dataset_id=dataset.id, name="labels", kind=RunKind.LABELS, status=RunStatus.FINISHED))
    with pytest.raises(RunError, match="不是由模型抽取的"):
        run_service.create_run(store, dataset="d", name="labels", provider="local")
    with pytest.raises(RunError, match="不能运行"):
        run_service.start(store, 1)


def test_what_cannot_be_created_is_refused(store: Store) -> None:
    add_dataset(store, 2)
    with pytest.raises(NotFoundError):
        run_service.create_run(store, dataset="nope", name="r", provider="local")
    with pytest.raises(SettingsError):
        run_service.create_run(store, dataset="d", name="r", provider="nope")
    with pytest.raises(PromptError):
        run_service.create_run(store, dataset="d", name="r", provider="local", prompt="nope")
    for wrong in (
        {"limit": 0},
        {"concurrency": 0},
        {"deadline": 0.0},
        {"per_minute": 0},
        {"chat_indices": [3]},
        {"limit": 1, "chat_indices": [1]},
    ):
        with pytest.raises(RunError):
            run_service.create_run(store, dataset="d", name="r", provider="local", **wrong)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="没有名称"):
        run_service.create_run(store, dataset="d", name="  ", provider="local")
    with pytest.raises(RunError, match="没有可以抽取的群聊"):
        run_service.create_run(store, dataset="d", name="r", provider="local", chat_indices=[])
    with store.read() as session:
        assert queries.runs(session) == []


def test_missing_keys_are_named_before_anything_is_stored(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 2)
    for name in ("SPARKAI_APP_ID", "SPARKAI_API_KEY", "SPARKAI_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RunError, match="SPARKAI_APP_ID、SPARKAI_API_KEY、SPARKAI_API_SECRET"):
        run_service.create_run(store, dataset="d", name="r", provider="spark")
    with store.read() as session:
        assert queries.runs(session) == []


def test_a_job_is_done_once_however_often_it_is_called(store: Store) -> None:
    dataset = add_dataset(store, 2)
    ids = chat_ids(store, dataset.id)
    run = run_service.create_run(store, dataset="d", name="r", provider="local")
    assert not execute(store, run.id, ids[1]), "the run has not been started"
    run_service.start(store, run.id)
    assert execute(store, run.id, ids[1])
    assert not execute(store, run.id, ids[1])
    assert run_service.progress(store, run.id).pending == 1
    assert execute(store, run.id, ids[2])
    assert run_service.progress(store, run.id).status == RunStatus.FINISHED
    assert set(stored(store, run).values()) == {"ok"}
    assert not execute(store, run.id, 999)
    assert not execute(store, 999, ids[1])


def test_a_retry_replaces_the_failure_and_keeps_what_was_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = add_dataset(store, 1)
    chat_id = chat_ids(store, dataset.id)[1]
    with FakeOpenAI([Failure(status=401), Answer("这不是 JSON"), Answer()]) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai")
        run_service.start(store, run.id)
        assert execute(store, run.id, chat_id)
        failed = run_service.progress(store, run.id)
        assert (failed.status, failed.done, failed.failed, failed.pending) == (RunStatus.FINISHED, 0, 1, 0)
        assert not execute(store, run.id, chat_id), "nobody asked for a retry"

        again = run_service.retry_failed(store, run.id)
        assert (again.status, again.failed, again.pending) == (RunStatus.RUNNING, 0, 1)
        assert run_service.failures(store, run.id) == []
        assert execute(store, run.id, chat_id)
        unread = run_service.progress(store, run.id)
        assert (unread.status, unread.failed, unread.pending) == (RunStatus.FINISHED, 1, 0)
        (failure,) = run_service.failures(store, run.id)
        assert (failure.cause, failure.title) == ("", "回答无法解析成表单")
        assert failure.chats == (1,)
        found = extraction(store, run.id, 1)
        assert found is not None and found.replies[-1]["raw"] == "这不是 JSON"

        run_service.retry_failed(store, run.id, causes=[""])
        assert execute(store, run.id, chat_id)
    with store.read() as session:
        (row,) = queries.extractions(session, run.id)
    assert row.status == "repaired", "the fake answers with two of the 21 keys"
    assert row.attempts == 3
    assert [reply["cause"] for reply in row.replies] == ["auth", "", ""]
    assert row.tokens_out == sum(reply["tokens_out"] or 0 for reply in row.replies)
    with pytest.raises(RunError, match="没有失败的群聊"):
        run_service.retry_failed(store, run.id)


def test_a_mistake_of_ours_is_a_failed_chat_and_not_the_end(store: Store) -> None:
    dataset = add_dataset(store, 1)
    run = run_service.create_run(store, dataset="d", name="r", provider="local")
    with store.write() as session:
        session.get_one(Run, run.id).prompt_text = "not a prompt"
    run_service.start(store, run.id)
    assert execute(store, run.id, chat_ids(store, dataset.id)[1])
    (failure,) = run_service.failures(store, run.id)
    found = extraction(store, run.id, failure.chats[0])
    assert found is not None and "baseline.v2.md" in found.error


def test_paused_and_cancelled_runs_go_on_when_started(store: Store) -> None:
    dataset = add_dataset(store, 1)
    run = run_service.create_run(store, dataset="d", name="r", provider="local")
    run_service.start(store, run.id)
    assert run_service.pause(store, run.id).status == RunStatus.PAUSED
    assert not execute(store, run.id, chat_ids(store, dataset.id)[1])
    assert run_service.start(store, run.id).status == RunStatus.RUNNING
    with pytest.raises(RunError, match="正在进行"):
        run_service.delete(store, run.id)
    assert run_service.cancel(store, run.id).status == RunStatus.CANCELLED
    run_service.delete(store, run.id)
    with pytest.raises(NotFoundError):
        run_service.progress(store, run.id)
    with pytest.raises(NotFoundError):
        run_service.cancel(store, run.id)


@pytest.mark.parametrize("stop", [run_service.pause, run_service.cancel])
def test_a_stopped_run_whose_last_answers_came_is_finished(store: Store, stop: Callable[[Store, int], RunView]) -> None:
    dataset = add_dataset(store, 2)
    run = run_service.create_run(store, dataset="d", name="r", provider="local")
    run_service.start(store, run.id)
    ids = chat_ids(store, dataset.id)
    assert execute(store, run.id, ids[1])
    stop(store, run.id)
    answer = Outcome((), Status.OK)
    late = ChatResult(PlacedChat(run.id, ids[2], "local:", holder=1), answer, [])
    assert run_service.progress(store, run.id).status != RunStatus.FINISHED
    assert ResultStore(store).keep(late).stored
    assert run_service.progress(store, run.id).status == RunStatus.FINISHED


def test_the_state_of_a_run_names_failures_and_sees_that_nothing_is_left(store: Store) -> None:
    add_dataset(store, 2)
    run = run_service.create_run(store, dataset="d", name="r", provider="local")

    def state(status: RunStatus, done: int, failed: int = 0) -> str:
        return run_service.state_name(run.model_copy(update={"status": status, "done": done, "failed": failed}))

    assert state(RunStatus.FINISHED, 2) == state(RunStatus.CANCELLED, 2) == state(RunStatus.PAUSED, 2) == "已完成"
    assert state(RunStatus.FINISHED, 1, 1) == state(RunStatus.CANCELLED, 1, 1) == "有失败"
    assert (state(RunStatus.CANCELLED, 0, 1), state(RunStatus.PAUSED, 1)) == ("已取消", "已暂停")


def test_chats_that_are_imported_while_a_run_goes_on_are_not_its_own(store: Store) -> None:
    dataset = add_dataset(store, 2)
    run = run_service.create_run(store, dataset=dataset.id, name="r", provider="local")
    run_service.start(store, run.id)
    import_text(store, "何苗：多少钱\n客服：三千", dataset="d")
    first, second, third = chat_ids(store, dataset.id).values()

    def lacking() -> list[int]:
        with store.read() as session:
            return missing(session, session.get_one(Run, run.id))

    assert (lacking(), run_service.chats_out_of_scope(store, run.id)) == ([first, second], 1)
    assert all(execute(store, run.id, chat_id) for chat_id in (first, second))
    assert (run_service.progress(store, run.id).status, lacking()) == (RunStatus.FINISHED, [])
    assert (run_service.extend(store, run.id).total, lacking()) == (3, [third])


def test_pace_is_measured_over_the_last_minute(store: Store) -> None:
    dataset = add_dataset(store, 4)
    run = run_service.create_run(store, dataset="d", name="r", provider="local")
    assert run_service.pace(store, run) == Pace(0.0, None)
    run_service.start(store, run.id)
    for index in (1, 2, 3):
        execute(store, run.id, chat_ids(store, dataset.id)[index])
    pace = run_service.pace(store, run_service.progress(store, run.id))
    assert 0 < pace.per_minute <= 120
    assert pace.seconds_left is not None
    with store.write() as session:
        assert session.get_one(Extraction, 1).seconds >= 0


@pytest.mark.parametrize("name", ["a\nb", "抽\u202e取", "长" * 201])
def test_a_run_gets_a_name_that_can_be_read(store: Store, name: str) -> None:
    add_dataset(store, 1)
    with pytest.raises(RunError, match="抽取任务的名称不能用"):
        run_service.create_run(store, dataset="d", name=name, provider="local")
