"""≠ means something: how many of how many runs differ, weaker runs and empty cells less, labels always."""

from typing import Any

import pytest

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import RunKind
from core.services.quality import add_external_score
from core.services.review import open_session
from tests.factories.datasets import FORM, make_run
from tests.factories.reviews import NAME, PHONE, STAGE, make

OWN = {NAME: "林木1", PHONE: "13800000001", STAGE: "报价"}


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    dataset = make(store, 1)
    make_run(store, dataset, "自己", {1: [OWN]})
    return dataset


def told(store: Store, dataset: DatasetView) -> dict[str, Any]:
    [chat] = open_session(store, dataset, FORM, base="自己", reviewer="阿青").sync(store, at=1)["chats"]
    return dict(chat["customers"][0]["dissent"])


def test_one_of_three_is_noise_two_are_a_signal(store: Store, dataset: DatasetView) -> None:
    make_run(store, dataset, "甲", {1: [{**OWN, STAGE: "赢单"}]})
    make_run(store, dataset, "乙", {1: [{**OWN, STAGE: "输单", PHONE: "13900000000"}]})
    make_run(store, dataset, "丙", {1: [OWN]})
    assert told(store, dataset) == {STAGE: {"differ": 2, "of": 3}}


def test_an_empty_cell_and_a_weaker_run_weigh_half(store: Store, dataset: DatasetView) -> None:
    other = make_run(store, dataset, "甲", {1: [{**OWN, STAGE: "赢单", PHONE: ""}]})
    assert told(store, dataset) == {STAGE: {"differ": 1, "of": 1}, PHONE: {"differ": 1, "of": 1}}
    with_own = make_run(store, dataset, "同", {1: [OWN]})
    assert told(store, dataset) == {STAGE: {"differ": 1, "of": 2}}, "half of two, and less for the empty one"
    add_external_score(store, other, 17.0)
    add_external_score(store, with_own - 2, 27.0)
    assert told(store, dataset) == {}, "the run that differs is the weaker one"


def test_labels_always_speak(store: Store, dataset: DatasetView) -> None:
    for name in "甲乙丙":
        make_run(store, dataset, name, {1: [OWN]})
    assert told(store, dataset) == {}
    make_run(store, dataset, "标注", {1: [{**OWN, STAGE: ""}]}, RunKind.LABELS)
    assert told(store, dataset) == {STAGE: {"differ": 1, "of": 4}}


def test_a_run_without_this_customer_does_not_speak_of_them(store: Store, dataset: DatasetView) -> None:
    make_run(store, dataset, "没有客户", {1: []})
    make_run(store, dataset, "甲", {1: [{**OWN, STAGE: "赢单"}]})
    assert told(store, dataset) == {STAGE: {"differ": 1, "of": 1}}
