"""Preference pairs: what a run said stands against what people made of it, and only where the two differ."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Extraction, Record, Run, RunKind, TrainingSet
from core.domain.form import Form
from core.domain.replies import parse_reply
from core.domain.scoring import Scorer
from core.errors import ExportError, NotFoundError
from core.services.export import AnswerSource
from core.services.training import (
    InputKind,
    OverBudget,
    TrainingFormat,
    changes_since,
    export_training,
    preflight,
    preview_row,
    rebuild,
)
from core.services.training.rejected_answers import differing_fields
from core.services.training.row_formats import rejected_of, target_of
from tests.factories.datasets import make_dataset, make_record, make_run
from tests.factories.exports import form as filled
from tests.factories.training import manifest_of, options, rows_of

PAIRS = [one for one in TrainingFormat if one.is_paired]
RECORDS = AnswerSource(records=True)
LIN = {"基本信息_姓名": "林晓3"}
TEXTS = tuple(f"林晓3：第 {number} 次问，手机 13800001111" for number in range(6))


def fill_reviews(store: Store) -> int:
    """Six approved chats: changed, unchanged, from labels, from nothing, without the run's answer, a customer added."""
    dataset = make_dataset(store, TEXTS, "六条")
    said = {number: [filled(**LIN, 客户购买阶段="报价")] for number in range(1, 7)}
    run = make_run(store, dataset, "模型", {**said, 5: None})
    labels = make_run(store, dataset, "标注", {3: said[3]}, RunKind.LABELS)
    right = filled(**LIN, 基本信息_手机号码="13800001111", 客户购买阶段="赢单")
    bases = {1: run, 2: run, 3: labels, 4: None, 5: run, 6: run}
    forms = {1: [right], 2: said[2], 6: [*said[6], filled(基本信息_姓名="马会5")]}
    for index, base in bases.items():
        make_record(store, dataset, index, forms.get(index, [right]), base_run_id=base)
    return run


def choice(data_format: TrainingFormat = TrainingFormat.DPO_ALPACA, **changes: Any) -> Any:
    return options(datasets=("六条",), source=RECORDS, format=data_format, **changes)


@pytest.mark.parametrize("data_format", PAIRS)
@pytest.mark.both_databases
def test_the_run_that_a_record_was_started_from_is_rejected(
    store: Store, form: Form, tmp_path: Path, data_format: TrainingFormat
) -> None:
    fill_reviews(store)
    report = export_training(store, options=choice(data_format), out=tmp_path / "set")
    rows, entries = rows_of(tmp_path / "set"), manifest_of(tmp_path / "set")["rows"]
    assert [(row["index"], row["differs"], row["rejected_run"]) for row in entries] == [
        (1, ["基本信息-手机号码", "客户购买阶段"], "模型"),
        (6, ["基本信息-姓名"], "模型"),
    ]
    approved, other = (parse_reply(form, read(data_format, rows[0])).forms for read in (target_of, rejected_of))
    assert (approved[0]["客户购买阶段"], other[0]["客户购买阶段"]) == ("赢单", "报价")
    assert report.counts["unpaired"] == 4
    assert report.lists["unpaired_same"] == ["六条 第 2 条"]
    assert report.lists["unpaired_from_labels"] == ["六条 第 3 条"]
    assert report.lists["unpaired_no_run"] == ["六条 第 4 条"]
    assert report.lists["unpaired_no_answer"] == ["六条 第 5 条"]
    notes = "\n".join(report.notes)
    assert "从标注改起，标注不是模型的回答，没有成对，未写入 1 条：六条 第 3 条" in notes
    found = preflight(store, choice(data_format))
    assert found.notes and found.counts["unpaired"] == 4
    assert preview_row(store, choice(data_format), found.rows[1].provenance) == rows[1]


def test_the_card_counts_approved_answers_and_labels_apart(store: Store, tmp_path: Path) -> None:
    run = fill_reviews(store)
    with store.write() as session:
        third = queries.chat_ids(session, 1)[3]
        session.execute(delete(Record).where(col(Record.chat_id) == third))
        differs = update(Extraction).where(col(Extraction.run_id) == run, col(Extraction.chat_id) == third)
        session.execute(differs.values(forms=[]))
    both = AnswerSource(records=True, labels=True)
    report = export_training(store, options=replace(choice(rejected_run="模型"), source=both), out=tmp_path / "set")
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    said = "不同的行里，3 行的答案是已确认的记录，1 行的答案是标注，没有在这里审阅过"
    assert f"- {said}。" in card and f"偏好对：{said}" in report.notes
    assert "| rejected | 抽取任务的回答，和答案不同 |" in card and "审阅过的答案" not in card
    assert "role\\_" not in card, "an underscore in a word needs no escape"
    with store.write() as session:
        files = dict(session.execute(select(TrainingSet.files)).scalar_one())
        session.execute(update(TrainingSet).values(files=files | {"README.md": "of an older version"}))
    rebuild(store, 1, tmp_path / "again")


def test_each_answer_of_kto_has_a_row_and_both_go_to_one_side(store: Store, form: Form, tmp_path: Path) -> None:
    fill_reviews(store)
    export_training(store, options=choice(TrainingFormat.KTO, validation=0.5, seed=2), out=tmp_path / "set")
    for part in ("train", "val"):
        rows = rows_of(tmp_path / "set", part)
        assert sorted(row["kto_tag"] for row in rows) == [False, True]
        assert rows[0]["input"] == rows[1]["input"] and rows[0]["output"] != rows[1]["output"]
    entries = manifest_of(tmp_path / "set")["rows"]
    assert [row["side"] for row in entries] == ["approved", "rejected"] * 2
    info = (tmp_path / "set" / "dataset_info.json").read_text(encoding="utf-8")
    assert '"kto_tag": "kto_tag"' in info and "ranking" not in info


def test_a_run_may_stand_against_what_was_started_from_none(store: Store, tmp_path: Path) -> None:
    fill_reviews(store)
    make_run_named = choice(rejected_run="模型")
    report = export_training(store, options=make_run_named, out=tmp_path / "set")
    assert [row["index"] for row in manifest_of(tmp_path / "set")["rows"]] == [1, 3, 4, 6]
    assert set(report.lists) == {"unpaired_same", "unpaired_no_answer"}
    with pytest.raises(NotFoundError):
        export_training(store, options=choice(rejected_run="没有"), out=tmp_path / "other")


def test_tasks_are_paired_only_where_they_differ(store: Store, tmp_path: Path) -> None:
    fill_reviews(store)
    report = export_training(store, options=choice(tasks=("customers", "客户购买阶段")), out=tmp_path / "set")
    entries = manifest_of(tmp_path / "set")["rows"]
    assert [(row["index"], row["task"], row["differs"]) for row in entries] == [
        (1, "客户购买阶段", ["客户购买阶段"]),
        (6, "customers", ["基本信息-姓名"]),
        (6, "客户购买阶段", ["基本信息-姓名"]),
    ]
    assert "六条 第 1 条「customers」" in report.lists["unpaired_same"]


@pytest.mark.parametrize("data_format", [TrainingFormat.DPO_SHAREGPT, TrainingFormat.KTO])
def test_pairs_are_rebuilt_until_the_run_says_something_else(
    store: Store, tmp_path: Path, data_format: TrainingFormat
) -> None:
    run = fill_reviews(store)
    export_training(store, options=choice(data_format, min_rows=9, seed=1), out=tmp_path / "set")
    rebuild(store, 1, tmp_path / "again")
    for name in ("train.jsonl", "manifest.json", "dataset_info.json"):
        assert (tmp_path / "set" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert changes_since(store, 1) == []
    with store.write() as session:
        first = queries.chat_ids(session, 1)[1]
        session.execute(
            update(Extraction).where(col(Extraction.run_id) == run, col(Extraction.chat_id) == first).values(forms=[])
        )
    with pytest.raises(ExportError, match="六条 第 1 条.*又抽取过这条群聊，被否的回答与当时不同"):
        rebuild(store, 1, tmp_path / "third")
    with store.write() as session:
        session.execute(delete(Run).where(col(Run.id) == run))
    with pytest.raises(ExportError, match="被否的回答取不到了"):
        rebuild(store, 1, tmp_path / "third")
    assert all(change.lost for change in changes_since(store, 1))


def test_both_answers_are_masked_and_measured(store: Store, tmp_path: Path) -> None:
    fill_reviews(store)
    whole = preflight(store, choice()).rows[0].size
    export_training(store, options=choice(mask=("phone",)), out=tmp_path / "set")
    row = rows_of(tmp_path / "set")[0]
    assert "13800001111" not in str(row)
    question = len(row["instruction"]) + len(row["input"]) + len(row["system"])
    assert whole.characters == question + max(len(row["chosen"]), len(row["rejected"]))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rejected_run": "标注"}, "「标注」是标注，不是模型的回答"),
        ({"over_budget": OverBudget.WINDOW}, "偏好对不能分段"),
        ({"format": TrainingFormat.SPARK, "rejected_run": "模型"}, "没有被否的回答"),
        ({"source": AnswerSource(labels=True)}, r"没有一对可以比较的回答（1 条没有从哪个抽取任务改起）"),
        ({"text": InputKind.SUMMARY}, "都没有摘要"),
    ],
)
def test_pairs_that_cannot_be_are_refused(store: Store, tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    fill_reviews(store)
    chosen = options(**{"datasets": ("六条",), "source": RECORDS, "format": TrainingFormat.DPO_OPENAI, **changes})
    with pytest.raises(ExportError, match=sentence):
        export_training(store, options=chosen, out=tmp_path / "set")


def test_order_alone_is_no_difference(form: Form) -> None:
    scorer = Scorer(form)
    one, other = filled(基本信息_姓名="甲", 意向产品=["CRM", "AI"]), filled(基本信息_姓名="乙")
    turned = {**one, "意向产品": ["AI", "CRM"]}
    assert differing_fields(scorer, form.keys, [one, other], [other, turned]) == ()
    assert differing_fields(scorer, form.keys, [one], []) == ("基本信息-姓名", "意向产品")
    assert differing_fields(scorer, form.keys, [], [form.empty()]) == ("基本信息-姓名",)


def test_too_few_pairs_for_a_platform_are_said(store: Store) -> None:
    fill_reviews(store)
    found = preflight(store, choice(TrainingFormat.DPO_QIANFAN, platform="qianfan"))
    assert any("百度千帆建议至少 100 行，这里有 2 行" in note for note in found.notes)
