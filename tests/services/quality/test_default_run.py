"""The default run: pinned, else by score, else by the score from outside, else the newest that is worth it."""

import pytest

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import RunKind, RunStatus
from core.errors import InputError
from core.services.extraction.runs import delete as delete_run
from core.services.quality import (
    Benchmark,
    DefaultReason,
    add_external_score,
    default_run,
    leaderboard,
    pin_default_run,
)
from core.services.quality.default_run import DefaultRun, last_seen_default, remember_default
from core.services.review import base_runs
from tests.factories.datasets import FORM, make_run
from tests.factories.quality import NAME, PHONE, STAGE, add_run, form, quality_dataset
from tests.factories.runs import add_dataset

pytestmark = pytest.mark.both_databases
FULL = {NAME: "林舟", PHONE: "13800000000", STAGE: "报价"}


def default_of(store: Store, dataset: DatasetView) -> DefaultRun:
    with store.read() as session:
        default = default_run(session, dataset.id)
        # One rule: what the workbench, the record table and batches start from is the same run.
        assert default is not None and base_runs(session, dataset.id)[0].id == default.id
    return default


def full(store: Store, dataset: DatasetView, name: str, chats: int = 8, **more: object) -> int:
    return make_run(store, dataset, name, {i: [FULL] for i in range(1, chats + 1)}, **more)  # type: ignore[arg-type]


def test_the_newest_run_is_the_default_only_if_it_is_worth_starting_from(store: Store) -> None:
    dataset = add_dataset(store, 8)
    with store.read() as session:
        assert default_run(session, dataset.id) is None
    first = full(store, dataset, "finetuned")
    second = full(store, dataset, "第二次")
    assert default_of(store, dataset).id == second
    full(store, dataset, "只有一半的导入", 4, kind=RunKind.IMPORT)
    make_run(store, dataset, "几乎是空表的导入", {i: [{NAME: "林舟"}] for i in range(1, 9)}, RunKind.IMPORT)
    make_run(store, dataset, "都失败了", dict.fromkeys(range(1, 9)))
    full(store, dataset, "还在抽取", status=RunStatus.RUNNING)
    default = default_of(store, dataset)
    assert (default.id, default.reason, default.why) == (second, DefaultReason.NEWEST, "最新的完整抽取任务")
    delete_run(store, second)
    assert default_of(store, dataset).id == first


def test_labels_decide_then_the_score_from_outside_then_age(store: Store) -> None:
    dataset = quality_dataset(store)
    # 甲 lacks a chat (7 of 8 are less than nine tenths); a later run that fills nothing scores above none of them.
    worse = add_run(store, dataset, "更差", {i: [form(**{NAME: "周遥", STAGE: "赢单"})] for i in range(1, 9)})
    default = default_of(store, dataset)
    assert (default.name, default.reason) == ("乙", DefaultReason.LABELS)
    assert default.why.startswith("对照标注得分最高，3")
    add_external_score(store, worse, 35.0)
    assert default_of(store, dataset).name == "乙", "labels say more about these chats"
    unlabelled = add_dataset(store, 8, "没有标注")
    good, late = full(store, unlabelled, "好"), full(store, unlabelled, "晚")
    assert default_of(store, unlabelled).id == late
    add_external_score(store, late, 20.0)
    add_external_score(store, good, 27.86)
    assert default_of(store, unlabelled).why == "登记的线上得分最高，27.86"
    add_external_score(store, good, 19.0)
    assert default_of(store, unlabelled).id == late, "the newest score counts"


def test_what_the_lead_pins_stays_until_it_is_taken_away_or_deleted(store: Store) -> None:
    dataset = add_dataset(store, 8)
    pinned = full(store, dataset, "finetuned", 3)
    newest = full(store, dataset, "新")
    pin_default_run(store, dataset.id, newest, who="周")
    pin_default_run(store, dataset.id, pinned, who="林晓")
    full(store, dataset, "更新")
    default = default_of(store, dataset)
    assert (default.id, default.why) == (pinned, "林晓指定")
    assert default.as_json() == {"run": "finetuned", "reason": "pinned", "pinned": True, "score": None, "who": "林晓"}
    pin_default_run(store, dataset.id, None, who="林晓")
    assert default_of(store, dataset).name == "更新"
    pin_default_run(store, dataset.id, pinned, who="林晓")
    delete_run(store, pinned)
    assert default_of(store, dataset).name == "更新"
    empty = make_run(store, dataset, "空", {})
    other = full(store, add_dataset(store, 8, "别的"), "别的")
    for run_id, sentence in ((empty, "还没有结果"), (other, "没有这个抽取任务"), (10**6, "没有这个抽取任务")):
        with pytest.raises(InputError, match=sentence):
            pin_default_run(store, dataset.id, run_id, who="林晓")
    assert default_of(store, dataset).name == "更新"


def test_labels_are_a_start_only_where_there_is_nothing_else(store: Store) -> None:
    dataset = add_dataset(store, 2)
    labels = full(store, dataset, "标注", 2, kind=RunKind.LABELS)
    assert default_of(store, dataset).id == labels
    run = full(store, dataset, "抽取", 1)
    assert default_of(store, dataset).id == run


def test_each_reviewer_remembers_what_they_saw(store: Store) -> None:
    dataset = add_dataset(store, 2)
    full(store, dataset, "一", 2)
    first = default_of(store, dataset)
    assert last_seen_default(store, dataset.id, "林晓") is None
    remember_default(store, dataset.id, "林晓", first)
    full(store, dataset, "二", 2)
    remember_default(store, dataset.id, "周", default_of(store, dataset))
    assert last_seen_default(store, dataset.id, "林晓") == (first.id, "一")
    assert last_seen_default(store, dataset.id, "周") == (default_of(store, dataset).id, "二")


def test_a_run_that_learned_from_people_is_the_default_only_if_it_is_pinned(store: Store) -> None:
    dataset = quality_dataset(store)
    right = {i: [form(**{NAME: "周遥", STAGE: "报价"})] for i in range(1, 9)}
    learned = add_run(store, dataset, "学来的", right, provider="learned")
    corrected = add_run(store, dataset, "按习惯校正", right, parameters={"merge": {"method": "habits"}})
    before = default_of(store, dataset)
    assert before.id not in (learned, corrected)
    rows = leaderboard(store, Benchmark(dataset, FORM)).rows
    assert {row.run.id for row in rows[-2:]} == {learned, corrected}
    assert [row.caveat for row in rows[-2:]] == ["可能学过这些群聊，偏高"] * 2 and not rows[0].caveat
    pin_default_run(store, dataset.id, learned, who="林晓")
    assert default_of(store, dataset).id == learned
