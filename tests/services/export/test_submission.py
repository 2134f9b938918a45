"""The submission: bytes, completeness, sources, refusals."""

import json
from pathlib import Path

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RecordStatus
from core.cli import main
from core.errors import ExportError, NotFoundError
from core.services.export import (
    AnswerSource,
    Coverage,
    coverage_of,
    export_log_entries,
    export_submission,
    parse_source,
)
from core.services.export.atomic_file import pending_file
from core.services.export.export_result import index_ranges
from core.services.export.json_writer import verify_array, write_array
from core.services.quality import pin_default_run
from tests.factories.datasets import FORM
from tests.factories.exports import LABELS, fill
from tests.factories.reviews import NAME, answer, decide, make

GOLDEN = Path(__file__).parents[3] / "tests" / "golden"


def test_labels_as_submission_is_the_golden_file(store: Store, tmp_path: Path) -> None:
    fill(store)
    out = tmp_path / "new" / "submission.json"
    report = export_submission(store, dataset="四条", source=parse_source("run:标注"), out=out)
    assert out.read_bytes() == (GOLDEN / "submission.json").read_bytes()
    assert report.counts == {"chats": 4, "rows": 4, "forms": 4, "records": 0, "fallback": 4, "filled": 0}
    assert report.as_json()["no_customers"] == [4]
    assert [path.name for path in out.parent.iterdir()] == ["submission.json"]


def test_layout_is_that_of_json_dumps(store: Store, tmp_path: Path) -> None:
    fill(store)
    out = tmp_path / "submission.json"
    export_submission(store, dataset="四条", source=parse_source("labels"), out=out)
    value = [{"infos": forms, "index": index} for index, forms in enumerate(LABELS, start=1)]
    assert out.read_bytes() == json.dumps(value, indent=4, ensure_ascii=False).encode()
    assert all(tuple(form) == FORM.keys for item in json.loads(out.read_bytes()) for form in item["infos"])


def test_confirmed_records_win_whole_chat_by_whole_chat(store: Store, tmp_path: Path) -> None:
    confirmed, draft_ = RecordStatus.CONFIRMED, RecordStatus.DRAFT
    fill(store, statuses={1: draft_, 2: confirmed, 3: confirmed, 4: RecordStatus.DISCUSS})
    out = tmp_path / "submission.json"
    report = export_submission(store, dataset="四条", source=parse_source("records+run:模型"), out=out)
    got = {item["index"]: item["infos"] for item in json.loads(out.read_bytes())}
    assert got[1][0]["咨询类型"] == ["答疑"]
    assert [form["客户购买阶段"] for form in got[2]] == ["报价", "报价"]
    assert got[3][0]["客户购买阶段"] == "报价"
    assert got[4] == []
    assert (report.counts["records"], report.counts["fallback"]) == (2, 2)


def test_a_chat_without_an_answer_refuses_the_export_by_name(store: Store, tmp_path: Path) -> None:
    fill(store, expected=6, statuses={1: RecordStatus.CONFIRMED, 2: RecordStatus.SKIPPED})
    out = tmp_path / "submission.json"
    out.write_text("yesterday's")
    with pytest.raises(ExportError, match=r"5 条群聊没有已确认的记录：第 2–6 条（其中第 5、6 条没有导入或已删除）"):
        export_submission(store, dataset="四条", source=parse_source("records"), out=out)
    with pytest.raises(ExportError, match=r"既没有已确认的记录，也没有抽取任务「模型」的结果：第 3、5、6 条"):
        export_submission(store, dataset="四条", source=parse_source("records+run:模型"), out=out)
    assert out.read_text() == "yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir() if "submission" in path.name) == ["submission.json"]


def test_missing_chats_get_one_empty_form_where_that_is_chosen(store: Store, tmp_path: Path) -> None:
    fill(store, expected=6)
    out = tmp_path / "submission.json"
    report = export_submission(store, dataset="四条", source=parse_source("run:模型"), out=out, fill_missing=True)
    got = json.loads(out.read_bytes())
    assert [item["index"] for item in got] == [1, 2, 3, 4, 5, 6]
    assert [item["infos"] for item in got if item["index"] in (3, 5, 6)] == [[FORM.empty()]] * 3
    assert report.as_json()["filled"] == [3, 5, 6]
    assert "补空 3 条：第 3、5、6 条" in report.notes


def test_the_ledger_keeps_where_every_line_came_from(store: Store, tmp_path: Path) -> None:
    fill(store, statuses={3: RecordStatus.CONFIRMED})
    report = export_submission(store, dataset="四条", source=parse_source("records+run:模型"), out=tmp_path / "s.json")
    (entry,) = export_log_entries(store)
    with store.read() as session:
        assert (entry.kind, entry.name, entry.dataset, entry.sha256) == ("submission", "s.json", "四条", report.sha256)
        provenance = session.connection().exec_driver_sql("select provenance from export").scalar_one()
    lines = json.loads(provenance)
    assert [line["index"] for line in lines] == [1, 2, 3, 4]
    assert lines[2] == {"index": 3, "origin": "record", "record": 1, "version": 3, "reviewer": "小王"}
    assert lines[0]["run"] == "模型"


def test_coverage_says_before_what_the_export_will_do(store: Store) -> None:
    dataset_id = fill(store, expected=5, statuses={2: RecordStatus.CONFIRMED})
    found = coverage_of(store, dataset_id, parse_source("records+run:模型"))
    assert found == Coverage(records=(2,), fallback=(1, 4), missing=(3, 5), rejected=(5,))
    assert found.total == 5


def test_unknown_names_are_refused(store: Store, tmp_path: Path) -> None:
    fill(store, labels=None)
    out = tmp_path / "s.json"
    with pytest.raises(NotFoundError):
        export_submission(store, dataset="没有", source=AnswerSource(records=True), out=out)
    with pytest.raises(NotFoundError):
        export_submission(store, dataset="四条", source=AnswerSource(run="没有"), out=out)
    with pytest.raises(ExportError, match="没有标注"):
        export_submission(store, dataset="四条", source=AnswerSource(labels=True), out=out)
    with pytest.raises(ExportError, match="文件夹"):
        export_submission(store, dataset="四条", source=AnswerSource(run="模型"), out=tmp_path, fill_missing=True)
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("records", AnswerSource(records=True)),
        ("labels", AnswerSource(labels=True)),
        ("labels+records", AnswerSource(records=True, labels=True)),
        ("run:a+b", AnswerSource(run="a+b")),
        ("records+run:基线 v2", AnswerSource(records=True, run="基线 v2")),
    ],
)
def test_sources_read_as_they_are_written(text: str, source: AnswerSource) -> None:
    assert parse_source(text) == source
    assert parse_source(str(source)) == source


@pytest.mark.parametrize("text", ["", "record", "records+", "+labels", "run:", "recordslabels", "labels+run:a"])
def test_other_sources_are_refused(text: str) -> None:
    with pytest.raises(ExportError, match="不认识来源"):
        parse_source(text)


def test_a_file_that_reads_back_differently_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    with pytest.raises(ExportError, match="第 2 个元素"), pending_file(target) as file:
        prints = write_array(file, [{"a": 1}, {"b": "乙"}])
        file.path.write_bytes(file.path.read_bytes().replace("乙".encode(), "丙".encode()))
        verify_array(file, prints)
    with pytest.raises(ExportError, match="不是完整的 JSON"), pending_file(target) as file:
        prints = write_array(file, [{"a": 1}, {"b": "乙"}])
        file.path.write_bytes(file.path.read_bytes()[:-1])
        verify_array(file, prints)
    with pytest.raises(ExportError, match="应有 2 个元素"), pending_file(target) as file:
        prints = write_array(file, [{"a": 1}, {"b": "乙"}])
        file.path.write_text('[{"a": 1}]')
        verify_array(file, prints)
    assert list(tmp_path.iterdir()) == []


def test_ranges_name_every_index() -> None:
    assert index_ranges([7, 1, 2, 3, 4, 9, 10]) == "1–4、7、9、10"
    assert index_ranges([]) == ""


def test_without_a_source_the_rest_comes_from_the_run_that_the_records_came_from(store: Store, tmp_path: Path) -> None:
    dataset = make(store, 5)
    answers = {i: [{NAME: f"林木{i}"}] for i in range(1, 6)}
    finetuned = answer(store, dataset, "finetuned", answers)
    answer(store, dataset, "local", answers)
    decide(store, dataset, 1, values={NAME: "改过"}, run=finetuned)
    decide(store, dataset, 2, values={NAME: "改过"}, run=finetuned)
    decide(store, dataset, 3, values={NAME: "从空表填的"})
    report = export_submission(store, dataset=dataset.id, out=tmp_path / "s.json").as_json()
    assert report["sources"] == [{"source": "records", "chats": 3}, {"source": "run:finetuned", "chats": 2}]
    assert report["records_from"] == [{"run": "finetuned", "chats": 2}, {"run": "", "chats": 1}]
    (entry,) = export_log_entries(store)
    assert entry.parameters["source"] == "records+run:finetuned"
    code = main(
        [
            "--db",
            f"sqlite:///{store.path}",
            "export",
            "submission",
            "--dataset",
            "群聊",
            "--out",
            str(tmp_path / "t.json"),
        ]
    )
    assert code == 0 and (tmp_path / "t.json").read_bytes() == (tmp_path / "s.json").read_bytes()


def test_without_records_the_default_run_answers(store: Store, tmp_path: Path) -> None:
    dataset = make(store, 2)
    first = answer(store, dataset, "一", {i: [{NAME: f"林木{i}"}] for i in (1, 2)})
    answer(store, dataset, "二", {i: [{NAME: f"林木{i}"}] for i in (1, 2)})
    pin_default_run(store, dataset.id, first, who="林晓")
    report = export_submission(store, dataset=dataset.id, out=tmp_path / "s.json").as_json()
    assert report["sources"] == [{"source": "records", "chats": 0}, {"source": "run:一", "chats": 2}]
