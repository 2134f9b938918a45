"""The pages of the flow of review, driven from the app's entry: what they show, and what their buttons do."""

import pytest

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import ChatPriority, JobStatus
from core.services.review import Filter, guidelines
from core.services.review.batches import assign, batches
from core.services.review.passing_audits import passing_rules
from core.services.review.passing_jobs import newest_passing_job
from core.services.review.queue import background_update
from core.services.review.queue.background_update import update_with_confidence
from tests.factories.datasets import FORM
from tests.factories.jobs import carried_out
from tests.factories.reviews import NAME, STAGE, answer, decide, make, records
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, seen

HISTORY, GUIDELINES = "pages/review/history.py", "pages/review/guidelines.py"
BATCHES, RECORDS, OVERVIEW = "pages/review/batches.py", "pages/review/records.py", "pages/home/overview.py"


@pytest.mark.parametrize("script", [HISTORY, GUIDELINES, BATCHES, RECORDS, OVERVIEW])
def test_without_data_each_page_says_what_to_do(open_page: OpenPage, script: str) -> None:
    assert "导入" in seen(open_page(script))


def test_the_last_change_is_undone_and_an_old_version_restored(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    decide(store, dataset, 2, "草稿", {NAME: "林木2", STAGE: "赢单"})
    decide(store, dataset, 2, values={NAME: "林木2", STAGE: "输单"}, version=1, who="小白")
    app = open_page(HISTORY, chat="2")
    assert "`赢单` → `输单`" in seen(app)
    button(app, "撤销最后一次修改").click().run()
    assert not app.exception
    record = records(store, dataset)[2]
    assert (record.forms[0][STAGE], record.status, record.reviewer, record.version) == ("赢单", "草稿", "林晓", 3)
    assert "撤销版本 2" in seen(app)
    app.number_input[0].set_value(1).run()
    assert "还没有记录" in seen(app)


def test_a_guideline_is_edited_into_a_new_version(open_page: OpenPage, store: Store) -> None:
    make(store, 1)
    app = open_page(GUIDELINES)
    app.radio[0].set_value(STAGE).run()
    app.text_area[0].set_value("先看合同。")
    app.text_input[0].set_value("第 3 条")
    button(app, "保存为新版本").click().run()
    assert not app.exception
    with store.read() as session:
        newest = guidelines.history(session, FORM, STAGE)[0]
    assert (newest.version, newest.text, newest.who, newest.reason) == (1, "先看合同。", "林晓", "第 3 条")
    assert "版本 1，林晓" in seen(app)


def test_a_batch_is_handed_out_and_listed(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 5)
    app = open_page(BATCHES)
    next(one for one in app.text_input if one.label == "批次名称").set_value("第一周")
    next(one for one in app.multiselect if one.label == "分给谁").set_value(["林晓"])
    app.run()
    button(app, "分派").click().run()
    assert not app.exception
    [made] = batches(store, dataset.id)
    assert (made.name, made.reviewer, made.chats, made.who) == ("第一周", "林晓", 5, "林晓")
    assert list(app.dataframe[0].value["还剩"]) == [5]


def test_the_record_table_pages_and_filters_on_the_server(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 3)
    answer(store, dataset, "甲", {1: [{NAME: "林木1"}]})
    assign(store, FORM, dataset.id, name="一", reviewers=["林晓"], count=1, who="林晓", narrow=Filter())
    assert "共 3 条群聊" in seen(open_page(RECORDS))
    assert "共 1 条群聊" in seen(open_page(RECORDS, batch="我的批次"))
    assert "没有符合条件的记录" in seen(open_page(RECORDS, text="没有这个词"))


def sure_of_the_last(store: Store) -> DatasetView:
    """26 chats, 20 of them confirmed, and a run that is sure of all it says of the other six."""
    dataset = make(store, 26)
    run = answer(store, dataset, "甲", {at: [{NAME: f"林木{at}"}] for at in range(1, 27)})
    for at in range(1, 21):
        decide(store, dataset, at, values={NAME: f"林木{at}"}, run=run)
    update_with_confidence(store, FORM, dataset.id, run)
    with store.write() as session:
        for chat in list(queries.chats(session, dataset.id)):
            if chat.index > 20:
                session.get_one(ChatPriority, (run, chat.id)).confidence = [dict.fromkeys(FORM.keys, 0.99)]
    return dataset


def test_many_chats_pass_and_are_taken_back_in_the_background(
    open_page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = sure_of_the_last(store)
    monkeypatch.setattr("core.ui.review.passing.INLINE_CHATS", 5)
    app = button(open_page(BATCHES, dataset=str(dataset.id)), "放行…").click().run()
    app = button(app, "放行这 6 条").click().run()
    assert not app.exception and not app.toast and len(records(store, dataset)) == 20
    # Whoever opens the page sees how far it is, and can stop it, but neither asks for more nor takes back meanwhile.
    app = open_page(BATCHES, dataset=str(dataset.id))
    [bar] = app.get("progress")
    assert "正在后台放行：在排队。可以离开本页" in bar.proto.text
    assert "放行…" not in [one.label for one in app.button]
    assert not button(app, "停用").disabled and button(app, "撤回放行的记录…").disabled
    job = newest_passing_job(store, dataset.id)
    assert job is not None and carried_out(store, job).status == JobStatus.DONE
    app = open_page(BATCHES, dataset=str(dataset.id))
    assert not app.get("progress") and len(records(store, dataset)) == 26
    app = button(app, "撤回放行的记录…").click().run()
    app = button(app, "撤回这 6 条").click().run()
    back = newest_passing_job(store, dataset.id)
    assert back is not None and back.id != job.id
    carried_out(store, back)
    assert "已撤回 6 条" in app.run().toast[0].value, "who asked for it is told"


def test_passing_asks_once_with_its_numbers_and_is_taken_back(
    open_page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make(store, 26)
    run = answer(store, dataset, "甲", {at: [{NAME: f"林木{at}"}] for at in range(1, 27)})
    for at in range(1, 20):
        decide(store, dataset, at, values={NAME: f"林木{at}"}, run=run)
    assert "现在 19 / 20" in seen(open_page(BATCHES, dataset=str(dataset.id)))
    decide(store, dataset, 20, values={NAME: "林木20"}, run=run)
    asked: list[int | None] = []
    monkeypatch.setattr(background_update, "update_in_background", lambda *of: asked.append(of[-1]))
    assert "已确认 20 条" in seen(open_page(BATCHES, dataset=str(dataset.id)))
    assert asked == [run], "the page has it computed, without a visit to the desk"
    update_with_confidence(store, FORM, dataset.id, run)
    with store.write() as session:
        for chat in list(queries.chats(session, dataset.id)):
            if chat.index > 20:
                session.get_one(ChatPriority, (run, chat.id)).confidence = [dict.fromkeys(FORM.keys, 0.99)]
    app = open_page(BATCHES, dataset=str(dataset.id))
    assert "没人审过的 6 条里有 6 条可以放行" in seen(app) and "没有人逐项确认" in seen(app)
    app = button(app, "放行…").click().run()
    assert "现在放行 **6 条**群聊（整条）" in seen(app) and "自动停用" in seen(app)
    assert "预计的错误率 1.0%，容许的 3%" in seen(app) and "多半会停用" not in seen(app)
    assert passing_rules(store, dataset.id) == []  # nothing passes before the question is answered
    app = button(app, "放行这 6 条").click().run()
    assert "已放行 6 条" in app.toast[0].value
    assert passing_rules(store, dataset.id)[0].threshold == 0.97
    assert "没有可以放行的" in seen(app) and button(app, "放行…").disabled
    overview = open_page(OVERVIEW)
    assert "整条 6 条群聊 · 抽查 0 / 5" in seen(overview)
    assert "放行的抽查 5 条待盲审" in [link.proto.label for link in overview.get("page_link")]
    app = button(app, "撤回放行的记录…").click().run()
    assert "**6 条**群聊恢复为未审阅" in seen(app) and "不能撤销" in seen(app)
    assert passing_rules(store, dataset.id)[0].stopped_at is None, "nothing is done before the question is answered"
    app = button(app, "撤回这 6 条").click().run()
    assert "已撤回 6 条" in app.toast[0].value
    app = open_page(BATCHES, dataset=str(dataset.id))
    assert button(app, "撤回放行的记录…").disabled and button(app, "放行…").disabled
    assert passing_rules(store, dataset.id)[0].stopped_at is not None
    assert "没人审过的 6 条里有 0 条可以放行" in seen(app) and "6 条的放行已经撤回，等人来审" in seen(app)
