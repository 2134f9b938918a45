"""A button does what stood on screen when it was clicked; where that moved meanwhile, it says so and does nothing."""

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store, queries
from core.adapters.store.models import DisputeStatus, Pass
from core.domain.form import Form
from core.services.datasets import delete_dataset
from core.services.extraction import prompt_library
from core.services.quality import decide as decide_dispute
from core.services.quality import dispute, disputes
from core.services.review import Filter, guidelines
from core.services.review.batches import assign, batches, withdraw
from tests.factories.datasets import FORM
from tests.factories.quality import NAME, add_record, form, quality_dataset
from tests.factories.reviews import STAGE, decide, make, records
from tests.pages.conftest import OpenPage
from tests.pages.finding import by_label, seen
from tests.services.training.corrections.test_corrections import PRODUCT, fill


def press(app: AppTest, label: str) -> str:
    """Press a button that is on screen; what the page says then."""
    by_label(app.button, label).click().run()
    assert not app.exception
    return seen(app) + "".join(toast.value for toast in app.toast)


@pytest.mark.parametrize("label", ["撤销最后一次修改", "恢复到这个版本"])
def test_history_undoes_nothing_that_nobody_saw(open_page: OpenPage, store: Store, label: str) -> None:
    dataset = make(store, 1)
    for version, stage in enumerate(("报价", "赢单")):
        decide(store, dataset, 1, values={NAME: "林木1", STAGE: stage}, version=version)
    app = open_page("pages/review/history.py", chat="1")
    decide(store, dataset, 1, values={NAME: "林木1", STAGE: "输单"}, version=2, who="小白")
    assert "小白 刚刚又保存了这条记录，没有恢复" in press(app, label)
    assert (records(store, dataset)[1].version, records(store, dataset)[1].forms[0][STAGE]) == (3, "输单")
    assert "已恢复" in press(app, label), "seen now, so it goes"
    assert records(store, dataset)[1].version == 4


def pick_row(app: AppTest, open_page: OpenPage, page: str, prefix: str, row: int) -> AppTest:
    """The page with a row of a table picked (AppTest cannot click into tables)."""
    key = next(str(one.key) for one in app.dataframe if str(one.key).startswith(prefix))
    return open_page(page, state={key: {"selection": {"rows": [row], "columns": [], "cells": []}}})


def test_a_batch_is_withdrawn_by_its_number(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 6)

    def give(name: str) -> int:
        return assign(store, FORM, dataset.id, name=name, reviewers=["林晓"], count=1, who="林晓", narrow=Filter())[0]

    page = "pages/review/batches.py"
    first, second, third = give("一"), give("二"), give("三")
    app = pick_row(open_page(page), open_page, page, "batches-", 1)  # 二
    withdraw(store, third)
    give("四")  # as many as before, and another one stands in that row
    give("五")
    assert "已收回「二」" in press(app, "收回批次")
    assert [one.name for one in batches(store, dataset.id)] == ["五", "四", "一"]
    assert next(one for one in app.button if one.label == "收回批次").disabled, "nothing is picked in the new list"
    app = pick_row(open_page(page), open_page, page, "batches-", 2)
    withdraw(store, first)
    assert "已经不在了" in press(app, "收回批次")
    assert len(batches(store, dataset.id)) == 2 and second


def test_a_guideline_keeps_what_was_typed_beside_what_somebody_wrote(open_page: OpenPage, store: Store) -> None:
    make(store, 1)
    guidelines.write(store, FORM, STAGE, "第一版。", who="小白", base_version=0)
    app = open_page("pages/review/guidelines.py")
    app.radio[0].set_value(STAGE).run()
    guidelines.write(store, FORM, STAGE, "第二版。", who="小白", base_version=1)
    app.text_area[0].set_value("我写了很久。")
    app.text_input[0].set_value("理由")
    page_text = press(app, "保存为新版本")
    assert "刚刚有人改过" in page_text and "小白 写了版本 2" in page_text and "+ 第二版。" in page_text
    assert (app.text_area[0].value, app.text_input[0].value) == ("我写了很久。", "理由")
    assert "已保存为版本 3" in press(app, "保存为新版本")
    with store.read() as session:
        newest, theirs, *_ = guidelines.history(session, FORM, STAGE)
    assert (newest.text, newest.reason, theirs.text) == ("我写了很久。", "理由", "第二版。")
    assert (app.text_area[0].value, app.text_input[0].value) == ("我写了很久。", "")
    guidelines.write(store, FORM, STAGE, "第四版。", who="小白", base_version=3)
    app.run()
    assert app.text_area[0].value == "我写了很久。"
    press(app, "放弃我的")
    assert app.text_area[0].value == "第四版。" and "写了版本" not in seen(app)


def test_a_dispute_is_not_decided_over_somebody_elses_decision(open_page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    one = dispute(store, dataset="d", chat=1, customer=0, field=NAME, reason="不对", who="小何")
    page = "pages/quality/disputes.py"
    app = pick_row(open_page(page), open_page, page, "disputes-", 0)
    decide_dispute(store, one.id, status=DisputeStatus.DISMISSED, who="主管", decision="标注没错")
    by_label(app.text_input, "处理说明").set_value("我看是错的")
    page_text = press(app, "成立")
    assert "主管 刚刚处理为「不成立」，这次没有改动" in page_text and "标注没错" in page_text
    assert by_label(app.text_input, "处理说明").value == "我看是错的"
    assert [(view.status, view.decision) for view in disputes(store, dataset.id)] == [("不成立", "标注没错")]
    press(app, "成立")
    assert [(view.status, view.decision) for view in disputes(store, dataset.id)] == [("成立", "我看是错的")]


def test_an_adjudication_is_of_the_reviews_on_screen(open_page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    add_record(store, dataset, 1, [form(**{NAME: "甲"})], "小林")
    add_record(store, dataset, 1, [form(**{NAME: "乙"})], "小何", Pass.SECOND)
    app = open_page("pages/quality/agreement.py", view="待仲裁")
    app = next(c for c in app.segmented_control if c.label == "姓名").set_value("初审").run()
    decide(store, dataset, 1, values={NAME: "丙"}, version=1, who="小林")
    assert "小林 刚刚又改过第 1 条的审阅，没有保存仲裁" in press(app, "保存仲裁结果")
    assert next(c for c in app.segmented_control if c.label == "姓名").value == "初审", "the choice stays"
    press(app, "保存仲裁结果")
    with store.read() as session:
        (record,) = queries.records(session, dataset.id, review_pass=Pass.ADJUDICATED)
    assert record.forms[0][NAME] == "丙"


def test_a_lesson_corrects_what_stood_on_screen(open_page: OpenPage, store: Store, form: Form) -> None:
    dataset, _ = fill(store, form)
    with store.read() as session:
        view = queries.dataset(session, dataset)
    page = "pages/training/lessons.py"
    app = pick_row(open_page(page), open_page, page, "lessons-table", 0)
    next(group for group in app.get("button_group") if group.key == "lessons-what").set_value("批量更正").run()
    decide(store, view, 5, "草稿", {PRODUCT: ["会话存档", "CRM"], STAGE: "赢单"}, version=0, who="小白")
    page_text = press(app, "更正这 2 处")
    assert "第 5 条没有改：小白在预览之后改过" in page_text and "已更正 1 条群聊" in page_text
    assert records(store, view)[5].forms[0][PRODUCT] == ["会话存档", "CRM"]
    decide(store, view, 6, "草稿", {PRODUCT: ["会话存档"]}, version=1, who="小白")
    assert "第 6 条没有撤销：小白后来又改过" in press(app, "撤销这次更正")


def test_a_prompt_keeps_what_was_typed_and_is_not_deleted_unseen(open_page: OpenPage, store: Store) -> None:
    make(store, 1)
    with store.read() as session:
        base = next(one for one in prompt_library.list_entries(session) if one.prompt.id == "baseline.v1").prompt.source
    mine = prompt_library.with_front_matter(base, version=4)
    draft = prompt_library.save(store, mine, who="林晓")
    app = open_page("pages/extract/prompts.py", prompt="baseline.v4")
    next(group for group in app.get("button_group") if "新版本" in group.options).set_value("新版本").run()
    theirs = mine.replace("title: ", "title: 别人的")
    prompt_library.save(store, theirs, who="小白", draft_id=draft.draft_id)
    by_label(app.text_area, "全文").set_value(mine.replace("title: ", "title: 我的"))
    page_text = press(app, "删除")
    assert "刚刚有人改过，没有动它" in page_text and "框里还是您的文字" in page_text and "别人的" in page_text
    assert "title: 我的" in by_label(app.text_area, "全文").value
    press(app, "保存修改")
    with store.read() as session:
        kept = next(one for one in prompt_library.list_entries(session) if one.draft_id == draft.draft_id)
    assert "我的" in kept.prompt.source, "it was page_text after the first press, so the second one goes"


def test_deleting_what_is_gone_is_said(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 1)
    app = open_page("pages/data/datasets.py")
    by_label(app.text_input, "输入数据集名称").set_value(dataset.name).run()
    delete_dataset(store, dataset.id, confirmation=dataset.name)
    assert "没有数据集" in press(app, "删除")
