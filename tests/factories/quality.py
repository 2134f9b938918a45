"""What the tests of quality share: a dataset with labels and runs, straight into the store."""

from collections.abc import Mapping
from typing import Any

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import RunKind
from core.domain.form import FormValues
from core.services.quality import Benchmark, Leaderboard
from core.services.quality.leaderboard import board_of, board_scores
from tests.factories.datasets import make_form as form
from tests.factories.datasets import make_record, make_run
from tests.factories.runs import add_dataset

NAME, PHONE, AGE = "基本信息-姓名", "基本信息-手机号码", "基本信息-年龄"
KINDS, STAGE = "咨询类型", "客户购买阶段"
BUDGET, TODO = "客户预算-预算明细", "下一步跟进计划-具体事项"


def add_run(
    store: Store,
    dataset: DatasetView,
    name: str,
    answers: Mapping[int, list[FormValues]],
    kind: RunKind = RunKind.MODEL,
    **more: Any,
) -> int:
    return make_run(store, dataset, name, answers, kind, tokens=(1000, 500), **more)


def add_record(
    store: Store, dataset: DatasetView, index: int, forms: list[FormValues], who: str, review_pass: str = "primary"
) -> None:
    customers = [
        {"values": values, "origin": {key: "reviewer" if value else "run:1" for key, value in values.items()}}
        for values in forms
    ]
    seconds = 60.0 * index
    make_record(store, dataset, index, customers, reviewer=who, review_pass=review_pass, seconds=seconds)


def quality_dataset(store: Store, chats: int = 8, name: str = "d") -> DatasetView:
    """Labels and two runs: ``甲`` lacks the last chat and shortens the plans, ``乙`` has two names wrong."""
    dataset = add_dataset(store, chats, name)
    gold = {i: [form(**{NAME: f"林舟{i}", TODO: "发送报价单", KINDS: ["询价、答疑"]})] for i in range(1, chats + 1)}
    add_run(store, dataset, "标注", gold, RunKind.LABELS)
    short = {i: [{**gold[i][0], TODO: "发送"}] for i in range(1, chats)}
    add_run(store, dataset, "甲", short)
    wrong = {i: [{**gold[i][0], NAME: "周遥" if i <= 2 else f"林舟{i}"}] for i in gold}
    add_run(store, dataset, "乙", wrong)
    with store.read() as session:
        return queries.dataset(session, dataset.id)


def leaderboard(store: Store, benchmark: Benchmark) -> Leaderboard:
    """Every run of a dataset scored here and now."""
    return board_of(store, benchmark, board_scores(store, benchmark))
