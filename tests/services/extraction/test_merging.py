"""Runs merged: priority, majority, the best run per field without flattering itself, and where values are from."""

import json
import random
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind, RunStatus
from core.cli import main
from core.domain.form import Form
from core.domain.merge import Method, Ranking, cross_validate, merge_chat, rank_by_label_scores
from core.errors import ConflictError, InputError, NotFoundError
from core.services import quality
from core.services.extraction import merging
from tests.factories.runs import add_dataset

NAME, PHONE, TYPE, STAGE = "基本信息-姓名", "基本信息-手机号码", "咨询类型", "客户购买阶段"
PLAN = "下一步跟进计划-具体事项"
KEYS = {"name": NAME, "phone": PHONE, "type": TYPE, "stage": STAGE, "plan": PLAN}
Forms = list[dict[str, Any]]


def filled(form: Form, **values: Any) -> dict[str, Any]:
    return form.empty() | {KEYS[key]: value for key, value in values.items()}


def order(*runs: int, **fields: tuple[int, ...]) -> Ranking:
    return Ranking(runs, fields)


def values(form: Form, answers: list[Forms | None], method: Method, ranking: Ranking) -> Forms:
    return [one.values for one in merge_chat(form, answers, method, ranking)]


def test_priority_takes_the_first_filled_value(form: Form) -> None:
    one = [filled(form, name="李雷1", type=["询价"], plan="发报价")]
    two = [filled(form, name="李雷1", phone="138", type=["答疑", "询价"], plan="发报价和合同", stage="报价")]
    three = [filled(form, name="李雷1", phone="139", plan="发报价和合同")]
    (merged,) = values(form, [one, two, three], Method.PRIORITY, order(0, 1, 2))
    assert merged == filled(form, name="李雷1", phone="138", type=["询价"], plan="发报价", stage="报价")
    (merged,) = values(form, [one, two, three], Method.PRIORITY, order(0, 1, 2, **{PHONE: (2, 0, 1), PLAN: (1, 0, 2)}))
    assert (merged[PHONE], merged[PLAN]) == ("139", "发报价和合同")


def test_majority_counts_empty_cells_and_keeps_customers_that_half_of_the_runs_have(form: Form) -> None:
    one = [filled(form, name="李雷1", stage="报价"), filled(form, name="韩梅2")]
    two = [filled(form, name="韩梅2"), filled(form, name="李雷1")]
    three = [filled(form, name="李雷1", stage="报价")]
    merged = values(form, [one, two, three], Method.MAJORITY, order(0, 1, 2))
    assert [(m[NAME], m[STAGE]) for m in merged] == [("李雷1", "报价"), ("韩梅2", "")]
    (merged_,) = values(
        form, [[filled(form, stage="报价")], [filled(form)], [filled(form)]], Method.MAJORITY, order(0, 1, 2)
    )
    assert merged_[STAGE] == ""


def test_best_takes_each_field_from_its_run_even_if_empty(form: Form) -> None:
    one = [filled(form, name="李雷1", stage="报价", phone="1")]
    two = [filled(form, name="李雷1", stage="赢单")]
    ranking = order(0, 1, **{STAGE: (1, 0), PHONE: (1, 0)})
    (merged,) = values(form, [one, two], Method.BEST, ranking)
    assert (merged[STAGE], merged[PHONE]) == ("赢单", "")
    (alone,) = values(form, [one, None], Method.BEST, ranking)
    assert alone == one[0], "a run without an answer has no voice"


def noisy(form: Form, golds: dict[int, Forms], dice: random.Random, wrong: dict[str, float]) -> dict[int, Forms]:
    return {
        index: [{key: ("错" if dice.random() < wrong.get(key, 0) else value) for key, value in forms[0].items()}]
        for index, forms in golds.items()
    }


def test_the_best_run_per_field_is_found_and_its_estimate_is_honest(form: Form) -> None:
    dice = random.Random(3)
    golds = {index: [filled(form, name=f"客{index}", phone=str(index), stage="报价")] for index in range(1, 61)}
    one = noisy(form, golds, dice, {PHONE: 0.9})
    two = noisy(form, golds, dice, {STAGE: 0.9})
    ranking = rank_by_label_scores(form, [one, two], golds)
    assert (ranking.fields[PHONE][0], ranking.fields[STAGE][0]) == (1, 0)
    result = cross_validate(form, [one, two], golds)
    assert result is not None
    assert (result.folds, result.chats) == (5, 60)
    assert result.score == result.flattered == 36.0
    assert result.score > max(result.single)

    # Where no run is better, choosing on the labels flatters; held-back chats tell.
    coins = [noisy(form, golds, dice, dict.fromkeys(form.keys, 0.5)) for _ in range(4)]
    few = {index: golds[index] for index in range(1, 13)}
    flattered = cross_validate(form, coins, few)
    assert flattered is not None
    assert flattered.score < flattered.flattered
    assert cross_validate(form, coins, few) == flattered, "the split can be repeated"
    assert cross_validate(form, coins, {1: golds[1]}) is None


def add_run(store: Store, dataset: int, name: str, forms: dict[int, Forms], kind: str = RunKind.IMPORT) -> None:
    with store.write() as session:
        ids = queries.chat_ids(session, dataset)
        row = Run(dataset_id=dataset, name=name, kind=kind, status=RunStatus.FINISHED, total=len(forms))
        session.add(row)
        session.flush()
        for index, answer in forms.items():
            session.add(Extraction(run_id=row.id or 0, chat_id=ids[index], status=ExtractionStatus.OK, forms=answer))


@pytest.fixture
def three(store: Store, form: Form) -> Store:
    dataset = add_dataset(store, 4)
    golds = {index: [filled(form, name=f"客{index}", stage="报价")] for index in range(1, 5)}
    add_run(store, dataset.id, "标注", golds, RunKind.LABELS)
    add_run(store, dataset.id, "a", {i: [filled(form, name=f"客{i}", stage="输单")] for i in (1, 2, 3)})
    add_run(store, dataset.id, "b", {i: [filled(form, name="谁", stage="报价")] for i in (1, 2, 3)})
    add_run(store, dataset.id, "c", {4: [filled(form, name="客4", stage="报价")]})
    return store


def test_a_merged_run_keeps_where_each_value_is_from(three: Store) -> None:
    plan = merging.plan_merge(three, dataset="d", runs=["a", "b", "c"], method="best")
    assert plan.estimate is not None and plan.estimate.folds == 4
    view = merging.merge_runs(three, plan, name=" 合并 ", who="周")
    assert (view.name, view.kind, view.status, view.done, view.total) == ("合并", RunKind.MERGE, "finished", 4, 4)
    assert quality.score(three, dataset="d", run="合并").score == 36.0
    with three.read() as session:
        rows = {row.index: row for row in queries.extractions(session, view.id)}
    first = rows[1].replies[0]["sources"][0]
    assert first["members"] == {"a": 0, "b": 0}
    assert (first["fields"][NAME], first["fields"][STAGE], first["fields"][PHONE]) == (["a"], ["b"], ["a", "b"])
    lost = {entry["field"]: entry["others"] for entry in rows[1].replies[0]["about"]["alternatives"]}
    assert lost[STAGE] == [{"value": "输单", "runs": ["a"]}]
    assert any("「客户购买阶段」各抽取任务不同" in note and "取「报价」" in note for note in rows[1].notes)
    assert rows[4].notes == []
    assert view.parameters["merge"]["fields"][STAGE] == "b"
    assert view.parameters["merge"]["estimate"]["folds"] == 4


def test_a_plan_is_made_once_while_nothing_changes(three: Store, form: Form) -> None:
    def plan(*runs: str, method: str = "priority", **more: Any) -> merging.MergePlan:
        return merging.plan_merge(three, dataset="d", runs=runs, method=method, **more)

    first, best = plan("a", "b"), plan("a", "b", method="best")
    assert plan("a", "b") is first and plan("a", "b", method="best") is best
    others = [plan("b", "a"), plan("a", "b", "c"), plan("a", "b", method="majority")]
    others += [plan("a", "b", field_order={NAME: ["b"]}), plan("a", "b", method="best", against="run:c")]
    assert all(other is not first and other is not best for other in others)
    with three.read() as session:
        dataset = queries.dataset(session, "d").id
        chat_id = queries.chat_ids(session, dataset)[4]
        labels, run_a = (queries.run(session, name, dataset).id for name in ("标注", "a"))
    with three.write() as session:
        # Labels decide which run is best, and nothing else.
        session.execute(delete(Extraction).where(col(Extraction.run_id) == labels, col(Extraction.chat_id) == chat_id))
    assert plan("a", "b") is first and plan("a", "b", method="best") is not best
    with three.write() as session:
        late = [filled(form, name="晚到")]
        session.add(Extraction(run_id=run_a, chat_id=chat_id, status=ExtractionStatus.OK, forms=late))
    again = plan("a", "b")
    assert (first.chats, again.chats) == (3, 4)
    # What is stored is what was shown, or nothing.
    with pytest.raises(ConflictError, match="刚刚有了新的结果，没有合并"):
        merging.merge_runs(three, first, name="m")
    stored = merging.merge_runs(three, again, name="m")
    with three.read() as session:
        assert [values[NAME] for values in queries.forms_by_index(session, stored.id)[4]] == ["晚到"]


def test_what_cannot_be_merged_is_refused(three: Store) -> None:
    for runs, wrong in ((["a"], "至少需要两个"), (["a", "a"], "至少需要两个")):
        with pytest.raises(InputError, match=wrong):
            merging.plan_merge(three, dataset="d", runs=runs, method="majority")
    with pytest.raises(InputError, match="不认识合并方式"):
        merging.plan_merge(three, dataset="d", runs=["a", "b"], method="nope")
    with pytest.raises(NotFoundError, match="没有抽取任务"):
        merging.plan_merge(three, dataset="d", runs=["a", "x"], method="majority")
    with pytest.raises(InputError, match="表单里没有字段"):
        merging.plan_merge(three, dataset="d", runs=["a", "b"], method="priority", field_order={"x": ["a"]})
    with pytest.raises(InputError, match="未参加合并"):
        merging.plan_merge(three, dataset="d", runs=["a", "b"], method="priority", field_order={NAME: ["c"]})
    plan = merging.plan_merge(three, dataset="d", runs=["a", "b"], method="priority", field_order={NAME: ["b"]})
    assert next(cell for cell in plan.differences if cell.key == NAME).taken == "谁"
    with pytest.raises(ConflictError, match="已经有名为「a」"):
        merging.merge_runs(three, plan, name="a")
    with pytest.raises(InputError, match="没有名称|还没有名称"):
        merging.merge_runs(three, plan, name=" ")


def test_the_verb_says_what_to_expect(three: Store, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["merge", "--db", f"sqlite:///{three.path}", "--dataset", "d", "--run", "a", "--run", "b", "--run", "c"]
    assert main([*arguments, "--into", "m", "--method", "best", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["run"], told["chats"], told["estimate"]["folds"]) == ("m", 4, 4)
    assert main([*arguments, "--into", "n", "--method", "best"]) == 0
    assert "4 折交叉验证" in capfd.readouterr().out
    assert main([*arguments, "--into", "n"]) == 1
    assert "已经有名为「n」" in capfd.readouterr().err
