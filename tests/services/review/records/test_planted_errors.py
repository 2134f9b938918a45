"""Planted errors: shown on the desk, never stored anywhere, noted for who let them through, and told at once."""

import random
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, Store, open_store, queries
from core.adapters.store.models import Base, ChatPriority, Extraction, PlantedError, PlantedStatus, ReviewCheck, RunKind
from core.domain.checks.planting import planting_of
from core.domain.scoring import Scorer
from core.services.export.answer_sources import parse_source, stream_answers
from core.services.quality.review_checks import lot, set_review_checks
from core.services.review import PrimarySession, open_session, record_table
from core.services.review.queue.background_update import update_with_confidence
from core.services.review.queue.filters import EMPTY, FILLED, Filter
from core.services.review.queue.order import QueueSpec, review_queue
from core.services.review.records import bulk
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from core.services.review.records.planted_errors import note_shown, plant_errors
from core.services.review.records.save_types import Ack
from core.services.review.records.saving import apply_saves
from core.services.review.workbench import session as workbench_session
from tests.factories.datasets import FORM, make_dataset, make_form, make_run
from tests.forked_programs import ForkedProgram
from tests.waiting import wait_until

NAME, STAGE = "基本信息-姓名", "客户购买阶段"
RIGHT = "报价"


def make_planted(store: Store, chats: int = 3) -> DatasetView:
    """Chats about whose stage, the one choice that is filled, run and labels agree; one error is planted in each."""
    dataset = make_dataset(store, [f"林舟{n}：你好，报个价\n客服小何：好的" for n in range(1, chats + 1)])
    forms = {n: [make_form({NAME: f"林舟{n}", STAGE: RIGHT})] for n in range(1, chats + 1)}
    make_run(store, dataset, "模型", forms)
    make_run(store, dataset, "标注", forms, RunKind.LABELS)
    with store.write() as session:
        session.add(ReviewCheck(dataset_id=dataset.id, planted_share=1.0, lot_secret="x"))
    assert plant_errors(store, FORM, dataset.id) == chats
    return dataset


def errors(store: Store, dataset: DatasetView) -> dict[int, PlantedError]:
    """By chat, detached."""
    with store.read() as session:
        ids = {chat_id: index for index, chat_id in queries.chat_ids(session, dataset.id).items()}
        rows = list(session.execute(select(PlantedError)).scalars())
        session.expunge_all()
    return {ids[row.chat_id]: row for row in rows}


def stored_words(store: Store) -> str:
    """All that the database holds, but for the table of planted errors itself."""
    with store.read() as session:
        return "\n".join(
            str(tuple(row))
            for table in Base.metadata.sorted_tables
            if table.name != "plantederror"
            for row in session.execute(select(table))
        )


class Desk:
    """A reviewer's browser: what it was sent is what it sends back, but for what the reviewer changes."""

    def __init__(self, store: Store, dataset: DatasetView, reviewer: str) -> None:
        self.store, self.dataset, self.reviewer = store, dataset, reviewer
        self.chats: dict[int, Any] = {}

    def session(self) -> PrimarySession:
        return open_session(self.store, self.dataset, FORM, base="模型", wanted="全部", reviewer=self.reviewer)

    def open(self, chat: int) -> dict[str, Any]:
        for payload in self.session().sync(self.store, at=chat)["chats"]:
            self.chats[payload["chat"]] = payload
        return self.chats[chat]["customers"][0]

    def save(self, chat: int, status: str, values: Mapping[str, Any] | None = None, **more: Any) -> tuple[Ack, str]:
        """Send what stands on the desk, with these changes; returns the answer and the sentence of the banner."""
        here = self.chats[chat]
        customers = [
            {name: customer[name] for name in ("values", "confirmed", "origin", "pinned")}
            for customer in here["customers"]
        ]
        customers[0]["values"] = {**customers[0]["values"], **(values or {})}
        save = {
            "save_id": str(uuid4()),
            "chat": chat,
            "reviewer": self.reviewer,
            "review": "primary",
            "record_id": here["record_id"],
            "base_version": here["version"],
            "base_run_id": here["base_run_id"],
            "customers": customers,
            "status": status,
        }
        save |= more
        data = self.session().sync(self.store, outbox=[save], at=chat)
        for payload in data["chats"]:
            self.chats[payload["chat"]] = payload
        (ack,) = data["acks"]
        if ack["result"] == "saved":  # whose answer is lost on the way is told the same
            (again,) = apply_saves(self.store, FORM, self.dataset.id, [save], reviewer=self.reviewer)
            assert (again.result, again.version, again.why) == ("saved", ack["version"], ack["why"])
        return ack, data["error"]


@pytest.mark.both_databases
def test_the_desk_shows_it_and_the_record_never_has_it(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    assert wrong != RIGHT and wrong in FORM.field(STAGE).values
    desk = Desk(store, dataset, "阿青")
    shown = desk.open(1)
    assert (shown["values"][STAGE], shown["baseline"][STAGE]) == (wrong, wrong)
    assert STAGE not in shown["others"] and STAGE not in shown["dissent"], "the labels would give it away"
    compared = [chat["customers"][0]["compared"] for chat in desk.chats.values()]
    assert compared == [[]] * len(desk.chats), "they vouch for no value, here or elsewhere"
    assert errors(store, dataset)[1].reviewer == "阿青" and errors(store, dataset)[2].reviewer == ""
    ack, told = desk.save(1, "草稿", {"基本信息-年龄": "30"})
    assert (ack["result"], told) == ("saved", "")
    draft = desk.chats[1]["customers"][0]
    assert (draft["values"][STAGE], draft["baseline"][STAGE]) == (wrong, wrong), "nothing moves while they are at it"
    assert wrong not in stored_words(store) and errors(store, dataset)[1].status == PlantedStatus.STANDING
    ack, told = desk.save(1, "已确认")
    assert "预埋错误" in told and wrong in told and RIGHT in told
    after = desk.chats[1]["customers"][0]
    assert (after["values"][STAGE], after["confirmed"][STAGE], after["baseline"][STAGE]) == (RIGHT, "未看", RIGHT)
    assert wrong not in stored_words(store)
    row = errors(store, dataset)[1]
    assert (row.status, row.reviewer, row.decided_at is not None) == (PlantedStatus.MISSED, "阿青", True)
    with store.read() as session:
        exported = next(iter(stream_answers(session, dataset, FORM, parse_source("records"))))
    assert exported.forms[0][STAGE] == RIGHT


@pytest.mark.both_databases
def test_who_puts_it_right_has_corrected_it(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    desk.save(1, "草稿", {STAGE: RIGHT})
    assert desk.chats[1]["customers"][0]["values"][STAGE] == RIGHT, "no draft gets it back"
    assert desk.chats[1]["customers"][0]["baseline"][STAGE] == wrong
    assert errors(store, dataset)[1].status == PlantedStatus.CHANGED
    _, told = desk.save(1, "已确认")
    assert told == "" and errors(store, dataset)[1].status == PlantedStatus.CORRECTED
    with store.read() as session:
        (record,) = queries.records(session, dataset.id)
    assert record.customers[0]["origin"][STAGE].startswith("run:"), "the run had said so: nothing was changed"


def test_who_never_saw_the_field_unfolded_has_missed_nothing(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    ack, told = desk.save(1, "已确认", folded=["基本信息-年龄", STAGE])
    assert ack["result"] == "saved" and "没有看到，不算漏看" in told and RIGHT in told
    assert errors(store, dataset)[1].status == PlantedStatus.WITHDRAWN and wrong not in stored_words(store)
    desk.open(2)
    desk.save(2, "已确认", folded=["基本信息-年龄"])
    assert errors(store, dataset)[2].status == PlantedStatus.MISSED


@pytest.mark.both_databases
def test_of_two_desks_that_open_a_chat_at_once_one_shows_the_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    first, second = Desk(store, dataset, "阿青"), Desk(store, dataset, "小李")
    shown: list[str] = []

    def note_later(where: Store, chat_id: int, reviewer: str) -> bool:
        """The second desk has read that nobody has the error, and writes once the first one has."""
        if reviewer == "小李":
            shown.append(first.open(1)["values"][STAGE])
        return note_shown(where, chat_id, reviewer)

    monkeypatch.setattr(workbench_session, "note_shown", note_later)
    assert second.open(1)["values"][STAGE] == RIGHT
    assert shown == [wrong] and errors(store, dataset)[1].reviewer == "阿青"
    second.save(1, "草稿", {"基本信息-年龄": "30"})
    assert errors(store, dataset)[1].status == PlantedStatus.WITHDRAWN


def test_another_wrong_value_is_the_reviewers_own(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    other = next(value for value in FORM.field(STAGE).values if value not in (wrong, RIGHT))
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    desk.save(1, "已确认", {STAGE: other})
    assert other in stored_words(store) and errors(store, dataset)[1].status == PlantedStatus.CORRECTED


def test_a_browser_that_keeps_it_for_days_does_not_bring_it_back(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    kept = desk.chats[1]
    desk.save(1, "已确认")
    version = desk.chats[1]["version"]
    desk.chats[1] = {**kept, "version": version, "record_id": desk.chats[1]["record_id"]}
    ack, told = desk.save(1, "草稿", undo=True)
    assert ack["result"] == "saved" and "预埋错误" in told and wrong not in stored_words(store)
    assert errors(store, dataset)[1].status == PlantedStatus.MISSED, "that stays what it was"
    # Who means it enters it where nothing is planted.
    edit = CellEdit(1, 0, STAGE, wrong)
    bulk.apply(store, FORM, plan_edits(store, FORM, dataset.id, [edit]), who="阿青", reason="真的")
    assert wrong in stored_words(store)


def enter(store: Store, dataset: DatasetView, chat: int, key: str, value: str, base_run: int | None = None) -> None:
    """Set a cell in 记录表, as 组长."""
    plan = plan_edits(store, FORM, dataset.id, [CellEdit(chat, 0, key, value)], base_run=base_run)
    bulk.apply(store, FORM, plan, who="组长", reason="真的", base_run=base_run)


@pytest.mark.both_databases
def test_what_a_person_entered_in_the_table_stays_at_the_desk(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    desk, other = Desk(store, dataset, "阿青"), Desk(store, dataset, "组长")
    desk.open(1)
    desk.save(1, "已确认")
    enter(store, dataset, 1, STAGE, wrong)
    for one in (other, desk):
        assert one.open(1)["values"][STAGE] == wrong
        _, told = one.save(1, "已确认", {"基本信息-年龄": "30"})
        assert told == "" and one.chats[1]["customers"][0]["values"][STAGE] == wrong
    desk.save(1, "草稿", {STAGE: "赢单"})
    _, told = desk.save(1, "已确认", {STAGE: wrong}, undo=True)
    assert told == "" and desk.open(1)["values"][STAGE] == wrong, "undoing brings back what was entered"


def test_who_was_not_shown_it_in_the_version_before_neither_missed_nor_corrected_it(store: Store) -> None:
    dataset = make_planted(store, 4)
    wrong = {chat: row.value for chat, row in errors(store, dataset).items()}
    desk, other = Desk(store, dataset, "阿青"), Desk(store, dataset, "小李")
    # Another desk shows the right value; its reviewer chooses the other one.
    desk.open(1)
    assert other.open(1)["values"][STAGE] == RIGHT
    _, told = other.save(1, "已确认", {STAGE: wrong[1]})
    assert "记录表" in told and "显示" not in told and "放过" not in told
    # Begun at another desk, approved at the own one.
    desk.open(2)
    other.open(2)
    other.save(2, "草稿", {"基本信息-年龄": "30"})
    desk.open(2)
    desk.save(2, "已确认")
    # In one's own draft it was entered, or something else was: the desk shows what is stored.
    for chat, key, value in ((3, STAGE, wrong[3]), (4, "基本信息-年龄", "31")):
        desk.open(chat)
        desk.save(chat, "草稿", {"基本信息-年龄": "30"})
        enter(store, dataset, chat, key, value)
        shown = desk.open(chat)["values"][STAGE]
        _, told = desk.save(chat, "已确认")
        assert (told, desk.chats[chat]["customers"][0]["values"][STAGE]) == ("", shown)
    assert {row.status for row in errors(store, dataset).values()} == {PlantedStatus.WITHDRAWN}


def test_who_approves_before_it_is_known_what_is_on_their_screen_has_missed_it(store: Store) -> None:
    dataset = make_planted(store)
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    assert desk.chats[2]["customers"][0]["values"][STAGE] == errors(store, dataset)[2].value, "it was sent ahead"
    _, told = desk.save(2, "已确认")
    row = errors(store, dataset)[2]
    assert (row.status, row.reviewer) == (PlantedStatus.MISSED, "阿青") and "放过" in told


def test_a_planted_error_waits_for_nobody_once_its_chat_was_begun_elsewhere(store: Store) -> None:
    dataset = make_planted(store)
    run_id = errors(store, dataset)[1].run_id
    enter(store, dataset, 1, "基本信息-年龄", "31", run_id)  # nobody comes to the desk
    enter(store, dataset, 2, "基本信息-年龄", "31")  # from no run
    desk = Desk(store, dataset, "阿青")
    desk.open(2)
    desk.save(2, "已确认")
    delta: dict[str, Any] = {
        "reviewer": "阿青",
        "review_pass": "primary",
        "delta": lambda session, chat, record, save: (save, None),
    }
    customer = {"values": {NAME: "林舟3", STAGE: RIGHT}, "origin": 0}
    save = {"save_id": str(uuid4()), "chat": 3, "reviewer": "阿青", "base_version": 0, "customers": [customer]}
    (ack,) = apply_saves(store, FORM, dataset.id, [{**save, "status": "已确认"}], **delta)
    assert ack.result == "saved"
    assert {chat: row.status for chat, row in errors(store, dataset).items()} == dict.fromkeys(
        (1, 2, 3), PlantedStatus.WITHDRAWN
    )


@pytest.mark.parametrize("status", ["待讨论", "已跳过"])
def test_what_was_not_approved_counts_for_nothing(store: Store, status: str) -> None:
    dataset = make_planted(store)
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    _, told = desk.save(1, status)
    row = errors(store, dataset)[1]
    assert "预埋错误" in told and row.status == PlantedStatus.WITHDRAWN and row.value not in stored_words(store)


def test_it_is_on_one_desk_only(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    first, second = Desk(store, dataset, "阿青"), Desk(store, dataset, "小李")
    first.open(1)
    assert second.open(1)["values"][STAGE] == RIGHT
    second.save(1, "已确认")
    assert errors(store, dataset)[1].status == PlantedStatus.WITHDRAWN, "whoever approved it was shown nothing wrong"
    ack, _ = first.save(1, "草稿")
    assert ack["result"] == "conflict"
    first.chats[1] = {**first.chats[1], "version": ack["version"], "record_id": second.chats[1]["record_id"]}
    first.save(1, "草稿")
    assert wrong not in stored_words(store)


def test_values_that_were_moved_are_put_right_and_told_at_once(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    desk = Desk(store, dataset, "阿青")
    here = desk.open(1)
    added = {"values": {NAME: "陈露", STAGE: wrong}, "origin": None}
    moved = {"values": {**here["values"], STAGE: ""}, "origin": 0}
    _, told = desk.save(1, "草稿", customers=[moved, added])
    assert "记录表" in told and wrong not in stored_words(store)
    assert errors(store, dataset)[1].status == PlantedStatus.WITHDRAWN


def test_switched_off_nothing_is_shown_and_nothing_comes_back(store: Store) -> None:
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    with store.write() as session:
        session.execute(select(ReviewCheck)).scalar_one().planted_share = 0.0
    assert Desk(store, dataset, "小李").open(2)["values"][STAGE] == RIGHT
    desk.save(1, "已确认")
    assert wrong not in stored_words(store)


def test_what_was_begun_or_is_on_screen_gets_none(store: Store) -> None:
    dataset = make_dataset(store, [f"林舟{n}：报个价" for n in range(1, 9)])
    forms = {n: [make_form({NAME: f"林舟{n}", STAGE: RIGHT})] for n in range(1, 9)}
    make_run(store, dataset, "模型", forms)
    make_run(store, dataset, "标注", forms, RunKind.LABELS)
    desk = Desk(store, dataset, "阿青")
    desk.open(8)
    desk.save(8, "草稿", {"基本信息-年龄": "30"})
    desk.open(1)  # with the four that come next
    with store.write() as session:
        session.add(ReviewCheck(dataset_id=dataset.id, planted_share=1.0, lot_secret="x"))
    assert plant_errors(store, FORM, dataset.id) == 2
    assert set(errors(store, dataset)) == {6, 7}
    assert plant_errors(store, FORM, dataset.id) == 0, "each answer has had its lot"


def test_no_labels_no_error(store: Store) -> None:
    dataset = make_dataset(store, ["林舟：报个价"])
    make_run(store, dataset, "模型", {1: [make_form({NAME: "林舟", STAGE: RIGHT})]})
    with store.write() as session:
        session.add(ReviewCheck(dataset_id=dataset.id, planted_share=1.0, lot_secret="x"))
    assert plant_errors(store, FORM, dataset.id) == 0


def test_only_a_choice_on_which_run_and_labels_agree_can_be_planted() -> None:
    scorer = Scorer(FORM)
    both = make_form({NAME: "林舟", STAGE: RIGHT})
    assert planting_of(scorer, [both], [both], "a") == planting_of(scorer, [both], [both], "a")
    assert planting_of(scorer, [both], [make_form({NAME: "林舟", STAGE: "赢单"})], "a") is None
    assert planting_of(scorer, [both, both], [both, both], "a") is None, "values of two customers could be moved"
    free = make_form({NAME: "林舟", STAGE: "还在谈"})
    assert planting_of(scorer, [free], [free], "a") is None, "nobody's own words are kept"
    lists = make_form({NAME: "林舟", "意向产品": ["CRM"]})
    assert planting_of(scorer, [lists], [lists], "a") is None


@pytest.mark.parametrize("seed", range(8))
def test_whatever_two_people_do_nothing_planted_is_ever_stored(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    dataset = make_planted(store, 3)
    wrong = {chat: row.value for chat, row in errors(store, dataset).items()}
    desks = [Desk(store, dataset, "阿青"), Desk(store, dataset, "小李")]
    for step in range(24):
        desk, chat = dice.choice(desks), dice.randint(1, 3)
        if chat not in desk.chats or dice.random() < 0.3:
            desk.open(chat)
        here = desk.chats[chat]
        status = dice.choice(["草稿", "草稿", "已确认", "待讨论", "已跳过", "未审阅"])
        # What the browser holds, the planted value or the right one; never one that somebody else typed.
        values = dice.choice([{}, {STAGE: RIGHT}, {STAGE: wrong[chat]}, {"基本信息-年龄": str(dice.randint(20, 60))}])
        more: dict[str, Any] = {"undo": dice.random() < 0.3}
        if dice.random() < 0.3:  # as a browser that did not take what came back, or solved a conflict its own way
            with store.read() as session:
                record = next(iter(queries.records(session, dataset.id, chat_ids=[here["chat_id"]])), None)
            if record is not None:
                more |= {"base_version": record.version, "record_id": record.id}
        desk.save(chat, status, values, **more)
        if step % 4 == 3:  # all that was stored meanwhile stays in the history
            stored = stored_words(store)
            assert not [value for value in wrong.values() if f"'{STAGE}': '{value}'" in stored]


KILLED = """
import sys
from core.adapters.store import open_store, queries
from tests.factories.datasets import FORM
from tests.services.review.records.test_planted_errors import Desk

store = open_store(sys.argv[1])
with store.read() as session:
    dataset = queries.datasets(session)[0]
desk = Desk(store, dataset, "阿青")
for chat in range(1, 31):
    desk.open(chat)
    for status in ("草稿", "已确认"):
        desk.save(chat, status, {"基本信息-年龄": str(chat)})
        print(status, flush=True)
"""


@pytest.mark.parametrize("saves", [1, 2, 7, 20])
def test_a_program_that_is_killed_leaves_nothing_planted(tmp_path: Path, saves: int) -> None:
    url = f"sqlite:///{tmp_path / 'killed.db'}"
    store = open_store(url)
    dataset = make_planted(store, 30)
    wrong = {row.value for row in errors(store, dataset).values()}
    store.close()
    said = tmp_path / "said"
    with ForkedProgram("-c", KILLED, url, out=said) as child:
        wait_until(lambda: child.poll() is not None or said.exists() and said.read_bytes().count(b"\n") >= saves)
        assert set(said.read_text("utf-8").split()) <= {"草稿", "已确认"}
        child.send_signal(signal.SIGKILL)  # in the middle of whatever save comes next
    store = open_store(url)
    stored = stored_words(store)
    noted = [row for row in errors(store, dataset).values() if row.status != PlantedStatus.WAITING]
    with store.read() as session:
        records = {record.chat_id: record for record in queries.records(session, dataset.id)}
    store.close()
    assert records and not [value for value in wrong if f"'{STAGE}': '{value}'" in stored]
    # What a record says and what was noted of its planted error were written together, or neither was.
    assert {row.chat_id: row.version for row in noted} == {chat: one.version for chat, one in records.items()}


def _says(store: Store, dataset: DatasetView, name: str, chat: int, stage: str) -> None:
    """A run's answer about a chat's stage is another one from now on."""
    with store.write() as session:
        run_id = queries.run(session, name, dataset.id).id
        chat_id = queries.chat_ids(session, dataset.id)[chat]
        answer = session.execute(
            select(Extraction).where(col(Extraction.run_id) == run_id, col(Extraction.chat_id) == chat_id)
        ).scalar_one()
        answer.forms = [make_form({NAME: f"林舟{chat}", STAGE: stage})]


def _stage(store: Store, dataset: DatasetView, chat: int) -> str:
    with store.read() as session:
        (record,) = [one for one in queries.confirmed(session, dataset.id) if one.index == chat]
        return str(record.forms[0][STAGE])


def test_what_run_or_labels_say_by_now_is_no_planted_error(store: Store) -> None:
    """A run that is asked again, and labels that are replaced, may say what was planted: nobody is charged with it."""
    dataset = make_planted(store, 4)
    rows = errors(store, dataset)
    third = [
        next(one for one in FORM.field(STAGE).values if one not in ("", RIGHT, rows[n].value)) for n in range(1, 5)
    ]
    desk = Desk(store, dataset, "阿青")
    for name in ("模型", "标注"):
        _says(store, dataset, name, 1, rows[1].value)
        _says(store, dataset, name, 2, third[1])
    assert desk.open(1)["values"][STAGE] == rows[1].value
    assert desk.save(1, "已确认")[1] == "" and _stage(store, dataset, 1) == rows[1].value
    assert desk.open(2)["values"][STAGE] == third[1]
    told = desk.save(2, "已确认", {STAGE: rows[2].value})[1]
    assert "分不清" in told and _stage(store, dataset, 2) == third[1], (
        "it may have been sent ahead with the planted one"
    )
    assert desk.open(3)["values"][STAGE] == rows[3].value, "shown before the labels are replaced"
    _says(store, dataset, "标注", 3, rows[3].value)
    assert f"已放回「{RIGHT}」" in desk.save(3, "已确认")[1] and _stage(store, dataset, 3) == RIGHT
    assert desk.open(4)["values"][STAGE] == rows[4].value
    _says(store, dataset, "模型", 4, third[3])
    assert f"已放回「{third[3]}」" in desk.save(4, "已确认")[1] and _stage(store, dataset, 4) == third[3]
    assert {row.status for row in errors(store, dataset).values()} == {PlantedStatus.WITHDRAWN}


def test_how_sure_the_desk_is_gives_nothing_away(store: Store) -> None:
    """Of the planted value is said what was said of the right one: a cell without would be the planted one."""
    dataset = make_planted(store)
    with store.read() as session:
        run_id = queries.run(session, "模型", dataset.id).id
    update_with_confidence(store, FORM, dataset.id, run_id)
    with store.write() as session:
        for row in session.execute(select(ChatPriority)).scalars():  # up to date: nothing computes them anew
            row.confidence = [dict.fromkeys(FORM.keys, 0.8) | {STAGE: 0.1}]
    shown = Desk(store, dataset, "阿青").open(1)
    assert shown["values"][STAGE] == errors(store, dataset)[1].value
    filled = {key for key, value in shown["values"].items() if value}
    assert filled <= shown["sure"].keys() and STAGE in shown["doubts"]


@pytest.mark.both_databases
def test_a_queue_by_value_goes_by_what_the_desk_shows(store: Store) -> None:
    """By the run's own answer it would tell which chats show another one."""
    dataset = make_planted(store)
    wrong = errors(store, dataset)[1].value

    def queued(value: str, reviewer: str, filled: str = "") -> list[int]:
        with store.read() as session:
            run_id = queries.run(session, "模型", dataset.id).id
            narrow = Filter(queue="全部", field=STAGE, value=value, filled=filled)
            queue_spec = QueueSpec(dataset.id, narrow, "按序号", run_id, reviewer)
            return sorted(review_queue(session, FORM, queue_spec, fresh=True).indices)

    by_value = [n for n, row in errors(store, dataset).items() if row.value == wrong]
    assert queued(wrong, "阿青") == by_value and queued(RIGHT, "阿青") == []
    assert queued("", "阿青", FILLED) == [1, 2, 3] and queued("", "阿青", EMPTY) == []
    assert queued(RIGHT, "") == [1, 2, 3], "who sees no planted errors goes by the answers"
    desk = Desk(store, dataset, "阿青")
    desk.open(1)
    desk.save(1, "草稿")
    assert desk.chats[1]["customers"][0]["values"][STAGE] == wrong
    assert queued(wrong, "阿青") == by_value and queued(RIGHT, "阿青") == [], "so it does while it stands in a draft"
    assert queued(RIGHT, "小林") == [1], "another's desk shows that draft as it is stored"
    desk.save(1, "草稿", {STAGE: RIGHT})
    assert queued(RIGHT, "阿青") == [1], "what was put right is shown right"
    with store.write() as session:
        session.get_one(ReviewCheck, dataset.id).planted_share = 0
    assert queued(RIGHT, "阿青") == [1, 2, 3], "no desk shows one any more"


def test_the_table_of_records_is_filtered_by_what_it_shows(store: Store) -> None:
    dataset = make_planted(store)
    with store.read() as session:
        run_id = queries.run(session, "模型", dataset.id).id
    narrow = Filter(queue="全部", field=STAGE, value=RIGHT)
    page = record_table.page(store, FORM, dataset.id, wanted=narrow, base_run=run_id, reviewer="阿青")
    assert [row.values[STAGE] for row in page.rows] == [RIGHT] * 3
    matching = record_table.matching_chats(store, dataset.id, wanted=narrow, base_run=run_id, reviewer="阿青")
    assert matching == [1, 2, 3]


def test_a_larger_share_draws_from_all_answers_again(store: Store) -> None:
    dataset = make_dataset(store, [f"林舟{n}：你好\n客服小何：好的" for n in range(1, 41)])
    forms = {n: [make_form({NAME: f"林舟{n}", STAGE: RIGHT})] for n in range(1, 41)}
    make_run(store, dataset, "模型", forms)
    make_run(store, dataset, "标注", forms, RunKind.LABELS)
    with store.write() as session:
        session.add(ReviewCheck(dataset_id=dataset.id, planted_share=0.0, lot_secret="x"))

    def plant(share: float) -> int:
        set_review_checks(store, dataset.id, blind_share=0, planted_share=share, characters_per_minute=1000, who="组长")
        return plant_errors(store, FORM, dataset.id)

    few, more = plant(0.02), plant(0.2)
    assert more > 0 and plant(0.1) == plant(0.2) == 0
    lots = [lot("x:planted", row.chat_id) for row in errors(store, dataset).values()]
    assert len(lots) == few + more and max(lots) < 0.2
