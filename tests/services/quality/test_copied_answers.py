"""Files that repeat labels, records or a run, come back as runs: they are no better than what they were copied from."""

import json
from io import BytesIO

import pytest

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import RunKind
from core.domain.form import FormValues
from core.services.datasets import import_run
from core.services.quality import RECORDS, Benchmark, default_run
from core.services.quality.record_origins import FLATTERED, LEARNED
from tests.factories.datasets import FORM, make_record, make_run
from tests.factories.quality import NAME, STAGE, leaderboard
from tests.factories.runs import add_dataset

CHATS = range(1, 9)


def answers(stage: str) -> dict[int, list[FormValues]]:
    return {i: [FORM.empty() | {NAME: f"林舟{i}", STAGE: stage}] for i in CHATS}


def attach(store: Store, dataset: DatasetView, name: str, forms: dict[int, list[FormValues]]) -> tuple[str, ...]:
    data = json.dumps([{"infos": infos, "index": i} for i, infos in forms.items()], ensure_ascii=False)
    return import_run(store, BytesIO(data.encode()), filename=f"{name}.json", dataset=dataset.id, run=name).notes


def default_name(store: Store, dataset: DatasetView) -> str:
    with store.read() as session:
        default = default_run(session, dataset.id)
    assert default is not None
    return default.name


def caveats(store: Store, dataset: DatasetView) -> dict[str, str]:
    return {row.run.name: row.caveat for row in leaderboard(store, Benchmark(dataset, FORM, RECORDS)).rows}


def test_our_own_export_of_records_is_no_run_to_start_from(store: Store) -> None:
    dataset = add_dataset(store, 8)
    started = make_run(store, dataset, "甲", answers("报价"))
    for i in (1, 2, 3, 4):
        make_record(store, dataset, i, answers("签约")[i], base_run_id=started)
    mixed = {i: answers("签约" if i < 5 else "报价")[i] for i in CHATS}
    assert any("与标注或已确认的记录相同" in note for note in attach(store, dataset, "提交", mixed))
    assert default_name(store, dataset) == "甲"
    assert caveats(store, dataset) == {"甲": FLATTERED, "提交": LEARNED}


def test_labels_that_come_back_as_a_run_are_no_run_to_start_from(store: Store) -> None:
    dataset = add_dataset(store, 8)
    make_run(store, dataset, "标注", answers("签约"), RunKind.LABELS)
    make_run(store, dataset, "甲", answers("报价"))
    attach(store, dataset, "提交", answers("签约"))
    assert default_name(store, dataset) == "甲"


def test_a_copy_of_the_run_that_records_were_started_from_is_as_flattered(store: Store) -> None:
    dataset = add_dataset(store, 8)
    started = make_run(store, dataset, "甲", answers("报价"))
    for i in (1, 2, 3, 4):
        make_record(store, dataset, i, answers("签约")[i], base_run_id=started)
    assert any("与抽取任务「甲」相同" in note for note in attach(store, dataset, "副本", answers("报价")))
    assert caveats(store, dataset) == {"甲": FLATTERED, "副本": FLATTERED}


@pytest.mark.parametrize("chats", [2, 8])
def test_an_honest_file_stays_honest(store: Store, chats: int) -> None:
    dataset = add_dataset(store, 8)
    make_run(store, dataset, "标注", {i: answers("签约")[i] for i in range(1, chats + 1)}, RunKind.LABELS)
    own = {i: answers("签约" if i % 2 else "报价")[i] for i in CHATS} if chats == 8 else answers("签约")
    assert not any("相同" in note for note in attach(store, dataset, "外来", own))
    assert default_name(store, dataset) == "外来"
