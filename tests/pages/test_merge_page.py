"""The page 合并任务, driven from the app's entry."""

from functools import partial

import pytest
from sqlalchemy import select

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Run, RunKind, RunStatus
from core.services.quality import pin_default_run
from tests.factories.exports import fill
from tests.pages.conftest import OpenPage
from tests.pages.finding import seen

PAGE = "pages/extract/merge.py"


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    return partial(open_page, PAGE)


def test_one_run_is_not_enough(page: OpenPage, store: Store) -> None:
    fill(store)
    assert "还差一个抽取任务" in seen(page())


def test_two_runs_become_one_per_field(page: OpenPage, store: Store) -> None:
    number = fill(store)
    with store.write() as session:
        other = queries.run(session, "模型", number)
        run = Run(dataset_id=number, name="模型二", kind=RunKind.IMPORT, status=RunStatus.FINISHED, total=4)
        session.add(run)
        session.flush()
        forms = queries.forms_by_index(session, other.id)
        for chat in session.execute(select(Chat)).scalars().all():
            changed = [one | {"客户购买阶段": "报价"} for one in forms.get(chat.index, [])]
            ok = ExtractionStatus.OK
            session.add(Extraction(run_id=run.id, chat_id=chat.id, status=ok, forms=changed))
    app = page()
    assert not app.exception and "格说法不同" in seen(app)
    app.radio(key="merge-method").set_value("best").run()
    assert [metric.label for metric in app.metric][0] == "交叉验证的估计"
    next(one for one in app.button if one.label == "合并").click().run()
    assert "已存为抽取任务" in seen(app)
    assert app.multiselect[0].value == ["模型二", "模型"] and app.text_input[0].value.endswith("个抽取任务-2")
    assert {"去评分", "和原来的对比", "从它开始审阅"} <= {link.proto.label for link in app.get("page_link")}
    app.text_input[0].set_value(app.text_input[0].value.removesuffix("-2")).run()
    next(one for one in app.button if one.label == "合并").click().run()
    assert "请换一个" in seen(app) and "格说法不同" in seen(app) and app.dataframe, "a taken name takes nothing away"
    with store.read() as session:
        kinds = [run.kind for run in queries.runs(session, number)]
    assert RunKind.MERGE in kinds
    assert page().multiselect[0].value[0] == "模型二", "the default run, whose values are taken where it has any"
    pin_default_run(store, number, other.id, who="组长")
    assert page().multiselect[0].value == ["模型", "模型二"]
