"""Masked exports: nothing hidden is left anywhere, everything else is as it was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.adapters.store import Store, queries
from core.domain.masking import Mask, Masked
from core.errors import SettingsError
from core.services.export import (
    AnswerSource,
    TableFormat,
    export_dataset,
    export_log_entries,
    export_submission,
    export_table,
    mask_rows,
)
from core.services.export.html_report import export_html_report
from core.services.team import audit_entries
from core.services.training import TrainingOptions, export_test_csv, export_training, rebuild, training_sets
from tests.factories.exports import fill, form

ALL = Mask(frozenset(Masked))
NUMBERS = Mask(frozenset(Masked) - {Masked.NAME})
TEXT = "何苗2：电话 138 0013 8001，邮箱 he.miao@example.com\n客服小陈1：寄到青石路18号3栋吗\n何苗2：对\n"
FORMS = [form(基本信息_姓名="何苗2", 基本信息_手机号码="13800138001", 基本信息_邮箱="he.miao@example.com")]
SECRETS = ("13800138001", "138 0013 8001", "he.miao", "18号")


@pytest.mark.parametrize(("mask", "kept"), [(NUMBERS, "何苗2"), (ALL, "何*2")])
def test_no_export_says_what_is_hidden(store: Store, tmp_path: Path, mask: Mask, kept: str) -> None:
    number = fill(store, texts=(TEXT,), labels=(FORMS,))
    source = AnswerSource(labels=True)
    makers = {
        "submission.json": lambda out: export_submission(store, dataset=number, source=source, out=out, mask=mask),
        "dataset.json": lambda out: export_dataset(store, dataset=number, source=source, out=out, mask=mask),
        "test.csv": lambda out: export_test_csv(store, dataset=number, out=out, mask=mask),
        "table.csv": lambda out: export_table(
            store, dataset=number, source=source, out=out, table=TableFormat.CSV, mask=mask
        ),
    }
    for name, make in makers.items():
        make(tmp_path / name)
        written = (tmp_path / name).read_text("utf-8")
        assert not [secret for secret in SECRETS if secret in written], name
        assert kept in written and ("何苗" in written) is (mask is NUMBERS)
    assert all(entry.parameters["mask"] == mask.names for entry in export_log_entries(store))
    row = json.loads((tmp_path / "dataset.json").read_text("utf-8"))[0]
    assert len(row["chat_text"]) == len(TEXT)
    assert row["infos"][0]["基本信息-手机号码"] == "138****8001"


OTHERS = "林小满3：我也要\n客服小陈1：好的\n"


def test_everybody_of_a_chat_is_hidden_in_the_words_of_its_forms(store: Store, tmp_path: Path) -> None:
    labels = [form(基本信息_姓名="何苗2", 下一步跟进计划_具体事项="小满先回访，再找林小满3和小陈1，尾号四位")]
    number = fill(store, texts=(TEXT + OTHERS,), labels=(labels,))
    source = AnswerSource(labels=True)
    export_submission(store, dataset=number, source=source, out=tmp_path / "submission.json", mask=ALL)
    export_dataset(store, dataset=number, source=source, out=tmp_path / "dataset.json", mask=ALL)
    table = TableFormat.CSV
    export_table(store, dataset=number, source=source, out=tmp_path / "table.csv", table=table, mask=ALL)
    export_html_report(store, dataset=number, source=source, out=tmp_path / "report.html", mask=ALL)
    options = TrainingOptions(datasets=(number,), source=source, min_rows=0, mask=tuple(ALL.names))
    export_training(store, options=options, out=tmp_path / "set")
    for name in ("submission.json", "dataset.json", "table.csv", "report.html", "set/train.jsonl"):
        written = (tmp_path / name).read_text("utf-8")
        assert "尾号四位" in written and not [one for one in ("小满", "小陈") if one in written], name


def test_a_masked_export_says_so(store: Store, tmp_path: Path) -> None:
    number = fill(store, texts=(TEXT,), labels=(FORMS,))
    source = AnswerSource(labels=True)
    out = tmp_path / "submission.json"
    assert export_submission(store, dataset=number, source=source, out=out).as_json()["masked"] == []
    result = export_submission(store, dataset=number, source=source, out=out, mask=NUMBERS)
    assert result.as_json()["masked"] == NUMBERS.names and any("已遮盖" in note for note in result.notes)
    details = [entry.detail for entry in audit_entries(store)]
    assert [("已遮盖 phone" in detail) for detail in details if "submission" in detail] == [True, False]


def test_a_masked_training_set_is_read_back_and_built_again(store: Store, tmp_path: Path) -> None:
    number = fill(store, texts=(TEXT,), labels=(FORMS,))
    options = TrainingOptions(datasets=(number,), source=AnswerSource(labels=True), min_rows=0, mask=("phone", "email"))
    export_training(store, options=options, out=tmp_path / "set")
    written = (tmp_path / "set" / "train.jsonl").read_bytes()
    assert b"138****8001" in written and b"he.miao" not in written and b"13800138001" not in written
    rebuild(store, training_sets(store)[0].id, tmp_path / "again")
    assert (tmp_path / "again" / "train.jsonl").read_bytes() == written
    with pytest.raises(SettingsError, match="可以遮盖的"):
        export_training(store, options=replace(options, mask=("wechat",)), out=tmp_path / "no")


def test_rows_of_a_page_are_hidden_by_the_same_rule(store: Store) -> None:
    number = fill(store, texts=(TEXT,), labels=(FORMS,))
    with store.read() as session:
        dataset = queries.dataset(session, number)
    rows = [
        {"群聊": 1, "客户": "何苗2", "字段": "基本信息-手机号码", "r": "13800138001", "提出人": "何苗"},
        {"群聊": 1, "客户": 1, "字段": "具体事项", "r": "何苗要回访，小陈1 去", "理由": "应是 he.miao@example.com"},
        {"群聊": 9, "客户": 1, "字段": "从没有过", "r": "三千元", "理由": "电话 13800138001"},
    ]
    assert mask_rows(store, dataset, rows, ALL) == [
        {"群聊": 1, "客户": "何*2", "字段": "基本信息-手机号码", "r": "138****8001", "提出人": "何苗"},
        {"群聊": 1, "客户": 1, "字段": "具体事项", "r": "何*要回访，小*1 去", "理由": "应是 h******@example.com"},
        {"群聊": 9, "客户": 1, "字段": "从没有过", "r": "三千元", "理由": "电话 138****8001"},
    ]
