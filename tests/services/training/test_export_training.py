"""Training sets: golden files of every format, what the parser reads back, repeats, splits, limits, refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RecordStatus
from core.domain.form import Form
from core.domain.prompts import load_prompt, render
from core.domain.replies import parse_reply
from core.errors import ExportError, PromptError
from core.services.export import AnswerSource, export_log_entries, parse_source
from core.services.training import (
    AnswerFilters,
    InputKind,
    OverBudget,
    TrainingFormat,
    TrainingOptions,
    export_training,
)
from core.services.training.row_formats import dataset_info, rejected_of, target_of
from tests.factories.exports import FIRST, LABELS, RUN, TEXTS, fill
from tests.factories.exports import form as filled
from tests.factories.training import in_format

GOLDEN = Path(__file__).parents[3] / "tests" / "golden"
ROWS = 4


def rows_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def options(**changes: Any) -> TrainingOptions:
    return TrainingOptions(**{"datasets": ("四条",), "source": AnswerSource(labels=True), "min_rows": 0, **changes})


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_golden_files(store: Store, tmp_path: Path, data_format: TrainingFormat) -> None:
    fill(store)
    out = tmp_path / "set"
    export_training(store, options=in_format(data_format, min_rows=ROWS + 1, prompt="baseline.v1"), out=out)
    assert (out / "train.jsonl").read_bytes() == (GOLDEN / f"training_{data_format}.jsonl").read_bytes()
    expected = {"train.jsonl", "manifest.json"}
    expected |= {"README.md"} if data_format is not TrainingFormat.DPO_QIANFAN else set()
    described = dataset_info(data_format, {"shiyao": "train.jsonl"})
    if described is not None:
        expected |= {"dataset_info.json", "train.yaml", "model.toml", "LOCAL.md"}
        assert json.loads((out / "dataset_info.json").read_text()) == described
        info = described["shiyao"]
        assert set(info["columns"].values()) <= set(rows_of(out / "train.jsonl")[0])
    assert {path.name for path in out.iterdir()} == expected


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_answers_are_read_as_the_forms_they_were_made_of(
    store: Store, tmp_path: Path, form: Form, data_format: TrainingFormat
) -> None:
    fill(store)
    export_training(store, options=in_format(data_format), out=tmp_path / "set")
    rows = rows_of(tmp_path / "set" / "train.jsonl")
    approved = [parse_reply(form, target_of(data_format, row)).forms for row in rows if row_tag(row)]
    assert approved == list(LABELS[:2] if data_format.is_preference else LABELS)
    if data_format.is_preference:  # the first two are those about which the run says something else
        texts = [target_of(data_format, row) for row in rows if not row_tag(row)] or [
            rejected_of(data_format, row) for row in rows
        ]
        assert [parse_reply(form, text).forms for text in texts] == list(RUN[:2])


def row_tag(row: Any) -> bool:
    return bool(row.get("kto_tag", True)) if isinstance(row, dict) else True


def test_the_question_is_the_one_that_extraction_asks(store: Store, tmp_path: Path, form: Form) -> None:
    fill(store)
    asked = render(load_prompt("baseline"), form, chat=FIRST.rstrip("\n"))
    whole = f"{asked.system}\n\n{asked.user}"
    first = {}
    for data_format in TrainingFormat:
        export_training(store, options=in_format(data_format), out=tmp_path / data_format)
        first[data_format] = rows_of(tmp_path / data_format / "train.jsonl")[0]
    assert first[TrainingFormat.SPARK_PAIR]["input"] == whole
    assert "\n".join([first[TrainingFormat.SPARK][key] for key in ("instruction", "input")]) == whole
    assert "\n".join([first[TrainingFormat.ALPACA][key] for key in ("instruction", "input")]) == asked.user
    assert first[TrainingFormat.ALPACA]["system"] == asked.system
    assert first[TrainingFormat.SPARK]["input"].startswith(FIRST.rstrip("\n"))
    assert [turn["value"] for turn in first[TrainingFormat.SHAREGPT]["conversations"]][0] == asked.user
    assert [turn["content"] for turn in first[TrainingFormat.OPENAI]["messages"]][:2] == [asked.system, asked.user]
    assert first[TrainingFormat.DPO_SHAREGPT]["conversations"][0]["value"] == asked.user
    for messages in (
        first[TrainingFormat.DPO_OPENAI]["input"]["messages"],
        first[TrainingFormat.DPO_BAILIAN]["messages"],
    ):
        assert [turn["content"] for turn in messages] == [asked.system, asked.user]
    assert first[TrainingFormat.DPO_QIANFAN][0]["user"] == asked.user
    for data_format in ("spark", "dpo-alpaca", "kto"):
        manifest = json.loads((tmp_path / data_format / "manifest.json").read_text())
        assert manifest["rows"][0]["question_sha256"] == asked.sha256


def test_residue_is_in_no_row(store: Store, tmp_path: Path) -> None:
    fill(store)
    for text in (InputKind.RAW, InputKind.CLEAN):
        export_training(store, options=options(text=text), out=tmp_path / text)
        assert "data-online-sheet" not in (tmp_path / text / "train.jsonl").read_text()
    raw, clean = (rows_of(tmp_path / text / "train.jsonl")[1]["input"] for text in ("raw", "clean"))
    assert raw.startswith(TEXTS[1])
    assert clean.startswith(TEXTS[1].replace("客服小陈1：[图片]\n", ""))


def test_97_chats_become_1552_rows(store: Store, tmp_path: Path) -> None:
    texts = tuple(f"客户{number}：你好" for number in range(97))
    fill(store, texts=texts, labels=tuple([filled(基本信息_姓名=f"客户{number}")] for number in range(97)))
    report = export_training(store, options=options(min_rows=1500), out=tmp_path / "set")
    rows = rows_of(tmp_path / "set" / "train.jsonl")
    assert (report.counts["chats"], report.counts["repeats"], len(rows)) == (97, 16, 1552)
    assert rows[:97] == rows[97:194] == rows[-97:]
    assert len({row["input"] for row in rows}) == 97


def test_records_win_over_labels_and_alone_if_asked(store: Store, tmp_path: Path) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED, 3: RecordStatus.DISCUSS})
    report = export_training(store, options=options(source=parse_source("labels+records")), out=tmp_path / "both")
    stages = [json.loads(row["output"])[0]["客户购买阶段"] for row in rows_of(tmp_path / "both" / "train.jsonl")[:3]]
    assert stages == ["报价", "", "需求调研"]
    assert report.counts["without_answer"] == 0
    report = export_training(store, options=options(source=parse_source("records")), out=tmp_path / "records")
    assert (report.counts["rows"], report.counts["without_answer"]) == (1, 3)
    manifest = json.loads((tmp_path / "records" / "manifest.json").read_text())
    assert manifest["rows"][0]["reviewer"] == "小王"
    assert manifest["rows"][0]["version"] == 3
    prompt = manifest["parameters"]["prompt"]  # the version that goes by the name for this form
    assert prompt.startswith("baseline.v") and manifest["parameters"]["prompt_sha256"] == load_prompt(prompt).sha256


def test_records_behind_which_there_are_no_labels_stand_alone(store: Store, tmp_path: Path) -> None:
    fill(store, labels=None, statuses={2: RecordStatus.CONFIRMED})
    report = export_training(store, options=options(source=parse_source("labels+records")), out=tmp_path / "set")
    assert (report.counts["rows"], report.counts["without_answer"]) == (1, 3)


def test_the_same_choices_give_the_same_bytes_and_an_entry_each(store: Store, tmp_path: Path) -> None:
    fill(store)
    reports = [
        export_training(store, options=options(min_rows=30, seed=7, validation=0.25), out=tmp_path / name)
        for name in ("a", "b")
    ]
    for name in ("train.jsonl", "val.jsonl", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    other = export_training(store, options=options(min_rows=30, seed=8, validation=0.25), out=tmp_path / "c")
    assert other.sha256 != reports[0].sha256 == reports[1].sha256
    found = export_log_entries(store)
    assert [entry.name for entry in found] == ["c", "b", "a"]
    assert found[0].parameters["seed"] == 8
    assert found[0].dataset == "四条"


def test_validation_is_split_by_chat(store: Store, tmp_path: Path) -> None:
    texts = tuple(f"客户{number // 2}：你好" for number in range(20))
    fill(store, texts=texts, labels=tuple([filled()] for _ in texts))
    report = export_training(store, options=options(validation=0.3, seed=1, min_rows=100), out=tmp_path / "set")
    train, held = (rows_of(tmp_path / "set" / name) for name in ("train.jsonl", "val.jsonl"))
    assert (report.counts["train"], report.counts["val"], len(train), len(held)) == (14, 6, 112, 6)
    assert not {row["input"] for row in train} & {row["input"] for row in held}
    parts = [row["part"] for row in json.loads((tmp_path / "set" / "manifest.json").read_text())["rows"]]
    assert (parts.count("train"), parts.count("val")) == (14, 6)
    export_training(store, options=options(), out=tmp_path / "set")
    assert not (tmp_path / "set" / "val.jsonl").exists()


def test_rows_over_the_limit_are_named_skipped_or_cleaned(store: Store, tmp_path: Path) -> None:
    pictures = "小钱4：我要两套\n" + "客服小陈1：[图片]\n" * 40
    long = "小孙4：" + "我们想再看看" * 100
    fill(store, texts=("小李4：好", pictures, long), labels=tuple([filled()] for _ in range(3)))
    plain = export_training(store, options=options(), out=tmp_path / "set")
    sizes = [row["characters"] for row in json.loads((tmp_path / "set" / "manifest.json").read_text())["rows"]]
    assert plain.counts["longest"] == max(sizes)
    limit = sizes[0] + 100
    out = tmp_path / "limited"
    with pytest.raises(ExportError, match=rf"有 2 行超过 {limit:,} 字：四条 第 2 条（{sizes[1]:,} 字）、四条 第 3 条"):
        export_training(store, options=options(max_chars=limit), out=out)
    assert not out.exists()
    report = export_training(store, options=options(max_chars=limit, over_budget=OverBudget.SKIP), out=out)
    assert [note["index"] for note in report.as_json()["skipped"]] == [2, 3]
    assert len(rows_of(out / "train.jsonl")) == 1
    with pytest.raises(ExportError, match="有 1 行清理之后仍超过 .*：四条 第 3 条"):
        export_training(store, options=options(max_chars=limit, over_budget=OverBudget.CLEAN), out=out)
    report = export_training(store, options=options(max_chars=sizes[2], over_budget=OverBudget.CLEAN), out=out)
    assert "cleaned" not in report.as_json()
    report = export_training(
        store, options=options(max_chars=sizes[2] - 1, over_budget=OverBudget.SKIP, text=InputKind.CLEAN), out=out
    )
    assert [note["index"] for note in report.as_json()["skipped"]] == [3]
    assert "[图片]" in rows_of(out / "train.jsonl")[1]["input"]
    assert rows_of(out / "train.jsonl")[1]["input"].count("[图片]") == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"datasets": ()}, "没有选择数据集"),
        ({"datasets": ("四条", "四条")}, "选了两次"),
        ({"source": AnswerSource(run="模型")}, "不能直接用抽取任务"),
        ({"source": AnswerSource(records=True)}, "来源（已确认的记录）没有一行可以训练"),
        ({"text": InputKind.SUMMARY, "prompt": "baseline"}, "都没有摘要"),
        ({"tasks": ()}, "没有选择训练任务"),
        ({"tasks": ("没有",)}, "不认识训练任务「没有」"),
        ({"target": "spark-9k"}, "不认识训练目标"),
        ({"target": "spark-4k", "max_chars": 9}, "不止一个"),
        ({"cutoff_len": 0}, "token 上限"),
        ({"max_rows": 3, "min_rows": 10}, "最多行数"),
        ({"balance": 1.0}, "均衡比例"),
        ({"overlap": -1}, "重叠"),
        ({"filters": AnswerFilters(since="昨天")}, "日期「昨天」看不懂"),
        ({"filters": AnswerFilters(since="2026-02-01", until="2026-01-01")}, "晚于"),
        ({"filters": AnswerFilters(score_min=3)}, "哪个抽取任务"),
        ({"filters": AnswerFilters(filled=("没有",))}, "没有字段「没有」"),
        ({"filters": AnswerFilters(reviewers=("小王",))}, "没有一行可以训练"),
        ({"min_rows": -1}, "最少行数"),
        ({"max_chars": 0}, "字数上限"),
        ({"validation": 1.0}, "验证集比例"),
        ({"validation": float("nan")}, "验证集比例"),
    ],
)
def test_choices_that_make_no_sense_are_refused(
    store: Store, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    fill(store)
    with pytest.raises(ExportError, match=sentence):
        export_training(store, options=options(**changes), out=tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir() if "set" in path.name] == []


def test_other_refusals(store: Store, tmp_path: Path) -> None:
    fill(store)
    with pytest.raises(PromptError):
        export_training(store, options=options(prompt="没有"), out=tmp_path / "set")
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="是一个文件"):
        export_training(store, options=options(), out=tmp_path / "file")
    fill(store, "一条", texts=("小李4：好",), labels=([filled()],))
    with pytest.raises(ExportError, match="分不出验证集"):
        export_training(store, options=options(datasets=("一条",), validation=0.5), out=tmp_path / "set")
