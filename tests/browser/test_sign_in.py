"""Signing in as a person does: accounts, an identity provider, wrong, locked, expired, signed out, two tabs."""

import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from core.adapters.store import Store, open_store
from core.adapters.store.models import SignInBrake, SignInSession, now
from core.domain.permissions import AccountRole
from core.services.review import apply_saves
from core.services.team import add_account, audit_entries, set_role
from tests.browser.reviewer_page import BUDGET, NAME, PATIENT, App, fill
from tests.browser.serving import LOCAL, free_port, serving
from tests.factories.datasets import FORM

PASSWORD = "一句很长的话当密码用"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A real identity provider of its own process, on this machine."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            with LOCAL.open(f"{url}/.well-known/openid-configuration", timeout=2):
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def team_app(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("sign-in")
    url = f"sqlite:///{folder / 'team.db'}"
    store = open_store(url)
    add_account(store, "王芳", AccountRole.ADMINISTRATOR, password=PASSWORD)
    add_account(store, "林晓", AccountRole.REVIEWER, password=PASSWORD)
    add_account(store, "周岚", AccountRole.LEAD, subject=f"{provider}|zhou")
    dataset = fill(store, "群聊", 4)
    first = {"save_id": str(uuid4()), "chat": 4, "reviewer": "林晓", "base_version": 0, "status": "已确认"}
    apply_saves(store, FORM, dataset, [first | {"customers": [{"values": {NAME: "林木4", BUDGET: "初审的预算"}}]}])
    port = free_port()
    secrets = folder / "secrets.toml"
    secrets.write_text(
        f"""[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "{"0123456789abcdef" * 3}"
client_id = "shiyao"
client_secret = "secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
""",
        "utf-8",
    )
    env = {
        "SHIYAO_DATABASE_URL": url,
        "SHIYAO_LOG_FILE": str(folder / "log"),
        "SHIYAO_SIGN_IN": "accounts,oidc",
        "SHIYAO_SECRETS_FILE": str(secrets),
    }
    with serving("app.py", folder, env, port=port) as server:
        yield server, store
    store.close()


@pytest.fixture
def visit(browser: Browser, team_app: App) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN")
    context.set_default_timeout(PATIENT)
    page = context.new_page()
    page.goto(team_app[0].url)
    yield page
    context.close()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("名字").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def is_at_the_sign_in(page: Page) -> None:
    expect(page.get_by_text("登录后审阅群聊")).to_be_visible(timeout=PATIENT)


def expire(store: Store) -> None:
    with store.write() as session:
        session.execute(update(SignInSession).values(seen_at=now() - timedelta(hours=3)))


def desk(page: Page, app: App, chat: int) -> None:
    page.goto(f"{app[0].url}/workbench?dataset=1&chat={chat}")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-chat", str(chat), timeout=PATIENT)


def test_local_accounts(visit: Page, team_app: App) -> None:
    page, (server, store) = visit, team_app
    is_at_the_sign_in(page)
    sign_in(page, "林晓", "wrong password")
    expect(page.get_by_role("alert")).to_contain_text("名字或密码不对")
    expect(page.get_by_label("名字")).to_have_value("林晓")
    for _ in range(4):
        sign_in(page, "林晓", "wrong password")
        page.wait_for_load_state()
    sign_in(page, "林晓")
    expect(page.get_by_role("alert")).to_contain_text("试得太多了")
    with store.write() as session:
        session.execute(update(SignInBrake).values(next_at=now()))
    sign_in(page, "林晓")
    expect(page.get_by_role("heading", name="总览")).to_be_visible()

    # Reviewer = who is signed in: nobody is asked for a name, and none from a cookie counts.
    page.context.add_cookies([{"name": "shiyao_reviewer", "value": "x", "url": server.url}])
    desk(page, team_app, 1)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-chat", "2", timeout=PATIENT)
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)
    assert "shiyao_session" not in page.evaluate("document.cookie")

    # It ends when nobody moves: what is typed then waits in the browser and is stored after the next sign-in.
    expire(store)
    page.locator(f'[data-field="{BUDGET}"][data-customer="0"]').fill("三万")
    expect(page.get_by_text("登录已结束").first).to_be_visible(timeout=PATIENT)
    page.get_by_role("link", name="去登录").first.click()
    sign_in(page, "林晓")
    desk(page, team_app, 2)
    expect(page.locator(f'[data-field="{BUDGET}"][data-customer="0"]')).to_have_value("三万")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)

    # Two tabs: signing out in one ends the other.
    second = page.context.new_page()
    second.goto(f"{server.url}/settings")
    expect(second.get_by_text("我的账号")).to_be_visible()
    expect(second.get_by_text("密钥", exact=True)).to_have_count(0)
    second.get_by_role("button", name="退出登录").click()
    is_at_the_sign_in(second)
    page.locator(f'[data-field="{BUDGET}"][data-customer="0"]').fill("四万")
    expect(page.get_by_text("登录已结束").first).to_be_visible(timeout=PATIENT)
    page.get_by_role("link", name="去登录").first.click()
    is_at_the_sign_in(page)
    kinds = {entry.kind for entry in audit_entries(store)}
    assert {"登录", "登录失败", "退出"} <= kinds


def test_an_identity_provider(visit: Page, team_app: App, provider: str) -> None:
    page, (server, store) = visit, team_app
    page.get_by_role("link", name="用单位账号登录").click()
    page.locator("input[name=sub]").fill("stranger")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("alert")).to_contain_text(f"{provider}|stranger")
    page.get_by_role("link", name="用单位账号登录").click()
    page.locator("input[name=sub]").fill("zhou")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", name="总览")).to_be_visible()
    assert [entry.who for entry in audit_entries(store, kinds=["登录"], limit=1)] == ["周岚"]

    # A second reviewer sees nothing of the first review until the second is decided.
    page.goto(f"{server.url}/workbench?dataset=1&pass=second&chat=4")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-chat", "4", timeout=PATIENT)
    expect(page.locator(f'[data-field="{BUDGET}"][data-customer="0"]')).to_have_value("")
    page.locator(f'[data-field="{BUDGET}"][data-customer="0"]').fill("五万")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)
    page.goto(f"{server.url}/history?dataset=1&chat=4")
    expect(page.get_by_text("第 4 条您正在盲审，确认之后才能看初审的值")).to_be_visible()
    assert "初审的预算" not in page.content()
    expire(store)
    page.goto(server.url)
    is_at_the_sign_in(page)  # the provider's old word opens nothing anew
    expect(page.get_by_role("alert")).to_contain_text("登录已结束")


def test_an_administrator_manages_accounts_and_reads_the_log(visit: Page, team_app: App) -> None:
    page, (server, store) = visit, team_app
    sign_in(page, "王芳")
    expect(page.get_by_role("heading", name="总览")).to_be_visible()
    page.goto(f"{server.url}/accounts")
    form = page.get_by_test_id("stForm").first
    form.get_by_label("名字", exact=True).fill("小何")
    form.get_by_label("密码", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="建立账号").click()
    expect(page.get_by_text("已建立「小何」")).to_be_visible()
    newest = audit_entries(store, limit=1)[0]
    assert (newest.who, newest.kind, newest.target, newest.address) == ("王芳", "账号", "小何", "127.0.0.1")
    page.goto(f"{server.url}/settings")
    with page.expect_download() as download:
        page.get_by_role("button", name="备份并下载").click()
    assert download.value.suggested_filename.endswith("-backup.db")
    newest = audit_entries(store, limit=1)[0]
    assert (newest.who, newest.kind) == ("王芳", "备份") and newest.detail.startswith("下载")
    add_account(store, "第二位", AccountRole.ADMINISTRATOR, password=PASSWORD)
    set_role(store, "王芳", AccountRole.REVIEWER)  # in force at once
    page.goto(f"{server.url}/audit")
    expect(page.get_by_text("只有管理员能做")).to_be_visible()
