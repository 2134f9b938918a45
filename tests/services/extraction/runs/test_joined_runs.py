"""Joined runs: several models answer the same chats, and their answers are merged per field into one run."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunStatus
from core.domain.form import Form
from core.errors import ConflictError, RunError, ShiyaoError
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import Pipeline
from core.services.extraction.runs import JoinedPart, joined_progress, start_joined, wait_for_run
from core.services.extraction.runs.joined_runs import finish_joined
from tests.factories.exports import fill

PHONE, STAGE, NAME = "基本信息-手机号码", "客户购买阶段", "基本信息-姓名"


@pytest.fixture
def parts(store: Store) -> list[JoinedPart]:
    fill(store)
    return [JoinedPart("整张表", "local", "", plain(store)), JoinedPart("分段", "local", "", plain(store), (PHONE,))]


def plain(store: Store) -> Pipeline:
    with store.read() as session:
        return run_service.load_pipeline(session, "baseline", dataset="四条")


def begin(store: Store, parts: list[JoinedPart], name: str = "一起") -> RunView:
    return start_joined(store, dataset="四条", name=name, parts=parts)


def views(store: Store) -> dict[str, RunView]:
    with store.read() as session:
        return {run.name: run for run in queries.runs(session)}


def answer(store: Store, name: str, form: Form, **values: str) -> None:
    """Answer all chats of a run with one customer, and end it."""
    with store.write() as session:
        run = run_named(session, name)
        for chat_id in queries.chat_ids(session, run.dataset_id).values():
            forms = [{**form.empty(), NAME: "林晓3", **{key.replace("_", "-"): one for key, one in values.items()}}]
            row = Extraction(run_id=run.id or 0, chat_id=chat_id, status=ExtractionStatus.OK, forms=forms)
            session.add(row)
        run.status = RunStatus.FINISHED


def run_named(session: Session, name: str) -> Run:
    row: Run = session.execute(select(Run).where(col(Run.name) == name)).scalar_one()
    return row


def merged(store: Store) -> dict[str, object]:
    """The first answer of the joined run."""
    with store.read() as session:
        forms = queries.forms_by_index(session, queries.run(session, "一起").id)
    return dict(forms[1][0])


@pytest.mark.both_databases
def test_one_start_runs_every_part_and_merges_them(store: Store, parts: list[JoinedPart]) -> None:
    view = wait_for_run(store, lambda: begin(store, parts))
    assert (view.name, view.kind, view.status, view.done, view.total) == ("一起", "merge", "finished", 4, 4)
    assert [part.name for part in joined_progress(store, view)] == ["整张表 · 一起", "分段 · 一起"]
    assert all(part.status == "finished" and part.done == 4 for part in joined_progress(store, view))
    assert view.parameters["merge"]["runs"] == ["整张表 · 一起", "分段 · 一起"]


@pytest.mark.both_databases
def test_each_field_comes_from_the_part_that_it_was_given_to(store: Store, parts: list[JoinedPart], form: Form) -> None:
    begin(store, parts)
    assert views(store)["一起"].status == RunStatus.RUNNING and views(store)["一起"].done == 0
    answer(store, "整张表 · 一起", form, 基本信息_手机号码="13800000000", 客户购买阶段="报价")
    finish_joined(store)
    assert views(store)["一起"].status == RunStatus.RUNNING, "the other part is not there yet"
    answer(store, "分段 · 一起", form, 基本信息_手机号码="13911112222", 客户购买阶段="赢单", 基本信息_邮箱="a@b.cn")
    finish_joined(store)
    values = merged(store)
    assert (values[PHONE], values[STAGE], values["基本信息-邮箱"]) == ("13911112222", "报价", "a@b.cn")
    finish_joined(store)
    assert views(store)["一起"].done == 4, "once is enough"


def test_a_part_that_answers_anew_is_merged_again_on_request(store: Store, parts: list[JoinedPart], form: Form) -> None:
    view = begin(store, parts)
    for part in ("整张表 · 一起", "分段 · 一起"):
        answer(store, part, form, 基本信息_手机号码="1")
    finish_joined(store)
    with store.write() as session:
        part_id = run_named(session, "分段 · 一起").id
        changed = [{**form.empty(), NAME: "林晓3", PHONE: "2"}]
        session.execute(update(Extraction).where(col(Extraction.run_id) == part_id).values(forms=changed))
    assert merged(store)[PHONE] == "1"
    run_service.start(store, view.id)
    finish_joined(store)
    assert merged(store)[PHONE] == "2" and views(store)["一起"].done == 4


def test_all_parts_stop_and_go_on_together(store: Store, parts: list[JoinedPart]) -> None:
    view = begin(store, parts)
    run_service.pause(store, view.id)
    assert {run.status for name, run in views(store).items() if "一起" in name} == {RunStatus.PAUSED}
    finish_joined(store)
    assert begin(store, parts).id == view.id, "the same name goes on with it"
    assert {run.status for name, run in views(store).items() if "一起" in name} == {RunStatus.RUNNING}
    run_service.cancel(store, views(store)["分段 · 一起"].id)
    finish_joined(store)
    assert views(store)["一起"].status == RunStatus.PAUSED, "nobody waits for what stands still"
    assert wait_for_run(store, lambda: run_service.start(store, view.id)).done == 4


def test_a_part_that_is_gone_is_said(store: Store, parts: list[JoinedPart]) -> None:
    view = begin(store, parts)
    run_service.pause(store, view.id)
    run_service.delete(store, views(store)["分段 · 一起"].id)
    with pytest.raises(RunError, match="「一起」要合并的抽取任务有 1 个已删除"):
        run_service.start(store, view.id)
    with store.write() as session:
        run_named(session, "一起").status = RunStatus.RUNNING
    finish_joined(store)
    assert views(store)["一起"].status == RunStatus.PAUSED


def test_what_cannot_be_joined(store: Store, parts: list[JoinedPart]) -> None:
    with pytest.raises(RunError, match="两个以上的模型"):
        begin(store, parts[:1])
    with pytest.raises(RunError, match="要有名称"):
        begin(store, parts, " ")
    with pytest.raises(ConflictError, match="已经有名为「模型」的抽取任务"):
        begin(store, parts, "模型")
    assert not any("·" in name for name in views(store)), "nothing was begun"


def at_once(*actions: Callable[[], object]) -> list[object]:
    """What actions return or raise that begin together, each in a thread of its own."""
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return action()
        except ShiyaoError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


@pytest.mark.both_databases
def test_two_workers_merge_once(store: Store, parts: list[JoinedPart], form: Form) -> None:
    begin(store, parts)
    for part in ("整张表 · 一起", "分段 · 一起"):
        answer(store, part, form, 基本信息_手机号码="1")
    assert at_once(*[lambda: finish_joined(store)] * 4) == [None] * 4
    assert (views(store)["一起"].done, views(store)["一起"].status) == (4, RunStatus.FINISHED)


@pytest.mark.both_databases
def test_two_people_start_one(store: Store, parts: list[JoinedPart]) -> None:
    outcomes = at_once(*[lambda: begin(store, parts)] * 3)
    started = {outcome.id for outcome in outcomes if isinstance(outcome, RunView)}
    assert len(started) == 1 and all(isinstance(outcome, RunView | ConflictError | RunError) for outcome in outcomes)
    assert sorted(name for name in views(store) if "一起" in name) == ["一起", "分段 · 一起", "整张表 · 一起"]
