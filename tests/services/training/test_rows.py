"""Which rows a set has: filters, tasks, duplicates, leakage, balance, numbers of rows; and what readers make of it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import update
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Pass, Record, RecordStatus
from core.domain.form import Form
from core.domain.near_duplicates import NearDuplicates
from core.domain.prompts import load_prompt
from core.domain.replies import parse_reply
from core.errors import ExportError, PromptError
from core.services.export import AnswerSource
from core.services.extraction import prompt_library
from core.services.training import (
    AnswerFilters,
    DuplicatePolicy,
    TrainingFormat,
    export_training,
    preflight,
    rebuild,
    reviewers_of,
    training_set,
)
from core.services.training.row_formats import SCHEMAS, check_info, check_row, target_of
from core.services.training.tasks import tasks_of
from tests.factories.datasets import make_record
from tests.factories.exports import LABELS, fill
from tests.factories.exports import form as filled
from tests.factories.training import in_format, manifest_of, options, rows_of

BOTH = AnswerSource(records=True, labels=True)
STORY = "客户甲：我们是做建材的，想上一套系统管客户和合同，用过别家的，嫌贵也嫌慢。\n客服小陈1：明白，有多少人用？\n"


def indices(folder: Path, part: str = "") -> list[int]:
    rows = manifest_of(folder)["rows"]
    return [row["index"] for row in rows if part in ("", row["part"])]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (AnswerFilters(filled=("意向产品",)), [1]),
        (AnswerFilters(filled=("基本信息-姓名", "客户购买阶段")), [1, 2, 3]),
        (AnswerFilters(reviewers=("小王",)), [1, 2]),
        (AnswerFilters(since="2026-03-02"), [2]),
        (AnswerFilters(until="2026-03-01"), [1]),
        (AnswerFilters(confirmed=("基本信息-姓名",)), [2]),
        (AnswerFilters(score_run="模型", score_min=36), [4]),
        (AnswerFilters(score_run="模型", score_max=20), [2]),
    ],
)
def test_filters_pass_only_what_is_good_enough(
    store: Store, tmp_path: Path, filters: AnswerFilters, left: list[int]
) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED, 2: RecordStatus.CONFIRMED})
    with store.write() as session:
        for number in (1, 2):
            # Noon, so that the day is the same wherever the test runs.
            at = datetime(2026, 3, number, 12, tzinfo=UTC)
            session.execute(update(Record).where(col(Record.id) == number).values(updated_at=at))
        record = session.get(Record, 2)
        assert record is not None
        record.customers = [{**one, "confirmed": {"基本信息-姓名": "逐项确认"}} for one in record.customers]
        record.updated_at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    report = export_training(store, options=options(source=BOTH, filters=filters), out=tmp_path / "set")
    assert indices(tmp_path / "set") == left
    assert report.counts["filtered"] == 4 - len(left)
    assert any("未写入" in note for note in report.notes)


def test_tasks_ask_for_less_and_are_read_by_the_same_parser(store: Store, form: Form, tmp_path: Path) -> None:
    fill(store)
    export_training(store, options=options(tasks=("form", "customers", "意向产品")), out=tmp_path / "set")
    rows = rows_of(tmp_path / "set")
    assert [entry.get("task", "form") for entry in manifest_of(tmp_path / "set")["rows"][:3]] == [
        "form",
        "customers",
        "意向产品",
    ]
    for row, task in zip(rows[:3], tasks_of(form, ("form", "customers", "意向产品")), strict=True):
        assert parse_reply(task.form, row["output"]).forms == task.restrict(LABELS[0])
        assert ("客户购买阶段" in row["instruction"] + row["input"]) == (task.name == "form")
    assert json.loads(rows[1]["output"]) == [{"基本信息-姓名": "林晓3"}]
    assert json.loads(rows[2]["output"]) == [{"基本信息-姓名": "林晓3", "意向产品": ["会话存档", "高级版"]}]
    whole = preflight(store, options(tasks=("fields", "基本信息-姓名")))
    assert len(whole.rows) == len(LABELS) * len(form.keys)


def story(number: int, changed: str = "") -> str:
    """A chat of its own, long enough to be compared; ``changed`` makes a near-duplicate."""
    salt = [hashlib.sha256(f"{number}-{line}".encode()).hexdigest() for line in range(12)]
    return STORY + "".join(f"客户甲：{one}\n" for one in salt) + changed


def fill_similar(store: Store) -> None:
    """Twelve chats: 1–4 nearly equal, 5 and 6 equal with different answers, the others apart."""
    texts = [story(0), story(0, "客户甲：谢谢"), story(0, "客户甲：好的再见"), story(0, "客服小陈1：不客气")]
    texts += [story(5), story(5)] + [story(number) for number in range(6, 12)]
    labels = [[filled(基本信息_姓名="客户甲")] for _ in texts]
    labels[5] = [filled(基本信息_姓名="客户乙")]
    fill(store, texts=tuple(texts), labels=tuple(labels))


@pytest.mark.parametrize("seed", range(6))
def test_nearly_equal_chats_are_never_on_both_sides(store: Store, tmp_path: Path, seed: int) -> None:
    fill_similar(store)
    export_training(store, options=options(validation=0.4, seed=seed), out=tmp_path / "set")
    held = set(indices(tmp_path / "set", "val"))
    assert held
    assert held & {1, 2, 3, 4} in ({1, 2, 3, 4}, set())
    assert held & {5, 6} in ({5, 6}, set())
    train, validation = (rows_of(tmp_path / "set", part) for part in ("train", "val"))
    assert not {row["input"] for row in train} & {row["input"] for row in validation}
    assert {*indices(tmp_path / "set", "train"), *held} == set(range(1, 13))


def test_repeated_chats_are_shown_and_dropped_by_choice(store: Store, tmp_path: Path) -> None:
    fill_similar(store)
    found = preflight(store, options())
    assert found.similar == [[f"四条 第 {index} 条" for index in group] for group in ([1, 2, 3, 4], [5, 6])]
    assert found.contradictions == [["四条 第 5 条", "四条 第 6 条"]]
    for policy, left in ((DuplicatePolicy.EXACT, 11), (DuplicatePolicy.NEAR, 8)):
        report = export_training(store, options=options(duplicates=policy), out=tmp_path / policy)
        assert (len(indices(tmp_path / policy)), report.counts["duplicates_dropped"]) == (left, 12 - left)
    assert indices(tmp_path / "near") == [1, 5, 7, 8, 9, 10, 11, 12]


def test_equal_chats_contradict_one_another_in_whatever_is_asked_last(store: Store) -> None:
    labels = ([filled(基本信息_姓名="林晓3", 客户购买阶段="报价")], [filled(基本信息_姓名="林晓3")])
    fill(store, texts=("林晓3：你好，我想问问价格",) * 2, labels=labels)
    assert preflight(store, options(tasks=("customers",))).contradictions == []
    found = preflight(store, options(tasks=("customers", "客户购买阶段")))
    assert found.contradictions == [["四条 第 1 条", "四条 第 2 条"]]


def test_reviewers_to_choose_from_are_those_whose_records_count(store: Store) -> None:
    number = fill(store)
    with store.read() as session:
        dataset = queries.dataset(session, number)
    make_record(store, dataset, 1, [], reviewer="初审")
    make_record(store, dataset, 1, [], reviewer="复审", review_pass=Pass.SECOND)
    make_record(store, dataset, 2, [], reviewer="被仲裁")
    make_record(store, dataset, 2, [], reviewer="主管", review_pass=Pass.ADJUDICATED)
    make_record(store, dataset, 3, [], RecordStatus.DRAFT, reviewer="草稿")
    make_record(store, dataset, 4, [], reviewer="初审")
    make_record(store, dataset, 4, [], RecordStatus.DISCUSS, reviewer="未定", review_pass=Pass.ADJUDICATED)
    with store.read() as session:
        assert sorted(reviewers_of(session, [number])) == sorted(["主管", "初审"])
        final = [(record.index, record.reviewer) for record in queries.confirmed(session, number)]
    assert final == [(1, "初审"), (2, "主管"), (4, "初审")]


def test_a_record_without_customers_confirms_no_field(store: Store, tmp_path: Path) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED, 4: RecordStatus.CONFIRMED})
    with store.write() as session:
        record = session.get_one(Record, 1)
        record.customers = [{**one, "confirmed": {"基本信息-姓名": "逐项确认"}} for one in record.customers]
        assert session.get_one(Record, 2).customers == []
    choice = options(source=BOTH, filters=AnswerFilters(confirmed=("基本信息-姓名",)))
    report = export_training(store, options=choice, out=tmp_path / "set")
    assert indices(tmp_path / "set") == [1]
    assert any("没有逐项确认，未写入 3 条：" in note and "四条 第 4 条" in note for note in report.notes)


def test_of_equal_chats_the_record_stays(store: Store, tmp_path: Path) -> None:
    texts = ("林晓3：你好，我想问问价格",) * 2
    fill(store, texts=texts, labels=(LABELS[0], LABELS[0]), statuses={2: RecordStatus.CONFIRMED})
    export_training(store, options=options(source=BOTH, duplicates=DuplicatePolicy.EXACT), out=tmp_path / "set")
    assert indices(tmp_path / "set") == [2]


def test_similarity_tells_apart_and_together() -> None:
    similar = NearDuplicates()
    texts = {b"a": story(1), b"b": story(2), b"c": story(1, "客户甲：嗯"), b"d": "", b"e": "好"}
    for digest, text in texts.items():
        similar.add(digest, text)
    groups = similar.groups()
    assert groups[b"a"] == groups[b"c"] == b"a"
    assert len({groups[one] for one in (b"a", b"b", b"d", b"e")}) == 4


def test_rare_fields_are_shown_and_balanced(store: Store, tmp_path: Path) -> None:
    labels = [[filled(基本信息_姓名=f"客户{number}")] for number in range(20)]
    labels[3] = [filled(基本信息_姓名="客户3", 竞品信息="某家")]
    labels[4] = [filled()]
    fill(store, texts=tuple(f"客户{number}：你好" for number in range(20)), labels=tuple(labels))
    found = preflight(store, options())
    shares = {one.key: one.share for one in found.balance}
    assert (shares["竞品信息"], shares["基本信息-姓名"], shares["客户购买阶段"]) == (0.05, 0.95, 0.0)
    assert "竞品信息" in {one.key for one in found.rarely_filled}
    assert found.counts["empty_targets"] == 1
    report = export_training(store, options=options(balance=0.15), out=tmp_path / "set")
    assert (report.counts["rows"], report.counts["copied"]) == (22, 1)
    balanced = {one.key: one.balanced for one in preflight(store, options(balance=0.15)).balance}
    assert balanced["竞品信息"] == pytest.approx(3 / 22)
    entry = manifest_of(tmp_path / "set")["rows"][3]
    assert (entry["index"], entry["copies"]) == (4, 3)


def test_a_maximum_that_the_repeats_would_pass_is_refused(store: Store, tmp_path: Path) -> None:
    fill(store)
    with pytest.raises(ExportError, match="重复 3 遍是 12 行，超过最多行数 11"):
        export_training(store, options=options(min_rows=9, max_rows=11), out=tmp_path / "set")
    assert export_training(store, options=options(min_rows=9, max_rows=12), out=tmp_path / "set").counts["rows"] == 12


@pytest.fixture
def hugging_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The reader that trainers use, kept off the network and out of the home folder."""
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "hf"))
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "1")
    import datasets

    datasets.disable_progress_bars()
    yield datasets
    datasets.enable_progress_bars()


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_trainers_read_every_format(
    store: Store, form: Form, tmp_path: Path, hugging_face: Any, data_format: TrainingFormat
) -> None:
    fill(store)
    out = tmp_path / "set"
    export_training(store, options=in_format(data_format, min_rows=6, validation=0.25, seed=1), out=out)
    files = {"train": str(out / "train.jsonl"), "validation": str(out / "val.jsonl")}
    if (out / "dataset_info.json").exists():  # as LLaMA-Factory finds them
        info = json.loads((out / "dataset_info.json").read_text(encoding="utf-8"))
        files = {
            "train": str(out / info["shiyao"]["file_name"]),
            "validation": str(out / info["shiyao_val"]["file_name"]),
        }
    # A row of Qianfan is a list: its lines are read as texts.
    reader = "text" if data_format is TrainingFormat.DPO_QIANFAN else "json"
    loaded = hugging_face.load_dataset(reader, data_files=files, cache_dir=str(tmp_path / "hf"))
    assert (len(loaded["train"]), len(loaded["validation"])) == (6, 2 if data_format is TrainingFormat.KTO else 1)
    for part, read in (("train", loaded["train"]), ("val", loaded["validation"])):
        written = rows_of(out, part)
        if reader == "text":
            assert [json.loads(row["text"]) for row in read] == written
            continue
        assert list(read) == written
        assert set(read.column_names) == set(written[0])
        assert all(parse_reply(form, target_of(data_format, row)).status == "ok" for row in read)


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_schemas_refuse_what_is_no_row(store: Store, tmp_path: Path, data_format: TrainingFormat) -> None:
    fill(store)
    export_training(store, options=in_format(data_format), out=tmp_path / "set")
    written = rows_of(tmp_path / "set")[0]
    check_row(data_format, written)
    assert set(SCHEMAS) == set(TrainingFormat)
    is_list = data_format is TrainingFormat.DPO_QIANFAN
    row = written[0] if is_list else written
    first = "user" if is_list else next(iter(row))
    for wrong in (
        {},
        [],
        {**row, "more": 1},
        {key: value for key, value in row.items() if key != first},
        {**row, first: 3},
    ):
        with pytest.raises(ValidationError):
            check_row(data_format, [wrong] if is_list else wrong)
    with pytest.raises(ValidationError):
        check_info({"shiyao": {"file_name": "train.jsonl"}})


def test_prompts_of_the_database_are_used_and_kept_with_the_set(store: Store, tmp_path: Path) -> None:
    fill(store)
    source = load_prompt("baseline.v2").source.replace("version: 2", "version: 7").replace("销售数据分析员", "记录员")
    entry = prompt_library.save(store, source, who="小王")
    assert entry.draft_id is not None
    export_training(store, options=options(prompt="baseline.v7"), out=tmp_path / "set")
    assert "记录员" in rows_of(tmp_path / "set")[0]["instruction"]
    prompt_library.remove(store, entry.draft_id)
    assert rebuild(store, 1, tmp_path / "again").sha256 == training_set(store, 1).sha256
    with pytest.raises(PromptError):
        export_training(store, options=options(prompt="baseline.v7"), out=tmp_path / "other")


def test_datasets_go_in_together_and_repeated_chats_between_them_are_seen(store: Store, tmp_path: Path) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    fill(store, "另一批", labels=tuple([filled(基本信息_姓名="某人")] for _ in LABELS))
    both = options(datasets=("另一批", "四条"), source=BOTH)
    report = export_training(store, options=both, out=tmp_path / "set")
    rows = manifest_of(tmp_path / "set")["rows"]
    assert [(row["dataset"], row["index"]) for row in rows] == [
        (name, index) for name in ("另一批", "四条") for index in range(1, 5)
    ]
    assert report.counts["chats"] == 8
    assert len(preflight(store, both).contradictions) == 4
    export_training(store, options=replace(both, duplicates=DuplicatePolicy.EXACT), out=tmp_path / "one")
    kept = [(row["dataset"], row["index"]) for row in manifest_of(tmp_path / "one")["rows"]]
    assert kept == [("另一批", 2), ("另一批", 3), ("另一批", 4), ("四条", 1)]  # the record stays, else the first
