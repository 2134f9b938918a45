"""The page 设置, driven from the app's entry."""

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.services import maintenance
from core.services.team import Actor, acting_as, create_token, token_holder
from core.services.webhooks import webhooks
from core.services.webhooks.delivery import deliver_due
from tests.factories.reviews import decide
from tests.factories.runs import add_dataset
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, by_label, seen


@pytest.fixture
def page(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-this-must-not-be-seen")
    return partial(open_page, "pages/settings/settings.py", reviewer="")


def test_everything_has_its_place_and_no_key_is_shown(page: OpenPage, store: Store) -> None:
    app = page()
    assert str(store.path) in seen(app)
    keys = app.dataframe[0].value.set_index("变量")
    assert tuple(keys.loc["OPENAI_API_KEY", ["状态", "来自"]]) == ("已配置", "环境变量")
    assert "sk-this-must-not-be-seen" not in seen(app) + keys.to_string()
    assert "客户要素" in seen(app) and "role_elements" not in seen(app)
    assert f"<dd>{maintenance.software_versions()['拾要']}</dd><dt>拾要</dt>" in seen(app)


@pytest.mark.both_databases
def test_backup_and_check(
    page: OpenPage, store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIYAO_VAR", str(tmp_path_factory.mktemp("var")))  # where a server's database is copied to
    add_dataset(store, 2)
    app = button(page(), "备份数据库").click().run()
    assert not app.exception
    (made,) = maintenance.list_backups(store)
    assert made.path.name in seen(app)
    assert {"备份并下载", "下载"} <= {one.label for one in app.get("download_button")}
    app = button(app, "检查").click().run()
    assert "一切正常：1 个数据集，2 条群聊" in seen(app)


def test_where_a_backup_cannot_be_made_the_button_says_why(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "backup_refusal", lambda _store: "本机没有 pg_dump，请安装 *它*")
    app = page()
    assert button(app, "备份数据库").disabled
    assert button(app, "备份数据库").help == r"本机没有 pg_dump，请安装 \*它\*"
    assert "备份并下载" not in {one.label for one in app.get("download_button")}
    assert not button(app, "检查").disabled


def test_the_reviewers_name_is_changed(page: OpenPage) -> None:
    app = page()
    name = app.text_input[0]
    assert button(app, "保存名字").disabled
    app = name.set_value(" 周宁 ").run()
    app = button(app, "保存名字").click().run()
    assert not app.exception
    assert app.text_input[0].value == "周宁"
    assert app.session_state["shiyao.reviewer"] == "周宁"


def test_an_access_token_is_made_shown_once_and_revoked(page: OpenPage, store: Store) -> None:
    assert "先写上名字" in seen(page())
    app = page(reviewer="周宁")
    assert "还没有有效的令牌" in seen(app)
    box = next(one for one in app.text_input if one.label == "给什么程序用")
    box.set_value("每晚*导入*")
    app = button(app, "新建令牌").click().run()
    assert not app.exception
    (secret,) = [one.value for one in app.code if one.value.startswith("shiyao_")]
    holder = token_holder(store, secret)
    assert holder is not None and holder.name == "周宁" and holder.token.name == "每晚*导入*"
    assert "还没有有效的令牌" not in seen(app)
    app = app.run()
    assert secret not in seen(app) and not app.code
    app = button(app, "作废").click().run()
    assert not app.exception and token_holder(store, secret) is None
    assert "还没有有效的令牌" in seen(app)


def test_nobody_sees_another_ones_tokens_by_name(page: OpenPage, store: Store) -> None:
    create_token(store, "别人的", owner="小王")
    assert "别人的" not in seen(page(reviewer="周宁"))


def test_a_webhook_is_made_told_switched_off_and_deleted(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = add_dataset(store, 2)
    assert "还没有回调" in seen(page())
    app = fill_in(page(), "http://127.0.0.1:9/hook")
    assert "回调的密钥 WEBHOOK_SECRET 没有设置" in seen(app) and webhooks(store) == []
    monkeypatch.setenv("WEBHOOK_SECRET", "s" * 24)
    app = fill_in(page(), "http://10.0.0.1/hook")
    assert webhooks(store) == [] and "还没有回调" in seen(app)
    app = fill_in(page(), "http://127.0.0.1:9/hook")
    assert "**客户\\*系统** · 所有数据集 · 等待 0 条" in seen(app)
    decide(store, dataset, 1)
    with acting_as(Actor("定时任务", AccountRole.ADMINISTRATOR)):
        deliver_due(store)  # nobody listens there
    app = page()
    assert "等待 1 条" in seen(app)
    (told,) = [table.value for table in app.dataframe if "试过" in table.value]
    assert (told["群聊"].tolist(), told["试过"].tolist()) == ([f"{dataset.name} 第 1 条"], [1])
    app = button(app, "停用").click().run()
    assert "已停用" in seen(app)
    app = button(app, "删除回调").click().run()
    assert "还没有回调" in seen(app) and webhooks(store) == []


def fill_in(app: AppTest, url: str) -> AppTest:
    by_label(app.text_input, "通知谁").set_value("客户*系统")
    by_label(app.text_input, "地址").set_value(url)
    drawn: AppTest = button(app, "新建回调").click().run()
    return drawn
