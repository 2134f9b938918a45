"""Comments hold words of chats: a person is found in them, what was replaced goes in time, all goes with a dataset."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, Discussion, DiscussionEvent, now
from core.errors import ConflictError
from core.services.datasets import import_text, undo_import
from core.services.datasets.dataset_list import delete_dataset
from core.services.discussion.listing import discussions
from core.services.discussion.remark_types import Remark
from core.services.discussion.remarks import add_remark
from core.services.privacy import apply_retention, delete_person, find_person, rename_person, set_retention
from tests.factories.datasets import make_dataset

pytestmark = pytest.mark.both_databases
NAME = "沐晚晴"


def say(store: Store, dataset: DatasetView, text: str, **what: object) -> int:
    remark = Remark.model_validate(
        {"id": str(uuid4()), "chat": 1, "customer": 0, "customer_name": NAME, "text": text, **what}
    )
    return add_remark(store, dataset.id, remark, who="王芳").discussion


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    return make_dataset(store, [f"{NAME}：多少钱\n客服小何：稍后", "郭大海：在吗\n客服小何：在"])


def test_a_person_is_found_renamed_and_deleted_in_comments(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, f"{NAME}要的是高级版")
    other = say(store, dataset, f"和{NAME}一起来的", chat=2, customer=None, customer_name="")
    report = find_person(store, [NAME])
    assert {"讨论", "讨论里的评论"} <= report.counts().keys()
    renamed = rename_person(store, [NAME])
    (first, second) = discussions(store, dataset.id)
    assert first.customer_name == renamed.pseudonyms[NAME] and NAME not in f"{first.turns}{second.turns}"
    delete_person(store, [renamed.pseudonyms[NAME]])
    assert [one.id for one in discussions(store, dataset.id)] in ([], [other])


def test_what_was_edited_or_deleted_goes_when_its_days_are_over(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "电话 13700000001")
    say(store, dataset, "留着")
    say(store, dataset, "说错了")
    first, _, third = discussions(store, dataset.id)[0].turns
    say(store, dataset, "电话略", kind="修改", target=first.id)
    say(store, dataset, "", kind="删除", target=third.id)
    set_retention(store, dataset.name, replies_days=None, history_days=30)
    assert apply_retention(store).versions == 0
    with store.write() as session:
        session.execute(update(DiscussionEvent).values(at=now() - timedelta(days=40)))
    assert apply_retention(store).versions == 2
    with store.read() as session:
        texts = list(session.execute(select(col(DiscussionEvent.text)).order_by(col(DiscussionEvent.id))).scalars())
    assert texts == ["", "留着", "", "电话略", ""]
    assert apply_retention(store).versions == 0


def test_discussions_go_with_their_dataset(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "好")
    delete_dataset(store, dataset.id, confirmation=dataset.name)
    with store.read() as session:
        assert session.execute(select(Discussion)).first() is None
        assert session.execute(select(DiscussionEvent)).first() is None


def test_an_import_is_not_taken_back_once_its_chats_are_discussed(store: Store) -> None:
    report = import_text(store, f"{NAME}：多少钱\n客服小何：稍后\n{NAME}：好", dataset="新")
    with store.read() as session:
        dataset = queries.dataset(session, "新")
        assert session.execute(select(col(Chat.index))).scalar_one() == 1
    say(store, dataset, "好")
    with pytest.raises(ConflictError, match="王芳"):
        undo_import(store, report.import_id or 0)
