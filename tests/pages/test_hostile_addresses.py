"""Addresses are typed, cut off, mailed and attacked: whatever stands in one, a page shows itself or a sentence."""

import pytest

from core.adapters.store import Store
from core.services.datasets import delete_dataset
from core.settings import ROOT
from tests.factories.quality import add_record, quality_dataset
from tests.factories.runs import add_dataset
from tests.pages.conftest import OpenPage, app_at
from tests.pages.finding import seen

PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "pages").glob("*/*.py"))
PARAMETERS = (
    "dataset chat page run runs a b against measure right queue order text by field filled value flag batch differ"
    " newer sort prompt model do view show set pass status least key"
).split()
HOSTILE = {
    "two numbers": "1,2",
    "2^63": str(2**63),
    "5,000 digits": "9" * 5000,
    "negative": "-1",
    "infinite": "1e400",
    "no number": "NaN",
    "garbage": "²\x00\ufffd%ff<script>![](x)",
    "repeated": ["1", "2"],
}


@pytest.mark.parametrize("script", PAGES)
def test_no_address_breaks_a_page(open_page: OpenPage, store: Store, script: str) -> None:
    dataset = quality_dataset(store, 3)
    add_record(store, dataset, 1, [{}], "林晓")
    open_page(script)
    for what, value in HOSTILE.items():
        # A dataset or a chat that is not there ends a page: the rest is looked at with those that are.
        for good in ((), ("dataset", "chat")):
            # As a browser comes to an address: with a session of its own.
            app = app_at(script)
            app.session_state["shiyao.reviewer"] = "林晓"
            for name in PARAMETERS:
                app.query_params[name] = value if name not in good else "1"
            app.run()
            assert not app.exception, (what, good, app.exception)
            assert "这里出错了" not in seen(app), (what, good)
            if what == "repeated":
                break


@pytest.mark.parametrize(
    ("script", "parameter", "kind"),
    [
        ("pages/extract/runs.py", "run", "抽取任务"),
        ("pages/extract/prompts.py", "prompt", "提示词"),
        ("pages/extract/models.py", "model", "模型"),
    ],
)
def test_what_is_gone_is_named(open_page: OpenPage, store: Store, script: str, parameter: str, kind: str) -> None:
    quality_dataset(store, 1)
    gone = "7" * 200
    app = open_page(script, **{parameter: gone})
    assert f"地址里的{kind}「{gone[:40]}…」不存在或已删除，现在显示的是「" in seen(app)
    assert "不存在" not in seen(open_page(script))


@pytest.mark.parametrize("script", PAGES)
def test_a_page_outlives_its_dataset(open_page: OpenPage, store: Store, script: str) -> None:
    """Somebody deletes the dataset while others look at it."""
    add_dataset(store, 1, "另一个")
    dataset = quality_dataset(store, 2)
    app = open_page(script, dataset=str(dataset.id), chat="1", run="2")
    delete_dataset(store, dataset.id, confirmation=dataset.name)
    app.run()
    assert not app.exception and "这里出错了" not in seen(app)
    fresh = open_page(script, dataset=str(dataset.id), chat="1", run="2")
    assert "这里出错了" not in seen(fresh)
