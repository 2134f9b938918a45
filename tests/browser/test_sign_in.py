"""Signing in as a person does: accounts, an identity provider, wrong, locked, expired, signed out, two tabs."""

import json
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.request import Request
from uuid import uuid4
from zipfile import ZipFile

import pytest
from playwright.sync_api import APIResponse, Browser, BrowserContext, Error, Page, Response, WebSocket, expect
from sqlalchemy import select, update
from sqlmodel import col

from core.adapters.store import Store, open_store
from core.adapters.store.models import Pass, Record, RecordStatus, SignInBrake, SignInSession, now
from core.domain.permissions import AccountRole
from core.services.review import apply_saves
from core.services.team import add_account, audit_entries, set_password, set_role
from tests.browser.chromium import Walk
from tests.browser.reviewer_page import BUDGET, LEARNS_NOTHING, NAME, PATIENT, App, ReviewerPage, fill
from tests.browser.serving import LOCAL, Server, free_port, serving
from tests.browser.visitors import visiting
from tests.browser.workbench_page import LATER
from tests.factories.datasets import FORM
from tests.waiting import wait_until

PASSWORD = "一句很长的话当密码用"
OTHER = "另一句很长的话当密码"
WATCHER = "a-token-for-prometheus"

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
    add_account(store, "何静", AccountRole.LEAD, password=PASSWORD)
    add_account(store, "周岚", AccountRole.LEAD, subject=f"{provider}|zhou")
    assert fill(store, "群聊", 5) == 1
    # One decided chat that nobody reviews a second time: there is something to export whatever test comes first.
    decided = {"save_id": str(uuid4()), "chat": 5, "reviewer": "林晓", "base_version": 0, "status": "已确认"}
    apply_saves(store, FORM, 1, [decided | {"customers": [{"values": {NAME: "林木5"}}]}])
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
        "SHIYAO_VAR": str(folder),
        "SHIYAO_METRICS_TOKEN": WATCHER,
    } | LEARNS_NOTHING
    with serving("app.py", folder, env, port=port) as server:
        yield server, store
    store.close()


@pytest.fixture
def visit(browser: Browser, team_app: App) -> Iterator[Page]:
    with visiting(browser, PATIENT) as context:
        page = context.new_page()
        page.goto(team_app[0].url)
        yield page


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("名字").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def post_password(context: BrowserContext, server: Server, name: str, password: str = PASSWORD) -> APIResponse:
    """What the form of the sign-in sends, without drawing a page; the browser has the cookie then."""
    form: dict[str, str | float | bool] = {"name": name, "password": password, "next": "/"}
    return context.request.post(f"{server.url}/sign-in", form=form, max_redirects=0)


def sign_in_again(page: Page, name: str, password: str = PASSWORD) -> Page:
    """Go on after the end of a sign-in as the page says: in a window of its own, which is returned."""
    expect(page.get_by_text("登录已结束，打的字都还在。")).to_be_visible(timeout=PATIENT)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="在新窗口登录").click()
    sign_in(opened.value, name, password)
    expect(opened.value.get_by_text("已登录。可以关闭这个窗口")).to_be_visible(timeout=PATIENT)
    return opened.value


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
        assert post_password(page.context, server, "林晓", "wrong password").status == 403
    sign_in(page, "林晓")
    expect(page.get_by_role("alert")).to_contain_text("试得太多了")
    with store.write() as session:
        session.execute(update(SignInBrake).values(next_at=now()))
    sign_in(page, "林晓")
    expect(page.get_by_role("heading", name="总览")).to_be_visible()

    # Reviewer = who is signed in: nobody is asked for a name, and none from a cookie counts.
    page.context.add_cookies([{"name": "shiyao_reviewer", "value": "x", "url": server.url}])
    desk(page, team_app, 1)
    page.evaluate(LATER)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-chat", "2", timeout=PATIENT)
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)
    assert "shiyao_session" not in page.evaluate("document.cookie")

    # It ends when nobody moves: what is typed then stays on the page, and is stored after the next sign-in.
    page.evaluate("window.neverReloaded = true")
    expire(store)
    page.locator(f'[data-field="{BUDGET}"][data-customer="0"]').fill("三万")
    second = sign_in_again(page, "林晓")
    expect(page.locator(f'[data-field="{BUDGET}"][data-customer="0"]')).to_have_value("三万")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)
    assert page.evaluate("window.neverReloaded") is True

    # Two tabs: signing out in one ends the other.
    second.goto(f"{server.url}/settings")
    expect(second.get_by_text("我的账号")).to_be_visible()
    expect(second.get_by_text("密钥", exact=True)).to_have_count(0)
    second.get_by_role("button", name="退出登录").click()
    is_at_the_sign_in(second)
    page.locator(f'[data-field="{BUDGET}"][data-customer="0"]').fill("四万")
    expect(page.get_by_text("登录已结束")).to_be_visible(timeout=PATIENT)
    sign_in(second, "林晓")
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)

    # A password that is changed elsewhere ends it as well.
    set_password(store, "林晓", OTHER)
    page.locator(f'[data-field="{BUDGET}"][data-customer="0"]').fill("六万")
    sign_in_again(page, "林晓", OTHER)
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)
    set_password(store, "林晓", PASSWORD)
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

    expire(store)
    page.goto(server.url)
    is_at_the_sign_in(page)  # the provider's old word opens nothing anew
    expect(page.get_by_role("alert")).to_contain_text("登录已结束")


def test_what_is_typed_on_any_page_outlives_the_sign_in(visit: Page, team_app: App, provider: str) -> None:
    """With the identity provider as well, whose word is a new one each time; and for its writer alone."""
    page, (server, store) = visit, team_app
    page.goto(f"{server.url}/guidelines?dataset=1")
    page.get_by_role("link", name="用单位账号登录").click()
    page.locator("input[name=sub]").fill("zhou")
    page.get_by_role("button", name="Authorize").click()
    box, why = page.get_by_label("规范、例子和已作的决定"), page.get_by_label("为什么改")
    box.fill("打了一半的规范")
    expire(store)
    why.fill("因为")
    page.get_by_role("button", name="保存为新版本").click()
    expect(page.get_by_text("登录已结束，打的字都还在。")).to_be_visible(timeout=PATIENT)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="在新窗口登录").click()
    other = opened.value
    other.get_by_role("link", name="用单位账号登录").click()
    other.locator("input[name=sub]").fill("zhou")
    other.get_by_role("button", name="Authorize").click()
    expect(other.get_by_text("已登录。可以关闭这个窗口")).to_be_visible()
    expect(box).to_be_enabled(timeout=PATIENT)
    expect(box).to_have_value("打了一半的规范")
    expect(why).to_have_value("因为")
    page.get_by_role("button", name="保存为新版本").click()
    expect(page.get_by_text("的规范已保存为版本").first).to_be_visible(timeout=PATIENT)

    box.fill("没有保存的字")
    expire(store)
    page.get_by_role("button", name="保存为新版本").click()
    expect(page.get_by_text("登录已结束，打的字都还在。")).to_be_visible(timeout=PATIENT)
    other.goto(f"{server.url}/sign-in")
    sign_in(other, "王芳")
    expect(box).to_have_value("打了一半的规范", timeout=PATIENT)  # another person's page is drawn anew


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
    set_role(store, "王芳", AccountRole.REVIEWER)  # in force at once, also under an open page
    page.get_by_role("button", name="备份并下载").click()
    expect(page.get_by_test_id("stDownloadButtonError")).to_contain_text("只有管理员能做，「王芳」是审阅员")
    page.get_by_role("button", name="备份数据库").click()
    expect(page.get_by_text("您的角色现在是审阅员")).to_be_visible()
    assert audit_entries(store, limit=1)[0].kind == "角色"
    page.goto(f"{server.url}/audit")
    expect(page.get_by_text("只有管理员能做")).to_be_visible()


SECRET = "GEHEIM77"
"""What the first reviewer writes, in ASCII: it stands so in whatever is sent, JSON and tables of Arrow as well."""


class Wire:
    """All that a page is sent from now on: frames of its websockets and answers to its requests."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._received: list[bytes] = []
        self._answers: list[Response] = []
        page.on("websocket", self._listen)
        page.on("response", lambda answer: self._answers.append(answer))

    def _listen(self, socket: WebSocket) -> None:
        def keep(frame: str | bytes) -> None:
            self._received.append(frame if isinstance(frame, bytes) else frame.encode())

        socket.on("framereceived", keep)

    def _body(self, answer: Response) -> bytes:
        try:
            return answer.body()
        except Error:  # of a page that was left: asked for again
            return self._page.request.get(answer.url).body()

    def has(self, text: str) -> bool:
        """Whether a text has come since the last question."""
        own = (answer for answer in self._answers if answer.status == 200 and answer.url.startswith("http"))
        self._received += [self._body(answer) for answer in own if "/static/" not in answer.url]
        self._answers.clear()
        seen = any(text.encode() in part for part in self._received)
        self._received.clear()
        return seen


PLACES = (
    "workbench?dataset=1&chat=3",
    "history?dataset=1&chat=3",
    "workbench?dataset=1&chat=3&queue=全部",
    f"records?dataset=1&q={SECRET[:-1]}",
    "compare?dataset=1&a=模型&b=模型&against=records",
    "changes?dataset=1",
    "scores?dataset=1&against=records",
    "disputes?dataset=1",
    "agreement?dataset=1",
    "lessons?dataset=1",
    "agreement?dataset=1&view=待仲裁",
    "exports?dataset=1",
    "overview?dataset=1",
)
"""Addresses as somebody goes to them who wants to know: never the same page twice in a row."""


def test_a_second_reviewer_sees_nothing_of_the_first(browser: Browser, team_app: App) -> None:
    server, store = team_app
    with signed_in(browser, server, "林晓") as first:
        desk(first, team_app, 3)
        first.locator(f'[data-field="{BUDGET}"][data-customer="0"]').fill(SECRET)
        ReviewerPage(first, server, store, 1).approve()
        expect(first.locator("[data-testid=workbench]")).to_have_attribute("data-chat", "4", timeout=PATIENT)
        expect(first.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)
    with signed_in(browser, server, "何静") as second:
        wire = Wire(second)
        walk = Walk(second)
        second.goto(f"{server.url}/workbench?dataset=1&pass=second&chat=3")
        budget = second.locator(f'[data-field="{BUDGET}"][data-customer="0"]')
        expect(budget).to_have_value("", timeout=PATIENT)
        budget.fill("五万")
        expect(second.locator("[data-testid=workbench]")).to_have_attribute("data-save-state", "saved", timeout=PATIENT)
        assert not wire.has(SECRET)
        shown = []
        for place in PLACES:
            walk.to(f"/{place}")
            if wire.has(SECRET) or SECRET in second.content():
                shown.append(place)
        assert shown == []
        walk.to("/exports?dataset=1")
        second.get_by_role("radio", name="表格").click()
        second.get_by_role("button", name="生成表格").click()
        with second.expect_download() as download:
            second.get_by_role("button", name="下载", exact=True).click()
        with ZipFile(download.value.path()) as book:
            assert not any(SECRET.encode() in book.read(part) for part in book.namelist())
        assert not wire.has(SECRET)

        # Once both have decided, nothing is kept from anybody: the lead sees both.
        second.goto(f"{server.url}/workbench?dataset=1&pass=second&chat=3")
        expect(budget).to_have_value("五万", timeout=PATIENT)
        ReviewerPage(second, server, store, 1).approve()
        wait_until(lambda: decided_second_reviews(store) == ["何静"])
        walk.to("/agreement?dataset=1&view=待仲裁")
        for value in (SECRET, "五万", "初审 · 林晓", "复审 · 何静"):
            expect(second.locator("body")).to_contain_text(value, timeout=PATIENT)
        assert wire.has(SECRET)  # so it would have been seen before

        # What the export held of other chats was seen: they are somebody else's to review.
        walk.to("/workbench?dataset=1&pass=second&chat=5")
        expect(second.get_by_text("第 5 条不能由您盲审：您看过它的初审或讨论")).to_be_visible(timeout=PATIENT)


def decided_second_reviews(store: Store) -> list[str]:
    with store.read() as session:
        decided = select(col(Record.reviewer)).where(
            col(Record.review_pass) == Pass.SECOND, col(Record.status) == RecordStatus.CONFIRMED
        )
        return list(session.execute(decided).scalars())


@contextmanager
def signed_in(browser: Browser, server: Server, name: str) -> Iterator[Page]:
    """A page of a browser of its own, in which somebody has signed in."""
    with visiting(browser, PATIENT) as context:
        assert post_password(context, server, name).status == 303
        yield context.new_page()


def test_the_server_is_watched_without_signing_in(team_app: App) -> None:
    server = team_app[0]

    def status(path: str, **headers: str) -> int:
        try:
            with LOCAL.open(Request(f"{server.url}{path}", headers=headers), timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    with LOCAL.open(f"{server.url}/_health", timeout=30) as answer:
        assert json.loads(answer.read()) == {
            "status": "ok",
            "checks": {"database": "ok", "disk": "ok", "worker": "idle"},
        }
    assert status("/_health", Host="elsewhere.example") == 400
    assert status("/_metrics") == 401
    assert status("/_metrics", Authorization=f"Bearer {WATCHER}", Host="elsewhere.example") == 400
    assert status("/_metrics", Authorization=f"Bearer {WATCHER}") == 200
