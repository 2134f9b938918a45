"""More data, and steps to a state worth seeing, for the pictures of the documentation."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Pass, Record, RecordEvent
from core.domain.form import load_named_form
from core.domain.permissions import AccountRole
from core.services.datasets.sample_dataset import SAMPLE_RUN
from core.services.discussion import Remark, add_remark
from core.services.quality import dispute
from core.services.review import Filter, apply_saves
from core.services.review.batches import assign
from core.services.team import add_account
from tests.browser.chromium import wait_until_drawn

PASSWORD = "一句很长的话当密码用"
PATIENT = 60_000
CHAT = """2026-11-20 09:12:03 何苗2
你好，想问会话存档怎么收费，下周二能看演示吗？
2026-11-20 09:13:40 客服-小叶
标准版每个账号 300 元一年，可以的
2026-11-20 09:15:08 何苗2
我电话 138 0013 8001
[图片]
"""


def enrich(store: Store) -> None:
    """Add what the sample lacks: second reviews, a settled difference, a batch, a dispute and a record's history."""
    with store.read() as session:
        dataset = queries.datasets(session)[0]
        run = queries.run(session, SAMPLE_RUN, dataset.id)
        answers = queries.forms_by_index(session, run.id)
        records = {record.index: record for record in queries.records(session, dataset.id)}
    form = load_named_form(dataset.form)
    seconds = [
        {
            "save_id": str(uuid4()),
            "chat": index,
            "reviewer": "何静",
            "base_version": 0,
            "status": "已确认",
            "customers": [{"values": values} for values in answers[index]],
            "seconds": 50,
        }
        for index in range(1, 11)
    ]
    acks = list(apply_saves(store, form, dataset.id, seconds, review_pass=Pass.SECOND))
    first = records[1]
    form_of_first = dict(first.forms[0]) | {form.fields[3].key: "杭州市"}
    again = {
        "save_id": str(uuid4()),
        "chat": 1,
        "reviewer": first.reviewer,
        "base_version": first.version,
        "status": "已确认",
        "customers": [
            {"values": values, "origin": place} for place, values in enumerate([form_of_first, *first.forms[1:]])
        ],
    }
    acks += apply_saves(store, form, dataset.id, [again], base_run_id=run.id)
    if refused := [ack.why for ack in acks if ack.result != "saved"]:
        raise RuntimeError(refused[0])
    assign(
        store,
        form,
        dataset.id,
        name="第一周",
        reviewers=["林晓", "周岚"],
        count=8,
        who="何静",
        narrow=Filter(queue="待审阅"),
    )
    dispute(
        store,
        dataset=dataset.id,
        chat=2,
        customer=0,
        field=form.fields[0].key,
        reason="群里她自己改了称呼",
        who="林晓",
    )
    discuss(store, dataset.id, [field.key for field in form.fields])


def discuss(store: Store, dataset_id: int, keys: list[str]) -> None:
    """Three discussions: of a stage, in which somebody is awaited; of a whole chat; and one that is resolved."""
    stage, product = ({"chat": chat, "customer": 0, "field": keys[at]} for chat, at in ((19, 17), (4, 9)))
    talks: list[tuple[str, dict[str, object]]] = [
        ("林晓", stage | {"text": "报过价又改了户型，算「报价」还是退回「方案交流」？ @何静"}),
        ("何静", stage | {"text": "报价发出去就算报价，改户型写进下一步。 @林晓 规范里我补一句"}),
        ("周岚", {"chat": 20, "text": "这条像是两个群粘在一起的，先放着"}),
        ("林晓", product | {"text": "「全屋」要不要拆成几样？"}),
        ("何静", product | {"kind": "解决", "text": "不拆，按客户原话"}),
    ]
    for who, what in talks:
        add_remark(store, dataset_id, Remark.model_validate({"id": str(uuid4()), **what}), who=who)


def spread(store: Store) -> None:
    """Let the reviews have taken eleven working days, as a team's do."""
    with store.write() as session:
        for record in session.execute(select(Record)).scalars():
            earlier = timedelta(days=(18 - record.chat_id) * 11 // 18)
            record.updated_at -= earlier
            for event in session.execute(select(RecordEvent).where(col(RecordEvent.record_id) == record.id)).scalars():
                event.at -= earlier


def add_team(store: Store) -> None:
    """Three accounts, one of each role."""
    add_account(store, "王芳", AccountRole.ADMINISTRATOR, password=PASSWORD)
    add_account(store, "何静", AccountRole.LEAD, password=PASSWORD)
    add_account(store, "林晓", AccountRole.REVIEWER, password=PASSWORD)


def sign_in(page: Page, url: str) -> None:
    """Sign in as the administrator, after one wrong password."""
    page.goto(url)
    for password in ("不是这一句密码呀", PASSWORD):
        page.get_by_label("名字").fill("王芳")
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_text("名字或密码不对").or_(page.get_by_role("heading", name="总览")).first.wait_for()


def _import_preview(page: Page) -> None:
    with tempfile.TemporaryDirectory() as folder:
        chat = Path(folder) / "和何苗的群聊.txt"
        chat.write_text(CHAT, "utf-8")
        page.locator("input[type=file]").set_input_files(chat)
        expect(page.get_by_role("button", name="导入", exact=True)).to_be_visible(timeout=PATIENT)


def _import_done(page: Page) -> None:
    _import_preview(page)
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_role("button", name="用本地规则抽取并审阅")).to_be_visible(timeout=PATIENT)


def _click_tab(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("tab", name=name).first.click()


def _tick_first_rows(count: int) -> Callable[[Page], None]:
    """Tick rows of the first table, which is a canvas: by their place at its left edge."""

    def tick(page: Page) -> None:
        table = page.get_by_test_id("stDataFrame").first
        for row in range(count):
            table.click(position={"x": 16, "y": 36 + 35 * row + 17})
            wait_until_drawn(page)

    return tick


def _show_keys(page: Page) -> None:
    page.get_by_test_id("workbench").wait_for()
    page.keyboard.press("F1")


def _sit_down_anew(page: Page) -> None:
    """As somebody who has seen no review of anybody: others may make no blind one."""
    page.context.add_cookies([{"name": "shiyao_reviewer", "value": quote("赵宁"), "url": page.url}])
    page.reload()


def _nothing(page: Page) -> None:
    """The page as it opens."""


def _open_discussion(page: Page) -> None:
    """The first field that somebody has discussed, with what was said."""
    page.locator(".talk-mark:visible").first.click()
    page.get_by_test_id("discussion").wait_for()


SCENES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "import": ("import", _import_preview),
    "agreement": ("agreement?view=待仲裁", _tick_first_rows(1)),
    "blind": ("workbench?pass=second", _sit_down_anew),
    "forms": ("forms?form=role_elements", _nothing),
    "history": ("history?chat=1", _nothing),
    "runs-new": ("runs?run=new", _nothing),
    "scores-fields": ("scores?view=字段", _nothing),
    "training-long": ("training-sets?view=新建", _click_tab("超长")),
    "training-versions": ("training-sets?view=版本", _tick_first_rows(2)),
    "workbench-keys": ("workbench", _show_keys),
    "workbench-end": ("workbench?text=没有人说过的话", _nothing),
    "discussions": ("discussions", _tick_first_rows(1)),
    "workbench-discussion": ("workbench?chat=19", _open_discussion),
    "import-done": ("import", _import_done),  # last: it brings a dataset of its own
}
"""Address and steps of each picture that shows more than a page as it opens, by the picture's name."""
