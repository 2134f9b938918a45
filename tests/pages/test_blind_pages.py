"""No page shows who reviews a chat blind what the first reviewer wrote about it, with sign-in or without."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import RecordSeen, RecordStatus
from core.services.team import set_actor_source, set_viewer_source
from core.ui import navigation
from core.ui.sign_in.person import watch_actors
from tests.factories.datasets import make_record
from tests.factories.quality import NAME, TODO, add_record, form, quality_dataset
from tests.pages.conftest import OpenPage
from tests.pages.finding import seen

SECRET = "GEHEIM77"
"""In plain ASCII: it stands so in whatever a page sends, JSON and tables of Arrow as well."""
READ_BY_OTHERS = (navigation.RECORDS, navigation.COMPARE)
PAGES = (
    *READ_BY_OTHERS,
    navigation.HISTORY,
    navigation.CHANGES,
    navigation.TRAINING_SETS,
    navigation.LESSONS,
)


@pytest.fixture(autouse=True)
def watching() -> Iterator[None]:
    watch_actors()
    yield
    set_actor_source(None)
    set_viewer_source(None)


def shows(open_page: OpenPage, script: str, reviewer: str, dataset: int) -> bool:
    """Whether anything that a page sends to its browser holds the secret."""
    parts = {"chat": "1", "against": "records", "a": "甲", "b": "乙", "queue": "全部"}
    app = open_page(script, reviewer=reviewer, dataset=str(dataset), **parts)
    protos = (getattr(node, "proto", None) for node in app._tree)
    return any(SECRET.encode() in proto.SerializeToString() for proto in protos if proto is not None)


def test_no_page_shows_the_first_review(open_page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store, 4)
    for chat in (1, 2, 3):
        value = SECRET if chat == 1 else "发送报价单"
        add_record(store, dataset, chat, [form(**{NAME: f"林舟{chat}", TODO: value})], "王芳")
    make_record(store, dataset, 1, [], RecordStatus.DRAFT, reviewer="林晓", review_pass="second")
    assert [script for script in PAGES if shows(open_page, script, "林晓", dataset.id)] == []
    showing = [script for script in PAGES if shows_and_is_remembered(open_page, store, script, dataset)]
    assert set(READ_BY_OTHERS) <= set(showing)


def shows_and_is_remembered(open_page: OpenPage, store: Store, script: str, dataset: DatasetView) -> bool:
    """Whether a page shows 周遥 the first review; if so, they make no second one."""
    shown = shows(open_page, script, "周遥", dataset.id)
    with store.write() as session:
        seen = {row.chat_id for row in session.execute(select(RecordSeen)).scalars()}
        session.execute(delete(RecordSeen))
        assert not shown or queries.chat_ids(session, dataset.id)[1] in seen, script
    return shown


def test_the_desk_and_an_export_say_what_they_leave_out(open_page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store, 4)
    for chat in (1, 2):
        add_record(store, dataset, chat, [form(**{NAME: f"林舟{chat}"})], "王芳")
    make_record(store, dataset, 1, [], RecordStatus.DRAFT, reviewer="林晓", review_pass="second")
    desk = open_page(navigation.WORKBENCH, dataset=str(dataset.id), chat="1")
    assert "第 1 条您正在盲审" in seen(desk)
    assert "正在盲审" not in seen(open_page(navigation.WORKBENCH, dataset=str(dataset.id), chat="3"))
    assert "有 1 条群聊您正在盲审，没有用上别人的记录" in seen(open_page(navigation.EXPORTS, dataset=str(dataset.id)))
    assert "正在盲审" not in seen(open_page(navigation.EXPORTS, reviewer="王芳", dataset=str(dataset.id)))
