"""对比 in Chromium: keys walk from difference to difference, a click goes there, evidence is marked in the chat."""

import os
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from core.adapters.store import Store, queries
from tests.browser.chromium import at_rest
from tests.browser.serving import Serve
from tests.factories.quality import NAME, TODO, quality_dataset

pytestmark = pytest.mark.browser


def ready(page: Page) -> None:
    """Shortcuts belong to buttons: they work once Streamlit has drawn those and has come to rest."""
    at_rest(page)
    expect(page.get_by_role("button", name="下一处")).to_be_visible()
    expect(page.locator("[data-stale=true]")).to_have_count(0)


def test_keys_clicks_and_picks(context: BrowserContext, page: Page, serve: Serve, store: Store) -> None:
    dataset = quality_dataset(store)
    url = store.engine.url.render_as_string(hide_password=False)
    server = serve("app.py", env=dict(os.environ) | {"SHIYAO_DATABASE_URL": url})
    context.add_cookies([{"name": "shiyao_reviewer", "value": quote("小林"), "url": server.url}])
    page.set_default_timeout(60_000)
    page.goto(f"{server.url}/compare?dataset={dataset.id}")
    table = page.get_by_test_id("sides-table")
    focused = table.locator("tr.row.on")
    expect(focused).to_have_attribute("data-field", NAME, timeout=60_000)
    expect(table.locator("thead th")).to_have_text(["字段", "A · 甲", "对照", "B · 乙"])
    ready(page)
    page.keyboard.press("j")
    expect(focused).to_have_attribute("data-field", TODO, timeout=30_000)
    expect(focused.locator("td").nth(1).locator("del")).to_have_text("报价单")
    table.locator(f'tr[data-field="{NAME}"]').click()
    expect(focused).to_have_attribute("data-field", NAME, timeout=30_000)
    expect(page.get_by_test_id("sides-chat").locator(".line").first).to_contain_text("会话存档怎么收费")
    ready(page)
    page.keyboard.press("2")
    expect(table.locator(f'tr[data-field="{NAME}"] td.picked')).to_have_text("林舟1", timeout=30_000)
    expect(focused).to_have_attribute("data-field", TODO, timeout=30_000)
    page.get_by_role("button", name="已挑选 1 处").click()
    page.get_by_role("button", name="生成合并任务").click()
    expect(page.get_by_text("已生成抽取任务「合并」")).to_be_visible(timeout=30_000)
    with store.read() as session:
        merged = queries.run(session, "合并", dataset.id)
        assert queries.forms_by_index(session, merged.id)[1][0][NAME] == "林舟1"
