"""待讨论: what is listed, an answer from the page, and the counts in the menu and on 总览."""

import pytest

from core.adapters.store import DatasetView, Store
from core.services.discussion.listing import EVERY_STATE, DiscussionFilter, discussions
from core.ui import navigation
from core.ui.review import discussion_list
from tests.factories.datasets import make_dataset
from tests.factories.quality import STAGE
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, seen
from tests.services.discussion.test_remarks import say

PAGE = "pages/review/discussions.py"
HOSTILE = "![x](http://example.invalid/x.png) **粗** :smile: $x$ <b>"


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    made = make_dataset(store, ["林舟1：多少钱\n客服小何：稍后", "周遥：在吗\n客服小何：在"], "群聊")
    say(store, made, "先放着", "林晓", chat=2, field="", customer=None, customer_name="")
    say(store, made, f"{HOSTILE} @林晓")
    return made


def test_without_any_it_says_how_one_begins(open_page: OpenPage, store: Store) -> None:
    make_dataset(store, ["林舟1：好\n客服小何：好"], "群聊")
    app = open_page(PAGE)
    assert "没有未解决的讨论" in seen(app) and "Alt+;" in seen(app)


def test_the_filters_stand_in_the_address(open_page: OpenPage, dataset: DatasetView) -> None:
    assert open_page(PAGE).dataframe[0].value["群聊"].tolist() == [1, 2]
    assert open_page(PAGE, whose="@我").dataframe[0].value["群聊"].tolist() == [1]
    assert open_page(PAGE, field=STAGE).dataframe[0].value["群聊"].tolist() == [1]
    app = open_page(PAGE)
    app.query_params["state"] = "已解决"
    assert "没有这样的讨论" in seen(app.run())
    assert "先到审阅台填写名字" in seen(open_page(PAGE, reviewer="", whose="@我"))
    rows = open_page(PAGE).dataframe[0].value
    assert rows["打开"].tolist()[0].endswith("chat=1&queue=全部&discussion=2")


def test_who_picks_one_reads_it_answers_and_resolves(
    open_page: OpenPage, store: Store, dataset: DatasetView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discussion_list, "_picked_rows", lambda _: [0])  # AppTest ticks no row of a table
    app = open_page(PAGE)
    assert HOSTILE in [part.value.removesuffix(" @林晓") for part in app.text]
    app.text_area[0].set_value("改好了 @王芳")
    app = button(app, "评论").click().run()
    (first, _) = discussions(store, dataset.id)
    assert [turn.text for turn in first.turns][1:] == ["改好了 @王芳"] and first.awaiting == ["王芳"]
    assert app.text_area[0].value == ""
    app = button(app, "评论").click().run()
    assert "还没有写什么" in seen(app)
    button(app, "解决").click().run()
    first = discussions(store, dataset.id, DiscussionFilter(state=EVERY_STATE))[0]
    assert (first.is_open, first.resolved_by) == (False, "林晓")


def test_the_menu_and_the_overview_count_them(open_page: OpenPage, dataset: DatasetView) -> None:
    app = open_page(navigation.OVERVIEW)
    assert "未解决的讨论 2 处 · @我 1" in [link.proto.label for link in app.get("page_link")]
    assert navigation.waiting_text(2, 1) == " 2 · @我 1" and navigation.waiting_text(0, 0) == ""
