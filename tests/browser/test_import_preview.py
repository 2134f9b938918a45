"""导入 in Chromium: three kinds of export are chosen, a decision is changed, the numbers are seen, imported, undone."""

import csv
import json
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from core.adapters.store import Store, queries
from tests.browser.reviewer_page import App, sit_down

pytestmark = pytest.mark.browser
WECHAT = (
    "2024-01-02 10:21:00 林小满3\n你好，会话存档怎么卖\n\n2024-01-02 10:22:05 客服阿青\n您好，一年 3000 元\n\n"
    "2024-01-02 10:25:00 林小满3\n[图片]\n"
)
WECOM = [
    {
        "msgid": str(number),
        "action": "send",
        "from": "wmExternalCustomer01" if number % 2 else "aqing",
        "tolist": ["aqing"],
        "roomid": f"room{number // 3}",
        "msgtime": 1_704_160_860_000 + 60_000 * number,
        "msgtype": "text",
        "text": {"content": f"第 {number} 句"},
    }
    for number in range(1, 6)
]


def table_of(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("gb18030")


TABLE = table_of(
    [
        ["谁", "昵称", "内容", "何时", "哪个群"],
        ["wxid_a1", "林小满", "在吗", "2024-01-02 08:00", "A"],
        ["wxid_b2", "客服阿青", "在的", "2024-01-02 08:01", "A"],
        ["wxid_a1", "林小满", "多少钱", "2024-01-02 20:00", "B"],
    ]
)


def choose(page: Page, label: str, option: str) -> None:
    listed = page.get_by_role("option", name=option, exact=True)
    # A page that is drawn anew at that moment closes the list again.
    for _ in range(5):
        page.get_by_role("combobox", name=label).click()
        with suppress(TimeoutError):
            listed.click(timeout=4_000)
            return
        page.keyboard.press("Escape")
    raise AssertionError(f"{label} does not offer {option}")


def says(page: Page, *texts: str) -> None:
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible()


def upload(page: Page, name: str, data: bytes) -> None:
    expect(page.get_by_text("先预览，确认后才入库")).to_be_visible()  # the box is empty: another one than before
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )


def chats(store: Store, dataset: str) -> list[str]:
    with store.read() as session:
        names = {one.name: one.id for one in queries.datasets(session)}
        return [chat.text for chat in queries.chats(session, names[dataset])] if dataset in names else []


def test_three_kinds_of_export_are_decided_upon_imported_and_undone(page: Page, app: App) -> None:
    server, store = app
    sit_down(page.context, server, "林晓")
    page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    page.goto(f"{server.url}/import")

    upload(page, "微信.txt", WECHAT.encode())
    says(page, "3 条消息 · 2 位发言人", "新建数据集「微信」")
    look = page.locator("[data-testid=import-look]")
    expect(look).to_contain_text("林小满3（客户 2）、客服阿青（客服 1）")
    choose(page, "格式", "CSV")
    says(page, "找不到聊天文本列")
    choose(page, "格式", "TXT")
    says(page, "3 条消息 · 2 位发言人")
    page.get_by_role("button", name="导入", exact=True).click()
    says(page, "数据集「微信」：共 1 条，新增 1")

    upload(page, "消息.csv", TABLE)
    says(page, "2 位发言人 · CSV · GBK")
    page.get_by_text("列的对应", exact=True).click()
    choose(page, "群聊或会话列", "哪个群")
    says(page, "2 条群聊，没有标注")
    choose(page, "发送人列", "谁")
    expect(look).to_contain_text("wxid_a1")
    choose(page, "数据集（选已有的", "微信")
    says(page, "加到已有的数据集「微信」（现有 1 条群聊）", "之后共 3 条")
    page.get_by_role("button", name="导入", exact=True).click()
    says(page, "数据集「微信」：共 2 条，新增 2")
    page.get_by_text("撤销这次导入").click()
    says(page, "撤销后删去：2 条群聊")
    page.get_by_role("button", name="确认撤销").click()
    says(page, "这次导入已撤销")
    assert len(chats(store, "微信")) == 1

    upload(page, "存档.json", json.dumps(WECOM).encode())
    says(page, "2 条群聊，没有标注")
    choose(page, "消息怎样合成群聊", "全部合成一条")
    says(page, "1 条群聊，没有标注")
    page.get_by_role("button", name="导入", exact=True).click()
    says(page, "数据集「存档」：共 1 条，新增 1")
    assert "第 5 句" in chats(store, "存档")[0]
