"""Submissions and label files attached to a dataset."""

import json
from io import BytesIO
from typing import Any

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import Run, RunKind
from core.domain.form import Form
from core.errors import ConflictError, InputError, NotFoundError
from core.services.datasets import ImportReport, import_chats, import_run

TEXTS = ["甲一：价格多少", "乙二：在吗", "丙三：发合同"]


@pytest.fixture
def dataset(store: Store) -> int:
    data = json.dumps([{"chat_text": chat} for chat in TEXTS]).encode()
    return import_chats(store, BytesIO(data), filename="a.json", dataset="数据").dataset_id


def attach(store: Store, rows: Any, name: str = "基线", **options: Any) -> ImportReport:
    return import_run(store, BytesIO(json.dumps(rows).encode()), filename="s.json", dataset="数据", run=name, **options)


def test_a_submission_becomes_a_run(store: Store, dataset: int, form: Form) -> None:
    info = {**form.empty(), form.name_field: "甲一"}
    rows = [{"infos": [info], "index": 3}, {"infos": [], "index": 1}]
    report = attach(store, rows)
    assert (report.added, report.skipped, report.rejected, report.run) == (2, 0, (), "基线")
    assert report.notes == ("数据集有 3 条群聊，其中 1 条在这个文件里没有结果",)
    with store.read() as session:
        run = queries.run(session, "基线")
        assert queries.forms_by_index(session, run.id) == {1: [], 3: [info]}
    assert (run.kind, run.status, run.total, run.pending) == ("import", "finished", 2, 0)
    assert run.parameters["file"] == "s.json"
    again = attach(store, rows)
    assert (again.added, again.skipped, again.run_id) == (0, 2, report.run_id)


def test_rows_that_do_not_go_in(store: Store, dataset: int, form: Form) -> None:
    info = form.empty()
    rows: list[Any] = [
        {"infos": [info], "index": 1},
        {"infos": [info], "index": 1},
        {"infos": [info]},
        {"infos": [info], "index": "2"},
        {"infos": [info], "index": True},
        {"infos": [info], "index": 2.5},
        {"infos": [info], "index": 0},
        {"infos": [info], "index": 99},
        {"infos": "x", "index": 3},
        {"index": 3.0},
        5,
    ]
    report = attach(store, rows)
    assert report.added == 2
    assert [(row.index, row.reason) for row in report.rejected] == [
        (1, "index 与前面的条目重复，只用第一条"),
        (3, "缺少编号（index）"),
        (3, "infos 应为列表，收到文本"),
        (3, "缺少 infos"),
        (5, "编号（index）应为整数，收到 'True'"),
        (6, "编号（index）应为整数，收到 '2.5'"),
        (7, "编号（index）从 1 开始计数，收到 0"),
        (11, "应为对象，收到数字"),
        (99, "数据集「数据」里没有这个 index"),
    ]


def test_forms_are_never_edited(store: Store, dataset: int, form: Form) -> None:
    attach(store, [{"infos": [], "index": 1}])
    report = attach(store, [{"infos": [form.empty()], "index": 1}, {"infos": [], "index": 2}])
    assert report.added == 1
    assert [row.reason for row in report.rejected] == ["「基线」里这条群聊已有不同的表单，未改动"]


def test_labels_attach_to_the_datasets_one_run_of_labels(store: Store, dataset: int, form: Form) -> None:
    info = {**form.empty(), form.name_field: "乙二"}
    report = attach(store, [{"infos": [info], "index": 2}], name="人工", kind=RunKind.LABELS)
    assert report.labels == 1
    more = attach(store, [{"infos": [info], "index": 3}], name="第二批", kind=RunKind.LABELS)
    assert (more.run, more.run_id) == ("人工", report.run_id)
    with store.read() as session:
        labels = queries.labels_run(session, dataset)
        assert labels is not None
        assert queries.forms_by_index(session, labels.id) == {2: [info], 3: [info]}


def test_files_of_labelled_chats_must_hold_the_same_texts(store: Store, dataset: int, form: Form) -> None:
    rows = [
        {"chat_text": TEXTS[0], "infos": [form.empty()]},
        {"chat_text": "别的", "infos": []},
        {"chat_text": TEXTS[2]},
    ]
    report = attach(store, rows)
    assert report.added == 1
    assert [(row.index, row.reason) for row in report.rejected] == [
        (2, "聊天文本与数据集里这个 index 的不同"),
        (3, "缺少 infos"),
    ]


def test_refusals_leave_nothing(store: Store, dataset: int) -> None:
    with store.write() as session:
        session.add(Run(dataset_id=dataset, name="模型", kind=RunKind.MODEL))
    row = {"infos": [], "index": 1}
    with pytest.raises(ConflictError, match="「模型」已经存在，不是导入的"):
        attach(store, [row], name="模型")
    with pytest.raises(InputError, match="名称没有填写|名称不能用"):
        attach(store, [row], name=" ")
    with pytest.raises(InputError, match="对不上；第 8 条：数据集「数据」里没有这个 index"):
        attach(store, [{"infos": [], "index": 8}])
    with pytest.raises(InputError, match="都不能导入；第 1 条：缺少 infos"):
        attach(store, [{"infos": None, "index": 1}])
    with pytest.raises(NotFoundError, match="没有数据集「无」"):
        import_run(store, BytesIO(b"[]"), filename="a.json", dataset="无", run="x")
    with store.read() as session:
        assert [run.name for run in queries.runs(session)] == ["模型"]
