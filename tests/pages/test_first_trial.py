"""What a new user stumbled over, one place each: names, forms that stay filled, words that say something else."""

from core.adapters.store import Store
from core.adapters.store.models import RunKind
from core.domain.masking import Masked
from core.services.datasets import delete_dataset
from core.services.extraction import runs as run_service
from core.services.review.batches import batches
from core.services.review.queue.filters import Filter
from core.services.review.record_table import BY_INDEX, page
from core.services.review.records.history import versions
from core.ui import navigation
from core.ui.markdown import escape_markdown
from core.ui.review.record_sheet import sheet_columns
from tests.factories.datasets import FORM, make_run
from tests.factories.reviews import NAME, STAGE, answer, decide, make
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, by_label, chosen, seen


def test_a_dataset_is_deleted_by_its_name_as_a_page_shows_it(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 1, "http://example.org 的群聊")
    shown = escape_markdown(dataset.name).replace("\\", "")
    assert shown != dataset.name, "the page parts addresses by a character that nobody sees"
    app = open_page(navigation.DATASETS, dataset=str(dataset.id))
    app.text_input(key=f"datasets-confirm-{dataset.id}").set_value(shown).run()
    delete = app.button(key=f"datasets-delete-{dataset.id}")
    assert not delete.disabled
    delete.click().run()
    assert not app.exception and "去导入" in [link.proto.label for link in app.get("page_link")]
    again = make(store, 1, "第二个")
    delete_dataset(store, again.id, confirmation="第\u2060二个")


def test_a_batch_that_was_dealt_out_leaves_an_empty_form(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 5)
    app = open_page(navigation.BATCHES)
    by_label(app.text_input, "批次名称").set_value("第一周")
    by_label(app.multiselect, "分给谁").set_value(["林晓"])
    app.run()
    app.number_input(key=f"batch-count-{dataset.id}").set_value(2).run()
    button(app, "分派").click().run()
    assert by_label(app.text_input, "批次名称").value == "" and by_label(app.multiselect, "分给谁").value == []
    assert button(app, "分派").disabled
    assert len(batches(store, dataset.id)) == 1


def test_deleting_the_run_in_the_address_is_no_wrong_address(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 1)
    kept = make_run(store, dataset, "留下", {1: [{NAME: "林木1"}]})
    gone = make_run(store, dataset, "删掉", {1: [{NAME: "林木1"}]}, RunKind.IMPORT)
    app = open_page(navigation.RUNS, run=str(gone))
    app.button(key=f"delete-{gone}").click().run()
    assert "不存在" not in seen(app) and "run" not in app.query_params
    assert app.button(key=f"delete-{kept}")


def test_a_masked_submission_says_so(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    answer(store, dataset, "模型", {i: [{NAME: f"林木{i}", "基本信息-手机号码": "13800000001"}] for i in (1, 2)})
    app = open_page(navigation.EXPORTS)
    chosen(app, f"base-every-{dataset.id}").set_value("run").run()
    chosen(app, "mask").set_value([Masked.PHONE]).run()
    button(app, "生成提交文件").click().run()
    assert not app.exception
    made = app.session_state["shiyao.export.finished"][1]
    assert made.name == "submission_群聊_已遮盖.json"
    assert "个人信息已遮盖" in seen(app)
    assert list(app.dataframe[0].value["来源"]) == ["「模型」（已遮盖）"]


def test_a_field_that_nobody_could_fill_has_no_f1(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    make_run(store, dataset, "标注", {i: [{NAME: f"林木{i}"}] for i in (1, 2)}, RunKind.LABELS)
    make_run(store, dataset, "模型", {i: [{NAME: f"林木{i}"}] for i in (1, 2)})
    app = open_page(navigation.SCORES, view="字段")
    table = app.dataframe[0].value.set_index("字段")
    assert table["F1"]["姓名"] == 100
    assert table[["F1", "精确率", "召回率"]].loc["年龄"].isna().all()


def test_restoring_a_version_is_not_called_undoing_one(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 1)
    decide(store, dataset, 1, "草稿", {STAGE: "报价"})
    decide(store, dataset, 1, values={STAGE: "赢单"}, version=1)
    app = open_page(navigation.HISTORY, chat="1")
    button(app, "恢复到这个版本").click().run()
    assert versions(store, FORM, dataset.id, 1)[0].reason == "恢复到版本 1"


def test_why_a_chat_is_to_be_discussed_stands_in_the_record_table(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 1)
    decide(store, dataset, 1, "待讨论", {NAME: "林木1"}, note="电话是谁的？")
    rows = page(store, FORM, dataset.id, wanted=Filter(queue="全部"), sort=BY_INDEX, number=1, base_run=None).rows
    assert [row.note for row in rows] == ["电话是谁的？"]
    assert "备注" in [column.title for column in sheet_columns(FORM)]
    assert not open_page(navigation.RECORDS).exception


def test_local_rules_read_no_prompt(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 1)
    run = run_service.create_run(store, dataset=dataset.id, name="规则", provider="local")
    run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    app = open_page(navigation.RUNS, run=str(run.id))
    assert "<dt>提示词</dt>" not in seen(app)
    assert "不读提示词" in seen(open_page(navigation.RUNS, run="new"))
