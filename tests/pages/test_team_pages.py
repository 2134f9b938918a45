"""The pages 账号 and 操作记录, driven from the app's entry."""

from collections.abc import Iterator
from functools import partial

import pytest

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.services.team import accounts, add_account, person_of, set_actor_source, set_role, sign_in
from core.services.team.acting import Actor
from core.settings import settings
from core.ui.sign_in import person
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, seen

PASSWORD = "一句很长的话当密码用"
ACCOUNTS, AUDIT = "pages/settings/accounts.py", "pages/settings/audit.py"


@pytest.fixture
def as_reviewer() -> Iterator[None]:
    set_actor_source(lambda: Actor("林晓", AccountRole.REVIEWER, 1))
    yield
    set_actor_source(None)


def test_the_first_administrator_is_made_on_the_page(open_page: OpenPage, store: Store) -> None:
    app = open_page(ACCOUNTS)
    assert "还没有账号" in seen(app) and "现在不用登录" in seen(app)
    name, password, _ = app.text_input
    name.set_value("王芳")
    password.set_value("短")
    app = button(app, "建立账号").click().run()
    assert "密码要有 10 到 256 个字符" in seen(app) and accounts(store) == []
    assert app.text_input[0].value == "王芳"  # what was refused costs nobody what they typed
    app.text_input[1].set_value(PASSWORD)
    app = button(app, "建立账号").click().run()
    assert [box.value for box in app.text_input] == ["", "", ""]
    (made,) = accounts(store)
    assert (made.name, made.role) == ("王芳", AccountRole.ADMINISTRATOR)  # nobody chose: the first one has to be
    assert person_of(store, sign_in(store, "王芳", PASSWORD)) is not None
    assert "王芳" in app.dataframe[0].value["名字"].tolist() and app.selectbox[0].value == AccountRole.REVIEWER


def test_the_log_is_filtered(open_page: OpenPage, store: Store) -> None:
    add_account(store, "王芳", AccountRole.ADMINISTRATOR, password=PASSWORD)
    add_account(store, "林晓", AccountRole.REVIEWER, password=PASSWORD)
    set_role(store, "林晓", AccountRole.LEAD)
    sign_in(store, "林晓", PASSWORD)
    app = open_page(AUDIT)
    assert app.dataframe[0].value["什么"].tolist() == ["登录", "角色", "账号", "账号"]
    app = app.multiselect(key="audit-kinds").set_value(["角色"]).run()
    assert app.dataframe[0].value[["对象", "详情"]].to_numpy().tolist() == [["林晓", "审阅员 → 组长"]]
    app = app.multiselect(key="audit-kinds").set_value([]).run()
    app = app.selectbox(key="audit-who").set_value("林晓").run()
    assert app.dataframe[0].value["什么"].tolist() == ["登录"]


@pytest.mark.usefixtures("as_reviewer")
def test_a_reviewer_sees_neither_keys_nor_backups(open_page: OpenPage) -> None:
    app = open_page("pages/settings/settings.py")
    assert "版本" in [part.value for part in app.subheader]
    assert not {"密钥", "数据"} & {part.value for part in app.subheader}


@pytest.mark.usefixtures("as_reviewer")
@pytest.mark.parametrize("script", [ACCOUNTS, AUDIT])
def test_a_reviewer_is_told_who_may(open_page: OpenPage, script: str) -> None:
    app = open_page(script)
    assert "只有管理员能做，「林晓」是审阅员。需要时请找管理员" in seen(app) and not app.dataframe


@pytest.mark.parametrize("script", ["pages/review/guidelines.py", "pages/export/exports.py"])
def test_who_only_looks_is_told_so_before_they_type(
    open_page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    assert "在这里只看" not in seen(open_page(script))
    monkeypatch.setenv("SHIYAO_SIGN_IN", "accounts")
    settings.cache_clear()
    add_account(store, "林晓", AccountRole.REVIEWER, password=PASSWORD)
    monkeypatch.setattr(person, "own_token", partial(str, sign_in(store, "林晓", PASSWORD)))
    assert "审阅员在这里只看，改动由组长或管理员做" in seen(open_page(script))
