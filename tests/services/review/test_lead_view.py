"""What a lead sees of a dataset: work by day, what is left, how much is changed, what waits for a decision."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import Pass, Record, RecordEvent
from core.adapters.store.queries import PASSED_BY
from core.domain.permissions import AccountRole
from core.services.quality import dispute
from core.services.quality.fast_approvals import fast_approvals
from core.services.review.lead_view import lead_view
from core.services.review.passing import carry_out_rule, make_rule
from core.services.review.passing_audits import PassedChats
from core.services.review.records.versions import new_version
from core.services.team import Actor, acting_as
from tests.factories.datasets import FORM, make_form, make_record, make_run
from tests.factories.quality import AGE, NAME, quality_dataset
from tests.factories.reviews import decide, records
from tests.services.review.test_passing import run_with_confidences

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
"""A Monday."""


def move(store: Store, chat: int, version: int, days: int) -> None:
    """Let a save have been made this many days after the Monday."""
    at = NOON + timedelta(days=days)
    with store.write() as session:
        record_id = next(
            iter(
                session.execute(
                    update(Record).where(col(Record.chat_id) == chat).values(updated_at=at).returning(col(Record.id))
                ).scalars()
            )
        )
        event = (col(RecordEvent.record_id) == record_id, col(RecordEvent.version) == version)
        session.execute(update(RecordEvent).where(*event).values(at=at))


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    """Eight chats: two decided on Monday, one on Tuesday by somebody else, one draft."""
    view = quality_dataset(store)
    for chat, who, day in ((1, "阿青", 0), (2, "阿青", 0), (3, "小李", 1)):
        decide(store, view, chat, values={NAME: f"林舟{chat}"}, who=who, run=2)
        move(store, chat, 1, day)
    decide(store, view, 4, "草稿", {NAME: "林"}, run=2)
    return view


def test_a_chat_counts_on_the_day_of_its_first_decision(store: Store, dataset: DatasetView) -> None:
    decide(store, dataset, 1, values={NAME: "林舟1", AGE: "30"}, who="小李", version=1)
    move(store, 1, 2, 3)
    view = lead_view(store, dataset, FORM)
    monday, tuesday = date(2026, 11, 16), date(2026, 11, 17)
    assert [(one.day, one.reviewer, one.chats) for one in view.work] == [(monday, "阿青", 2), (tuesday, "小李", 1)]
    assert view.left == [(date(2026, 11, 15), 8), (monday, 6), (tuesday, 5)]


def test_who_takes_a_decision_back_has_it_left(store: Store, dataset: DatasetView) -> None:
    decide(store, dataset, 3, "草稿", {NAME: "林舟3"}, who="小李", version=1)
    assert lead_view(store, dataset, FORM).left[-1] == (date(2026, 11, 16), 6)


@pytest.mark.parametrize("undone", [True, False])
def test_who_corrects_a_chat_or_gives_up_halfway_takes_no_work(
    store: Store, dataset: DatasetView, undone: bool
) -> None:
    before = lead_view(store, dataset, FORM).work
    with store.read() as session:
        judged = fast_approvals(session, dataset.id, 100)["阿青"]
    decide(store, dataset, 1, "草稿", {NAME: "林舟1", AGE: "3"}, who="小李", version=1)
    values = {NAME: "林舟1"} if undone else {NAME: "林舟1", AGE: "30"}
    decide(store, dataset, 1, values=values, who="小李", version=2, undo=undone)
    assert records(store, dataset)[1].reviewer == ("阿青" if undone else "小李")
    assert lead_view(store, dataset, FORM).work == before
    with store.read() as session:
        after = fast_approvals(session, dataset.id, 100)
    assert after["阿青"] == judged and after["小李"].judged == 0


def test_a_decision_that_was_taken_back_is_nobodys_work(store: Store, dataset: DatasetView) -> None:
    decide(store, dataset, 3, "未审阅", {NAME: "林舟3"}, who="小李", version=1)
    move(store, 3, 2, 2)
    decide(store, dataset, 3, values={NAME: "林舟3"}, who="阿青", version=2)
    move(store, 3, 3, 3)
    work = [(one.day.day, one.reviewer, one.chats) for one in lead_view(store, dataset, FORM).work]
    assert work == [(16, "阿青", 2), (19, "阿青", 1)]


def test_changes_are_shares_of_filled_cells_by_week(store: Store, dataset: DatasetView) -> None:
    move(store, 3, 1, 7)
    before, after = lead_view(store, dataset, FORM).changes
    assert (before.monday, after.monday) == (date(2026, 11, 16), date(2026, 11, 23))
    assert (before.chats, after.chats) == (2, 1)
    assert before.share > 0 and before.changed <= before.cells


def test_what_waits_for_a_decision_is_counted(store: Store, dataset: DatasetView) -> None:
    dispute(store, dataset=dataset.id, chat=1, customer=0, field=NAME, reason="不是她", who="阿青")
    make_record(store, dataset, 1, [{"values": {NAME: "别人"}}], reviewer="何静", review_pass=Pass.SECOND)
    view = lead_view(store, dataset, FORM)
    assert (view.disputes, view.differences, view.stopped) == (1, 1, 0)


def test_nothing_was_done_yet(store: Store) -> None:
    view = lead_view(store, quality_dataset(store), FORM)
    assert (view.work, view.left, view.changes, view.differences) == ((), [], (), 0)


def test_what_a_threshold_let_pass_is_nobodys_work_and_nobodys_to_do(store: Store) -> None:
    dataset, run = run_with_confidences(store, 6, doubtful=2)
    decide(store, dataset, 1, values={NAME: "林木1"})
    chosen = {"scope": "forms", "threshold": 0.95, "audit_share": 1.0, "allowed_error": 0.02, "who": "组长"}
    rule = make_rule(store, FORM, dataset.id, run, **chosen)  # type: ignore[arg-type]
    assert carry_out_rule(store, FORM, rule) == 3
    view = lead_view(store, dataset, FORM)
    assert [one.reviewer for one in view.work] == ["阿青"] and [left for _, left in view.left] == [3, 2]
    assert view.left[0][0] == dataset.created_at.astimezone().date(), "it begins at the import"
    assert (view.released, view.released.due) == (PassedChats(whole=3, drawn=3), 3)
    with store.write() as session:  # changed in 记录表, which is no decision
        record = session.execute(select(Record).where(col(Record.reviewer) == PASSED_BY).limit(1)).scalar_one()
        new_version(session, record, FORM, customers=record.customers, who="组长", reason="", save_id="cell-x-1")
    kept = records(store, dataset)[2]
    decide(store, dataset, 2, values=kept.forms[0], version=kept.version, run=run)
    view = lead_view(store, dataset, FORM)
    assert [(one.reviewer, one.chats) for one in view.work] == [("阿青", 2)] and [left for _, left in view.left] == [
        4,
        2,
    ]


def test_what_a_check_says_of_a_person_is_for_leads(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = quality_dataset(store)
    monkeypatch.setattr("core.services.review.lead_view.latest_fast_approvals", lambda *_: {"阿青": 5})
    assert lead_view(store, dataset, FORM).fast == (("阿青", 5),)
    with acting_as(Actor("小李", AccountRole.REVIEWER, 1)):
        assert lead_view(store, dataset, FORM).fast == ()


def test_a_deleted_customer_is_a_change_of_all_its_values(store: Store) -> None:
    dataset = quality_dataset(store)
    two = [make_form({NAME: "林舟1"}), make_form({NAME: "客服", AGE: "30"})]
    run = make_run(store, dataset, "两位", {1: two})
    decide(store, dataset, 1, values=two[0], run=run)
    (week,) = lead_view(store, dataset, FORM).changes
    assert (week.cells, week.changed, week.fields[AGE]) == (3, 2, (1, 1))
