"""Adjudication: both reviews stay, the settled one is a record of its own that counts as confirmed cell by cell."""

from core.adapters.store import Store, queries
from core.adapters.store.models import Confirmation, Pass
from core.services.review import save_adjudication, two_reviews
from tests.factories.datasets import FORM
from tests.factories.quality import NAME, STAGE, add_record, form
from tests.factories.runs import add_dataset


def test_the_settled_record_stands_beside_both_reviews(store: Store) -> None:
    dataset = add_dataset(store, 2)
    add_record(store, dataset, 1, [form(**{NAME: "林舟", STAGE: "报价"})], "小林")
    add_record(store, dataset, 1, [form(**{NAME: "林舟", STAGE: "赢单"})], "小何", Pass.SECOND)
    reviews = two_reviews(store, dataset, FORM, 1)
    assert reviews is not None
    choices = {f"0:{STAGE}": "赢单"}
    acks = [
        save_adjudication(store, dataset, FORM, 1, reviews, choices, reviewer="主管", base_version=0) for _ in range(2)
    ]
    assert [ack.result for ack in acks] == ["saved", "conflict"], "somebody else had settled it in between"
    settled = two_reviews(store, dataset, FORM, 1)
    assert settled is not None and settled.settled is not None
    assert (settled.settled.reviewer, settled.settled.status, settled.settled.forms[0][STAGE]) == (
        "主管",
        "已确认",
        "赢单",
    )
    assert set(settled.settled.customers[0]["confirmed"].values()) == {Confirmation.SINGLE}
    assert (settled.first.forms[0][STAGE], settled.second.forms[0][STAGE]) == ("报价", "赢单")
    with store.read() as session:
        [event] = queries.events(session, settled.settled.id)
    assert event.reason == "仲裁：小林 与 小何"
