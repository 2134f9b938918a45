"""Runs that go as a batch, against a service that speaks the Batch API: lost answers, refusals, half batches."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from core import cli
from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, Store
from core.adapters.store.models import (
    CallBatch,
    CallBatchState,
    CallLine,
    CallLineState,
    Chat,
    Extraction,
    Place,
    RunStatus,
    now,
)
from core.domain.form import load_named_form
from core.errors import ConflictError, RunError
from core.services.datasets import delete_dataset
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.runs.batch_driver import BatchDriver, BatchPace
from core.services.extraction.runs.batch_store import FILES_LEFT, batches_of, resume_batches, settle_lines
from tests.factories.datasets import make_dataset
from tests.factories.quality import add_record
from tests.factories.runs import add_dataset, runner, stored
from tests.fakes.batch_server import FakeBatches
from tests.fakes.behaviour import Answer, Drop, Failure
from tests.fakes.openai_server import API_KEY
from tests.waiting import wait_until

QUICK = BatchPace(poll=0.0, slow_poll=0.0, lost=0.0)
ASK: dict[str, Any] = {"dataset": "d", "name": "r", "provider": "openai", "model": "m", "batch": "files"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")


@pytest.fixture
def service() -> Iterator[FakeBatches]:
    with FakeBatches() as fake:
        yield fake


def add_model(store: Store, service: FakeBatches, **more: Any) -> ModelSpec:
    values = {"batch_files": True, "batch_share": 0.5, "price_in": 0.0, "price_out": 1.0} | more
    return model_catalog.create(store, name="m", provider="openai", url=service.url, key_env="SOME_API_KEY", **values)


def started(store: Store, **more: Any) -> RunView:
    run = run_service.create_run(store, **(ASK | more))
    return run_service.start(store, run.id)


def drive(store: Store, run: RunView, times: int = 30, pace: BatchPace = QUICK) -> RunView:
    """Advance until the run stands still or is done."""
    for _ in range(times):
        BatchDriver(store, run.id, pace).advance()
        if run_service.progress(store, run.id).status != RunStatus.RUNNING:
            BatchDriver(store, run.id, pace).advance()
            break
    return run_service.progress(store, run.id)


def states(store: Store, run: RunView) -> list[str]:
    return [batch.state for batch in batches_of(store, run.id)]


def asked(service: FakeBatches) -> Counter[str]:
    """How often each question was answered, and so paid for."""
    return Counter(json.dumps(body["messages"], ensure_ascii=False) for body in service.executed)


def paid_once(service: FakeBatches, chats: int) -> bool:
    return len(asked(service)) == chats and set(asked(service).values()) == {1}


@pytest.mark.both_databases
def test_a_run_goes_as_a_batch_at_its_price(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 5)
    add_model(store, service)
    before = run_service.estimate(store, dataset="d", provider="openai", model="m")
    assert before.batch_yuan == pytest.approx((before.yuan or 0) / 2)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    (batch,) = batches_of(store, run.id)
    assert (batch.state, batch.remote_id, batch.total) == (CallBatchState.CREATED, "batch_2", 5)
    assert service.batches["batch_2"]["metadata"] == {"shiyao": batch.token}
    view = drive(store, run)
    assert (view.status, view.done, view.failed) == (RunStatus.FINISHED, 5, 0)
    assert set(stored(store, run).values()) == {"repaired"}  # the fake fills two fields
    assert (view.batch_in, view.batch_out) == (view.tokens_in, view.tokens_out)
    assert run_service.costs(store, [view])[run.id] == pytest.approx(view.tokens_out * 0.001 * 0.5)
    assert paid_once(service, 5) and service.requests == []
    # Nothing of the chats stays behind: neither at the service nor in lines.
    assert service.files == {} and states(store, run) == [CallBatchState.CLOSED]
    with store.read() as session:
        assert session.execute(select(func.count()).select_from(CallLine)).scalar_one() == 0
        replies = session.execute(select(col(Extraction.replies))).scalars().first()
    assert replies[0]["batch"] is True and replies[0]["raw"]


def test_the_lines_are_the_calls_that_would_have_been_made(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service, json_mode=True, parameters={"temperature": 0.2, "top_k": 3})
    run = started(store)
    drive(store, run)
    live = run_service.create_run(store, **(ASK | {"name": "live", "batch": "", "fresh": True}))
    run_service.wait_for_run(store, lambda: run_service.start(store, live.id))
    assert service.executed == service.requests


def test_answers_of_a_batch_are_reused_by_later_runs(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 3)
    add_model(store, service)
    drive(store, started(store))
    live = run_service.create_run(store, **(ASK | {"name": "live", "batch": ""}))
    assert run_service.wait_for_run(store, lambda: run_service.start(store, live.id)).done == 3
    again = drive(store, started(store, name="again"))
    assert again.done == 3 and service.requests == [] and paid_once(service, 3)


@pytest.mark.parametrize("step", ["upload", "create", "retrieve", "content", "delete"])
@pytest.mark.parametrize("fault", ["lose", "drop", "500", "429"])
def test_nothing_is_paid_twice_whatever_breaks(store: Store, service: FakeBatches, step: str, fault: str) -> None:
    add_dataset(store, 3)
    add_model(store, service)
    service.faults[step] = [fault, fault]
    run = started(store)
    view = drive(store, run)
    assert (view.status, view.done) == (RunStatus.FINISHED, 3)
    assert paid_once(service, 3)


def test_what_was_made_is_looked_for_before_it_is_made_again(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.faults |= {"upload": ["lose"], "create": ["lose"], "files": ["500"], "batches": ["late", "drop"]}
    run = started(store)
    patient = BatchPace(poll=0.0, slow_poll=0.0, lost=3600.0)
    view = drive(store, run, pace=patient)
    assert view.status == RunStatus.FINISHED and paid_once(service, 2)
    assert (service.steps.count("upload"), service.steps.count("create")) == (1, 1)
    assert service.steps.count("batches") >= 3


def test_a_service_that_lists_nothing_stops_the_run_until_somebody_has_looked(
    store: Store, service: FakeBatches
) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.faults |= {"create": ["drop"], "batches": ["404"]}
    run = started(store)
    view = drive(store, run)
    assert view.status == RunStatus.PAUSED
    assert "在服务方的控制台核对" in batches_of(store, run.id)[0].problem
    assert service.steps.count("create") == 1
    run_service.start(store, run.id)
    service.faults |= {"create": ["drop"]}  # lost again, by a service that lists its batches now
    assert drive(store, run).status == RunStatus.FINISHED
    assert paid_once(service, 2)


def test_a_batch_of_which_nobody_knows_can_be_given_up(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.faults |= {"create": ["drop"], "batches": ["404", "404"]}
    run = started(store)
    drive(store, run)
    run_service.cancel(store, run.id)
    BatchDriver(store, run.id, QUICK).advance()
    assert states(store, run) == [CallBatchState.CLOSED] and service.files == {}
    run_service.wait_for_run(store, lambda: run_service.go_live(store, run.id))
    run_service.delete(store, run.id)


@pytest.mark.parametrize("known", [["retrieve"], ["content", "retrieve"]])
def test_a_batch_that_the_service_does_not_know_is_not_given_up_at_once(
    store: Store, service: FakeBatches, known: list[str]
) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    for step in known:  # as under another account's key, when it is looked at or fetched
        service.faults[step] = ["", "404"] if step == "retrieve" and len(known) > 1 else ["404"]
    service.polls = 0
    BatchDriver(store, run.id, QUICK).advance()
    assert run_service.progress(store, run.id).status == RunStatus.PAUSED
    (batch,) = batches_of(store, run.id)
    assert (batch.state, batch.remote_status) == (CallBatchState.CREATED, "gone") and "再付一次" in batch.problem
    BatchDriver(
        store, run.id, QUICK
    ).advance()  # the key is back: what was paid for is fetched, also while it is paused
    assert run_service.progress(store, run.id).done == 2
    assert paid_once(service, 2) and states(store, run) == [CallBatchState.CLOSED]


def test_a_batch_that_is_gone_is_asked_again_once_somebody_has_looked(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    service.batches.clear()
    for _ in range(3):
        BatchDriver(store, run.id, QUICK).advance()
    assert (run_service.progress(store, run.id).status, states(store, run)) == (RunStatus.PAUSED, ["created"])
    run_service.start(store, run.id)
    drive(store, run)
    assert "已经没有这个批量" in batches_of(store, run.id)[0].problem
    run_service.start(store, run.id)
    assert drive(store, run).done == 2


@pytest.mark.parametrize(
    ("step", "status", "said"), [("upload", "401", "拒绝了密钥"), ("create", "400", "不接受这个请求")]
)
def test_a_refusal_stops_the_run_and_says_why(
    store: Store, service: FakeBatches, step: str, status: str, said: str
) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.faults[step] = [status]
    run = started(store)
    assert drive(store, run).status == RunStatus.PAUSED
    assert said in batches_of(store, run.id)[0].problem
    run_service.start(store, run.id)
    assert batches_of(store, run.id)[0].problem == ""
    assert drive(store, run).status == RunStatus.FINISHED and paid_once(service, 2)


def test_a_batch_that_is_refused_as_a_whole_stops_the_run(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.ends = "failed"
    run = started(store)
    view = drive(store, run)
    assert (view.status, view.done, view.failed, service.executed) == (RunStatus.PAUSED, 0, 0, [])
    assert "model has no batch" in batches_of(store, run.id)[0].problem
    service.ends = "completed"
    run_service.start(store, run.id)
    assert drive(store, run).done == 2 and paid_once(service, 2)


@pytest.mark.both_databases
def test_what_an_expired_batch_did_not_come_to_goes_into_the_next(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 5)
    add_model(store, service)
    service.ends, service.partial = "expired", 2
    run = started(store)
    view = drive(store, run)
    assert (view.status, view.done, view.failed) == (RunStatus.FINISHED, 5, 0)
    assert [batch.total for batch in batches_of(store, run.id)] == [5, 3, 1]
    assert paid_once(service, 5)


def test_lines_that_fail_are_tried_again_and_then_are_failures(store: Store) -> None:
    add_dataset(store, 3)

    def script(request: dict[str, Any], number: int) -> Any:
        question = request["messages"][-1]["content"]
        if "先生1：" in question:
            return Failure(status=500)
        if "先生2：" in question:
            return Failure(status=400, code="data_inspection_failed")
        return Answer()

    with FakeBatches(script) as service:
        add_model(store, service)
        run = started(store)
        view = drive(store, run)
        assert (view.status, view.done, view.failed) == (RunStatus.FINISHED, 1, 2)
        assert [batch.total for batch in batches_of(store, run.id)] == [3, 1, 1, 1]
        causes = {failure.cause: failure.chats for failure in run_service.failures(store, run.id)}
        assert causes == {"server": (1,), "audit": (2,)}
        run_service.retry_failed(store, run.id, causes=["audit"])
        assert drive(store, run).failed == 2
        assert batches_of(store, run.id)[-1].total == 1


def test_lines_that_the_service_forgets_are_asked_again(store: Store) -> None:
    add_dataset(store, 3)
    with FakeBatches([Answer(), Drop(), Answer()]) as service:
        add_model(store, service)
        view = drive(store, started(store))
        assert (view.status, view.done) == (RunStatus.FINISHED, 3) and paid_once(service, 3)


def test_what_failed_in_a_batch_is_asked_live_by_choice(store: Store) -> None:
    add_dataset(store, 4)
    with FakeBatches([Answer(), Failure(status=500), Answer(), Answer()]) as service:
        add_model(store, service)
        run = started(store, batch_failures="live")
        for _ in range(6):
            BatchDriver(store, run.id, QUICK).advance()
        view = run_service.progress(store, run.id)
        assert (view.status, view.done, view.pending) == (RunStatus.RUNNING, 3, 1)
        assert view.parameters["batch"] == ""
        with runner(store):
            wait_until(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED)
        view = run_service.progress(store, run.id)
        assert (view.done, view.failed, len(service.requests), len(batches_of(store, run.id))) == (4, 0, 1, 1)
        assert 0 < view.batch_out < view.tokens_out


def test_stages_go_in_rounds_and_samples_together(store: Store) -> None:
    add_dataset(store, 2)
    with FakeBatches() as service:
        add_model(store, service)
        two = drive(store, started(store, prompt="baseline,verify"))
        assert (two.done, [batch.total for batch in batches_of(store, two.id)]) == (2, [2, 2])
        voted = drive(store, started(store, name="voted", prompt="baseline.v1*3"))
        assert (voted.done, [batch.total for batch in batches_of(store, voted.id)]) == (2, [6])
        assert len(service.executed) == 10


def test_equal_chats_of_several_stages_are_paid_once(store: Store) -> None:
    make_dataset(store, ["乙先生1：会话存档怎么收费？\n客服小林：标准版每年三千元。"] * 2, "d")
    with FakeBatches() as service:
        add_model(store, service)
        view = drive(store, started(store, prompt="baseline,verify"))
        assert (view.status, view.done, paid_once(service, 2)) == (RunStatus.FINISHED, 2, True)


def test_what_is_asked_live_goes_into_no_batch(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 3)
    add_model(store, service)
    run = started(store)
    with pytest.raises(RunError, match="正在进行，现在不能改变调用的方式"):
        run_service.create_run(store, **(ASK | {"batch": ""}))
    with store.write() as session:
        chat = session.execute(select(col(Chat.id)).order_by(col(Chat.id)).limit(1)).scalar_one()
        session.add(Place(model="openai/m", holder="w", run_id=run.id, chat_id=chat, started_at=now()))
    BatchDriver(store, run.id, QUICK).advance()
    assert [batch.total for batch in batches_of(store, run.id)] == [2]


def test_a_format_that_is_refused_is_left_out(store: Store) -> None:
    add_dataset(store, 2)

    def script(request: dict[str, Any], number: int) -> Any:
        return Failure(message="response_format is not supported") if "response_format" in request else Answer()

    with FakeBatches(script) as service:
        add_model(store, service, json_mode=True, parameters={"json_schema": True})
        run = started(store)
        view = drive(store, run)
        assert (view.done, [batch.total for batch in batches_of(store, run.id)]) == (2, [2, 2, 2])
        (one, _) = run_service.latest(store, run.id)
        assert any("不接受要求的格式" in note for note in one.notes)


def test_a_paused_run_sends_nothing_and_keeps_what_comes(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 3)
    add_model(store, service)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    run_service.pause(store, run.id)
    for _ in range(4):
        BatchDriver(store, run.id, QUICK).advance()
    view = run_service.progress(store, run.id)
    assert (view.status, view.done, view.pending) == (RunStatus.FINISHED, 3, 0)  # nothing is left to go on with
    other = started(store, name="other", fresh=True)
    run_service.pause(store, other.id)
    for _ in range(3):
        BatchDriver(store, other.id, QUICK).advance()
    assert states(store, other) == []
    assert len(service.executed) == 3


def test_cancelling_ends_the_batch_and_keeps_what_was_answered(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 4)
    add_model(store, service)
    service.polls, service.partial = 99, 1
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    with pytest.raises(RunError, match="还有批量在服务方，现在不能改为实时"):
        run_service.go_live(store, run.id)
    run_service.cancel(store, run.id)
    with pytest.raises(RunError, match="现在不能删除"):
        run_service.delete(store, run.id)
    with pytest.raises(ConflictError, match="「r」还有批量在服务方，没有删除数据集"):
        delete_dataset(store, run.dataset_id, confirmation="d")
    for _ in range(4):
        BatchDriver(store, run.id, QUICK).advance()
    view = run_service.progress(store, run.id)
    assert (view.status, view.done, view.failed, view.pending) == (RunStatus.CANCELLED, 1, 0, 3)
    assert states(store, run) == [CallBatchState.CLOSED] and "cancel" in service.steps
    live = run_service.wait_for_run(store, lambda: run_service.go_live(store, run.id))
    assert (live.status, live.done, len(service.requests)) == (RunStatus.FINISHED, 4, 3)
    run_service.delete(store, run.id)


@pytest.mark.both_databases
def test_another_way_of_calling_leaves_no_batch_behind(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 3)
    add_model(store, service)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    run_service.pause(store, run.id)
    with store.write() as session:  # as if it were uploaded and no more
        session.execute(update(CallBatch).values(state=CallBatchState.UPLOADED))
        session.execute(update(CallLine).values(state=CallLineState.SENT))
    service.executed.clear()
    run_service.create_run(store, **(ASK | {"batch": ""}))
    view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    BatchDriver(store, run.id, QUICK).advance()
    assert (view.status, view.done, len(service.requests), len(service.executed)) == (RunStatus.FINISHED, 3, 3, 0)
    assert states(store, run) == [CallBatchState.CLOSED] and "delete" in service.steps


def test_what_is_deleted_leaves_no_file_at_the_service(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.faults |= {"upload": ["lose"], "files": ["404"], "create": ["401"]}  # twice there, and created never
    run = started(store)
    drive(store, run)
    assert states(store, run) == [CallBatchState.UPLOADED] and len(service.files) == 2
    with pytest.raises(RunError, match="还有批量在服务方，现在不能删除"):
        run_service.delete(store, run.id)
    with pytest.raises(ConflictError, match="「r」还有批量在服务方"):
        delete_dataset(store, run.dataset_id, confirmation="d")
    run_service.cancel(store, run.id)
    service.faults |= {"delete": ["500"], "files": ["500"]}
    for _ in range(3):
        BatchDriver(store, run.id, QUICK).advance()
    assert states(store, run) == [CallBatchState.CLOSED] and service.files == {}
    run_service.delete(store, run.id)


def test_a_file_whose_batch_was_given_up_meanwhile_is_deleted(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    run = started(store)
    upload = service.act_before["upload"]
    upload.append(lambda: run_service.pause(store, run.id))
    upload.append(lambda: run_service.create_run(store, **(ASK | {"batch": ""})))
    for _ in range(2):
        BatchDriver(store, run.id, QUICK).advance()
    assert "upload" in service.steps and service.files == {}


def test_what_was_paid_for_is_not_asked_again_in_another_way(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 3)
    add_model(store, service)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    run_service.pause(store, run.id)
    with store.write() as session:  # as a process leaves it that was killed after it fetched the answers
        session.execute(update(CallBatch).values(state=CallBatchState.FETCHED))
        session.execute(update(CallLine).values(state=CallLineState.ANSWERED))
    for change in (
        lambda: run_service.go_live(store, run.id),
        lambda: run_service.create_run(store, **(ASK | {"batch": ""})),
    ):
        with pytest.raises(RunError, match="3 条群聊已经由批量答过、还没有答完"):
            change()
    with store.read() as session:
        assert session.execute(select(func.count()).select_from(CallLine)).scalar_one() == 3


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [None]},
        {"choices": 5},
        {"choices": [{"message": {"content": [{}]}}]},
        {"model": 5},
        {"_fields_set": 5},
    ],
)
def test_an_odd_answer_fails_its_chat_and_no_other(store: Store, service: FakeBatches, body: dict[str, Any]) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    run = started(store, batch_failures="live")
    BatchDriver(store, run.id, QUICK).advance()
    with store.write() as session:
        session.execute(update(CallBatch).values(state=CallBatchState.FETCHED))
        result = {"response": {"status_code": 200, "body": body}}
        session.execute(update(CallLine).values(state=CallLineState.ANSWERED, result=result))
    BatchDriver(store, run.id, QUICK).advance()
    view = run_service.progress(store, run.id)
    assert (view.failed, view.parameters["batch"], states(store, run)) == (0, "", [CallBatchState.CLOSED])


def test_an_answer_without_end_in_depth_is_one_that_was_paid_for(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    (batch,) = batches_of(store, run.id)
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    with store.read() as session:
        custom_id = session.execute(select(col(CallLine.custom_id))).scalar_one()
    results = [(custom_id, {"response": {"status_code": "200", "body": {"choices": deep}}})]
    assert len(list(settle_lines(store, batch.id, results))) == 1
    with store.write() as session:
        session.execute(update(CallBatch).values(state=CallBatchState.FETCHED))
    BatchDriver(store, run.id, QUICK).advance()
    assert run_service.progress(store, run.id).failed == 1 and states(store, run) == [CallBatchState.CLOSED]


def without(batch: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in batch.items() if name not in names}


@pytest.mark.parametrize(
    "tells",
    [
        lambda batch: batch | {"request_counts": {"total": 2}},
        lambda batch: batch | {"request_counts": {"total": None, "completed": "2", "failed": -1}},
        lambda batch: batch | {"expires_at": batch["expires_at"] * 1_000},
        lambda batch: batch | {"expires_at": "2098-01-01T00:00:00"},
        lambda batch: batch | {"expires_at": "0001-01-01T00:00:00Z"},
        lambda batch: batch | {"expires_at": "0001-01-01T00:00:00+08:00"},
        lambda batch: batch | {"expires_at": "1970-01-01T00:00:00Z"},
        lambda batch: batch | {"expires_at": "9999-12-31T23:59:59Z"},
        lambda batch: batch | {"expires_at": 253402300799000},
        lambda batch: batch | {"expires_at": True},
        lambda batch: batch | {"expires_at": "soon"},
        lambda batch: batch | {"output_file_id": batch["output_file_id"] and {"id": batch["output_file_id"]}},
        lambda batch: batch | ({"status": "succeeded"} if batch["output_file_id"] else {}),
        lambda batch: batch | {"errors": {"data": [None, 5]}},
        lambda batch: batch | {"errors": "oops"},
        lambda batch: batch | {"status": batch["status"].upper()},
        lambda batch: without(batch, "request_counts", "expires_at", "errors", "error_file_id", "metadata"),
    ],
)
def test_what_a_service_tells_oddly_keeps_no_answer_back(
    store: Store, service: FakeBatches, tells: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.tells = tells
    run = drive(store, started(store))
    assert (run.done, run.failed, states(store, run)) == (2, 0, [CallBatchState.CLOSED])
    assert paid_once(service, 2)


def test_a_status_that_nobody_knows_is_told(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service)
    run = started(store)
    service.tells = lambda batch: without(batch, "output_file_id") | {"status": ["到哪了"]}
    for _ in range(3):
        BatchDriver(store, run.id, QUICK).advance()
    (batch,) = batches_of(store, run.id)
    assert "不认识这个说法" in batch.problem and "到哪了" in batch.problem and "控制台核对" in batch.problem
    service.tells = dict
    assert drive(store, run).done == 1
    assert [batch.problem for batch in batches_of(store, run.id)] == [""] and paid_once(service, 1)


@pytest.mark.parametrize("told", [lambda batch: without(batch, "id"), lambda batch: [batch], lambda batch: None])
def test_looks_that_do_not_say_at_which_batch_stop_the_run(
    store: Store, service: FakeBatches, told: Callable[[dict[str, Any]], Any]
) -> None:
    add_dataset(store, 1)
    add_model(store, service)
    run = started(store)
    service.tells = told
    view = drive(store, run)
    (batch,) = batches_of(store, run.id)
    assert (view.status, batch.state) == (RunStatus.PAUSED, CallBatchState.CREATED)
    assert "模型服务的回复" in batch.problem and "批量" in batch.problem
    service.tells = dict
    run_service.start(store, run.id)
    assert drive(store, run).done == 1 and paid_once(service, 1)


def test_files_that_could_not_be_deleted_are_told_and_tried_again(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    run = started(store)
    service.faults["delete"] = ["401"] * 3
    view = drive(store, run)
    assert (view.status, view.done, states(store, run)) == (RunStatus.FINISHED, 2, [CallBatchState.FETCHED])
    (batch,) = batches_of(store, run.id)
    assert batch.problem.startswith(FILES_LEFT) and "密钥" in batch.problem and batch.token in batch.problem
    while service.faults["delete"]:
        BatchDriver(store, run.id, QUICK).advance()
    assert len(service.files) == 2 and run_service.progress(store, run.id).status == RunStatus.FINISHED
    BatchDriver(store, run.id, QUICK).advance()
    assert len(service.files) == 2, "after so many failures it is tried now and then"
    with store.write() as session:
        session.execute(update(CallBatch).values(next_at=None))
    BatchDriver(store, run.id, QUICK).advance()
    (batch,) = batches_of(store, run.id)
    assert (batch.state, batch.problem, service.files) == (CallBatchState.CLOSED, "", {})


def reworded(response: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"response": response | changes}


@pytest.mark.parametrize(
    ("words", "done"),
    [
        (lambda line: line | reworded(line["response"], status_code="200"), 2),
        (lambda line: line | reworded(line["response"], status_code=200.0), 2),
        (lambda line: line | reworded(line["response"], status_code=None), 0),
        (lambda line: line | {"response": [line["response"]]}, 0),
        (lambda line: line | reworded(line["response"], body=json.dumps(line["response"]["body"])), 2),
        (lambda line: line | reworded(line["response"], body="不是 JSON"), 0),
        (lambda line: line | reworded(line["response"], body={"choices": []}), 0),
        (lambda line: line | reworded(line["response"], body=None), 0),
    ],
)
def test_a_line_that_was_paid_for_is_not_bought_again(
    store: Store, service: FakeBatches, words: Callable[[dict[str, Any]], dict[str, Any]], done: int
) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.words = words
    run = drive(store, started(store))
    assert (run.done, run.failed) == (done, 2 - done)
    assert paid_once(service, 2)
    assert run.tokens_in > 0, "what was answered is paid for, whether or not it can be read"


def test_a_service_that_does_not_say_which_batch_it_made_makes_one(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service)
    usual, service.made = service.made, lambda batch: without(batch, "id")
    run = started(store)
    for _ in range(3):
        BatchDriver(store, run.id, QUICK).advance()
    service.made = usual
    assert drive(store, run).done == 1
    assert paid_once(service, 1)


def test_a_service_that_was_away_for_days_is_asked_again(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    with store.write() as session:
        session.execute(update(CallBatch).values(tries=5_000, next_at=None))
    service.faults["retrieve"] = ["500"]
    BatchDriver(store, run.id, QUICK).advance()
    with store.read() as session:
        assert session.execute(select(col(CallBatch.tries))).scalar_one() == 5_001


def test_many_chats_are_several_files(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 7)
    add_model(store, service)
    run = started(store)
    view = drive(store, run, pace=BatchPace(poll=0.0, slow_poll=0.0, lost=0.0, most_lines=3))
    assert [batch.total for batch in batches_of(store, run.id)] == [3, 3, 1]
    assert view.done == 7 and paid_once(service, 7)
    small = started(store, name="small", fresh=True)
    drive(store, small, pace=BatchPace(poll=0.0, slow_poll=0.0, lost=0.0, most_bytes=1))
    assert [batch.total for batch in batches_of(store, small.id)] == [1] * 7


def test_a_budget_holds_back_what_it_cannot_pay(store: Store) -> None:
    add_dataset(store, 8)
    with FakeBatches(Answer(tokens_out=1000)) as service:
        add_model(store, service, batch_share=1.0)
        run = started(store, budget=3)
        view = drive(store, run)
        assert view.status == RunStatus.PAUSED and 3 <= view.done < 8
        assert len(service.executed) == view.done
        run_service.set_limits(store, run.id, concurrency=1, per_minute=None, deadline=60, budget=None)
        run_service.start(store, run.id)
        assert drive(store, run).done == 8 and paid_once(service, 8)


def test_a_budget_that_could_not_be_kept_is_refused(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    two = ASK | {"prompt": "baseline,verify"}
    with pytest.raises(RunError, match="预算管不住它"):
        run_service.create_run(store, **two, budget=4)
    run = run_service.create_run(store, **two)
    with pytest.raises(RunError, match="预算管不住它"):
        run_service.set_limits(store, run.id, concurrency=1, per_minute=None, deadline=60, budget=4)
    live = run_service.create_run(store, **(two | {"name": "live", "batch": ""}), budget=40)
    with pytest.raises(RunError, match="预算管不住它"):
        run_service.create_run(store, **(two | {"name": live.name}))


def test_the_hours_of_the_entry_are_asked_for(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service, batch_deadline=72)
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    assert [batch["completion_window"] for batch in service.batches.values()] == ["72h"]
    assert batches_of(store, run.id)[0].expires_at is not None


def test_models_without_batches_are_refused(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service, batch_files=False)
    with pytest.raises(RunError, match="没有批量文件"):
        run_service.create_run(store, **ASK)
    with pytest.raises(RunError, match="没有批量地址"):
        run_service.create_run(store, **(ASK | {"batch": "address"}))


def test_the_other_address_takes_the_same_calls_at_the_price_of_a_batch(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 3)
    with FakeBatches() as late:
        add_model(store, service, batch_url=late.url)
        run = run_service.create_run(store, **(ASK | {"batch": "address"}))
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (view.done, len(late.requests), len(service.requests)) == (3, 3, 0)
        assert view.batch_out == view.tokens_out > 0
        assert run_service.costs(store, [view])[run.id] == pytest.approx(view.tokens_out * 0.0005)
        again = run_service.create_run(store, **(ASK | {"name": "again", "batch": ""}))
        run_service.wait_for_run(store, lambda: run_service.start(store, again.id))
        assert service.requests == []  # the same question: it is not asked at the usual address again


@pytest.mark.both_databases
def test_several_processes_drive_a_run_one_at_a_time(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 6)
    add_model(store, service)
    service.polls = 3
    run = started(store)
    pace = BatchPace(poll=0.05, slow_poll=0.05, lost=0.0, most_lines=2)
    one = run_service.RunScheduler(store, batch_pace=pace)
    two = run_service.RunScheduler(store, batch_pace=pace)
    one.start(take_lock=True)
    two.start()
    try:

        def done() -> bool:
            one.wake()
            two.wake()
            return run_service.progress(store, run.id).status == RunStatus.FINISHED

        wait_until(done)
    finally:
        one.stop()
        two.stop()
    assert paid_once(service, 6) and len(stored(store, run)) == 6
    assert service.steps.count("create") == 3


def test_what_is_resumed_is_tried_at_once(store: Store, service: FakeBatches) -> None:
    add_dataset(store, 1)
    add_model(store, service)
    service.faults["upload"] = ["500"]
    run = started(store)
    slow = BatchPace(poll=600.0, lost=0.0)
    BatchDriver(store, run.id, slow).advance()
    BatchDriver(store, run.id, slow).advance()
    assert (states(store, run), service.steps) == ([CallBatchState.UPLOADING], ["upload"])
    with store.write() as session:
        resume_batches(session, run.id)
    BatchDriver(store, run.id, slow).advance()
    assert service.steps[:2] == ["upload", "files"]


def test_the_command_says_how_far_batches_are(
    store: Store, service: FakeBatches, capsys: pytest.CaptureFixture[str]
) -> None:
    add_dataset(store, 2)
    add_model(store, service)
    service.polls = 99
    database = ["--db", store.engine.url.render_as_string(hide_password=False)]
    extract = [*database, "extract", "--dataset", "d", "--run", "r", "--provider", "openai", "--model", "m"]
    assert cli.main([*extract, "--batch", "--batch-address"]) == 2
    assert cli.main([*extract, "--batch", "--batch-failures", "never"]) == 2
    assert cli.main([*extract, "--batch-failures", "live"]) == 1
    assert "不作为批量" in capsys.readouterr().err
    assert cli.main([*extract, "--batch-address"]) == 1
    assert "没有批量地址" in capsys.readouterr().err
    assert cli.main([*extract, "--dry-run"]) == 0
    assert "作为批量约" in capsys.readouterr().out
    run = started(store)
    BatchDriver(store, run.id, QUICK).advance()
    assert cli.main([*database, "status", "--run", "r"]) == 0
    assert "第 1 批：2 条，服务方正在处理，已答 0，最迟" in capsys.readouterr().out
    assert cli.main([*database, "status", "--run", "r", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["batches"][0]["state"] == "created"


def test_examples_and_form_stay_those_of_the_first_question(store: Store) -> None:
    """Records that are approved meanwhile pick other examples: the paid answer must still be that of its question."""
    texts = [
        "林木1：会话存档怎么收费？我们十个人要用。\n客服小林：标准版每年三千元。",
        "周山2：高级版能先试用吗？想先看看会话存档好不好用。\n客服小林：可以试用一个月，我给您开通。",
    ]
    dataset = make_dataset(store, texts, "d")
    with FakeBatches() as service:
        add_model(store, service)
        run = started(store, prompt="fewshot", chat_indices=[2])
        BatchDriver(store, run.id, QUICK).advance()
        add_record(store, dataset, 1, [load_named_form().empty() | {"基本信息-姓名": "林木1"}], "陈")
        view = drive(store, run)
        assert (view.done, len(service.executed), len(batches_of(store, run.id))) == (1, 1, 1)
        later = drive(store, started(store, name="later", prompt="fewshot", chat_indices=[2]))
        assert later.done == 1 and len(service.executed) == 2  # another question, with the example
        assert "十个人要用" in json.dumps(service.executed[1], ensure_ascii=False)


def test_keys_never_come_out_of_a_batch(store: Store) -> None:
    add_dataset(store, 2)
    leak = Answer(text=f'[{{"基本信息-姓名": "{API_KEY}"}}]')
    with FakeBatches([leak, Failure(status=400, message=f"bad key {API_KEY}")]) as service:
        add_model(store, service)
        service.faults["upload"] = ["401"]
        run = started(store)
        drive(store, run)
        run_service.start(store, run.id)
        drive(store, run)
        with store.read() as session:
            kept = json.dumps(list(session.execute(select(col(Extraction.replies))).scalars()), ensure_ascii=False)
        assert kept and API_KEY not in kept
        assert all(API_KEY not in batch.problem for batch in batches_of(store, run.id))
