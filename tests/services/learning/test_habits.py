"""Habits: a run is corrected the way people correct it, and only where that gains on chats it was not learned from."""

import json
from random import Random
from typing import Any

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import RunKind
from core.cli import main
from core.domain.scoring import Scorer
from core.errors import ConflictError, InputError
from core.services.learning.habits import Case, HabitEstimate, apply_habits, estimate_habits, learn_habits
from core.services.learning.run_correction import correct_run, plan_correction
from core.services.quality import score
from tests.factories.datasets import FORM, make_dataset, make_form, make_record, make_run

NAME, KIND, BLOCK, TASK = "基本信息-姓名", "咨询类型", "客户是否有卡点", "下一步跟进计划-具体事项"
SCORER = Scorer(FORM)


def pair(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a chatty model says, and what people approve: they never plan, and always say whether something blocks."""
    said = {NAME: f"甲{number}", KIND: ["答疑"] if number % 2 else [], TASK: f"第{number}次回电", BLOCK: ""}
    right = {NAME: f"甲{number}", KIND: ["答疑"], TASK: "", BLOCK: "无卡点" if number % 5 else "有卡点"}
    return make_form(said), make_form(right)


def cases(count: int) -> list[Case]:
    return [Case([said], [right]) for said, right in map(pair, range(1, count + 1))]


def test_learns_what_is_emptied_and_what_is_put_in() -> None:
    habits = learn_habits(SCORER, cases(20))
    assert set(habits) == {KIND, TASK, BLOCK}
    assert habits[TASK].actions["filled"] == "blank"
    assert (habits[KIND].actions["filled"], habits[KIND].actions["empty"]) == ("keep", "replace")
    assert (habits[BLOCK].actions["empty"], habits[BLOCK].value["empty"]) == ("replace", "无卡点")
    said, right = pair(21)
    assert apply_habits(FORM, habits, said) == right
    assert learn_habits(SCORER, cases(20), keep=[TASK]).keys() == {KIND, BLOCK}
    assert learn_habits(SCORER, cases(4)) == {}
    # What passed by a threshold and nobody has looked at is nobody's habit.
    unseen = [case._replace(passed=[{TASK, BLOCK}]) for case in cases(20)]
    assert set(learn_habits(SCORER, unseen)) == {KIND}


def test_a_chat_and_the_same_gone_on_are_learned_or_judged_together(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"甲{number}：想问{number}号的价钱\n客服：{number}号是{number}元" for number in range(1, 7)]
    grown = [f"{text}\n甲{number}：谢谢" for number, text in enumerate(texts, 1)]
    dataset = make_dataset(store, [*texts, *grown], "续写")
    run = make_run(store, dataset, "模型", {number: [pair(number)[0]] for number in range(1, 13)})
    for number in range(1, 13):
        make_record(store, dataset, number, [pair(number)[1]])
    groups: list[int | None] = []

    def estimate(scorer: Scorer, cases: list[Case], **more: Any) -> HabitEstimate:
        groups.extend(case.group for case in cases)
        return estimate_habits(scorer, cases, **more)

    monkeypatch.setattr("core.services.learning.run_correction.estimate_habits", estimate)
    plan_correction(store, dataset=dataset.id, run=run)
    assert groups == [*range(6), *range(6)]
    # Ten chats, each twice, are known no better than ten chats.
    doubled = [case._replace(group=number % 10) for number, case in enumerate([*cases(10), *cases(10)])]
    once, twice = estimate_habits(SCORER, cases(10)).interval, estimate_habits(SCORER, doubled).interval
    assert twice.high - twice.low == pytest.approx(once.high - once.low, rel=0.3)


def test_the_estimate_is_honest() -> None:
    estimate = estimate_habits(SCORER, cases(20))
    assert estimate.before < estimate.after < 36
    assert estimate.interval.low > 0
    assert estimate.interval.low <= estimate.after - estimate.before <= estimate.interval.high


def test_a_run_without_habits_stays_as_it_is() -> None:
    """Where mistakes have no pattern, nothing is learned from them."""
    random = Random(1)
    noise = []
    for number in range(30):
        right = make_form({NAME: f"甲{number}", BLOCK: random.choice(["有卡点", "无卡点"])})
        noise.append(Case([{**right, BLOCK: right[BLOCK] if number % 6 else ""}], [right]))
    habits = learn_habits(SCORER, noise)
    assert all(habit.actions["filled"] == "keep" for habit in habits.values())
    perfect = [Case(case.golds, case.golds) for case in noise]
    assert learn_habits(SCORER, perfect) == {}
    assert estimate_habits(SCORER, perfect).after == estimate_habits(SCORER, perfect).before == 36


def reviewed(store: Store, approved: int = 12, chats: int = 20) -> None:
    dataset = make_dataset(store, [f"甲{number}：在吗\n客服小何：在" for number in range(1, chats + 1)], "群")
    rows = [pair(number) for number in range(1, chats + 1)]
    make_run(store, dataset, "话多", {at: [said] for at, (said, _) in enumerate(rows, 1)})
    make_run(store, dataset, "标注", {at: [right] for at, (_, right) in enumerate(rows, 1)}, RunKind.LABELS)
    for index, (_, right) in enumerate(rows[:approved], 1):
        make_record(store, dataset, index, [right])


def test_a_corrected_run_is_a_new_run_and_scores_better(store: Store) -> None:
    reviewed(store)
    plan = plan_correction(store, dataset="群", run="话多")
    made = correct_run(store, plan, name="校正")
    before, after = (score(store, dataset="群", run=name).score for name in ("话多", "校正"))
    assert after > before + 2
    assert (made.kind, made.total) == (RunKind.MERGE, 20)
    about = (made.parameters or {})["merge"]
    assert (about["method"], about["runs"]) == ("habits", ["话多"])
    with store.read() as session:
        [extraction] = list(queries.extractions(session, made.id))[:1]
    assert any("按习惯从「第1次回电」改为「（空）」" in note for note in extraction.notes)
    with pytest.raises(ConflictError, match="已经有名为"):
        correct_run(store, plan, name="校正")


def test_a_corrected_run_knows_nothing_of_the_records_that_it_is_scored_against(store: Store) -> None:
    reviewed(store)
    plan = plan_correction(store, dataset="群", run="话多")
    made = correct_run(store, plan, name="校正")
    assert set(plan.held_out) == set(range(1, 13))
    assert plan.estimate.corrected == tuple(plan.held_out.values())
    with store.read() as session:
        forms = queries.forms_by_index(session, made.id)
    assert all(forms[index] == list(plan.held_out[index]) for index in plan.held_out)
    assert made.parameters["merge"]["held_out"] == 12
    again = plan_correction(store, dataset="群", run="校正").estimate
    assert again.before == pytest.approx(plan.estimate.after, abs=0.5)


def test_a_gain_that_may_be_chance_corrects_nothing_unless_wanted(store: Store) -> None:
    dataset = make_dataset(store, [f"甲{number}：在吗" for number in range(1, 16)], "碰巧")
    said = {number: make_form({NAME: f"甲{number}"}) for number in range(1, 16)}
    make_run(store, dataset, "模型", {index: [form] for index, form in said.items()})
    for index, form in said.items():
        make_record(store, dataset, index, [form | {BLOCK: "无卡点"} if index % 3 else form])
    plan = plan_correction(store, dataset=dataset.id, run="模型")
    assert (plan.method, plan.effects, plan.unsure) == ("none", {}, True)
    assert plan.estimate.interval.low <= 0 < plan.estimate.gain
    wanted_all_the_same = plan_correction(store, dataset=dataset.id, run="模型", if_unsure=True)
    assert (wanted_all_the_same.method, wanted_all_the_same.unsure) == ("table", True)


def test_too_few_and_unknown_are_refused(store: Store) -> None:
    reviewed(store, approved=4)
    with pytest.raises(InputError, match="只有 4 条.*至少 5 条"):
        plan_correction(store, dataset="群", run="话多")
    with pytest.raises(InputError, match="没有字段「没有」"):
        plan_correction(store, dataset="群", run="话多", against="labels", keep=["没有"])
    with pytest.raises(InputError, match="不能从「run:话多」看"):  # what a run says is nobody's habit
        plan_correction(store, dataset="群", run="话多", against="run:话多")


def test_the_verb_calibrate(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    reviewed(store)
    database = ["--db", f"sqlite:///{store.path}"]
    assert main([*database, "calibrate", "--run", "话多", "--against", "labels", "--as", "校正", "--json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["run"] == "校正"
    assert shown["estimate"]["interval"][0] > 0
    assert shown["fields"][TASK]["filled"] == {"do": "blank"}
    assert shown["fields"][BLOCK]["empty"] == {"do": "replace", "value": "无卡点"}
    assert main([*database, "calibrate", "--run", "话多", "--keep", TASK]) == 0
    out = capfd.readouterr().out
    assert "交叉验证" in out
    assert TASK not in out
    assert main([*database, "calibrate", "--run", "没有"]) == 1
