"""One way to store forms as a new run, whoever merges: by plan or by picks."""

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import RunKind
from core.errors import ConflictError, InputError
from core.services.extraction.merging import merge_runs, plan_merge
from core.services.quality import Benchmark, align, pick, run_from_picks
from core.services.quality.merged_run import MergedChat, store_merged_run
from tests.factories.datasets import FORM
from tests.factories.quality import NAME, form, quality_dataset


def test_forms_become_a_finished_run(store: Store) -> None:
    dataset = quality_dataset(store)
    chats = {2: MergedChat([form(**{NAME: "周遥"})], ["甲的姓名"], [{"sources": []}]), 99: MergedChat([form()])}
    run = store_merged_run(store, dataset.id, name=" 新 ", about={"who": "小林"}, chats=chats)
    assert (run.name, run.kind, run.status, run.total, run.done) == ("新", RunKind.MERGE, "finished", 1, 1)
    assert run.parameters == {"merge": {"who": "小林"}}
    with store.read() as session:
        (stored,) = queries.extractions(session, run.id)
    assert (stored.index, stored.notes, stored.replies) == (2, ["甲的姓名"], [{"sources": []}])
    assert store_merged_run(store, dataset.id, name="全", about={}, chats=chats, total=8).total == 8


def test_both_ways_of_merging_refuse_names_alike(store: Store) -> None:
    dataset = quality_dataset(store)
    plan = plan_merge(store, dataset="d", runs=["甲", "乙"], method="majority")
    found = align(store, Benchmark(dataset, FORM), ["甲", "乙"])
    pick(store, found, dataset, chat=1, customer=0, key=NAME, source="1", who="小林")
    for name, error, sentence in (
        (" ", InputError, "合并任务还没有名称"),
        (" 甲 ", ConflictError, "数据集「d」已经有名为「甲」的抽取任务"),
    ):
        with pytest.raises(error, match=sentence) as by_plan:
            merge_runs(store, plan, name=name)
        with pytest.raises(error, match=sentence) as by_picks:
            run_from_picks(store, found, dataset, name=name, who="小林")
        assert str(by_plan.value) == str(by_picks.value)
