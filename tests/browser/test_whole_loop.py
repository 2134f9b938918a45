"""The whole loop in Chromium on the real app: import, extract, review by keyboard with a reload, export, compare."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from core.domain.form import load_named_form
from tests.browser.reviewer_page import LEARNS_NOTHING
from tests.browser.serving import Server, serving
from tests.browser.visitors import visiting
from tests.browser.workbench_page import LATER

pytestmark = pytest.mark.browser
FORM = load_named_form()
NAME, PHONE, PLAN, SEX = "基本信息-姓名", "基本信息-手机号码", "下一步跟进计划-具体事项", "基本信息-性别"
TEXTS = [
    "何苗2：你好，想问会话存档怎么收费\n客服-小叶：标准版每个账号 300 元一年\n何苗2：我电话 138 0013 8001\n",
    "唐果4：我们想换一套 CRM\n客服-小叶：可以先看演示，周五下午三点方便吗\n唐果4：可以，邮箱 tang@example.com\n",
    "苏北6：先了解一下价格\n客服-小叶：高级版 500 元\n苏北6：太贵了，预算只有三万\n客服-小叶：我问下领导\n",
    "客服-小叶：早上好\n罗生8：早\n",
]
LONG = 60_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("loop")
    env = {"SHIYAO_DATABASE_URL": f"sqlite:///{folder / 'shiyao.db'}"} | LEARNS_NOTHING
    with serving("app.py", folder, env) as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visiting(browser, LONG) as context:
        yield context.new_page()


def at_desk(page: Page, chat: int) -> None:
    expect(page.get_by_test_id("workbench")).to_have_attribute("data-chat", str(chat), timeout=LONG)


def saved(page: Page) -> None:
    expect(page.get_by_test_id("workbench")).to_have_attribute("data-save-state", "saved", timeout=LONG)


def field(page: Page, key: str) -> Any:
    return page.locator(f'[data-field="{key}"][data-customer="0"]')


def begin(page: Page, server: Server) -> None:
    """The first page of a fresh start: the focus is in the box of the name, and Enter goes on."""
    page.goto(server.url)
    expect(page.get_by_text("欢迎使用拾要")).to_be_visible(timeout=LONG)
    expect(page.get_by_label("您的名字")).to_be_focused(timeout=LONG)
    page.keyboard.type("林晓")
    page.keyboard.press("Enter")
    expect(page.get_by_label("您的名字")).to_be_hidden(timeout=LONG)


def approve_one_of_the_sample(page: Page) -> int:
    """From the first page to the first approved chat: how many clicks and keys it took after the name."""
    page.get_by_role("button", name="用示例开始审阅").click()
    at_desk(page, 1)
    keys = approve(page)
    at_desk(page, 2)
    saved(page)
    return 1 + keys


def open_own_file(page: Page, server: Server, file: Path) -> int:
    """From the first page to one's own chat on the desk: how many clicks it took."""
    page.goto(server.url)
    page.get_by_role("link", name="导入群聊").click()
    with page.expect_file_chooser(timeout=LONG) as chooser:
        page.get_by_test_id("stFileUploaderDropzone").get_by_test_id("stBaseButton-secondary").click()
    chooser.value.set_files(file)
    expect(page.get_by_text(f"{len(TEXTS)} 条群聊，没有标注")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_text(f"共 {len(TEXTS)} 条，新增 {len(TEXTS)}")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="用本地规则抽取并审阅").click()
    at_desk(page, 1)
    return 4


SAMPLE_ANSWER = """[
  {"客户-称呼": "何苗2", "客户-电话": "13800138001", "问题": ["收费"], "急不急": "急"},
  {"客户-称呼": "唐果4", "客户-电话": "", "问题": ["换系统"], "急不急": "急"}
]"""


def make_a_form(page: Page, server: Server) -> None:
    """A form from a JSON sample: made, a field renamed in the table, seen on the desk's preview, saved."""
    page.goto(f"{server.url}/forms")
    page.get_by_role("textbox", name="标题").fill("小表")
    page.get_by_role("textbox", name="名字").fill("small")
    page.get_by_label("或粘贴在这里").fill(SAMPLE_ANSWER)
    page.get_by_role("button", name="建立草稿").click()
    expect(page.get_by_text("草稿 · 改动随时存着")).to_be_visible()
    page.get_by_role("textbox", name="标题").fill("客户小表")
    page.get_by_role("textbox", name="标题").press("Enter")
    page.get_by_role("button", name="加字段").click()
    expect(page.get_by_role("button", name="撤销")).to_be_enabled()
    keys_of_the_page_pass_the_table(page)
    page.get_by_text("预览", exact=True).click()
    preview = page.get_by_test_id("desk-preview")
    expect(preview.get_by_text("新字段5")).to_be_visible()
    expect(preview).to_have_attribute("inert", "")
    page.get_by_role("button", name="撤销").click()
    expect(preview.get_by_text("新字段5")).to_have_count(0)
    page.get_by_label("这一版改了什么").fill("第一版")
    page.get_by_label("这一版改了什么").press("Enter")
    page.get_by_role("button", name="保存为第 1 版").click()
    expect(page.get_by_text("客户小表 第 1 版", exact=True)).to_be_visible()


def keys_of_the_page_pass_the_table(page: Page) -> None:
    """Alt+N and Alt+Z add a field and take it back while a tick has the focus, which stays as it is."""
    table = page.get_by_test_id("stDataFrame")
    ticks = table.locator("td", has_text=re.compile("^(true|false)$"))
    expect(table.locator("td", has_text="新字段5")).not_to_have_count(0)  # the table is drawn
    before = ticks.all_text_contents()
    assert before
    table.click(position={"x": 660, "y": 52})
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+n")
    expect(table.locator("td", has_text="新字段6")).not_to_have_count(0)
    table.click(position={"x": 660, "y": 52})
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+z")
    expect(table.locator("td", has_text="新字段6")).to_have_count(0)
    expect(ticks).to_have_text(before)


def review(page: Page) -> None:
    """Three chats by keyboard alone; the second one is reloaded with an edit in the middle."""
    expect(field(page, PHONE)).to_have_value("13800138001")
    field(page, PLAN).focus()
    page.keyboard.type("发一份报价单")
    approve(page)
    at_desk(page, 2)
    field(page, NAME).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("唐果4")
    page.reload()
    at_desk(page, 2)
    expect(field(page, NAME)).to_have_value("唐果4", timeout=LONG)
    field(page, SEX).focus()
    page.keyboard.press("2")
    approve(page)
    at_desk(page, 3)
    approve(page)
    at_desk(page, 4)
    saved(page)


def approve(page: Page) -> int:
    """The first key may go to a warning, the second approves all the same; how many it took."""
    chat = page.get_by_test_id("workbench").get_attribute("data-chat")
    for pressed in (1, 2):
        page.evaluate(LATER)  # what is pressed before anybody can have seen the chat does nothing
        page.keyboard.press("Control+Enter")
        if page.get_by_test_id("workbench").get_attribute("data-chat") != chat:
            return pressed
    return 2


def export(page: Page, server: Server, target: Path) -> None:
    page.goto(f"{server.url}/exports")
    page.get_by_role("button", name="生成提交文件").click()
    with page.expect_download(timeout=LONG) as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    download.value.save_as(target)


def test_from_a_file_of_chats_to_a_submission(page: Page, server: Server, tmp_path: Path) -> None:
    source = tmp_path / "群聊.json"
    source.write_text(json.dumps([{"chat_text": text, "infos": []} for text in TEXTS], ensure_ascii=False), "utf-8")
    begin(page, server)
    assert approve_one_of_the_sample(page) <= 4
    assert open_own_file(page, server, source) <= 4
    review(page)
    target = tmp_path / "submission.json"
    export(page, server, target)

    rows = json.loads(target.read_text("utf-8"))
    assert target.read_text("utf-8") == json.dumps(rows, ensure_ascii=False, indent=4)
    assert [row["index"] for row in rows] == [1, 2, 3, 4]
    assert [list(row) for row in rows] == [["infos", "index"]] * 4
    for row in rows:
        assert all(list(form) == [one.key for one in FORM.fields] for form in row["infos"])
    first, second = rows[0]["infos"][0], rows[1]["infos"][0]
    assert (first[NAME], first[PHONE], first[PLAN]) == ("何苗2", "13800138001", "发一份报价单")
    assert (second[NAME], second[SEX], second["基本信息-邮箱"]) == ("唐果4", "女", "tang@example.com")


def test_bad_files_get_a_sentence_and_leave_nothing(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(f"{server.url}/import")
    broken = tmp_path / "坏的.json"
    broken.write_text('[{"chat_text": 1}, ', "utf-8")
    page.locator("input[type=file]").set_input_files(broken)
    alert = page.get_by_role("alert").first
    expect(alert).to_be_visible(timeout=LONG)
    assert "Traceback" not in page.content()
    assert page.get_by_role("button", name="导入", exact=True).count() == 0


def test_a_form_of_ones_own_to_the_first_approved_chat(page: Page, server: Server, tmp_path: Path) -> None:
    """From a JSON sample to an approved chat without touching a file of the program."""
    page.context.add_cookies([{"name": "shiyao_reviewer", "value": quote("林晓"), "url": server.url}])
    make_a_form(page, server)
    file = tmp_path / "小表.json"
    file.write_text(json.dumps([{"chat_text": text} for text in TEXTS[:2]], ensure_ascii=False), encoding="utf-8")
    page.goto(f"{server.url}/import?form=small@1")
    with page.expect_file_chooser(timeout=LONG) as chooser:
        page.get_by_test_id("stFileUploaderDropzone").get_by_test_id("stBaseButton-secondary").click()
    chooser.value.set_files(file)
    expect(page.get_by_text("2 条群聊，没有标注")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="导入", exact=True).click()
    page.get_by_role("button", name="用本地规则抽取并审阅").click()
    at_desk(page, 1)
    expect(field(page, "客户-电话")).to_have_value("13800138001")
    approve(page)
    at_desk(page, 2)
    saved(page)


EXPORTS = {
    "微信.csv": "is_sender,talker,room_name,content,CreateTime\n0,林小满3,9@chatroom,怎么卖,2024-01-02 10:21:00\n"
    "1,客服阿青,9@chatroom,1299元,2024-01-02 10:22:00\n",
    "QQ.txt": "消息记录\n\n2024-01-02 10:21:00 林小满3(10001)\n怎么卖\n\n"
    "2024-01-02 10:22:00 客服阿青(10002)\n您好，1299元\n",
    "企业微信.json": json.dumps(
        [
            {
                "msgid": text,
                "action": "send",
                "from": sender,
                "from_name": name,
                "tolist": ["LiuQing"],
                "roomid": "wrR1",
                "msgtime": 1704162060000,
                "msgtype": "text",
                "text": {"content": text},
            }
            for sender, name, text in (("wmAAAAAAAAAA", "林小满3", "怎么卖"), ("LiuQing", "客服阿青", "1299元"))
        ]
    ),
}


def test_three_kinds_of_export_are_previewed(page: Page, server: Server, tmp_path: Path) -> None:
    for name, content in EXPORTS.items():
        (tmp_path / name).write_text(content, "utf-8")
        page.goto(f"{server.url}/import")
        page.locator("input[type=file]").set_input_files(tmp_path / name)
        look = page.get_by_test_id("import-look")
        expect(look).to_have_text("林小满3（客户，1 条）、客服阿青（客服，1 条）", timeout=LONG)
        expect(page.locator(".sy-look .time").first).to_have_text("2024-01-02 10:21:00")
        expect(page.get_by_text("新增 1", exact=True)).to_be_visible(timeout=LONG)
