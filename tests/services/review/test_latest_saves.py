"""最近保存: what people saved, and in one line each what a rule, a change of many or a change of the form did."""

import pytest
from sqlalchemy import delete, event, update
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import RecordEvent
from core.services.forms.change_plan import plan_form_change
from core.services.forms.changing import apply_form_change, undo_form_change
from core.services.forms.earlier_forms import form_change_of
from core.services.review.latest_saves import Activity
from core.services.review.overview import overview
from core.services.review.passing import carry_out_rule, make_rule
from core.services.review.queue.navigation import chats_before
from core.services.review.records import bulk
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from tests.factories.datasets import FORM
from tests.factories.form_changes import MAPPING, OLD, next_version, tickets
from tests.factories.reviews import NAME, decide, records
from tests.services.review.test_passing import run_with_confidences

pytestmark = pytest.mark.both_databases


def shown(entry: Activity) -> tuple[str, str, int, int]:
    return entry.who, entry.status, entry.chat, entry.chats


def test_what_a_rule_let_pass_is_one_line_and_so_is_its_being_taken_back(store: Store) -> None:
    dataset, run = run_with_confidences(store, 6, doubtful=2)
    decide(store, dataset, 5, values={NAME: "林木5"}, run=run)
    chosen = {"scope": "forms", "threshold": 0.95, "audit_share": 1.0, "allowed_error": 0.02, "who": "组长"}
    rule = make_rule(store, FORM, dataset.id, run, **chosen)  # type: ignore[arg-type]
    assert carry_out_rule(store, FORM, rule) == 4
    of_person, of_rule = ("阿青", "已确认", 5, 1), ("组长", "按把握放行", 0, 4)
    assert [shown(one) for one in overview(store)[1]] == [of_rule, of_person]
    bulk.undo(store, FORM, dataset.id, rule.name, who="何静")
    assert [shown(one) for one in overview(store)[1]] == [("何静", "撤回放行", 0, 4), of_rule, of_person]


def test_a_change_of_many_is_one_line_and_of_one_chat_names_it(store: Store) -> None:
    dataset, run = run_with_confidences(store, 3, doubtful=3)
    for chat in (1, 2):
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, run=run)
    plan = plan_edits(store, FORM, dataset.id, [CellEdit(chat, 0, NAME, "林", 1) for chat in (1, 2)], base_run=run)
    done = bulk.apply(store, FORM, plan, base_run=run, who="组长", reason="改名")
    cell = plan_edits(store, FORM, dataset.id, [CellEdit(2, 0, NAME, "木", 2)], base_run=run)
    bulk.apply(store, FORM, cell, base_run=run, who="小李", reason="", cell_id="c" * 12)
    assert shown(overview(store)[1][0]) == ("小李", "已确认", 2, 1)
    bulk.undo(store, FORM, dataset.id, "c" * 12, who="小李")
    assert shown(overview(store)[1][0]) == ("小李", "撤销在记录表里的修改", 2, 1)
    bulk.undo(store, FORM, dataset.id, done.id, who="组长")
    names = [shown(one) for one in overview(store)[1]]
    assert names[0] == ("组长", "撤销批量修改", 1, 1), "somebody has saved the other one since"
    assert names[3] == ("组长", "批量修改", 0, 2)
    assert names[4:] == [("阿青", "已确认", 2, 1), ("阿青", "已确认", 1, 1)]


def test_a_change_of_the_form_and_its_undo_leave_who_saved_when(store: Store) -> None:
    dataset = tickets(store, 4)
    before, kept = overview(store)[1], records(store, dataset)
    plan = plan_form_change(store, form_change_of(OLD, next_version(store), MAPPING))
    change = apply_form_change(store, plan, who="组长")
    undo_form_change(store, change.id, who="何静")
    now = overview(store)[1]
    assert [shown(one) for one in now[:2]] == [("何静", "撤销表单改动", 0, 4), ("组长", "表单改动", 0, 4)]
    assert now[2:] == before
    assert {chat: one.updated_at for chat, one in records(store, dataset).items()} == {
        chat: one.updated_at for chat, one in kept.items()
    }
    with store.read() as session:
        assert chats_before(session, dataset.id, at=4, reviewer="阿青", by_index=False, count=3) == [3, 2, 1]
        assert queries.record_counts(session, dataset.id) == {"已确认": 4}


def test_changes_of_many_are_counted_once_until_a_version_comes_or_goes(store: Store) -> None:
    dataset, run = run_with_confidences(store, 3, doubtful=3)
    for chat in (1, 2):
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, run=run)
    plan = plan_edits(store, FORM, dataset.id, [CellEdit(chat, 0, NAME, "林", 1) for chat in (1, 2)], base_run=run)
    bulk.apply(store, FORM, plan, base_run=run, who="组长", reason="改名")
    counted: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "substr" in statement or "recordevent.status NOT IN" in statement:
            counted.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        before = overview(store)[1]
        counted.clear()
        assert overview(store)[1] == before and not counted
        with store.write() as session:  # as one person's name is replaced everywhere
            session.execute(update(RecordEvent).where(col(RecordEvent.who) == "组长").values(who="某人"))
        assert shown(overview(store)[1][0]) == ("某人", "批量修改", 0, 2) and not counted
        decide(store, dataset, 3, values={NAME: "林木3"}, run=run)
        assert shown(overview(store)[1][0]) == ("阿青", "已确认", 3, 1) and len(counted) == 2
        with store.write() as session:
            session.execute(delete(RecordEvent).where(col(RecordEvent.who) == "某人", col(RecordEvent.version) == 2))
        assert [shown(one) for one in overview(store)[1]] == [("阿青", "已确认", chat, 1) for chat in (3, 2, 1)]
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
