"""The quality pages, driven from the app's entry: empty, with runs, and what their controls do to the store."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col, update

from core.adapters.store import Store, queries
from core.adapters.store.models import (
    DisputeStatus,
    Extraction,
    HeavyJob,
    JobStatus,
    Pass,
    PlantedError,
    PlantedStatus,
    RunKind,
    now,
)
from core.services.jobs import JobRunner
from core.services.quality import dispute, disputes
from core.services.quality.cache import forget
from core.services.quality.external_scores import external_scores
from core.ui.quality.run_scores import score_bins
from core.ui.tables import csv_of
from tests.factories.datasets import FORM, make_record
from tests.factories.quality import NAME, STAGE, TODO, add_record, add_run, form, quality_dataset
from tests.factories.runs import add_dataset
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, by_label, progress_text, seen
from tests.waiting import wait_until

PAGES = {name: f"pages/quality/{name}.py" for name in ("scores", "compare", "changes", "disputes", "agreement")}


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    return lambda name, **address: open_page(PAGES[name], reviewer="小林", **address)


@pytest.mark.parametrize("name", PAGES)
def test_without_anything_each_page_says_what_next(page: OpenPage, name: str) -> None:
    assert "还没有数据集" in seen(page(name))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("scores", "还没有可以对照的内容"),
        ("changes", "还没有可以对照的内容"),
        ("compare", "还差一个抽取任务"),
        ("disputes", "还没有争议"),
        ("agreement", "还没有两个人审过"),
    ],
)
def test_without_runs_each_page_says_what_next(page: OpenPage, store: Store, name: str, says: str) -> None:
    add_dataset(store, 2)
    assert says in seen(page(name))


def test_scores(page: OpenPage, store: Store) -> None:
    quality_dataset(store)
    app = page("scores")
    assert "35.75 / 36" in seen(app) and "下限：全空表单" in seen(app) and "最长公共子序列" in seen(app)
    board = app.dataframe[0].value
    assert list(board["抽取任务"]) == ["乙", "甲"]
    order = list(app.dataframe[0].proto.column_order)
    assert "F1" in order and "线上得分" not in order, "nobody has any"
    assert board["得分"][0] == pytest.approx(35.75)
    assert list(board["与第一名"]) == ["—", "更低"] or list(board["与第一名"]) == ["—", "不能区分"]
    view = app.segmented_control(key="view")
    fields = view.set_value("字段").run()
    assert not fields.exception
    table = fields.dataframe[0].value
    assert len(table) == 21 and table["失分"][0] >= table["失分"][1]
    assert table["占失分"].sum() == pytest.approx(100, abs=0.2)
    spread = fields.segmented_control(key="view").set_value("分布").run()
    assert spread.dataframe[0].value["群聊"].sum() == 8
    costly = spread.segmented_control(key="view").set_value("失分最多的群聊").run()
    assert set(costly.dataframe[0].value["群聊"][:2]) == {1, 2}
    assert costly.dataframe[0].value["打开"][0].startswith("/workbench?dataset=")


def test_answers_made_before_their_chats_went_on_are_counted(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    with store.read() as session:
        run_id = queries.run(session, "甲", dataset.id).id
    with store.write() as session:
        session.execute(
            update(Extraction).where(col(Extraction.run_id) == run_id, col(Extraction.id) % 2 == 0).values(made_on=1)
        )
    app = page("scores")
    board = app.dataframe[0].value
    counts = dict(zip(board["抽取任务"], board["续写前"], strict=True))
    assert counts["甲"] in (3, 4) and counts["乙"] == 0
    assert f"结果是续写前得出的：「甲」{counts['甲']} 条" in seen(app)
    fields = app.segmented_control(key="view").set_value("字段").run()
    assert "后来续写过" not in seen(fields).partition("对照")[0]
    chosen = fields.selectbox(key="run").set_value("甲").run()
    assert f"{counts['甲']} 条群聊后来续写过，这个抽取任务的结果是续写前得出的，得分里照算" in seen(chosen)


def test_another_measure_is_named(page: OpenPage, store: Store) -> None:
    quality_dataset(store)
    app = page("scores")
    app = by_label(app.selectbox, "自由文本").set_value("exact").run()
    assert "完全一致" in seen(app)


def test_an_online_score_is_entered(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    app = page("scores")
    by_label(app.number_input, "得分").set_value(17.34)
    app = by_label(app.button, "登记").click().run()
    assert not app.exception
    (found,) = external_scores(store, dataset.id).values()
    assert (found[0].score, found[0].who) == (17.34, "小林")
    assert 17.34 in list(app.dataframe[0].value["线上得分"])


def test_changes(page: OpenPage, store: Store) -> None:
    quality_dataset(store)
    app = page("changes")
    assert by_label(app.selectbox, "从 A").value == "甲"
    assert "B 更好" in seen(app) or "不能区分" in seen(app)
    assert "A「甲」缺少 1 条，按 0 分计：8" in seen(app)
    matrix = app.dataframe[0].value.set_index("字段")
    assert list(matrix.loc["姓名", ["修好", "改坏", "都对", "都错"]]) == [1, 2, 5, 0]
    view = app.segmented_control(key="view")
    assert view.value == "图" and len(app.dataframe) == 1, "the picture comes first"
    app = view.set_value("这些群聊").run()
    cells = app.dataframe[1].value
    assert list(cells["字段"].unique()) == ["姓名"] and list(cells["群聊"]) == [1, 2]
    assert list(cells["A"]) == ["林舟1", "林舟2"] and list(cells["B"]) == ["周遥", "周遥"]
    app = app.segmented_control(key="change").set_value("修好").run()
    assert TODO.split("-")[1] in set(app.dataframe[1].value["字段"])
    app = by_label(app.selectbox, "到 B").set_value("甲").run()
    assert "同一个抽取任务" in seen(app)


def test_runs_that_are_nearly_equal_are_not_told_apart(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    answers = {i: [form()] for i in range(1, 9)}
    add_run(store, dataset, "丙", answers)
    add_run(store, dataset, "丁", answers | {1: [form(**{NAME: "林舟1"})]})
    assert "不能区分" in seen(page("changes"))


def test_runs_with_the_same_answers_are_called_so(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    for name in ("丙", "丁"):
        add_run(store, dataset, name, {i: [form(**{NAME: f"林舟{i}"})] for i in range(1, 9)})
    said = seen(page("changes", a="丙", b="丁"))
    assert "没有差别" in said and "不能区分" not in said


def test_no_verdict_where_a_score_flatters(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    add_run(store, dataset, "学来的", {i: [form()] for i in range(1, 9)}, provider="learned")
    said = seen(page("changes", a="甲", b="学来的"))
    assert "不作结论" in said and "B「学来的」可能学过这些群聊，偏高" in said
    assert "B 更好" not in said and "B 更差" not in said


def test_compare_walks_and_picks(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    app = page("compare")
    assert "第 1 / 9 处" in seen(app)
    app = by_label(app.button, "下一处").click().run()
    assert "第 2 / 9 处" in seen(app)
    app = by_label(app.button, "取 对照").click().run()
    assert not app.exception
    assert "第 3 / 9 处" in seen(app)
    app = by_label(app.text_input, "新的抽取任务").set_value("合并一").run()
    app = by_label(app.button, "生成合并任务").click().run()
    assert not app.exception
    with store.read() as session:
        merged = queries.run(session, "合并一", dataset.id)
        assert queries.forms_by_index(session, merged.id)[1][0][TODO] == "发送报价单"


def test_rules_read_no_prompt_and_share_none(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    right = {i: [form(**{NAME: "周遥"})] for i in range(1, 9)}
    prompt = {"prompt_name": "baseline", "prompt_version": 3, "prompt_text": "问", "prompt_sha256": "0"}
    for name in ("规则", "学到的"):
        add_run(store, dataset, name, right, provider="local" if name == "规则" else "learned", **prompt)
    assert not [one.label for one in page("compare").expander if one.label.startswith("提示词")]


def test_compare_says_from_which_similarity_a_text_is_right(page: OpenPage, store: Store) -> None:
    quality_dataset(store)
    app = page("compare")
    assert "自由文本从相似度 0.8 起算对" in seen(app)
    app = by_label(app.number_input, "自由文本算对").set_value(0.5).run()
    assert not app.exception and "自由文本从相似度 0.5 起算对" in seen(app)


def test_compare_saves_a_draft_and_never_over_a_record(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    app = page("compare")
    app = by_label(app.button, "存为草稿").click().run()
    assert not app.exception
    with store.read() as session:
        (record,) = queries.records(session, dataset.id)
    assert (record.status, record.reviewer, record.index) == ("草稿", "小林", 1)
    app = app.run()
    assert "不会覆盖它" in seen(app)
    assert not [button for button in app.button if button.label == "存为草稿"]


def test_compare_disputes_a_label(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store)
    app = page("compare")
    by_label(app.text_area, "理由").set_value("群里叫周遥")
    app = by_label(app.button, "提出争议").click().run()
    assert not app.exception
    (found,) = disputes(store, dataset.id)
    assert (found.chat, found.field, found.reason, found.who) == (1, NAME, "群里叫周遥", "小林")
    again = by_label(app.button, "提出争议").click().run()
    assert "已经对这一格提出争议" in seen(again)
    assert [button for button in again.button if button.label == "下一处"], "the page stays"


def test_one_run_is_compared_with_the_labels_and_a_label_disputed(page: OpenPage, store: Store) -> None:
    dataset = add_dataset(store, 2)
    add_run(store, dataset, "标注", {1: [form(**{NAME: "林舟"})], 2: [form()]}, RunKind.LABELS)
    add_run(store, dataset, "甲", {1: [form(**{NAME: "周遥"})], 2: [form()]})
    app = page("compare")
    assert "第 1 / 1 处" in seen(app)
    by_label(app.text_area, "理由").set_value("群里叫周遥")
    by_label(app.button, "提出争议").click().run()
    assert [one.reason for one in disputes(store, dataset.id)] == ["群里叫周遥"]


def test_compare_without_a_reference(page: OpenPage, store: Store) -> None:
    dataset = add_dataset(store, 2)
    for name, who in (("甲", "林舟"), ("乙", "周遥")):
        add_run(store, dataset, name, {1: [form(**{NAME: who})], 2: [form()]})
    app = page("compare", against="不对照")
    assert "第 1 / 1 处" in seen(app)
    assert not [button for button in app.button if button.label.startswith("取 对照")]


def test_disputes_are_listed_with_both_scores(page: OpenPage, store: Store) -> None:
    quality_dataset(store)
    dispute(store, dataset="d", chat=1, customer=0, field=NAME, reason="=1+1", who="小何")
    app = page("disputes")
    row = app.dataframe[0].value.iloc[0]
    assert (row["字段"], row["标注"], row["状态"]) == ("姓名", "林舟1", "待定")
    scores = app.dataframe[1].value.set_index("抽取任务")
    assert scores.loc["乙", "不计争议"] > scores.loc["乙", "得分"]
    app = app.segmented_control(key="status").set_value(DisputeStatus.UPHELD).run()
    assert "没有「成立」的争议" in seen(app)


def test_agreement(page: OpenPage, store: Store) -> None:
    dataset = add_dataset(store, 3)
    for i in (1, 2, 3):
        add_record(store, dataset, i, [form(**{NAME: f"林舟{i}"})], "小林")
        add_record(store, dataset, i, [form(**{NAME: f"林舟{i}" if i < 3 else "周遥"})], "小何", Pass.SECOND)
    app = page("agreement")
    assert "3 条群聊、3 位客户" in seen(app) and "小林 与 小何 3 条" in seen(app)
    table = app.dataframe[0].value.set_index("字段")
    assert table.loc["姓名", "一致性"] == pytest.approx(2 / 3)
    app = app.segmented_control(key="view").set_value("待仲裁").run()
    assert list(app.dataframe[0].value["群聊"]) == [3]
    assert by_label(app.button, "还有 1 处没有选").disabled
    app = next(c for c in app.segmented_control if c.label == "姓名").set_value("复审").run()
    app = by_label(app.button, "保存仲裁结果").click().run()
    assert not app.exception
    with store.read() as session:
        (record,) = queries.records(session, dataset.id, review_pass=Pass.ADJUDICATED)
    assert (record.index, record.forms[0][NAME], record.reviewer) == (3, "周遥", "小林")
    app = app.segmented_control(key="view").set_value("审阅人").run()
    assert set(app.dataframe[0].value["审阅人"]) == {"小林", "小何"}


def test_a_csv_does_not_run_in_a_spreadsheet() -> None:
    rows = [{"a": "=1+1", "b": 2.5}, {"a": "甲,乙", "b": None}]
    text = csv_of(rows).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ["'=1+1", "2.5"], ["甲,乙", ""]]
    assert csv_of([]).decode("utf-8-sig") == ""
    assert FORM.name


def test_a_flattered_score_is_marked_and_honest_chats_are_offered(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store, 4)
    with store.read() as session:
        run = queries.run(session, "乙", dataset.id).id
    make_record(store, dataset, 1, [{NAME: "周遥"}], base_run_id=run)
    app = page("scores", against="records")
    assert "已确认的记录改自：「乙」1 条。改自它的得分偏高" in seen(app)
    table = app.dataframe[0].value
    assert list(table["提醒"])[-1] == "记录从它改起，偏高" and list(table["抽取任务"])[-1] == "乙"
    best = app.metric[0]
    assert (best.label, best.value) == ("可比的最高得分", f"{table['得分'][0]:.2f} / 36"), "that of the first row"
    assert [place if place == place else None for place in table["名次"]] == [1, None, None]  # noqa: PLR0124
    assert "带提醒的 2 个不能和别的比" in seen(app)
    assert "提醒" not in page("scores", against="labels").dataframe[0].value
    make_record(store, dataset, 1, [{NAME: "林舟1"}], review_pass="second", reviewer="小白")
    app = page("scores", against="records")
    button(app, "只对照盲审过的群聊").click().run()
    assert app.selectbox(key="against").value == "blind"
    assert "偏高" not in seen(app) and "对照盲审过的群聊" in seen(app)


def test_a_lead_sets_a_share_for_blind_reviews_and_sees_what_they_say(
    page: OpenPage, open_page: OpenPage, store: Store
) -> None:
    dataset = quality_dataset(store, 10)
    app = page("agreement", view="把关")
    assert "没有抽取群聊" in seen(app)
    app.number_input[0].set_value(100.0)
    app = button(app, "保存设定").click().run()
    assert "还没有可以说的" in seen(app)
    assert not app.exception and "抽中 0 条，盲审了 0 条，满 10 条才估计" in seen(app)
    for chat in range(1, 11):
        make_record(store, dataset, chat, [form(**{NAME: f"林舟{chat}"})], reviewer="阿青")
    assert "只有「阿青」一个人，没有别人能盲审" in seen(page("agreement", view="把关"))
    for chat in range(1, 11):
        again = form(**{NAME: f"林舟{chat}" if chat > 5 else "陈露"})
        make_record(store, dataset, chat, [again], reviewer="小李", review_pass=Pass.SECOND)
    said = seen(open_page("pages/home/overview.py"))
    assert "<dt>盲审估计</dt>" in said and "初审与盲审一致 35.50（95% 区间 35.20 ~ 35.80）；满分 36，10 条" in said


@pytest.fixture
def everything_in_background(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobRunner]:
    """As if every dataset were large, and nobody waited; a server that computes once the test starts it."""
    monkeypatch.setattr("core.services.jobs.INLINE_ANSWERS", 0)
    monkeypatch.setattr("core.ui.computed._WAIT_SECONDS", 0.0)
    forget()
    runner = JobRunner(lambda: store, look_seconds=0.1)
    yield runner
    runner.stop()


def all_done(store: Store) -> bool:
    with store.read() as session:
        return set(session.execute(select(col(HeavyJob.status))).scalars()) == {JobStatus.DONE}


@pytest.mark.parametrize(("name", "shows"), [("scores", "35.75 / 36"), ("compare", "处"), ("changes", "修好 28 格")])
def test_much_data_is_computed_elsewhere_and_shown_when_it_is_there(
    page: OpenPage, store: Store, everything_in_background: JobRunner, name: str, shows: str
) -> None:
    dataset = quality_dataset(store)
    waiting = page(name)
    assert "正在后台计算" in progress_text(waiting) and "在排队" in progress_text(waiting)
    assert shows not in seen(waiting)
    everything_in_background.start()
    wait_until(lambda: all_done(store))
    ready = page(name)
    assert "正在后台计算" not in progress_text(ready)
    assert shows in seen(ready)
    with store.write() as session:
        run = queries.run(session, "甲", dataset.id)
        chat_id = queries.chat_ids(session, dataset.id)[8]
        session.add(Extraction(run_id=run.id, chat_id=chat_id, status="ok", forms=[form()]))
    everything_in_background.stop()
    older = page(name)
    assert "正在后台计算" in progress_text(older)
    assert "之后的改动还没有算进去" in seen(older) and shows in seen(older)


def test_a_computation_is_cancelled_for_all_and_started_again(
    page: OpenPage, store: Store, everything_in_background: JobRunner
) -> None:
    quality_dataset(store)
    app = page("scores")
    cancelled = button(app, "取消计算").click().run()
    assert "计算已取消" in seen(cancelled)
    assert "计算已取消" in seen(page("scores")), "for everybody who waits for it"
    again = button(cancelled, "重新计算").click().run()
    assert "在排队" in progress_text(again)


def test_a_page_does_not_wait_for_what_was_asked_for_long_ago(
    page: OpenPage, store: Store, everything_in_background: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality_dataset(store)
    page("scores")
    with store.write() as session:
        session.execute(update(HeavyJob).values(created_at=now() - timedelta(hours=1)))
    monkeypatch.setattr("core.ui.computed._WAIT_SECONDS", 600.0)
    assert "在排队" in progress_text(page("scores"))


def test_what_was_planted_is_shown_to_the_lead_and_to_whom_it_went_through(page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store, 4)
    assert "还没有改正" in seen(page("agreement", view="我的改正"))
    with store.write() as session:
        session.add(
            PlantedError(
                chat_id=1,
                dataset_id=dataset.id,
                field=STAGE,
                value="合同中",
                right="报价",
                status=PlantedStatus.MISSED,
                reviewer="小林",
                decided_at=now(),
            )
        )
    mine = page("agreement", view="我的改正")
    assert "1 条群聊里 1 处与第二遍不同" in seen(mine)
    table = mine.dataframe[0].value
    assert (table["我的"][0], table["第二遍"][0], table["由来"][0]) == ("合同中", "报价", "预埋错误")
    lead = page("agreement", view="把关")
    assert lead.dataframe[0].value["没看出"][0] == "1 / 1" and "不是名次" in seen(lead)
    assert "每人最先的 3 条" in seen(lead)


def test_the_distribution_begins_where_scores_are_and_shows_each_field(page: OpenPage, store: Store) -> None:
    quality_dataset(store)
    app = page("scores", view="分布", run="乙")
    assert len(app.dataframe) == 1, "the table of the fields is folded"
    app.session_state["scores-field-points-numbers"] = True
    table, fields = (one.value for one in app.run().dataframe[:2])
    assert (table["群聊"] > 0).all() and table["群聊"].sum() == 8 and table["从"].min() > 20
    assert set(fields.columns) == {"字段", "0 分", "部分", "满分"} and len(fields) == 21
    assert (fields[["0 分", "部分", "满分"]].sum(axis=1) == 8).all() and fields["满分"].is_monotonic_increasing


def test_bins_hold_every_score_and_end_at_full_marks() -> None:
    for scores, floor, most in (([36.0], 24.6, 36.0), ([0.0, 36.0], 24.6, 36.0), ([24.1, 30.0], 25.0, 36.0)):
        bins = score_bins(scores, floor, most)
        assert sum(int(one["群聊"]) for one in bins) == len(scores) and len(bins) <= 24
        assert bins[-1]["到"] == most and bins[0]["从"] <= min(*scores, floor)


def test_fill_rates_and_confidences_of_much_data_are_computed_elsewhere(
    page: OpenPage, store: Store, everything_in_background: JobRunner
) -> None:
    quality_dataset(store)
    page("scores")
    everything_in_background.start()
    for view, shows in (("填写率", "多少张表填了这个字段"), ("把握", "还说不出把握")):
        wait_until(lambda: all_done(store))
        waiting = page("scores", view=view)
        assert f"正在后台计算{view}" in progress_text(waiting) and shows not in seen(waiting)
        wait_until(lambda: all_done(store))
        ready = page("scores", view=view)
        assert shows in seen(ready) and "正在后台计算" not in progress_text(ready)
