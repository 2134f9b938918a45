"""A form in use is changed over all that datasets hold, and changed back, in one transaction each."""

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import (
    AuditEntry,
    Discussion,
    Dispute,
    FormChangeRow,
    Pick,
    PlantedError,
    PlantedStatus,
    Record,
    RecordEvent,
    Run,
    RunStatus,
    TrainingSet,
)
from core.domain.form import load_named_form
from core.domain.form.loading import FormTexts, read_form_texts
from core.errors import ConflictError, FormError, InputError, NotFoundError
from core.services.export import parse_source
from core.services.forms.change_plan import plan_form_change
from core.services.forms.changed_rows import customers_back
from core.services.forms.changing import (
    apply_form_change,
    form_changes,
    undo_form_change,
)
from core.services.forms.earlier_forms import form_change_of
from core.services.forms.library import save_form_version
from core.services.learning.corpus import read_corpus, restore_corpus
from core.services.privacy import apply_retention, set_retention
from core.services.review import open_session
from core.services.review.lead_view import lead_view
from core.services.review.records import bulk
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from core.services.review.records.other_forms import FormChangedError
from core.services.review.records.save_reading import read_save
from core.services.review.records.second_review import second_review_refusal
from core.services.review.workbench.blind import BlindSession
from core.services.review.workbench.end_of_queue import end_of_queue
from core.services.training import TrainingOptions
from core.services.training.build import export_training
from core.services.training.set_versions import rebuild
from tests.factories.form_changes import MAPPING, OLD, approve, everything, next_version, ticket, tickets
from tests.forked_programs import ForkedProgram


def planned(store: Store, new: str, mapping: Any = MAPPING) -> Any:
    return plan_form_change(store, form_change_of(OLD, new, mapping))


@pytest.mark.both_databases
def test_two_hundred_records_go_over_and_come_back_exactly(store: Store) -> None:
    dataset = tickets(store)
    new = next_version(store)
    before = everything(store, dataset)
    plan = planned(store, new)
    assert plan.datasets == ("工单",)
    assert plan.rows == {"审阅记录": 200, "记录的各个版本": 240, "抽取结果和标注": 200}
    assert Counter({(one.key, one.value): one.count for one in plan.lost}) == {("品牌型号", "云岭"): 200}
    assert plan.lost_cells == 200
    assert everything(store, dataset) == before, "a preview stores nothing"
    told: list[tuple[int, int]] = []
    done = apply_form_change(store, plan, who="组长", on_rows=lambda now, total: told.append((now, total)))
    assert told[-1] == (640, 640)
    assert (done.cells, done.lost) == (plan.cells, 200)
    form = load_named_form(new)
    with store.read() as session:
        assert queries.dataset(session, "工单").form == new
        record = {one.index: one for one in queries.records(session, dataset.id)}[5]
        run = queries.run(session, "标注", dataset.id)
        forms = queries.forms_by_index(session, run.id)
        assert session.execute(select(AuditEntry).where(col(AuditEntry.kind) == "表单")).scalars().all()
    assert tuple(record.customers[0]["values"]) == form.keys
    assert record.forms[0]["回访电话"] == "13800000005"
    assert (record.forms[0]["水路故障"], record.forms[0]["其他故障"]) == (["漏水"], ["异响"])
    assert forms[1][0]["处理结果"] == "未完成"
    assert record.customers[0]["confirmed"]["回访电话"] == "逐项确认"
    assert record.version == 3
    assert record.status == "已确认"
    assert (run.form, run.form_change) == (OLD, done.id)
    after = everything(store, dataset)
    carried = [customer for change in after["events"].values() for customer in change["customers"]]
    assert all(tuple(customer["values"]) == form.keys for customer in carried)
    undo_form_change(store, done.id, who="组长")
    back = everything(store, dataset)
    assert back["records"] == before["records"]
    assert back["answers"] == before["answers"]
    assert {number: back["events"][number] for number in before["events"]} == before["events"]
    with store.read() as session:
        assert queries.dataset(session, "工单").form == OLD
        assert queries.run(session, "标注", dataset.id).form == ""
        assert session.execute(select(FormChangeRow)).first() is None
        assert [one.undone_by for one in form_changes(session, OLD)] == ["组长"]
    with pytest.raises(ConflictError, match="撤销过"):
        undo_form_change(store, done.id, who="组长")


@pytest.mark.both_databases
def test_what_was_changed_since_survives_undo(store: Store) -> None:
    dataset = tickets(store, 3)
    new = next_version(store)
    done = apply_form_change(store, planned(store, new), who="组长")
    form = load_named_form(new)
    with store.read() as session:
        record = {one.index: one for one in queries.records(session, dataset.id)}[2]
    values = record.forms[0] | {"备注": "门禁 2580", "水路故障": ["漏水", "爆管"]}
    ack = approve(store, dataset, form, 2, values, version=record.version)
    assert ack.result == "saved", ack.why
    undo_form_change(store, done.id, who="组长")
    with store.read() as session:
        records = {one.index: one for one in queries.records(session, dataset.id)}
    assert records[2].forms[0] == ticket(2, 备注="门禁 2580", 故障现象=["漏水", "爆管", "异响"])
    assert records[1].forms[0] == ticket(1)


def test_all_that_names_a_field_follows_it(store: Store) -> None:
    dataset = tickets(store, 4)
    with store.write() as session:
        chats = queries.chat_ids(session, dataset.id)
        where = {"dataset_id": dataset.id, "chat_id": chats[1]}
        session.add(Dispute(**where, customer=0, field="联系电话", value="13800000001", reason="错号", who="阿青"))
        session.add(Dispute(**where, customer=0, field="品牌型号", value="云岭", reason="没说", who="阿青"))
        session.add(Discussion(**where, field="故障现象", opened_by="阿青"))
        session.add(Discussion(**where, field="品牌型号", opened_by="阿青"))
        session.add(PlantedError(**where, field="联系电话", value="1", right="2"))
        session.add(PlantedError(dataset_id=dataset.id, chat_id=chats[2], field="品牌型号", value="1", right="2"))
        picked = {"@": "1a2b", "0:联系电话": "run:1", "0:品牌型号": "run:2"}
        session.add(Pick(**where, who="阿青", selection="1|2", choices=picked))

    def named() -> list[Any]:
        with store.read() as session:
            return [
                session.execute(select(col(Dispute.field), col(Dispute.value)).order_by(col(Dispute.id))).all(),
                session.execute(select(col(Discussion.field)).order_by(col(Discussion.id))).scalars().all(),
                session.execute(
                    select(col(PlantedError.field), col(PlantedError.status)).order_by(col(PlantedError.chat_id))
                ).all(),
                session.execute(select(col(Pick.choices))).scalars().all(),
            ]

    before = named()
    done = apply_form_change(store, planned(store, next_version(store)), who="组长")
    assert named() == [
        [("回访电话", "13800000001"), ("品牌型号", "云岭")],
        ["水路故障", ""],
        [("回访电话", "waiting"), ("品牌型号", "withdrawn")],
        [{"@": "1a2b", "0:回访电话": "run:1"}],
    ]
    undo_form_change(store, done.id, who="组长")
    assert named() == before


def test_what_was_decided_since_stays_decided(store: Store) -> None:
    dataset = tickets(store, 4)
    with store.write() as session:
        run, chats = queries.run(session, "标注", dataset.id).id, queries.chat_ids(session, dataset.id)
        for chat, field in ((1, "联系电话"), (2, "品牌型号"), (3, "品牌型号")):
            status = PlantedStatus.MISSED if chat == 3 else PlantedStatus.WAITING
            where = {"dataset_id": dataset.id, "chat_id": chats[chat], "run_id": run}
            session.add(PlantedError(**where, field=field, value="1", right="2", status=status))
        session.add(
            Pick(dataset_id=dataset.id, chat_id=chats[1], who="阿青", selection="1|2", choices={"0:品牌型号": "run:2"})
        )
    new = next_version(store)
    done = apply_form_change(store, planned(store, new), who="组长")
    form = load_named_form(new)
    for chat in (2, 3):  # whose planted field is gone
        values = form.empty() | {"报修人": f"住户{chat}"}
        assert approve(store, dataset, form, chat, values, run=run, version=2).result == "saved"
    with store.write() as session:
        session.get_one(PlantedError, chats[1]).status = PlantedStatus.CORRECTED
        pick = session.execute(select(Pick)).scalar_one()
        pick.choices = {"0:回访电话": "run:1"}
    undo_form_change(store, done.id, who="组长")
    with store.read() as session:
        rows = session.execute(
            select(col(PlantedError.field), col(PlantedError.status)).order_by(col(PlantedError.chat_id))
        ).all()
        assert rows == [("联系电话", "corrected"), ("品牌型号", "waiting"), ("品牌型号", "missed")]
        assert session.execute(select(col(Pick.choices))).scalar_one() == {
            "0:品牌型号": "run:2",
            "0:联系电话": "run:1",
        }


@pytest.mark.parametrize("told_by", ["source", "报修人", ""])
def test_nobody_is_given_what_the_change_took_from_another(store: Store, told_by: str) -> None:
    change = form_change_of(OLD, next_version(store), MAPPING)
    before = [{"values": ticket(n, 品牌型号=brand)} for n, brand in ((1, "云岭"), (2, "海石"), (3, "松风"))]
    for place, customer in enumerate(before):
        if told_by == "source":
            customer["source"] = place
        if told_by != "报修人":
            customer["values"]["报修人"] = ""
    carried = [change.carry(customer).customer for customer in before]
    assert customers_back(change, carried, before) == before
    assert customers_back(change, carried[::-1], before) == before[::-1]
    left = [carried[1] | {"values": carried[1]["values"] | {"备注": "改过"}}, carried[2]]
    brands = [one["values"]["品牌型号"] for one in customers_back(change, left, before)]
    assert brands == (["海石", "松风"] if told_by else ["", "松风"])
    alike = [{"values": ticket(1, 品牌型号=brand)} for brand in ("云岭", "海石")]
    now_alike = [change.carry(customer).customer for customer in alike]
    assert customers_back(change, now_alike, alike) == alike
    [one_of_them] = customers_back(change, now_alike[1:], alike)  # nobody can tell which of the two has gone
    assert one_of_them["values"]["品牌型号"] == ""
    [either] = customers_back(change, now_alike[1:], [alike[0], alike[0]])
    assert either["values"]["品牌型号"] == "云岭"
    newcomer = {"values": change.new.empty() | {"报修人": "新来的"}}
    assert customers_back(change, [newcomer, carried[1]], before)[0]["values"]["品牌型号"] == ""


def test_a_run_made_over_the_form_that_is_taken_back_says_so(store: Store) -> None:
    dataset = tickets(store, 1)
    new = next_version(store)
    done = apply_form_change(store, planned(store, new), who="组长")
    with store.write() as session:
        session.add(Run(dataset_id=dataset.id, name="新问的", kind="model", total=0))
    undo_form_change(store, done.id, who="组长")
    with store.read() as session:
        told = {name: queries.run(session, name, dataset.id).form for name in ("标注", "新问的")}
    assert told == {"标注": "", "新问的": new}


def test_a_change_of_the_form_is_nobodys_review(store: Store) -> None:
    dataset = tickets(store, 3)
    old = load_named_form(OLD)
    plan = plan_edits(store, old, dataset.id, [CellEdit(n, 0, "备注", "批量") for n in (1, 2)])
    assert len(bulk.apply(store, old, plan, who="组长", reason="口径").saved) == 2
    bulk_id = bulk.recent(store, dataset.id)[0].id
    new = next_version(store)
    apply_form_change(store, planned(store, new), who="组长")
    form = load_named_form(new)
    with store.read() as session:
        record = session.execute(select(Record).where(col(Record.dataset_id) == dataset.id)).scalars().first()
        assert second_review_refusal(session, record, None, "组长") == ""
        assert end_of_queue(session, form, dataset.id, "组长")["today"]["chats"] == 0
    assert {one.reviewer for one in lead_view(store, dataset, form).work} == {"阿青"}
    with pytest.raises(InputError, match="编号不能用"):
        read_save(
            {
                "save_id": "form-12345678",
                "chat": 1,
                "reviewer": "林晓",
                "base_version": 0,
                "status": "已确认",
                "customers": [],
            }
        )
    outcome = bulk.undo(store, form, dataset.id, bulk_id, who="组长")
    assert (sorted(outcome.saved), outcome.skipped) == ([1, 2], ())
    with store.read() as session:
        records = {one.index: one for one in queries.records(session, dataset.id)}
    assert [records[n].forms[0]["备注"] for n in (1, 2)] == ["第 1 户", "第 2 户"]
    assert records[1].forms[0]["回访电话"] == "13800000001"


def test_what_cannot_be_done_is_said(store: Store) -> None:
    dataset = tickets(store, 2)
    new = next_version(store)
    with pytest.raises(FormError, match="没有去处"):
        planned(store, new, {"steps": []})
    with pytest.raises(InputError, match="同一版"):
        plan_form_change(store, form_change_of(OLD, OLD, {"steps": []}))
    with pytest.raises(InputError, match="「别的」"):
        plan_form_change(store, form_change_of(OLD, new, MAPPING), datasets=["别的"])
    with pytest.raises(NotFoundError):
        undo_form_change(store, 7, who="组长")
    plan = planned(store, new)
    ack = approve(store, dataset, load_named_form(OLD), 2, ticket(2, 品牌型号="刚刚填的"), version=1)
    assert ack.result == "saved"
    with pytest.raises(ConflictError, match="预览之后"):
        apply_form_change(store, plan, who="组长")
    with store.write() as session:
        run = session.execute(select(Run)).scalars().one()
        run.status = RunStatus.RUNNING
    plan = planned(store, new)
    assert "正在运行" in plan.problem
    with pytest.raises(ConflictError, match="正在运行"):
        apply_form_change(store, plan, who="组长")
    with store.write() as session:
        session.execute(select(Run)).scalars().one().status = RunStatus.FINISHED
    apply_form_change(store, planned(store, new), who="组长")
    with pytest.raises(ConflictError, match="刚刚被改过"):
        apply_form_change(store, plan, who="另一位")
    with pytest.raises(InputError, match="没有数据集在用"):
        planned(store, new)


def test_a_value_filled_since_is_not_lost_for_one_that_was_emptied(store: Store) -> None:
    dataset = tickets(store, 3)
    new = next_version(store)
    plan = planned(store, new)
    form = load_named_form(OLD)
    for number, brand in ((1, ""), (2, "飞瀑")):  # as many as before, and one that nobody has looked at
        approve(store, dataset, form, number, ticket(number, 品牌型号=brand), version=1)
    with pytest.raises(ConflictError, match="又有人改了这次会丢掉的值"):
        apply_form_change(store, plan, who="组长")
    again = planned(store, new)
    assert again.lost_cells == plan.lost_cells and "飞瀑" in {one.value for one in again.lost}
    assert apply_form_change(store, again, who="组长").lost == plan.lost_cells


def test_what_retention_has_deleted_is_said_not_to_come_back(store: Store) -> None:
    tickets(store, 2)
    tickets(store, 1, name="另一批")
    new = next_version(store)
    assert planned(store, new).history_days is None
    set_retention(store, "工单", replies_days=None, history_days=0)
    plan = planned(store, new)
    assert plan.history_days == 0
    done = apply_form_change(store, plan, who="组长")
    assert done.forgotten == ()
    apply_retention(store)
    with store.read() as session:
        [listed] = form_changes(session)
    assert listed.forgotten == ("工单",)
    apply_retention(store)  # once more deletes nothing of what is known
    undone = undo_form_change(store, done.id, who="组长")
    assert undone.forgotten == ("工单",)
    with store.read() as session:
        assert session.execute(select(FormChangeRow)).first() is None
        kept, whole = (list(queries.records(session, queries.dataset(session, name).id)) for name in ("工单", "另一批"))
    assert [one.forms[0]["品牌型号"] for one in kept] == ["", ""]
    assert kept[0].forms[0]["联系电话"] == ticket(1)["联系电话"]
    assert whole[0].forms[0]["品牌型号"] == "云岭"


@pytest.mark.both_databases
def test_work_done_over_the_form_before_is_carried(store: Store) -> None:
    """A desk that was open meanwhile: its save is of the old form, over the version before the change, and goes in."""
    dataset = tickets(store, 3)
    old = load_named_form(OLD)
    done = apply_form_change(store, planned(store, next_version(store)), who="组长")
    stale = ticket(1, 备注="下班前来", 联系电话="13900000000")
    ack = approve(store, dataset, old, 1, stale, version=1, form=OLD)
    assert ack.result == "saved", ack.why
    with store.read() as session:
        record = {one.index: one for one in queries.records(session, dataset.id)}[1]
    assert tuple(record.forms[0]) == load_named_form(done.new).keys
    assert (record.forms[0]["备注"], record.forms[0]["回访电话"]) == ("下班前来", "13900000000")
    assert record.customers[0]["confirmed"]["回访电话"] == "逐项确认"
    undo_form_change(store, done.id, who="组长")
    new = load_named_form(done.new)
    values = {**new.empty(), "报修人": "住户3", "回访电话": "13700000000", "水路故障": ["漏水"]}
    ack = approve(store, dataset, new, 3, values, version=2, form=done.new)
    assert ack.result == "saved", ack.why
    with store.read() as session:
        record = {one.index: one for one in queries.records(session, dataset.id)}[3]
    assert (record.forms[0]["联系电话"], record.forms[0]["故障现象"]) == ("13700000000", ["漏水"])
    with store.write() as session:  # as browsers could name their saves once
        named = update(RecordEvent).where(col(RecordEvent.record_id) == record.id, col(RecordEvent.version) == 4)
        session.execute(named.values(save_id="form-12345678"))
    late = approve(store, dataset, old, 3, ticket(3), version=3, form=OLD)
    assert late.result == "conflict", "somebody's save is no change of the form, whatever its id"
    stranger = approve(store, dataset, old, 2, ticket(2), version=3, form="recruiting")
    assert stranger.result == "rejected"
    assert "没有保存" in stranger.why


def test_an_open_desk_reads_nothing_by_the_form_of_before(store: Store) -> None:
    """It would read renamed fields as empty, and save them so with the next key."""
    dataset = tickets(store, 2)
    old = load_named_form(OLD)
    desks = [open_session(store, dataset, old, reviewer="阿青"), BlindSession(dataset, old, "阿木")]
    done = apply_form_change(store, planned(store, next_version(store)), who="组长")
    save = {
        "save_id": "open-desk-1",
        "chat": 1,
        "reviewer": "阿青",
        "base_version": 1,
        "customers": [{"values": ticket(1, 备注="半句话"), "origin": 0}],
        "status": "已确认",
        "form": OLD,
    }
    with pytest.raises(FormChangedError, match="刚刚改过"):
        desks[0].sync(store, outbox=[save], at=1)
    with pytest.raises(FormChangedError):
        desks[1].sync(store)
    with store.read() as session:
        dataset = queries.dataset(session, dataset.id)
        record = {one.index: one for one in queries.records(session, dataset.id)}[1]
    assert record.forms[0]["备注"] == "半句话", "what it sent is taken"
    new = load_named_form(done.new)
    (chat,) = [
        one for one in open_session(store, dataset, new, reviewer="阿青").sync(store, at=1)["chats"] if one["chat"] == 1
    ]
    assert chat["customers"][0]["values"]["回访电话"] == "13800000001"


def test_two_people_at_once_one_is_told(store: Store) -> None:
    """Somebody saves over the version before with another's work in between: a conflict, in the new form."""
    dataset = tickets(store, 2)
    old = load_named_form(OLD)
    done = apply_form_change(store, planned(store, next_version(store)), who="组长")
    assert approve(store, dataset, old, 1, ticket(1, 备注="甲"), version=1, form=OLD).result == "saved"
    late = approve(
        store, dataset, old, 1, ticket(1, 备注="乙"), version=1, form=OLD, save_id="late-save-1", reviewer="阿木"
    )
    assert late.result in ("conflict", "set_aside")
    plan = plan_cells(store, dataset, old)
    with pytest.raises(ConflictError, match="表单刚刚改过"):
        bulk.apply(store, old, plan, who="组长", reason="统一")
    assert done.new.startswith(OLD)


def plan_cells(store: Store, dataset: Any, form: Any) -> Any:
    return plan_edits(store, form, dataset.id, [CellEdit(1, 0, "备注", "统一")])


KILLED = """
import os, signal, sys
from core.adapters.store import open_store
from core.services.forms import changing
from core.services.forms.change_plan import plan_form_change
from core.services.forms.changing import apply_form_change, undo_form_change
from core.services.forms.earlier_forms import form_change_of
from core.services.review.records import bulk
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from tests.factories.form_changes import MAPPING, OLD

def die(session, *_):
    session.flush()  # all rows are written by now, but not committed
    os.kill(os.getpid(), signal.SIGKILL)

changing.add_versions = die
store = open_store(sys.argv[1])
if sys.argv[2].isdigit():
    undo_form_change(store, int(sys.argv[2]), who="a")
plan = plan_form_change(store, form_change_of(OLD, sys.argv[2], MAPPING))
apply_form_change(store, plan, who="a")
"""


@pytest.mark.both_databases
def test_a_process_killed_in_the_middle_has_done_nothing(store: Store) -> None:
    dataset = tickets(store, 20)
    new = next_version(store)

    def killed(what: str) -> None:
        url = store.engine.url.render_as_string(hide_password=False)
        assert ForkedProgram("-c", KILLED, url, what).wait() == -signal.SIGKILL

    before = everything(store, dataset)
    killed(new)
    assert everything(store, dataset) == before
    with store.read() as session:
        assert queries.dataset(session, "工单").form == OLD
        assert form_changes(session) == []
    done = apply_form_change(store, planned(store, new), who="组长")
    after = everything(store, dataset)
    killed(str(done.id))
    assert everything(store, dataset) == after
    undo_form_change(store, done.id, who="组长")
    assert everything(store, dataset)["records"] == before["records"]


def test_training_sets_and_learned_models_keep_the_form_that_they_had(store: Store, tmp_path: Path) -> None:
    dataset = tickets(store, 6)
    form = load_named_form(OLD)
    options = TrainingOptions(datasets=("工单",), source=parse_source("labels+records"), min_rows=0)
    export_training(store, options=options, out=tmp_path / "before", name="第一版", who="阿青")
    with store.read() as session:
        learned = read_corpus(session, [dataset.name], "labels+records")
    references = [one.reference() for one in learned.approved]
    done = apply_form_change(store, planned(store, new := next_version(store)), who="组长")
    export_training(store, options=options, out=tmp_path / "before2", name="第二版", who="阿青")
    with store.read() as session:
        assert [one.parameters["form"] for one in session.execute(select(TrainingSet)).scalars()] == [OLD, new]
    for number, folder in ((1, "before"), (2, "before2")):
        rebuild(store, number, tmp_path / f"after{number}")
        for file in sorted((tmp_path / folder).rglob("*.jsonl")):
            assert (tmp_path / f"after{number}" / file.name).read_bytes() == file.read_bytes()
    with store.read() as session:
        again = restore_corpus(session, form, [dataset.name], "labels+records", references)
    assert again.approved == learned.approved
    undo_form_change(store, done.id, who="组长")


def test_a_set_is_rebuilt_of_rows_that_a_later_change_altered_first(store: Store, tmp_path: Path) -> None:
    """The first change says a field in other words: it alters no row, so it keeps none; the second one does."""
    tickets(store, 2)
    options = TrainingOptions(datasets=("工单",), source=parse_source("labels+records"), min_rows=0)
    export_training(store, options=options, out=tmp_path / "before", name="第一版", who="阿青")
    texts = read_form_texts(OLD)
    reworded = save_form_version(store, FormTexts(texts.form.replace('title = "', 'title = "新', 1)), who="组长")
    first = plan_form_change(store, form_change_of(OLD, reworded, {"steps": []}))
    assert not first.rows
    apply_form_change(store, first, who="组长")
    apply_form_change(
        store, plan_form_change(store, form_change_of(reworded, next_version(store), MAPPING)), who="组长"
    )
    rebuild(store, 1, tmp_path / "after")
    train = (tmp_path / "after" / "train.jsonl").read_bytes()
    assert train == (tmp_path / "before" / "train.jsonl").read_bytes() and "云岭" in train.decode()
