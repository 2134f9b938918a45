"""Passing by threshold: who may, what passes and stays nobody's review, and the audit that switches it off."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, ChatPriority, Confirmation, Extraction, Pass, PassingRule, Record, RunKind
from core.cli import main
from core.domain.permissions import AccountRole
from core.domain.scoring import Scorer
from core.errors import ConflictError, InputError, NotFoundError
from core.services.export import AnswerSource
from core.services.extraction.pipeline.few_shot import approved_records, records_state
from core.services.learning import read_corpus
from core.services.learning.confidence import fit_confidence
from core.services.learning.copied_cells import CopiedCells, copied_cells
from core.services.learning.corpus import restore_corpus
from core.services.learning.run_confidence import _approved_chats, count_approved, count_unreviewed, judged_signs
from core.services.quality.passed_cells import passed_by_index
from core.services.quality.record_origins import record_origins
from core.services.quality.reviewer_agreement import paces, pairwise_agreement
from core.services.quality.scores import reference
from core.services.review.passing import LabelledPassing, carry_out_rule, keep_passing, make_rule, plan_passing
from core.services.review.passing_audits import (
    PassedChats,
    audit_chats,
    audit_passing,
    count_passing_kept,
    count_taken_back,
    drawn_chats,
    error_interval,
    passed_chats,
    passing_rules,
    stop_passing,
)
from core.services.review.queue.background_update import IndexUpdate, _rates, update_with_confidence
from core.services.review.records import bulk
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from core.services.review.records.others_records import others_record_refusal
from core.services.review.workbench.blind import BlindSession, blind_waiting
from core.services.team.acting import Actor, acting_as
from core.services.training.answer_selection import SelectedAnswer, SelectionTally, select_answers
from core.services.training.corrections.grouping import corrected_runs, correction_groups
from core.services.training.training_options import AnswerFilters, TrainingOptions
from tests.factories.datasets import FORM, make_record, make_run
from tests.factories.reviews import NAME, PHONE, STAGE, answer, decide, make, records

pytestmark = pytest.mark.both_databases


def run_with_confidences(store: Store, chats: int, *, doubtful: int) -> tuple[DatasetView, int]:
    """A run that is sure of everything but the stage in the last ``doubtful`` chats."""
    dataset = make(store, chats)
    forms = {at: [{NAME: f"林木{at}", PHONE: f"1380000000{at}"}] for at in range(1, chats + 1)}
    run = answer(store, dataset, "甲", forms)
    update_with_confidence(store, FORM, dataset.id, run)
    with store.write() as session:
        for chat in list(queries.chats(session, dataset.id)):
            sure = dict.fromkeys(FORM.keys, 0.99) | ({STAGE: 0.6} if chat.index > chats - doubtful else {})
            session.get_one(ChatPriority, (run, chat.id)).confidence = [sure]
    return dataset, run


def test_the_command_line_says_why_nothing_passes(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    dataset = make(store, 6)
    answer(store, dataset, "甲", {at: [{NAME: f"林木{at}"}] for at in range(1, 6)})
    decide(store, dataset, 1)
    arguments = ["--db", store.engine.url.render_as_string(hide_password=False), "pass", "--run", "甲", "--dry-run"]
    assert main(arguments) == 0
    shown = capfd.readouterr().out
    assert "没人审过的 4 条里，0 条有把握 97%" in shown
    assert "4 条还没有把握：这个抽取任务答过的群聊还没有确认满 20 条（现在 1 条）" in shown


def test_what_is_taken_back_is_counted_as_waiting_for_people(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    dataset, run = run_with_confidences(store, 8, doubtful=2)
    rule, passed = let(store, dataset, run, audit_share=0.5)
    assert passed == 6
    chat = chats_of_records(store, dataset)[0]
    with store.read() as session:
        index = session.get_one(Chat, chat).index
    version = records(store, dataset)[index].version
    decide(store, dataset, index, values={NAME: "林木", STAGE: "报价"}, version=version, run=run)
    with store.read() as session:
        assert count_passing_kept(session, rule) == 5
    assert len(bulk.undo(store, FORM, dataset.id, rule.name, who="组长").saved) == 5
    with store.read() as session:
        assert count_passing_kept(session, rule) == 0
    assert bulk.undo(store, FORM, dataset.id, rule.name, who="组长").saved == {}, "one is a person's, and stays"
    audit = audit_passing(store, FORM, rule)
    assert (audit.passed, audit.taken_back, audit.drawn) == (1, 5, 1)
    with store.read() as session:
        assert (count_unreviewed(session, run), count_taken_back(session, run)) == (2, 5)
        assert audit_chats(session, dataset.id) == {chat}  # the others are no longer asked blind first
    assert len(plan_passing(store, FORM, dataset.id, run, scope="forms", threshold=0.95).chats) == 0
    arguments = ["--db", store.engine.url.render_as_string(hide_password=False), "pass", "--run", "甲", "--dry-run"]
    assert main(arguments) == 0
    shown = capfd.readouterr().out
    assert "没人审过的 7 条里" in shown and "5 条的放行已经撤回" in shown and "放行 1 条（另撤回 5 条）" in shown
    # Once somebody has reviewed one of them it waits no longer.
    back = next(one for one in records(store, dataset).values() if one.status == "未审阅")
    at = next(at for at, one in records(store, dataset).items() if one.id == back.id)
    decide(store, dataset, at, values={NAME: "林木"}, version=back.version, run=run)
    with store.read() as session:
        assert count_taken_back(session, run) == 4


def test_values_that_the_run_gave_and_nobody_looked_at_are_said_beside_its_confidence(store: Store) -> None:
    dataset = make(store, 3)
    run = answer(store, dataset, "甲", {at: [{NAME: f"林木{at}", PHONE: "13800000001"}] for at in range(1, 4)})
    with store.read() as session:
        assert copied_cells(session, run) == CopiedCells(0, 0) and copied_cells(session, run).sentence == ""
    values = {NAME: "林木1", PHONE: "13800000001"}
    confirmed = dict.fromkeys(FORM.keys, "批量确认") | {NAME: "逐项确认"}
    decide(store, dataset, 1, run=run, customers=[{"values": values, "origin": 0, "confirmed": confirmed}])
    cells = len(FORM.keys)
    with store.read() as session:
        own = copied_cells(session, run)
    assert own == CopiedCells(cells - 1, cells)
    assert f"{cells} 格里有 {cells - 1} 格" in own.sentence and "盲审" in own.sentence
    # What somebody typed is theirs, though it was confirmed in bulk.
    decide(store, dataset, 2, values={NAME: "另一位"}, run=run)
    with store.read() as session:
        assert copied_cells(session, run).cells == 2 * cells
        assert copied_cells(session, run).copied < 2 * cells - 2


def let(store: Store, dataset: DatasetView, run: int, **more):  # type: ignore[no-untyped-def]
    chosen = {"scope": "forms", "threshold": 0.95, "audit_share": 1.0, "allowed_error": 0.02, "who": "组长"} | more
    rule = make_rule(store, FORM, dataset.id, run, **chosen)
    return rule, carry_out_rule(store, FORM, rule)


def test_the_forecast_goes_by_labels_where_there_are_any(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    dataset, run = run_with_confidences(store, 6, doubtful=2)
    told = {at: [{NAME: f"林木{at}", PHONE: f"1380000000{at}" if at > 1 else "不是"}] for at in (1, 2, 3, 5)}
    make_run(store, dataset, "标注", told, RunKind.LABELS)
    plan = plan_passing(store, FORM, dataset.id, run, scope="forms", threshold=0.95)
    cells = 3 * len(FORM.keys)
    assert plan.labelled == LabelledPassing(3, cells, 1)
    assert plan.expected_error == 1 / cells
    assert not plan.leaves_cells(len(FORM.fields)) and plan.leaves_cells(len(FORM.fields) + 1)
    assert f"预计其中错 1.3 格（按 3 条有标注的群聊量得，{cells} 格里错 1 格" in plan.forecast
    arguments = ["--db", store.engine.url.render_as_string(hide_password=False), "pass", "--run", "甲", "--dry-run"]
    assert main([*arguments, "--above", "0.95"]) == 0
    assert plan.forecast in capfd.readouterr().out
    with store.read() as session:
        labels = queries.run(session, "标注", dataset.id)
    assert plan_passing(store, FORM, dataset.id, labels.id, scope="forms", threshold=0.95).labelled is None


def test_whole_chats_pass_and_are_nobodys_review(store: Store) -> None:
    dataset, run = run_with_confidences(store, 6, doubtful=2)
    decide(store, dataset, 1, values={NAME: "林木1"})
    plan = plan_passing(store, FORM, dataset.id, run, scope="forms", threshold=0.95)
    assert (plan.undecided, len(plan.chats), plan.cells) == (5, 3, 3 * len(FORM.keys))
    assert plan.expected_wrong == pytest.approx(0.01 * plan.cells)
    rule, passed = let(store, dataset, run)
    assert passed == 3
    kept = records(store, dataset)
    assert sorted(kept) == [1, 2, 3, 4]
    assert (kept[2].status, kept[2].reviewer) == ("已确认", "按阈值通过")
    [customer] = kept[2].customers
    assert set(customer["confirmed"].values()) == {Confirmation.BULK}
    assert set(customer["origin"].values()) == {f"run:{run}"}
    # Nobody looked at them: nothing learns from them, and no run is measured by them.
    with store.read() as session:
        assert [one.forms[0][NAME] for one in read_corpus(session, ["群聊"], "records").approved] == ["林木1"]
        assert count_approved(session, run) == 1
        assert list(reference(session, dataset, "records")) == [1]
        assert queries.confirmed_by_index(session, dataset.id).keys() == {1, 2, 3, 4}  # but they are exported
    # Once somebody has looked at one and approved it, it is a review like any other.
    decide(store, dataset, 2, values=kept[2].forms[0], version=kept[2].version, run=run)
    with store.read() as session:
        assert count_approved(session, run) == 2
    assert bulk.undo(store, FORM, dataset.id, rule.name, who="组长").saved.keys() == {3, 4}
    assert records(store, dataset)[3].status == "未审阅"


def test_what_passed_teaches_nobody_and_is_nobodys_agreement_until_somebody_reviews_it(store: Store) -> None:
    dataset, run = run_with_confidences(store, 4, doubtful=0)
    decide(store, dataset, 1, values={NAME: "林木1", STAGE: "报价"}, run=run)
    rule, _ = let(store, dataset, run)
    # A change in bulk is no review either.
    plan = plan_edits(store, FORM, dataset.id, [CellEdit(2, 0, STAGE, "报价")], who="组长")
    bulk.apply(store, FORM, plan, who="组长", reason="统一")
    assert records(store, dataset)[2].customers[0]["values"][STAGE] == "报价"
    with store.read() as session:
        view = queries.run(session, run)
        assert [len(approved_records(session, FORM)), records_state(session, FORM)[0]] == [1, 1]
        assert record_origins(session, dataset.id).by_id == {run: 1}
        [taken], passed = selected(session, dataset)
        assert (taken.chat.index, passed) == (1, 3)
        everything, _ = selected(session, dataset, reviewers=("阿青", "按阈值通过"))  # who names them takes them
        assert [one.chat.index for one in everything] == [1, 2, 3, 4]
        changes = _rates(session, Scorer(FORM), run)
        assert changes.version == 2  # of one record
    assert [count for _, count in corrected_runs(store, dataset.id)] == [1]
    assert correction_groups(store, FORM, view) == []  # two of them would be one
    assert [pace.reviewer for pace in paces(store, dataset, FORM)] == ["阿青"]
    make_record(store, dataset, 3, [{NAME: "林木3", STAGE: "报价"}], reviewer="阿白", review_pass=Pass.SECOND)
    agreed = pairwise_agreement(store, dataset, FORM)
    assert agreed is not None
    assert (agreed.agreement.chats, agreed.pairs) == (0, ())  # nobody agrees with nobody,
    assert [one.chat for one in agreed.chats] == [3]  # but what differs is to be settled
    assert audit_passing(store, FORM, rule).asked == 1


def selected(session: Session, dataset: DatasetView, **filters: Any) -> tuple[list[SelectedAnswer], int]:
    """Answers for a training set, and how many were left out because nobody reviewed them."""
    options = TrainingOptions(
        datasets=(dataset.name,), source=AnswerSource(records=True), filters=AnswerFilters(**filters)
    )
    tally = SelectionTally()
    return list(select_answers(session, dataset, FORM, options, tally)), tally.passed


def approve(store: Store, dataset: DatasetView, chat: int, run: int, *, looked_at: Sequence[str]) -> None:
    """Approve a chat as the desk does: what nobody has looked at is 批量确认, passed or not."""
    record = records(store, dataset)[chat]
    bulk_confirmed = dict.fromkeys(FORM.keys, "批量确认") | dict.fromkeys(looked_at, "逐项确认")
    customer = {"values": record.forms[0], "origin": 0, "confirmed": bulk_confirmed}
    decide(store, dataset, chat, run=run, version=record.version, customers=[customer])


def test_what_passed_of_an_approved_chat_teaches_nothing_until_somebody_looks_at_it(store: Store) -> None:
    dataset, run = run_with_confidences(store, 4, doubtful=4)
    let(store, dataset, run, scope="cells")
    rest = frozenset(FORM.keys) - {STAGE}
    approve(store, dataset, 1, run, looked_at=[])
    approve(store, dataset, 2, run, looked_at=[NAME, STAGE])
    changed = records(store, dataset)[3].forms[0] | {PHONE: "13900000000"}
    confirmed = dict.fromkeys(FORM.keys, "批量确认")
    decide(store, dataset, 3, run=run, version=1, customers=[{"values": changed, "origin": 0, "confirmed": confirmed}])
    expected = [rest, rest - {NAME}, rest - {PHONE}]
    with store.read() as session:
        by_index = passed_by_index(session, dataset.id)
        assert [by_index[index].keys for index in (1, 2, 3)] == [(keys,) for keys in expected]
        corpus = read_corpus(session, ["群聊"], "records")
        assert {one.forms[0][NAME]: one.passed for one in corpus.approved} == {
            f"林木{index}": (keys,) for index, keys in enumerate(expected, 1)
        }
        references = [one.reference() for one in corpus.approved]
        assert restore_corpus(session, FORM, ["群聊"], "records", references) == corpus
        chats = _approved_chats(session, FORM, queries.run(session, run))
        judged = judged_signs(Scorer(FORM), chats)
        assert sum(right is not None for one in judged for right in one.right[0] or ()) == 1 + 2 + 2
        assert fit_confidence(FORM, judged).weights != (0.0,) * len(fit_confidence(FORM, judged).weights)
        assert approved_records(session, FORM) == []
        origins = record_origins(session, dataset.id)
        assert origins.passed == sum(map(len, expected))
        assert f"{origins.passed} 格是按阈值放行的" in origins.sentence
    # What was taken back and reviewed from the start is a review.
    [rule] = passing_rules(store, dataset.id)
    bulk.undo(store, FORM, dataset.id, rule.name, who="组长")
    approve(store, dataset, 4, run, looked_at=[])
    with store.read() as session:
        assert set(passed_by_index(session, dataset.id)) == {1, 2, 3}
        assert count_approved(session, run) == 4


def test_a_chat_of_which_all_passed_is_no_example_though_somebody_approves_it_unseen(store: Store) -> None:
    dataset, run = run_with_confidences(store, 2, doubtful=0)
    let(store, dataset, run)
    approve(store, dataset, 1, run, looked_at=[])
    with store.read() as session:
        assert passed_by_index(session, dataset.id)[1].whole
        assert count_approved(session, run) == 0
        with pytest.raises(NotFoundError, match="没有可以学习的群聊"):
            read_corpus(session, ["群聊"], "records")


def test_anybody_may_correct_what_passed(store: Store) -> None:
    dataset, run = run_with_confidences(store, 1, doubtful=0)
    let(store, dataset, run)
    with store.read() as session, acting_as(Actor("阿青", AccountRole.REVIEWER)):
        [record] = session.execute(select(Record)).scalars()
        assert others_record_refusal(session, record) == ""


def test_single_cells_pass_and_leave_the_chat_to_be_reviewed(store: Store) -> None:
    dataset, run = run_with_confidences(store, 3, doubtful=1)
    _, passed = let(store, dataset, run, scope="cells")
    assert passed == 3
    kept = records(store, dataset)[3]
    assert kept.status == "草稿"
    assert kept.customers[0]["confirmed"][STAGE] == Confirmation.UNSEEN
    assert kept.customers[0]["confirmed"][NAME] == Confirmation.BULK


def test_the_audit_is_asked_blind_and_switches_the_rule_off(store: Store) -> None:
    dataset, run = run_with_confidences(store, 8, doubtful=0)
    make_record(store, dataset, 1, [{NAME: "林木1"}])  # an ordinary approval, which comes behind the audit
    rule, _ = let(store, dataset, run, audit_share=0.6)
    by_chat = {one.chat_id: index for index, one in records(store, dataset).items() if index > 1}
    drawn = sorted(by_chat[chat_id] for chat_id in drawn_chats(rule, chats_of_records(store, dataset)))
    before = audit_passing(store, FORM, rule)
    assert (before.passed, before.drawn, before.asked, before.error) == (7, len(drawn), 0, None)
    blind = BlindSession(dataset, FORM, "组长")
    shown = blind.sync(store)
    assert len(drawn) >= 5
    assert [shown["open"], *shown["order"]["next"]][:5] == drawn[:5]
    [chat] = [chat for chat in shown["chats"] if chat["chat"] == drawn[0]]
    assert chat["customers"][0]["values"][NAME] == ""  # blind
    for index in range(2, 9):  # whatever was drawn
        make_record(
            store, dataset, index, [FORM.empty() | {NAME: f"林木{index}", STAGE: "报价"}], review_pass=Pass.SECOND
        )
    with store.write() as session:
        session.get_one(PassingRule, rule.id).audit_share = 1.0
    [every] = passing_rules(store, dataset.id)
    audit = audit_passing(store, FORM, every)
    assert (audit.asked, audit.cells, audit.wrong) == (7, 7 * len(FORM.keys), 14)
    assert audit.error == pytest.approx(2 / len(FORM.keys))
    assert audit.interval is not None
    assert audit.interval.low <= audit.error <= audit.interval.high
    [stopped] = passing_rules(store, dataset.id)
    assert "错误率 9.5%" in stopped.stopped_why
    with pytest.raises(ConflictError, match="已经停了"):
        let(store, dataset, run, threshold=0.9)
    let(store, dataset, run, threshold=0.98)  # a higher one is another question


def test_too_few_audited_chats_stop_nothing_unless_all_are_wrong(store: Store) -> None:
    dataset, run = run_with_confidences(store, 4, doubtful=0)
    rule, _ = let(store, dataset, run, allowed_error=0.2)
    make_record(store, dataset, 1, [{NAME: "林木1", STAGE: "报价"}], review_pass=Pass.SECOND)
    assert audit_passing(store, FORM, rule).error is not None
    assert passing_rules(store, dataset.id)[0].stopped_at is None
    stop_passing(store, rule.id, who="组长")
    assert passing_rules(store, dataset.id)[0].stopped_why == "组长 停用"


def test_what_makes_no_sense_is_refused_and_what_somebody_began_is_left_alone(store: Store) -> None:
    dataset, run = run_with_confidences(store, 2, doubtful=0)
    for wrong in ({"threshold": 1.5}, {"threshold": 0.2}, {"audit_share": 0.0}, {"allowed_error": 1.0}, {"who": " "}):
        with pytest.raises(InputError):
            let(store, dataset, run, **wrong)
    with pytest.raises(InputError):
        plan_passing(store, FORM, dataset.id, run, scope="所有", threshold=0.9)
    assert passing_rules(store, dataset.id) == []
    decide(store, dataset, 1, "草稿", {NAME: "打字中"})
    _, passed = let(store, dataset, run)
    assert passed == 1
    with store.read() as session:
        reviewers = session.execute(select(col(Record.reviewer)).order_by(col(Record.id))).scalars().all()
        assert reviewers == ["阿青", "按阈值通过"]


def test_a_rule_goes_on_until_it_is_switched_off(store: Store) -> None:
    dataset, run = run_with_confidences(store, 6, doubtful=3)
    rule, passed = let(store, dataset, run)
    assert passed == 3
    be_sure(store, run, 4)  # more was approved meanwhile, or the run was asked again
    update_with_confidence(store, FORM, dataset.id, run)  # what happens by itself when anybody opens the queue
    assert records(store, dataset)[4].reviewer == "按阈值通过"
    assert audit_passing(store, FORM, rule).passed == 4
    stop_passing(store, rule.id, who="组长")
    be_sure(store, run, 5)
    assert keep_passing(store, FORM, dataset.id, run) == 0
    # That somebody switched it off says nothing against the threshold: it may be let again, a lower one too.
    _, passed = let(store, dataset, run, threshold=0.9, allowed_error=0.0)
    assert passed == 1
    be_sure(store, run, 6)
    make_record(store, dataset, 5, [FORM.empty() | {NAME: "别人"}], review_pass=Pass.SECOND)
    assert keep_passing(store, FORM, dataset.id, run) == 0
    assert "抽查" in passing_rules(store, dataset.id)[0].stopped_why


def be_sure(store: Store, run: int, index: int) -> None:
    """Let a run be as sure of one chat as of the others, and let no chat's priority be outdated."""
    with store.read() as session:
        chat = session.execute(select(Chat).where(col(Chat.index) == index)).scalar_one()
        chat_id, dataset_id = int(chat.id or 0), chat.dataset_id
    update = IndexUpdate(store, FORM, dataset_id, run)
    with store.write() as session:
        session.get_one(ChatPriority, (run, chat_id)).confidence = [dict.fromkeys(FORM.keys, 0.99)]
        for other, signature in update.outdated(session):
            row = session.get_one(ChatPriority, (run, other))
            row.signature = f"{signature}|{row.signature.partition('|')[2]}"


def test_cells_are_audited_at_once_and_their_chat_is_still_reviewed(store: Store) -> None:
    dataset, run = run_with_confidences(store, 6, doubtful=6)
    rule, _ = let(store, dataset, run, scope="cells")
    blind = BlindSession(dataset, FORM, "阿白")
    assert blind_waiting(store, dataset, FORM, "阿白") == 6
    with store.read() as session:
        assert passed_chats(session, dataset.id) == PassedChats(partly=6, drawn=6)
    shown = blind.sync(store)
    assert (shown["open"], shown["progress"]["total"]) == (1, 6)
    for index in range(1, 6):
        answer_blind(store, blind, index, "另一个人")
    with store.read() as session:
        assert passed_chats(session, dataset.id) == PassedChats(partly=6, drawn=6, asked=5)
    [stopped] = passing_rules(store, dataset.id)  # by the save itself, nobody has looked at the page
    assert "抽查 5 条" in stopped.stopped_why
    assert audit_passing(store, FORM, stopped).cells == 5 * (len(FORM.keys) - 1)  # not what nobody was sure of
    assert records(store, dataset)[1].status == "草稿"  # the rest of the chat is somebody's still
    decide(store, dataset, 1, values={NAME: "林木1"}, version=records(store, dataset)[1].version, run=run)
    assert records(store, dataset)[1].reviewer == "阿青"


def test_chats_that_no_audit_has_drawn_wait_for_their_first_review(store: Store) -> None:
    dataset, run = run_with_confidences(store, 7, doubtful=7)
    let(store, dataset, run, scope="cells", audit_share=1e-9)
    assert blind_waiting(store, dataset, FORM, "阿白") == 5
    assert BlindSession(dataset, FORM, "阿白").sync(store)["progress"]["total"] == 5


def test_some_are_drawn_however_small_the_share_is_and_stay_drawn(store: Store) -> None:
    dataset, run = run_with_confidences(store, 10, doubtful=7)
    rule, passed = let(store, dataset, run, audit_share=1e-9)
    assert passed == 3
    assert audit_passing(store, FORM, rule).drawn == 3  # all of so few
    first = drawn_chats(rule, chats_of_records(store, dataset))
    for index in range(4, 11):
        be_sure(store, run, index)
    assert keep_passing(store, FORM, dataset.id, run) == 7
    after = drawn_chats(rule, chats_of_records(store, dataset))
    assert (audit_passing(store, FORM, rule).drawn, len(after)) == (5, 5)
    assert after[:3] == first


def chats_of_records(store: Store, dataset: DatasetView) -> list[int]:
    """Chats that passed, in the order in which they did."""
    with store.read() as session:
        statement = select(Record).where(col(Record.dataset_id) == dataset.id, queries.is_passed())
        return [one.chat_id for one in session.execute(statement.order_by(col(Record.id))).scalars()]


def test_an_answer_that_was_not_assessed_passes_nowhere(store: Store) -> None:
    dataset, run = run_with_confidences(store, 5, doubtful=0)
    with store.write() as session:
        rows = session.execute(select(Extraction).where(col(Extraction.run_id) == run).order_by(col(Extraction.id)))
        changed, retried, gone_on, *_ = rows.scalars().all()
        changed.forms = [FORM.empty() | {NAME: "完全别的人", PHONE: "13999999999"}]
        retried.attempts += 1
        gone_on.made_on = 3
    plan = plan_passing(store, FORM, dataset.id, run, scope="forms", threshold=0.95)
    assert len(plan.chats) == 2
    _, passed = let(store, dataset, run)
    assert passed == 2
    assert sorted(records(store, dataset)) == [4, 5]
    with store.read() as session:  # what was retried is assessed anew
        outdated = IndexUpdate(store, FORM, dataset.id, run).outdated(session)
        assert [session.get_one(Chat, chat_id).index for chat_id, _ in outdated] == [2]


def test_another_run_s_answer_waits_to_be_compared(store: Store) -> None:
    dataset, run = run_with_confidences(store, 2, doubtful=0)
    answer(store, dataset, "乙", {2: [{NAME: "另一个人"}]})
    plan = plan_passing(store, FORM, dataset.id, run, scope="forms", threshold=0.95)
    assert len(plan.chats) == 1


def test_an_audit_that_stops_a_rule_stops_the_lower_ones_of_its_run(store: Store) -> None:
    dataset, run = run_with_confidences(store, 8, doubtful=1)
    high, passed = let(store, dataset, run, threshold=0.98)
    assert passed == 7
    low, _ = let(store, dataset, run, threshold=0.9)
    higher, _ = let(store, dataset, run, threshold=0.995)
    for index in range(1, 7):
        make_record(
            store, dataset, index, [FORM.empty() | {NAME: f"林木{index}", STAGE: "报价"}], review_pass=Pass.SECOND
        )
    be_sure(store, run, 8)
    assert keep_passing(store, FORM, dataset.id, run) == 0
    stopped = {rule.id: rule.stopped_why for rule in passing_rules(store, dataset.id)}
    assert stopped[high.id].startswith("抽查 6 条")
    assert "同一抽取任务" in stopped[low.id] and "抽查 6 条" in stopped[low.id]
    assert stopped[higher.id] == ""
    with store.write() as session:  # as an earlier version left it
        session.get_one(PassingRule, low.id).stopped_at = None
    assert keep_passing(store, FORM, dataset.id, run) == 0


def test_a_few_chats_tell_little_and_none_wrong_is_no_proof() -> None:
    low, high = error_interval([(20, 2)])
    assert low < 0.01
    assert high > 0.8
    low, high = error_interval([(20, 0)] * 20)
    assert low == pytest.approx(0.0)
    assert 0.005 < high < 0.015
    low, high = error_interval([(20, 0), (20, 10)] * 10)  # errors come together: the chats tell less than their cells
    assert low < 0.2
    assert high > 0.3


def answer_blind(store: Store, blind: BlindSession, index: int, name: str) -> None:
    """Confirm a chat's blind review as the browser does."""
    customer = {"values": {NAME: name}, "origin": None}
    save = {"save_id": str(uuid4()), "chat": index, "customers": [customer], "status": "已确认"}
    save |= {"reviewer": blind.reviewer, "base_version": 0}
    [ack] = blind.save(store, [save])
    assert ack.result == "saved", ack.why
