"""Corrections in groups, as rules, as bulk changes; tuned models that remember what they learned from."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from core import cli
from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import (
    Chat,
    Dataset,
    Extraction,
    ExtractionStatus,
    Record,
    RecordStatus,
    Run,
    RunKind,
    RunStatus,
)
from core.domain.form import Form
from core.domain.prompts import load_prompt
from core.errors import InputError, PromptError, SettingsError
from core.services.export import AnswerSource
from core.services.extraction import models as model_catalog
from core.services.review import apply_saves
from core.services.review.records import bulk
from core.services.training import (
    TrainingOptions,
    export_training,
    register_tuned_model,
    training_overlap,
    training_sets,
    tunable_templates,
)
from core.services.training.corrections import (
    CorrectionGroup,
    corrected_runs,
    correction_groups,
    find_example,
    plan_bulk_corrections,
    propose_rule,
    save_prompt_with_rules,
)
from core.services.training.corrections.grouping import CorrectionKind
from core.services.training.corrections.prompt_rules import add_rules
from tests.factories.datasets import make_dataset, make_run
from tests.factories.exports import form as values

TEXT = "甲{0}号：想要会话存档，预算三万\n客服小陈1：好的\n"
STAGE, PRODUCT, BUDGET, NAME = "客户购买阶段", "意向产品", "客户预算-总体预算金额", "基本信息-姓名"


def fill(store: Store, form: Form) -> tuple[int, RunView]:
    """Six chats; the model says 报价 and adds CRM everywhere, never the budget; four are corrected."""
    with store.write() as session:
        dataset = Dataset(name="群", form=form.name, sha256="0" * 64, expected=6)
        session.add(dataset)
        session.flush()
        run = Run(dataset_id=dataset.id, name="模型一", kind=RunKind.MODEL, status=RunStatus.FINISHED, total=6)
        run.provider, run.model = "local", "rules.v1"
        session.add(run)
        session.flush()
        for index in range(1, 7):
            text = TEXT.format(index)
            chat = Chat(
                dataset_id=dataset.id,
                index=index,
                text=text,
                sha256=str(index) * 64,
                characters=len(text),
                residue_characters=0,
            )
            session.add(chat)
            session.flush()
            said = values(基本信息_姓名=f"甲{index}号", 客户购买阶段="报价", 意向产品=["会话存档", "CRM"])
            ok = ExtractionStatus.OK
            session.add(Extraction(run_id=run.id, chat_id=chat.id, status=ok, forms=[said]))
            if index <= 4:
                right = said | {STAGE: "需求调研", PRODUCT: ["会话存档"], BUDGET: "三万"}
                session.add(_record(dataset.id, chat.id, run.id, right))
        return int(dataset.id or 0), queries.run(session, int(run.id or 0))


def _record(dataset: int | None, chat: int | None, run: int | None, right: dict[str, Any]) -> Record:
    customer = {"values": right, "origin": {}, "confirmed": {}, "pinned": {}, "source": 0}
    return Record(
        dataset_id=dataset,
        chat_id=chat,
        customers=[customer],
        status=RecordStatus.CONFIRMED,
        base_run_id=run,
        reviewer="林晓",
        version=1,
    )


def test_corrections_come_in_groups_with_the_dearest_first(store: Store, form: Form) -> None:
    dataset, run = fill(store, form)
    assert [(one.name, count) for one, count in corrected_runs(store, dataset)] == [("模型一", 4)]
    found = correction_groups(store, form, run)
    assert [(one.key, one.how, one.before, one.after, one.chats) for one in found] == [
        (PRODUCT, CorrectionKind.REMOVED, "CRM", "", [1, 2, 3, 4]),
        (BUDGET, CorrectionKind.FILLED, "", "", [1, 2, 3, 4]),
        (STAGE, CorrectionKind.CHANGED, "报价", "需求调研", [1, 2, 3, 4]),
    ]
    assert correction_groups(store, form, run, least=5) == []


def test_corrections_are_put_into_groups_once_until_a_record_changes(store: Store, form: Form) -> None:
    dataset, run = fill(store, form)
    first = correction_groups(store, form, run)
    assert [one is again for one, again in zip(first, correction_groups(store, form, run), strict=True)] == [True] * 3
    with store.write() as session:
        record = session.execute(select(Record).where(col(Record.dataset_id) == dataset).limit(1)).scalars().one()
        record.status, record.version = RecordStatus.DISCUSS, 2
    assert all(len(one.chats) == 3 for one in correction_groups(store, form, run))


def test_rules_go_into_a_new_version_of_the_prompt(store: Store, form: Form) -> None:
    dataset, run = fill(store, form)
    found = {one.key: one for one in correction_groups(store, form, run)}
    rules = [propose_rule(form, found[STAGE]), find_example(store, form, dataset, found[BUDGET])]
    assert rules[0] == "「客户购买阶段」容易误填为「报价」，这类情况应填「需求调研」。"
    assert "预算三万" in rules[1] and "应填「三万」" in rules[1]
    entry = save_prompt_with_rules(store, load_prompt("baseline"), rules, who="林晓")
    assert entry.prompt.version > load_prompt("baseline").version and entry.draft_id
    assert all(rule in entry.prompt.body for rule in rules)
    with pytest.raises(PromptError, match="没有要写进提示词的规则"):
        add_rules(load_prompt("baseline"), ["  "], version=9)
    # What a customer wrote never becomes a template.
    assert "{{" not in add_rules(load_prompt("baseline"), ["填 {{ secret }}"], version=9).split("审阅中总结")[1]


def test_the_same_mistake_is_corrected_where_it_still_stands(store: Store, form: Form) -> None:
    dataset, run = fill(store, form)
    found = {one.key: one for one in correction_groups(store, form, run)}
    [plan] = plan_bulk_corrections(store, form, run, [found[PRODUCT]])
    assert [(change.chat, change.after) for change in plan.changes] == [(5, ["会话存档"]), (6, ["会话存档"])]
    done = bulk.apply(store, form, plan, who="林晓", reason="经验", base_run=run.id)
    assert sorted(done.saved) == [5, 6]
    assert plan_bulk_corrections(store, form, run, [found[PRODUCT]])[0].changes == ()
    bulk.undo(store, form, dataset, done.id, who="林晓")
    with store.read() as session:
        back = [record.forms[0][PRODUCT] for record in queries.records(session, dataset) if record.index > 4]
    assert back == [["会话存档", "CRM"]] * 2
    with pytest.raises(InputError, match="没有固定的旧值"):
        plan_bulk_corrections(store, form, run, [found[BUDGET]])


@pytest.mark.parametrize("how", list(CorrectionKind))
def test_every_kind_has_a_rule(form: Form, how: CorrectionKind) -> None:
    both = CorrectionGroup(STAGE, how, "报价", "赢单", ())
    neither = CorrectionGroup(NAME, how, "", "", ())
    assert propose_rule(form, both) != propose_rule(form, neither)
    assert all(
        rule.startswith("「") and rule.endswith("。")
        for rule in (propose_rule(form, both), propose_rule(form, neither))
    )


def test_a_tuned_model_remembers_what_it_has_seen(
    store: Store, form: Form, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, run = fill(store, form)
    options = TrainingOptions(datasets=(dataset,), source=AnswerSource(records=True), min_rows=0)
    export_training(store, options=options, out=tmp_path / "set")
    trained = training_sets(store)[0]
    template = next(spec for spec in tunable_templates(store) if "patch_id" in spec.needs and "model" not in spec.needs)
    with pytest.raises(SettingsError, match="资源 ID"):
        register_tuned_model(store, template, trained, name="我的微调", filled={})
    spec = register_tuned_model(store, template, trained, name="我的微调", filled={"patch_id": " 0426 "})
    assert spec.parameters["patch_id"] == "0426" and spec.training_set_id == trained.id
    assert spec in model_catalog.models(store) and not spec.needs
    assert training_overlap(store, run) is None
    with store.write() as session:
        row = session.get_one(Run, run.id)
        row.model = "我的微调"
    with store.read() as session:
        tuned = queries.run(session, run.id)
    seen = training_overlap(store, tuned)
    assert seen is not None and seen.chats == (1, 2, 3, 4) and "见过这些答案" in seen.sentence
    url = store.engine.url.render_as_string(hide_password=False)
    assert cli.main(["score", "--dataset", "群", "--run", "模型一", "--against", "records", "--json", "--db", url]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["chats"] == 4 and "见过这些答案" in said.err


def test_what_somebody_confirmed_by_itself_is_left_and_named(store: Store, form: Form) -> None:
    dataset, run = fill(store, form)
    found = {one.key: one for one in correction_groups(store, form, run)}
    customer = {
        "values": form.empty() | {PRODUCT: ["会话存档", "CRM"]},
        "confirmed": {PRODUCT: "逐项确认"},
        "origin": 0,
    }
    save = {"chat": 5, "reviewer": "阿青", "base_version": 0, "customers": [customer], "status": "已确认"}
    [ack] = apply_saves(store, form, dataset, [save | {"save_id": str(uuid4())}], base_run_id=run.id)
    assert ack.result == "saved"
    [plan] = plan_bulk_corrections(store, form, run, [found[PRODUCT]])
    assert [change.chat for change in plan.changes] == [6]
    assert [(one.chat, "已逐项确认" in one.why) for one in plan.skipped] == [(5, True)]


def tuned_run(store: Store, dataset: DatasetView, count: int, name: str = "微调", **parameters: Any) -> RunView:
    """A run of a model that was tuned on the training set 1, over the first chats."""
    entry = {"training_set_id": 1}
    answers: dict[int, list[dict[str, Any]]] = {index: [{}] for index in range(1, count + 1)}
    number = make_run(store, dataset, name, answers, model="我的微调", parameters={"entry": entry, **parameters})
    with store.read() as session:
        return queries.run(session, number)


def test_seen_chats_are_told_by_their_text_not_by_the_name_of_their_dataset(store: Store, tmp_path: Path) -> None:
    texts = [f"甲{number}号：想要会话存档\n客服小陈1：好的" for number in range(1, 6)]
    trained = make_dataset(store, texts[:3], "一批")
    make_run(store, trained, "标注", {index: [{NAME: f"甲{index}号"}] for index in (1, 2, 3)}, RunKind.LABELS)
    choice = TrainingOptions(datasets=("一批",), source=AnswerSource(labels=True), min_rows=0)
    export_training(store, options=choice, out=tmp_path / "set", name="一号")

    again = make_dataset(store, [texts[4], texts[2], texts[0]], "另一批")
    seen = training_overlap(store, tuned_run(store, again, 3))
    assert seen is not None and (seen.chats, seen.total) == ((2, 3), 3)
    # Only chats that the run is about count.
    assert training_overlap(store, tuned_run(store, again, 1, "第一条", chats=[1])) is None
    seen = training_overlap(store, tuned_run(store, again, 2, "前两条", chats=[1, 2]))
    assert (
        seen is not None
        and (seen.chats, seen.total) == ((2,), 2)
        and seen.sentence.startswith("这个抽取任务的模型是用")
    )
    # What was merged of its answers, or started from them, knows what it knows.
    with store.read() as session:
        base = next(run.id for run in queries.runs(session, again.id) if run.name == "前两条")
    for name, parameters in {"合并": {"merge": {"runs": ["微调"]}}, "接着": {"pipeline": {"base_run": base}}}.items():
        make_run(store, again, name, {1: [{}]}, RunKind.MERGE, parameters=parameters)
        make_run(store, again, f"{name}再合并", {1: [{}]}, RunKind.MERGE, parameters={"merge": {"runs": [name]}})
        with store.read() as session:
            runs = {run.name: run for run in queries.runs(session, again.id)}
        for derived in (runs[name], runs[f"{name}再合并"]):
            seen = training_overlap(store, derived)
            assert seen is not None and seen.chats == (2, 3) and "的结果，那个抽取任务的模型是用" in seen.sentence

    with store.write() as session:
        session.execute(delete(Dataset).where(col(Dataset.name) == "一批"))
    unseen = make_dataset(store, texts[3:], "一批")  # the name that was trained on, other chats
    assert training_overlap(store, tuned_run(store, unseen, 2)) is None
