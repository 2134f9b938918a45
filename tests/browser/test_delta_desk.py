"""Delta review on the real app: a newer run differs in a field and has a customer more."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.adapters.store import Store, queries
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind, RunStatus
from core.services.review import apply_saves
from tests.browser.reviewer_page import BUDGET, NAME, PATIENT, RIVAL, ReviewerPage, app_over, fill, sit_down
from tests.browser.visitors import visiting
from tests.factories.datasets import FORM

pytestmark = pytest.mark.browser
CHATS = 3


def approve_all(store: Store, dataset: int) -> None:
    saves = [
        {"save_id": f"approved-{chat}", "chat": chat, "reviewer": "周岚", "base_version": 0, "status": "已确认"}
        | {"customers": [{"values": {NAME: f"林木{chat}", BUDGET: "一万", RIVAL: "没有"}, "origin": 0}]}
        for chat in range(1, CHATS + 1)
    ]
    with store.read() as session:
        base = queries.run(session, "模型", dataset).id
    assert {ack.result for ack in apply_saves(store, FORM, dataset, saves, base_run_id=base)} == {"saved"}


def add_newer(store: Store, dataset: int) -> None:
    """It says what was approved but for the budget of chat 2, and finds 客服小陈 to be a customer there."""
    with store.write() as session:
        run = Run(dataset_id=dataset, name="新模型", kind=RunKind.MODEL, status=RunStatus.FINISHED, total=CHATS)
        session.add(run)
        session.flush()
        for index, chat_id in queries.chat_ids(session, dataset).items():
            forms = [FORM.empty() | {NAME: f"林木{index}", BUDGET: "一万", RIVAL: "没有"}]
            if index == 2:
                forms = [forms[0] | {BUDGET: "两万"}, FORM.empty() | {NAME: "客服小陈", RIVAL: "林间家居"}]
            session.add(Extraction(run_id=run.id or 0, chat_id=chat_id, status=ExtractionStatus.OK, forms=forms))


def test_only_the_difference_is_asked_and_each_answer_is_a_key(browser: Browser, tmp_path: Path) -> None:
    with app_over(tmp_path) as (server, store), ExitStack() as visits:
        dataset = fill(store, "增量", CHATS)
        approve_all(store, dataset)
        add_newer(store, dataset)
        context = visits.enter_context(visiting(browser, PATIENT))
        sit_down(context, server, "林晓")
        desk = ReviewerPage(context.new_page(), server, store, dataset)
        page = desk.page
        page.goto(f"{server.url}/workbench?dataset={dataset}&newer=新模型")
        desk.at(2)  # the one chat that differs
        expect(desk.field(BUDGET)).to_be_focused(timeout=PATIENT)
        expect(page.locator(".f.asked")).to_have_count(1)
        expect(page.get_by_text("新的抽取任务里还有一位客户「客服小陈」")).to_be_visible()
        page.keyboard.press("Alt+t")
        expect(desk.field(BUDGET)).to_have_value("两万")
        desk.is_now("saved")
        kept = desk.record(2)
        assert kept is not None and (kept.status, kept.reviewer, desk.value(2, BUDGET)) == ("已确认", "周岚", "一万")
        page.reload()  # the draft lies beside what was approved
        desk.at(2)
        expect(desk.field(BUDGET)).to_have_value("两万")
        page.keyboard.press("Alt+=")
        expect(page.get_by_role("menuitem").first).to_contain_text("客服小陈")
        desk.look()
        page.keyboard.press("1")
        expect(desk.field(RIVAL, 1)).to_have_value("林间家居")
        desk.approve()
        if desk.root.get_attribute("data-chat") == "2":  # a remark on the new customer took the first one
            desk.approve()
        desk.is_now("saved")
        record = desk.record(2)
        assert record is not None and (record.status, record.reviewer) == ("已确认", "林晓")
        assert [(form[NAME], form[BUDGET], form[RIVAL]) for form in record.forms] == [
            ("林木2", "两万", "没有"),
            ("客服小陈", "", "林间家居"),
        ]
        assert [desk.value(chat, BUDGET) for chat in (1, 3)] == ["一万", "一万"]
