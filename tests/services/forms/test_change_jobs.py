"""A change of a form as a job: what it does is what is done here, all of it or nothing, in the name of who asked."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import AuditEntry, HeavyJob, JobStatus, Pass, Record, Run, RunStatus
from core.domain.form import load_named_form
from core.domain.permissions import AccountRole
from core.errors import ConflictError, PermissionDeniedError
from core.services.forms.change_jobs import (
    cancel_change,
    is_preview_of,
    newest_change_job,
    newest_preview,
    request_form_change,
    request_preview,
    request_undo,
)
from core.services.forms.change_plan import FormChangePlan, plan_form_change, rows_of_form
from core.services.forms.changing import apply_form_change, form_changes, prepare_form_change, prepare_undo
from core.services.forms.earlier_forms import form_change_of
from core.services.jobs import process
from core.services.team import acting_as, viewing_as
from core.services.team.acting import Actor
from tests.factories.form_changes import MAPPING, OLD, approve, everything, next_version, ticket, tickets
from tests.factories.jobs import carried_out

LEAD = Actor("组长", AccountRole.ADMINISTRATOR, address="10.0.0.7")


def planned(store: Store, new: str) -> Any:
    return plan_form_change(store, form_change_of(OLD, new, MAPPING))


@pytest.mark.both_databases
def test_a_change_by_jobs_is_the_one_that_is_made_here_and_is_undone_exactly(store: Store) -> None:
    dataset = tickets(store, 4)
    new = next_version(store)
    before = everything(store, dataset)
    change = form_change_of(OLD, new, MAPPING)
    here = planned(store, new)
    with acting_as(LEAD):
        looked = carried_out(store, request_preview(store, change, datasets=["工单"], who="组长"))
        assert is_preview_of(looked, change, ["工单"]) and not is_preview_of(looked, change, [])
        kept = newest_preview(store, OLD, "组长")
        assert kept is not None and kept[1] == here
        job = request_form_change(store, here, who="组长")
    ended = carried_out(store, job)
    assert ended.status == JobStatus.DONE, ended.problem
    with store.read() as session:
        (done,) = form_changes(session, OLD)
        entry = session.execute(select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(1)).scalar_one()
        assert (entry.kind, entry.who, entry.address) == ("表单", "组长", "10.0.0.7")
        assert queries.dataset(session, dataset.id).form == new
    assert (done.who, done.cells, done.lost, done.rows) == ("组长", here.cells, here.lost_cells, 12)
    assert newest_preview(store, OLD, "组长") is None, "it quotes what is gone"
    newest = newest_change_job(store, OLD)
    assert newest is not None and newest.id == job.id
    with acting_as(LEAD):
        undo = carried_out(store, request_undo(store, done.id, name=OLD, who="组长"))
    assert undo.status == JobStatus.DONE, undo.problem
    back = everything(store, dataset)
    assert (back["records"], back["answers"]) == (before["records"], before["answers"])
    again = carried_out(store, request_undo(store, done.id, name=OLD, who="组长"))
    assert (again.status, "撤销过" in again.problem) == (JobStatus.FAILED, True)


@pytest.mark.parametrize("missing", ["lost_kinds", "lost_digest", "history_days"])
def test_a_preview_of_an_earlier_program_is_made_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    tickets(store, 2)
    change, now = form_change_of(OLD, next_version(store), MAPPING), FormChangePlan.as_json
    with monkeypatch.context() as earlier:
        earlier.setattr(
            FormChangePlan, "as_json", lambda plan: {key: value for key, value in now(plan).items() if key != missing}
        )
        with acting_as(LEAD):
            job = carried_out(store, request_preview(store, change, datasets=["工单"], who="组长"))
    assert job.status == JobStatus.DONE
    assert newest_preview(store, OLD, "组长") is None
    with acting_as(LEAD):
        carried_out(store, request_preview(store, change, datasets=["工单"], who="组长"))
    kept = newest_preview(store, OLD, "组长")
    assert kept is not None and kept[1] is not None


def test_a_job_that_is_cancelled_has_done_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = tickets(store, 3)
    new = next_version(store)
    before = everything(store, dataset)
    job = request_form_change(store, planned(store, new), who="组长")
    with acting_as(Actor("小陆", AccountRole.REVIEWER)), pytest.raises(PermissionDeniedError):
        cancel_change(store, job.id)
    monkeypatch.setattr(process, "pack", lambda value: (cancel_change(store, job.id), b"x")[1])  # at the last moment
    assert carried_out(store, job).status == JobStatus.CANCELLED
    assert everything(store, dataset) == before
    with store.read() as session:
        assert form_changes(session) == []
        assert queries.dataset(session, dataset.id).form == OLD


def test_what_keeps_a_change_from_being_made_is_the_job_s_sentence(store: Store) -> None:
    tickets(store, 2)
    job = request_form_change(store, planned(store, next_version(store)), who="组长")
    with store.write() as session:
        session.execute(select(Run)).scalars().one().status = RunStatus.RUNNING
    ended = carried_out(store, job)
    assert (ended.status, "正在运行" in ended.problem) == (JobStatus.FAILED, True)
    with acting_as(Actor("小陆", AccountRole.REVIEWER)), pytest.raises(PermissionDeniedError):
        request_undo(store, 1, name=OLD, who="小陆")


@pytest.mark.both_databases
def test_rows_that_were_changed_or_made_meanwhile_are_computed_anew(store: Store) -> None:
    dataset = tickets(store, 4)
    old, new = load_named_form(OLD), next_version(store)
    with store.write() as session:  # the first chat has no record yet
        session.delete(session.execute(select(Record).order_by(col(Record.id)).limit(1)).scalar_one())
    plan = planned(store, new)
    prepared = prepare_form_change(store, plan, who="组长")
    assert approve(store, dataset, old, 1, ticket(1, 备注="新来的", 品牌型号=""), version=0).result == "saved"
    assert approve(store, dataset, old, 2, ticket(2, 备注="改过"), version=1).result == "saved"
    with store.write() as session:
        done = prepared(session)
    with store.read() as session:
        records = {one.index: one for one in queries.records(session, dataset.id)}
    assert [records[n].forms[0]["备注"] for n in (1, 2, 3)] == ["新来的", "改过", "第 3 户"]
    assert {tuple(one.customers[0]["values"]) for one in records.values()} == {load_named_form(new).keys}
    assert records[2].forms[0]["回访电话"] == "13800000002"
    back = prepare_undo(store, done.id, who="组长")
    now = load_named_form(new)
    values = records[3].forms[0] | {"备注": "后来改的"}
    assert approve(store, dataset, now, 3, values, version=records[3].version).result == "saved"
    with store.write() as session:
        back(session)
    with store.read() as session:
        records = {one.index: one for one in queries.records(session, dataset.id)}
    assert records[3].forms[0] == ticket(3, 备注="后来改的")
    assert records[2].forms[0] == ticket(2, 备注="改过")
    stale = prepare_form_change(store, planned(store, new), who="组长")
    assert approve(store, dataset, old, 4, ticket(4, 品牌型号="刚填的"), version=records[4].version).result == "saved"
    with pytest.raises(ConflictError, match="预览之后"), store.write() as session:
        stale(session)


def test_reviews_that_are_withheld_are_counted_and_changed_but_not_named(store: Store) -> None:
    """Whoever reviews a chat blind and changes the form: their own eyes do not decide what is carried."""
    dataset = tickets(store, 3)
    new = next_version(store)
    with store.write() as session:
        first = session.execute(select(Record).order_by(col(Record.id)).limit(1)).scalar_one()
        session.add(
            Record(
                dataset_id=dataset.id,
                chat_id=first.chat_id,
                customers=[],
                status="草稿",
                reviewer="组长",
                review_pass=Pass.SECOND,
                version=1,
            )
        )
        his = {"品牌型号": "只有他写", "联系电话": "只有他写"}
        first.customers = [{**first.customers[0], "values": {**first.customers[0]["values"], **his}}]
    with viewing_as("组长"):
        plan = planned(store, new)
        with store.read() as session:
            assert rows_of_form(session, plan.change) == 10
        assert plan.lost_cells == planned_by_nobody(store, new).lost_cells
        assert "只有他写" not in {one.value for one in plan.lost}
        assert plan.examples and "只有他写" not in str(plan.examples)
        apply_form_change(store, plan, who="组长")
    with store.read() as session:
        row = session.execute(select(col(Record.customers)).order_by(col(Record.id)).limit(1)).scalar_one()
        assert tuple(row[0]["values"]) == load_named_form(new).keys
        assert not session.execute(select(HeavyJob)).first()


def planned_by_nobody(store: Store, new: str) -> Any:
    with viewing_as(""):
        return planned(store, new)
