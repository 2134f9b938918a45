"""The page 导出, driven from the app's entry."""

import hashlib
import io
import json
import zipfile
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store, queries
from core.adapters.store.models import RecordStatus
from core.services.export import Download, TableFormat, export_log_entries, export_table, parse_source
from core.services.extraction.runs.lifecycle import delete as delete_run
from tests.factories.datasets import make_record, make_run
from tests.factories.exports import fill
from tests.factories.reviews import NAME, answer, decide, make
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, chosen, seen

PAGE = "pages/export/exports.py"


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    return partial(open_page, PAGE)


def finished(app: AppTest) -> Download:
    made: Download = app.session_state["shiyao.export.finished"][1]
    return made


def test_an_empty_house_says_what_to_do(page: OpenPage) -> None:
    app = page()
    assert not app.exception
    assert any("还没有可以导出的内容" in markdown.value for markdown in app.markdown)


def test_every_export_starts_from_a_run_while_no_record_is_confirmed(page: OpenPage, store: Store) -> None:
    dataset = make(store, 3)
    answer(store, dataset, "模型", {i: [{NAME: f"林木{i}"}] for i in (1, 2)})
    app = page()
    chosen(app, "base-every-1").set_value("records").run()
    assert "在「结果来源」里用抽取任务补" in seen(app)
    for kind in ("dataset", "table", "report"):
        app = chosen(app, "kind").set_value(kind).run()
        assert chosen(app, "base-1").value == "both"
        assert ("来自「模型」", "2") in [(metric.label, metric.value) for metric in app.metric]
    decide(store, dataset, 3, values={NAME: "林木3"})
    app = page()
    assert chosen(chosen(app, "kind").set_value("table").run(), "base-1").value == "records"


def test_a_submission_is_refused_until_blanks_are_chosen(page: OpenPage, store: Store) -> None:
    fill(store, expected=5, statuses={1: RecordStatus.CONFIRMED, 2: RecordStatus.CONFIRMED})
    app = page()
    assert not app.exception
    source = chosen(app, "base-every-1")
    assert source.value == "both", "a submission has every chat: a run stands in at first, as on the command line"
    source.set_value("records").run()
    assert [(metric.label, metric.value) for metric in app.metric] == [
        ("群聊", "5"),
        ("来自已确认的记录", "2"),
        ("没有结果", "3"),
    ]
    assert any("第 3–5 条，其中第 5 条没有导入或已删除" in caption.value for caption in app.caption)
    assert button(app, "生成提交文件").disabled
    app.toggle[0].set_value(True).run()
    button(app, "生成提交文件").click().run()
    assert not app.exception
    made = finished(app)
    assert made.name == "submission_四条.json"
    assert [item["index"] for item in json.loads(made.data)] == [1, 2, 3, 4, 5]
    assert hashlib.sha256(made.data).hexdigest() == made.report.sha256
    (entry,) = export_log_entries(store)
    assert entry.sha256 == made.report.sha256
    assert made.report.sha256[:12] in set(app.dataframe[0].value["校验和"])


def test_records_with_a_run_behind_them(page: OpenPage, store: Store) -> None:
    fill(store, statuses={3: RecordStatus.CONFIRMED})
    app = page()
    chosen(app, "base-every-1").set_value("both").run()
    app.selectbox(key="run-1").set_value("模型").run()
    assert [metric.value for metric in app.metric] == ["4", "1", "3", "0"]
    button(app, "生成提交文件").click().run()
    assert json.loads(finished(app).data)[2]["infos"][0]["客户购买阶段"] == "报价"


def test_a_run_that_was_deleted_is_named_with_what_stands_in_its_place(page: OpenPage, store: Store) -> None:
    number = fill(store)
    with store.read() as session:
        dataset = queries.dataset(session, number)
    gone = make_run(store, dataset, "旧", {i: [{}] for i in (1, 2, 3)})
    new = make_run(store, dataset, "新", {i: [{}] for i in (1, 2, 3)})
    customers = [{"values": {"客户购买阶段": "报价"}, "origin": {"客户购买阶段": f"run:{gone}"}}]
    make_record(store, dataset, 1, customers, base_run_id=gone)
    make_record(store, dataset, 2, [{}])
    app = page()
    chosen(app, "base-every-1").set_value("both").run()
    assert app.selectbox(key="run-1").value == "旧" and "不止一个抽取任务" not in seen(app)
    app.selectbox(key="run-1").set_value("旧").run()
    delete_run(store, gone)
    app.run()
    now = app.selectbox(key="run-1").value
    assert f"选过的抽取任务「旧」已删除，现在选的是「{now}」" in seen(app)
    assert "已确认的记录改自：已删除的抽取任务 1 条，空表单 1 条。" in seen(app)
    assert f"改自别的或已删除的抽取任务，缺的却取自「{now}」" in seen(app)
    app.toggle[0].set_value(True).run()
    button(app, "生成提交文件").click().run()
    assert any(f"缺的却取自「{now}」" in note for note in finished(app).report.notes)
    app.selectbox(key="run-1").set_value("新").run()
    assert "选过的抽取任务" not in seen(app)
    delete_run(store, new)
    make_run(store, dataset, "新", {i: [{}] for i in (1, 2, 3)})
    assert "选过的抽取任务「新」已删除" in seen(app.run()), "another one has its name"


@pytest.mark.parametrize("kind", ["test-csv", "dataset", "table"])
def test_the_other_kinds(page: OpenPage, store: Store, kind: str) -> None:
    fill(store, statuses={2: RecordStatus.CONFIRMED})
    app = page()
    chosen(app, "kind").set_value(kind).run()
    next(found for found in app.button if found.label.startswith("生成")).click().run()
    assert not app.exception
    assert finished(app).report.kind == kind
    assert not [error.value for error in app.error]


def test_the_dataset_as_a_folder_that_hugging_face_reads(page: OpenPage, store: Store) -> None:
    fill(store, statuses={2: RecordStatus.CONFIRMED})
    app = page()
    chosen(app, "kind").set_value("dataset").run()
    chosen(app, "layout").set_value("hf").run()
    chosen(app, "mask").set_value(["name"]).run()
    button(app, "生成数据集").click().run()
    assert not app.exception and not app.error
    made = finished(app)
    assert made.name == "hf_四条_已遮盖.zip"
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        folder = "hf_四条_已遮盖"
        assert archive.namelist() == [f"{folder}/README.md", f"{folder}/data/train.json"]
        assert "已遮盖：name" in archive.read(f"{folder}/README.md").decode()
        (chat,) = json.loads(archive.read(f"{folder}/data/train.json"))
    assert "马会5" not in chat["chat_text"]
    chosen(app, "layout").set_value("file").run()
    assert "hf_四条" not in seen(app), "a file is shown beside the choices that made it only"


def test_a_report_of_one_chat_with_phones_hidden(page: OpenPage, store: Store) -> None:
    fill(store)
    app = page()
    chosen(app, "kind").set_value("report").run()
    number = store_dataset(store)
    chosen(app, f"base-{number}").set_value("run").run()
    app.text_input(key=f"chats-{number}").set_value("第 2 条").run()
    chosen(app, "mask").set_value(["phone"]).run()
    button(app, "生成离线报告").click().run()
    made = finished(app)
    assert made.name.endswith(".html") and made.report.counts["chats"] == 1
    assert "马会5" in made.data.decode("utf-8")


def test_an_edited_table_comes_back(page: OpenPage, store: Store, tmp_path: Path) -> None:
    dataset = fill(store)
    out = tmp_path / "表.csv"
    export_table(store, dataset=dataset, source=parse_source("labels"), out=out, table=TableFormat.CSV)
    app = page()
    edited = out.read_text("utf-8-sig").replace("马会5", "马会六")
    app.file_uploader[0].upload("表.csv", edited.encode(), "text/csv").run()
    assert not app.exception
    assert any("1 条记录的 1 个值会改" in one.value for one in app.markdown)
    app.button(key="returned-table-apply").click().run()
    assert not app.exception
    with store.read() as session:
        [record] = queries.records(session, dataset)
    assert [values["基本信息-姓名"] for values in record.forms] == ["马会六", "丁一8"]


def store_dataset(store: Store) -> int:
    with store.read() as session:
        return queries.datasets(session)[0].id
