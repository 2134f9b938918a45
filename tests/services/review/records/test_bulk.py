"""Bulk changes: a plan that is shown first, ordinary versions, one undo that spares newer work."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select
from sqlmodel import col

from core.adapters.store import RecordView, Store, queries
from core.adapters.store.models import (
    Chat,
    Dataset,
    Extraction,
    ExtractionStatus,
    Record,
    RecordEvent,
    Run,
    RunKind,
)
from core.domain.form import load_named_form
from core.errors import ConflictError, InputError, NotFoundError
from core.services.privacy import apply_retention, set_retention
from core.services.review import apply_saves
from core.services.review.records import bulk
from core.services.review.records.bulk import CellEdit

pytestmark = pytest.mark.both_databases

FORM = load_named_form()
NAME, PRODUCT, STAGE = "基本信息-姓名", "意向产品", "客户购买阶段"


@pytest.fixture
def dataset(store: Store) -> int:
    """Four chats; the first three have records, the last one only what a run says."""
    with store.write() as session:
        row = Dataset(name="群聊", form=FORM.name, sha256="x", expected=4)
        session.add(row)
        session.flush()
        run = Run(dataset_id=row.id or 0, name="甲", kind=RunKind.MODEL, total=4)
        session.add(run)
        session.flush()
        for index in range(1, 5):
            chat = Chat(
                dataset_id=row.id or 0, index=index, text="你好", sha256=str(index), characters=2, residue_characters=0
            )
            session.add(chat)
            session.flush()
            forms = [FORM.empty() | {NAME: f"林木{index}", PRODUCT: ["会话存档"]}]
            session.add(Extraction(run_id=run.id or 0, chat_id=chat.id or 0, status=ExtractionStatus.OK, forms=forms))
        dataset_id = row.id or 0
    for index in range(1, 4):
        save(store, dataset_id, index, {NAME: f"林木{index}", PRODUCT: ["会话存档", "高级版"]})
    return dataset_id


def save(store: Store, dataset: int, chat: int, values: dict[str, object], version: int = 0) -> None:
    [ack] = apply_saves(
        store,
        FORM,
        dataset,
        [
            {
                "save_id": str(uuid4()),
                "chat": chat,
                "reviewer": "阿青",
                "base_version": version,
                "customers": [{"values": values}],
                "status": "已确认",
            }
        ],
    )
    assert ack.result == "saved"


def records(store: Store, dataset: int) -> dict[int, RecordView]:
    with store.read() as session:
        return {record.index: record for record in queries.records(session, dataset)}


def run_id(store: Store, dataset: int) -> int:
    with store.read() as session:
        return queries.runs(session, dataset)[0].id


def test_a_replacement_is_planned_applied_and_taken_back(store: Store, dataset: int) -> None:
    plan = bulk.plan_replace(store, FORM, dataset, find="会话存档", replacement="CRM", keys=[PRODUCT], whole=True)
    assert [(c.chat, c.before, c.after) for c in plan.changes] == [
        (index, ["会话存档", "高级版"], ["CRM", "高级版"]) for index in (1, 2, 3)
    ]
    assert records(store, dataset)[1].version == 1  # a plan writes nothing
    done = bulk.apply(store, FORM, plan, who="阿青", reason="产品改名")
    assert (done.saved, done.skipped, done.cells) == ({1: 2, 2: 2, 3: 2}, (), 3)
    after = records(store, dataset)
    assert after[2].forms[0][PRODUCT] == ["CRM", "高级版"]
    assert (after[2].status, after[2].customers[0]["confirmed"][PRODUCT]) == ("已确认", "批量确认")
    save(store, dataset, 2, {NAME: "后来改过"}, version=2)
    back = bulk.undo(store, FORM, dataset, done.id, who="小白")
    assert back.saved == {1: 3, 3: 3}
    assert [(s.chat, s.why) for s in back.skipped] == [(2, "阿青后来又改过")]
    after = records(store, dataset)
    assert after[1].forms[0][PRODUCT] == ["会话存档", "高级版"]
    assert after[2].forms[0][NAME] == "后来改过"
    with store.read() as session:
        history = queries.events(session, after[1].id)
    assert [(e.version, e.who, e.reason) for e in history] == [
        (3, "小白", "撤销批量修改"),
        (2, "阿青", "产品改名"),
        (1, "阿青", ""),
    ]
    assert history[1].change["fields"] == [f"0:{PRODUCT}"]
    with pytest.raises(ConflictError, match="已经撤销过"):
        bulk.undo(store, FORM, dataset, done.id, who="小白")
    with pytest.raises(NotFoundError):
        bulk.undo(store, FORM, dataset, "nothing", who="小白")
    [listed] = bulk.recent(store, dataset)
    assert (listed.id, listed.who, listed.reason, listed.records, listed.undone) == (
        done.id,
        "阿青",
        "产品改名",
        3,
        True,
    )


def test_parts_of_texts_and_empty_cells_can_be_replaced(store: Store, dataset: int) -> None:
    part = bulk.plan_replace(store, FORM, dataset, find="林木", replacement="林", chats=[1, 3, 4])
    assert [(c.chat, c.after) for c in part.changes] == [(1, "林1"), (3, "林3")]
    empty = bulk.plan_replace(store, FORM, dataset, find="", replacement="报价", keys=[STAGE], whole=True)
    assert [c.after for c in empty.changes] == ["报价"] * 3
    gone = bulk.plan_replace(store, FORM, dataset, find="高级版", replacement="", keys=[PRODUCT], whole=True)
    assert gone.changes[0].after == ["会话存档"]
    with pytest.raises(InputError, match="要查找的内容"):
        bulk.plan_replace(store, FORM, dataset, find="", replacement="x")
    with pytest.raises(InputError, match="没有字段"):
        bulk.plan_replace(store, FORM, dataset, find="a", replacement="b", keys=["没有"])


def test_edits_obey_form_and_version(store: Store, dataset: int) -> None:
    edits = [
        CellEdit(1, 0, PRODUCT, "CRM，商城", version=1),
        CellEdit(2, 0, NAME, " 周岚 ", version=9),
        CellEdit(3, 0, NAME, "林木3"),
        CellEdit(3, 1, NAME, "没有这位"),
        CellEdit(99, 0, NAME, "没有这条"),
    ]
    plan = bulk.plan_edits(store, FORM, dataset, edits)
    assert [(c.chat, c.after) for c in plan.changes] == [(1, ["CRM", "商城"])]
    assert plan.unchanged == 1
    assert {s.chat: s.why for s in plan.skipped} == {
        2: "阿青刚刚改过，请重新载入后再改",
        3: "没有第 2 位客户",
        99: "这个数据集里没有这条群聊",
    }
    save(store, dataset, 1, {NAME: "抢先"}, version=1)
    late = bulk.apply(store, FORM, plan, who="小白", reason="表格修改")
    assert late.saved == {}
    assert (1, "阿青在预览之后改过") in [(s.chat, s.why) for s in late.skipped]
    assert records(store, dataset)[1].forms[0][NAME] == "抢先"
    with pytest.raises(InputError, match="谁在修改"):
        bulk.apply(store, FORM, plan, who=" ", reason="")


def test_a_chat_without_a_record_becomes_a_draft_from_the_run(store: Store, dataset: int) -> None:
    base = run_id(store, dataset)
    plan = bulk.plan_edits(store, FORM, dataset, [CellEdit(4, 0, STAGE, "报价", version=0)], base_run=base)
    done = bulk.apply(store, FORM, plan, who="小白", reason="表格修改", base_run=base)
    made = records(store, dataset)[4]
    assert (made.status, made.reviewer, made.base_run_id) == ("草稿", "小白", base)
    assert made.forms[0] == FORM.empty() | {NAME: "林木4", PRODUCT: ["会话存档"], STAGE: "报价"}
    assert made.customers[0]["origin"][NAME] == f"run:{base}"
    bulk.undo(store, FORM, dataset, done.id, who="小白")
    assert records(store, dataset)[4].forms[0][STAGE] == ""


def test_a_change_is_not_an_approval(store: Store, dataset: int) -> None:
    """Whose record it is stays, in bulk and for single cells; the event says who changed it; undo gives it back."""
    plan = bulk.plan_replace(store, FORM, dataset, find="会话存档", replacement="CRM", keys=[PRODUCT], whole=True)
    done = bulk.apply(store, FORM, plan, who="小白", reason="产品改名")
    assert {record.reviewer for record in records(store, dataset).values()} == {"阿青"}
    edit = bulk.plan_edits(store, FORM, dataset, [CellEdit(2, 0, STAGE, "赢单")])
    cell = bulk.apply(store, FORM, edit, who="小黑", reason="", cell_id="abcdefghijkl")
    assert records(store, dataset)[2].reviewer == "阿青"
    [skipped] = bulk.plan_edits(store, FORM, dataset, [CellEdit(2, 0, STAGE, "报价", version=1)]).skipped
    assert skipped.why.startswith("小黑刚刚改过"), "who saved, not whose record it is"
    bulk.undo(store, FORM, dataset, cell.id, who="小白")
    assert records(store, dataset)[2].reviewer == "阿青"
    save(store, dataset, 1, {NAME: "林木1"}, version=2)
    back = bulk.undo(store, FORM, dataset, done.id, who="小红")
    assert [s.chat for s in back.skipped] == [1, 2]
    after = records(store, dataset)[3]
    assert (after.reviewer, after.status, after.forms[0][PRODUCT]) == ("阿青", "已确认", ["会话存档", "高级版"])
    with store.read() as session:
        assert [event.who for event in queries.events(session, after.id)] == ["小红", "小白", "阿青"]


def test_undo_gives_back_the_reviewer_that_older_versions_took_over(store: Store, dataset: int) -> None:
    """Events from before the reviewer was kept: a bulk change then took the record over."""
    plan = bulk.plan_replace(store, FORM, dataset, find="会话存档", replacement="CRM", keys=[PRODUCT], whole=True)
    done = bulk.apply(store, FORM, plan, who="小白", reason="产品改名")
    with store.write() as session:
        for event in session.execute(select(RecordEvent)).scalars():
            event.change = {key: value for key, value in event.change.items() if key != "reviewer"}
        for record in session.execute(select(Record)).scalars():
            record.reviewer = "小白"
    bulk.undo(store, FORM, dataset, done.id, who="小白")
    assert {record.reviewer for record in records(store, dataset).values()} == {"阿青"}


def test_undo_leaves_records_alone_whose_version_before_is_deleted(store: Store, dataset: int) -> None:
    """A bulk change of an approved record is its newest version, which retention spares; the one before it goes."""
    plan = bulk.plan_edits(store, FORM, dataset, [CellEdit(1, 0, STAGE, "赢单"), CellEdit(4, 0, STAGE, "赢单")])
    done = bulk.apply(store, FORM, plan, who="小白", reason="")
    set_retention(store, dataset, replies_days=None, history_days=0)
    apply_retention(store)
    outcome = bulk.undo(store, FORM, dataset, done.id, who="小白")
    assert [(one.chat, one.why) for one in outcome.skipped] == [(1, "改之前的第 1 版已按保留期限删除")]
    after = records(store, dataset)
    assert (after[1].status, after[1].forms[0][STAGE]) == ("已确认", "赢单")
    assert (after[4].status, after[4].forms[0][STAGE]) == ("未审阅", "")


def test_undo_gives_back_the_run_that_the_values_count_in(store: Store, dataset: int) -> None:
    base = run_id(store, dataset)
    plan = bulk.plan_edits(store, FORM, dataset, [CellEdit(1, 0, STAGE, "赢单")])
    done = bulk.apply(store, FORM, plan, who="小白", reason="")
    with store.write() as session:
        first = session.execute(select(RecordEvent).order_by(col(RecordEvent.id)).limit(1)).scalar_one()
        first.change = {**first.change, "base_run_id": base}
    assert records(store, dataset)[1].base_run_id is None
    bulk.undo(store, FORM, dataset, done.id, who="小白")
    assert records(store, dataset)[1].base_run_id == base


def test_a_replacement_in_a_list_is_split_and_nothing_stands_twice(store: Store, dataset: int) -> None:
    save(store, dataset, 1, {PRODUCT: ["会话存档、高级版", "CRM"]}, version=1)
    save(store, dataset, 2, {PRODUCT: ["商城、CRM", "高级版"]}, version=1)

    def replaced(find: str, replacement: str, *, whole: bool) -> dict[int, object]:
        plan = bulk.plan_replace(store, FORM, dataset, find=find, replacement=replacement, keys=[PRODUCT], whole=whole)
        return {change.chat: change.after for change in plan.changes}

    assert replaced("高级版", "CRM", whole=True) == {1: ["会话存档", "CRM"], 2: ["商城、CRM"], 3: ["会话存档", "CRM"]}
    assert replaced("高级版", "旗舰版、CRM", whole=True)[1] == ["会话存档", "旗舰版", "CRM"]
    assert replaced("高级", "旗舰版，高级", whole=False)[3] == ["会话存档", "旗舰版", "高级版"]
    assert replaced("商城", "", whole=True) == {2: ["CRM", "高级版"]}


def test_an_edited_list_holds_nothing_twice_and_the_same_items_are_no_change(store: Store, dataset: int) -> None:
    plan = bulk.plan_edits(store, FORM, dataset, [CellEdit(1, 0, PRODUCT, "CRM、 CRM，高级版,高级版")])
    assert [change.after for change in plan.changes] == [["CRM", "高级版"]]
    save(store, dataset, 1, {PRODUCT: ["会话存档、高级版"]}, version=1)
    plan = bulk.plan_edits(store, FORM, dataset, [CellEdit(1, 0, PRODUCT, "会话存档、高级版")])
    assert (plan.changes, plan.unchanged) == ((), 1)


def edit(store: Store, dataset: int, chat: int, key: str, value: str, version: int, who: str) -> tuple[object, ...]:
    """One cell as the table saves it; why it was refused."""
    plan = bulk.plan_edits(store, FORM, dataset, [CellEdit(chat, 0, key, value, version)], base_run=1, who=who)
    cell_id = uuid4().hex[:12]
    bulk.apply(store, FORM, plan, who=who, reason="改一格", base_run=1, cell_id=cell_id)
    return tuple(one.why for one in plan.skipped)


@pytest.mark.parametrize(("chat", "version"), [(1, 1), (4, 0)])
def test_quick_edits_of_one_row_do_not_conflict_with_oneself(
    store: Store, dataset: int, chat: int, version: int
) -> None:
    # The browser sent all of them from one row, before it knew what the first had become.
    edits = ((NAME, "林木甲"), (STAGE, "赢单"), (NAME, "林木乙"))
    assert [edit(store, dataset, chat, key, value, version, "小白") for key, value in edits] == [(), (), ()]
    with store.read() as session:
        record = {one.index: one for one in queries.records(session, dataset)}[chat]
    assert (record.forms[0][NAME], record.forms[0][STAGE], record.version) == ("林木乙", "赢单", version + 3)
    # Somebody else's edit in between is a conflict, and so is one's own approval.
    assert edit(store, dataset, chat, STAGE, "输单", version, "阿青") != ()
    assert edit(store, dataset, chat, STAGE, "输单", version + 3, "阿青") == ()
    assert edit(store, dataset, chat, NAME, "林木丙", version + 3, "小白") != ()


def test_an_edit_is_looked_for_by_its_name_whatever_the_dataset_holds(store: Store, dataset: int) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if "recordevent.save_id" in statement:
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    plan = bulk.plan_edits(store, FORM, dataset, [CellEdit(1, 0, NAME, "林", 1)])
    bulk.apply(store, FORM, plan, who="林晓", reason="改名", cell_id="c" * 12)
    asked.clear()
    assert bulk.versions_of_cell_edit(store, dataset, "c" * 12) == {1: 2}
    assert bulk.versions_of_cell_edit(store, dataset + 1, "c" * 12) == {}, "of another dataset"
    event.remove(store.engine, "before_cursor_execute", note)
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            first, *_ = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]).all()
        assert "save_id>" in str(first), "not by a record of the dataset after the other"
