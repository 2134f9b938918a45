"""Masked exports: nothing hidden is left anywhere, everything else is as it was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.adapters.store import Store
from core.domain.masking import Mask, Masked
from core.errors import SettingsError
from core.services.export import (
    AnswerSource,
    TableFormat,
    export_dataset,
    export_log_entries,
    export_submission,
    export_table,
)
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
