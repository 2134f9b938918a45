"""The start page, driven from the app's entry: what each dataset has, and the name under which it is asked for."""

import re

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import BatchChat, Dataset, RunKind
from core.services.review.batches import assign, waiting_in_batches
from core.services.review.queue.filters import Filter
from core.ui import navigation
from core.ui.home import lead_panel
from tests.factories.datasets import FORM, make_record, make_run
from tests.factories.quality import quality_dataset
from tests.factories.reviews import NAME, decide, make
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, by_label, seen

PAGE, NAMED = "pages/home/overview.py", "pages/home/start.py"


def test_labels_are_no_run(open_page: OpenPage, store: Store) -> None:
    quality_dataset(store)
    said = seen(open_page(PAGE))
    assert "<dt>标注</dt><dd>8 条群聊</dd>" in said
    (runs,) = re.findall("<dt>抽取任务</dt><dd>([^<]*)</dd>", said)
    assert "标注" not in runs and {"甲", "乙"} <= {one[0] for one in runs.split("　")}


def test_labels_alone_are_no_run_to_start_from(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    make_run(store, dataset, "标注", {1: [{NAME: "林木1"}], 2: [{NAME: "林木2"}]}, RunKind.LABELS)
    app = open_page(PAGE)
    assert "标注（还没有完整的抽取任务，先用人工标注）" in seen(app)
    assert "新建抽取任务" in [link.proto.label for link in app.get("page_link")]
    decide(store, dataset, 1, values={NAME: "林木1"})
    assert "审阅，还剩 1 条" in [link.proto.label for link in open_page(PAGE).get("page_link")]


def test_what_nobody_has_looked_at_is_said(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 3)
    make_record(store, dataset, 1, [{NAME: "林木1"}], reviewer=queries.PASSED_BY)
    make_record(store, dataset, 2, [{NAME: "林木2"}], reviewer="周岚")
    [bar] = open_page(PAGE).get("progress")
    assert "已确认 2（其中 1 条按阈值通过，没有人看过）" in bar.proto.text
    assert "已确认的记录里有 1 条按阈值通过，没有人看过" in seen(open_page(navigation.EXPORTS))


def test_a_form_that_is_gone_takes_its_own_dataset_alone(open_page: OpenPage, store: Store) -> None:
    gone, _ = make(store, 1), quality_dataset(store)
    with store.write() as session:
        session.get_one(Dataset, gone.id).form = "gone@3"
    app = open_page(PAGE)
    assert len(app.get("progress")) == 2 and "甲" in seen(app)
    [error] = app.error
    assert "gone" in error.value


def test_its_name_leads_to_the_start_page(open_page: OpenPage) -> None:
    assert "欢迎使用拾要" in seen(open_page(NAMED))


def test_a_fresh_start_says_what_this_is_and_asks_for_the_name(open_page: OpenPage, store: Store) -> None:
    app = open_page(PAGE, reviewer="")
    said = seen(app)
    assert "模型先从群聊里填好表单，您对着原文核对、改正" in said
    assert [link.proto.label for link in app.get("page_link")] == ["1　导入", "2　抽取", "3　审阅", "4　导出、训练"]
    by_label(app.text_input, "您的名字").set_value(" ")
    button(app, "继续").click().run()
    assert "请先填写名字" in seen(app)
    by_label(app.text_input, "您的名字").set_value("林晓")
    button(app, "继续").click().run()
    assert not app.exception and not app.text_input
    assert "导入群聊" in [link.proto.label for link in app.get("page_link")]
    button(app, "用示例开始审阅").click().run()
    assert not app.exception and app.query_params["dataset"] == "1"


def test_the_way_has_the_state_of_each_step_until_the_first_decision(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    app = open_page(PAGE)
    assert "群聊，2 条群聊" in seen(app) and "还没有，规则不需要密钥" in seen(app)
    make_run(store, dataset, "模型", {1: [{NAME: "林木1"}]})
    app = open_page(PAGE)
    assert "模型，1 条" in seen(app) and "已确认 0 / 2 条" in seen(app)
    decide(store, dataset, 1, values={NAME: "林木1"})
    assert "欢迎使用拾要" not in seen(open_page(PAGE))


def test_a_batch_reaches_its_reviewer_and_hurry_its_lead(
    open_page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make(store, [f"林木{n}：{'看' * 2_000}\n客服小何：好的" for n in range(1, 13)])
    assign(store, FORM, dataset.id, name="第一周", reviewers=["林晓", "周岚"], count=10, who="何静", narrow=Filter())

    def links(reviewer: str) -> list[str]:
        return [link.proto.label for link in open_page(PAGE, reviewer=reviewer).get("page_link")]

    assert "派给您的批次 5 条待审" in links("林晓")
    assert not any("派给您的" in label for label in links("何静"))
    with store.read() as session:
        of_batch = select(col(BatchChat.chat_id)).where(col(BatchChat.batch_id) == 1)
        ids = set(session.execute(of_batch).scalars())
        own = [index for index, number in queries.chat_ids(session, dataset.id).items() if number in ids]
    for chat in own:
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, who="林晓", seconds=0)
    assert waiting_in_batches(store, "林晓") == {} and waiting_in_batches(store, "周岚") == {dataset.id: 5}
    assert waiting_in_batches(store, "") == {}
    assert not any("派给您的" in label for label in links("林晓"))
    for chat in set(range(1, 13)) - {*own}:
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, who="林晓", seconds=0)
    assert "过快确认：林晓 9 条" in links("何静")
    monkeypatch.setattr(lead_panel, "is_allowed", lambda permission: False)
    assert not any(label.startswith("过快确认") for label in links("何静")), "it is for those who may see 把关"


def test_numbers_of_the_charts_come_when_they_are_opened(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    make_run(store, dataset, "模型", {1: [{NAME: "林木1"}]})
    decide(store, dataset, 1, values={NAME: "林木1"})
    app = open_page(PAGE)
    folded, recent = [part.label for part in app.expander], len(app.dataframe)
    app.session_state["overview-numbers"] = True
    app.run()
    assert not app.exception and folded == [part.label for part in app.expander] == ["这些图的数字"]
    assert len(app.dataframe) == recent + 3
