"""The default run: pinned, else by score, else by the score from outside, else the newest that is worth it."""

from importlib import import_module

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.llm import ModelSpec
from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, ExternalScore, Extraction, LearnedModel, RunKind, RunStatus, TrainingSet
from core.domain.form import FormValues
from core.domain.merge import Method
from core.errors import InputError
from core.services.export.answer_sources import default_source
from core.services.extraction.merging import merge_runs, plan_merge
from core.services.extraction.runs import delete as delete_run
from core.services.privacy.people import rename_person
from core.services.quality import (
    RECORDS,
    Benchmark,
    DefaultReason,
    add_external_score,
    default_run,
    pin_default_run,
    remove_external_score,
)
from core.services.quality.answered_runs import runs_with_answers
from core.services.quality.data_versions import chats_version, records_version, run_version
from core.services.quality.default_run import DefaultRun, last_seen_default, remember_default, run_scores
from core.services.quality.record_origins import FLATTERED, LEARNED
from core.services.quality.run_ancestry import trained_on
from core.services.review import base_runs
from tests.factories.datasets import FORM, make_record, make_run
from tests.factories.quality import NAME, PHONE, STAGE, add_run, form, leaderboard, quality_dataset
from tests.factories.runs import add_dataset

pytestmark = pytest.mark.both_databases
FULL = {NAME: "林舟", PHONE: "13800000000", STAGE: "报价"}


def default_of(store: Store, dataset: DatasetView) -> DefaultRun:
    with store.read() as session:
        default = default_run(session, dataset.id)
        # One rule: what the workbench, the record table and batches start from is the same run.
        assert default is not None and base_runs(session, dataset.id)[0].id == default.id
    return default


def full(store: Store, dataset: DatasetView, name: str, chats: int = 8, **more: object) -> int:
    return make_run(store, dataset, name, {i: [FULL] for i in range(1, chats + 1)}, **more)  # type: ignore[arg-type]


def test_the_newest_run_is_the_default_only_if_it_is_worth_starting_from(store: Store) -> None:
    dataset = add_dataset(store, 8)
    with store.read() as session:
        assert default_run(session, dataset.id) is None
    first = full(store, dataset, "finetuned")
    second = full(store, dataset, "第二次")
    assert default_of(store, dataset).id == second
    full(store, dataset, "只有一半的导入", 4, kind=RunKind.IMPORT)
    make_run(store, dataset, "几乎是空表的导入", {i: [{NAME: "林舟"}] for i in range(1, 9)}, RunKind.IMPORT)
    make_run(store, dataset, "都失败了", dict.fromkeys(range(1, 9)))
    full(store, dataset, "还在抽取", status=RunStatus.RUNNING)
    default = default_of(store, dataset)
    assert (default.id, default.reason) == (second, DefaultReason.NEWEST)
    assert default.why == "最新的完整抽取任务；学过答案、没做完或填得太少的不参选"
    delete_run(store, second)
    assert default_of(store, dataset).id == first


def test_that_a_run_was_judged_on_the_first_labels_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("run_measures", "default_run"):
        monkeypatch.setattr(import_module(f"core.services.quality.{module}"), "JUDGED_ON", 5)
    assert default_of(store, quality_dataset(store)).why.startswith("对照前 5 条的标注得分最高")


def test_a_run_of_a_few_chats_does_not_take_the_place_of_labels_of_all(store: Store) -> None:
    dataset = add_dataset(store, 8)
    full(store, dataset, "标注", kind=RunKind.LABELS)
    full(store, dataset, "取消的", 2, status=RunStatus.CANCELLED)
    default = default_of(store, dataset)
    assert (default.name, default.why) == ("标注", "还没有完整的抽取任务，先用人工标注")
    whole = full(store, dataset, "完整的")
    assert default_of(store, dataset).id == whole
    few_labels = add_dataset(store, 8, "标注不多")
    full(store, few_labels, "标注", 2, kind=RunKind.LABELS)
    half = full(store, few_labels, "一半", 4)
    assert default_of(store, few_labels).id == half, "labels of fewer chats are no better"


def test_labels_decide_then_the_score_from_outside_then_age(store: Store) -> None:
    dataset = quality_dataset(store)
    # 甲 lacks a chat (7 of 8 are less than nine tenths); a later run that fills nothing scores above none of them.
    worse = add_run(store, dataset, "更差", {i: [form(**{NAME: "周遥", STAGE: "赢单"})] for i in range(1, 9)})
    default = default_of(store, dataset)
    assert (default.name, default.reason) == ("乙", DefaultReason.LABELS)
    assert default.why.startswith("对照标注得分最高，3")
    add_external_score(store, worse, 35.0)
    assert default_of(store, dataset).name == "乙", "labels say more about these chats"
    unlabelled = add_dataset(store, 8, "没有标注")
    good, late = full(store, unlabelled, "好"), full(store, unlabelled, "晚")
    assert default_of(store, unlabelled).id == late
    add_external_score(store, late, 20.0)
    add_external_score(store, good, 27.86)
    assert default_of(store, unlabelled).why == "登记的线上得分最高，27.86"
    add_external_score(store, good, 19.0)
    assert default_of(store, unlabelled).id == late, "the newest score counts"


def test_what_the_lead_pins_stays_until_it_is_taken_away_or_deleted(store: Store) -> None:
    dataset = add_dataset(store, 8)
    pinned = full(store, dataset, "finetuned", 3)
    newest = full(store, dataset, "新")
    pin_default_run(store, dataset.id, newest, who="周")
    pin_default_run(store, dataset.id, pinned, who="林晓")
    full(store, dataset, "更新")
    default = default_of(store, dataset)
    assert (default.id, default.why) == (pinned, "林晓指定")
    assert default.as_json() == {"run": "finetuned", "reason": "pinned", "pinned": True, "score": None, "who": "林晓"}
    pin_default_run(store, dataset.id, None, who="林晓")
    assert default_of(store, dataset).name == "更新"
    pin_default_run(store, dataset.id, pinned, who="林晓")
    delete_run(store, pinned)
    assert default_of(store, dataset).name == "更新"
    empty = make_run(store, dataset, "空", {})
    other = full(store, add_dataset(store, 8, "别的"), "别的")
    for run_id, sentence in ((empty, "还没有结果"), (other, "没有这个抽取任务"), (10**6, "没有这个抽取任务")):
        with pytest.raises(InputError, match=sentence):
            pin_default_run(store, dataset.id, run_id, who="林晓")
    assert default_of(store, dataset).name == "更新"


def test_labels_are_a_start_only_where_there_is_nothing_else(store: Store) -> None:
    dataset = add_dataset(store, 2)
    labels = full(store, dataset, "标注", 2, kind=RunKind.LABELS)
    assert default_of(store, dataset).id == labels
    run = full(store, dataset, "抽取", 1)
    assert default_of(store, dataset).id == run


def test_each_reviewer_remembers_what_they_saw(store: Store) -> None:
    dataset = add_dataset(store, 2)
    full(store, dataset, "一", 2)
    first = default_of(store, dataset)
    assert last_seen_default(store, dataset.id, "林晓") is None
    remember_default(store, dataset.id, "林晓", first)
    full(store, dataset, "二", 2)
    remember_default(store, dataset.id, "周", default_of(store, dataset))
    assert last_seen_default(store, dataset.id, "林晓") == (first.id, "一")
    assert last_seen_default(store, dataset.id, "周") == (default_of(store, dataset).id, "二")


def test_a_run_that_learned_from_people_is_the_default_only_if_it_is_pinned(store: Store) -> None:
    dataset = quality_dataset(store)
    right = {i: [form(**{NAME: "周遥", STAGE: "报价"})] for i in range(1, 9)}
    learned = add_run(store, dataset, "学来的", right, provider="learned")
    corrected = add_run(store, dataset, "按习惯校正", right, parameters={"merge": {"method": "habits"}})
    before = default_of(store, dataset)
    assert before.id not in (learned, corrected)
    rows = leaderboard(store, Benchmark(dataset, FORM)).rows
    assert {row.run.id for row in rows[-2:]} == {learned, corrected}
    assert [row.caveat for row in rows[-2:]] == ["可能学过这些群聊，偏高"] * 2 and not rows[0].caveat
    pin_default_run(store, dataset.id, learned, who="林晓")
    assert default_of(store, dataset).id == learned


WORDY = dict.fromkeys(FORM.keys, "未提及") | {field.key: ["无"] for field in FORM.fields if field.is_list}
BLANK = dict.fromkeys(FORM.keys, " ") | {field.key: [" "] for field in FORM.fields if field.is_list}
FOUND = {NAME: "林舟", PHONE: "13800000000"}


@pytest.mark.parametrize("has_labels", [True, False])
@pytest.mark.parametrize(
    "forms",
    [[WORDY], [BLANK], [FOUND, {NAME: "客服小陈", STAGE: "报价"}, {NAME: "书架", STAGE: "报价", PHONE: "1"}]],
    ids=["words for nothing", "blanks", "customers that are made up"],
)
def test_runs_that_fill_cells_with_nothing_do_not_push_honest_ones_out(
    store: Store, forms: list[FormValues], has_labels: bool
) -> None:
    dataset = add_dataset(store, 8)
    if has_labels:
        make_run(store, dataset, "标注", {i: [FOUND] for i in range(1, 9)}, RunKind.LABELS)
    make_run(store, dataset, "多话", dict.fromkeys(range(1, 9), forms))
    make_run(store, dataset, "诚实", {i: [FOUND] for i in range(1, 9)})
    assert default_of(store, dataset).name == "诚实"


def test_the_best_run_by_labels_is_the_default_however_much_others_fill(store: Store) -> None:
    dataset = add_dataset(store, 8)
    make_run(store, dataset, "标注", {i: [FOUND] for i in range(1, 9)}, RunKind.LABELS)
    make_run(store, dataset, "诚实", {i: [FOUND] for i in range(1, 9)})
    invented = dict.fromkeys(FORM.keys, "编的") | {field.key: ["编的"] for field in FORM.fields if field.is_list}
    make_run(store, dataset, "编造", {i: [invented] for i in range(1, 9)})
    default = default_of(store, dataset)
    assert (default.name, default.why) == ("诚实", "对照标注得分最高，36.00")


def test_a_higher_score_that_does_not_come_into_question_is_said(store: Store) -> None:
    dataset = add_dataset(store, 12)
    make_run(store, dataset, "标注", {i: [FOUND] for i in range(1, 13)}, RunKind.LABELS)
    make_run(store, dataset, "诚实", {i: [{NAME: "林舟"}] for i in range(1, 13)})
    assert "不参选" not in default_of(store, dataset).why
    make_run(store, dataset, "学来的", {i: [FOUND] for i in range(1, 13)}, provider="learned")
    default = default_of(store, dataset)
    assert default.name == "诚实" and default.why.endswith("；学过答案、没做完或填得太少的不参选")


@pytest.mark.parametrize("word", ["乱写", "暂无", "N/A", "-"])
def test_what_nothing_in_the_chat_speaks_for_pushes_no_honest_run_out(store: Store, word: str) -> None:
    dataset = add_dataset(store, 8)
    wordy = dict.fromkeys(FORM.keys, word) | {field.key: [word] for field in FORM.fields if field.is_list}
    make_run(store, dataset, "乱写", {i: [wordy] for i in range(1, 9)})
    with store.read() as session:
        texts = session.execute(select(col(Chat.index), col(Chat.text)).where(col(Chat.dataset_id) == dataset.id)).all()
    make_run(store, dataset, "诚实", {i: [{NAME: text.partition("：")[0], STAGE: "报价"}] for i, text in texts})
    assert default_of(store, dataset).name == "诚实"
    make_run(store, dataset, "又乱写", {i: [wordy] for i in range(1, 9)})
    assert default_of(store, dataset).name == "诚实"


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("source", ["学来的", "标注"])
def test_a_merge_of_what_people_said_is_no_more_honest_than_that(store: Store, method: Method, source: str) -> None:
    dataset = quality_dataset(store)
    right = {i: [form(**{NAME: "周遥", STAGE: "报价"})] for i in range(1, 9)}
    learned = add_run(store, dataset, "学来的", right, provider="learned")
    honest = default_of(store, dataset).id
    merged = merge_runs(store, plan_merge(store, dataset=dataset.id, runs=[source, "乙"], method=method), name="合并")
    again = merge_runs(store, plan_merge(store, dataset=dataset.id, runs=["合并", "乙"], method=method), name="再合并")
    assert default_of(store, dataset).id == honest
    delete_run(store, learned)
    delete_run(store, merged.id)
    assert default_of(store, dataset).id == honest, "nor once its sources are gone"
    caveats = {row.run.id: row.caveat for row in leaderboard(store, Benchmark(dataset, FORM)).rows}
    assert caveats[again.id] == LEARNED and not caveats[honest]


def test_records_flatter_a_merge_of_the_run_that_they_came_from(store: Store) -> None:
    dataset = add_dataset(store, 4)
    first, second = full(store, dataset, "甲", 4), full(store, dataset, "乙", 4)
    for index in (1, 2):
        make_record(store, dataset, index, [FULL], base_run_id=first)
    merge_runs(store, plan_merge(store, dataset=dataset.id, runs=["甲", "乙"], method="priority"), name="合并")
    rows = leaderboard(store, Benchmark(dataset, FORM, RECORDS)).rows
    assert [(row.run.id, row.caveat, row.started) for row in rows if not row.caveat] == [(second, "", 0)]
    assert {row.run.name: (row.caveat, row.started) for row in rows[1:]} == {
        "甲": (FLATTERED, 2),
        "合并": (FLATTERED, 2),
    }


def test_a_model_tuned_on_labelled_chats_is_not_the_default_by_these_labels(store: Store) -> None:
    dataset = quality_dataset(store)
    honest = default_of(store, dataset).id
    with store.write() as session:
        text = session.execute(select(col(Chat.sha256)).where(col(Chat.dataset_id) == dataset.id)).scalars().first()
        trained = TrainingSet(name="一", format="sft", sha256="", provenance=[{"chat_sha256": text, "part": "train"}])
        session.add(trained)
        session.flush()
        number = trained.id
    right = {i: [form(**{NAME: "周遥", STAGE: "报价"})] for i in range(1, 9)}
    tuned = add_run(
        store,
        dataset,
        "微调",
        right,
        parameters={"entry": {"name": "微调", "provider": "spark", "training_set_id": number}},
    )
    assert default_of(store, dataset).id == honest
    caveats = {row.run.id: row.caveat for row in leaderboard(store, Benchmark(dataset, FORM)).rows}
    assert caveats[tuned] == LEARNED
    with store.read() as session:
        assert trained_on(session, dataset.id, ModelSpec(name="微调", provider="spark", training_set_id=number)) == 1


def test_an_export_is_not_filled_from_the_labels_that_records_were_started_from(store: Store) -> None:
    dataset = quality_dataset(store)
    with store.read() as session:
        labels = queries.labels_run(session, dataset.id)
        assert labels is not None
    make_record(store, dataset, 1, [FULL], base_run_id=labels.id)
    with store.read() as session:
        source = default_source(session, dataset)
    assert source.run == default_of(store, dataset).name != labels.name


@pytest.mark.parametrize("labelled", [{1: [FOUND]}, {i: [{}] for i in range(1, 13)}], ids=["one chat", "empty forms"])
def test_labels_that_say_next_to_nothing_choose_no_run(store: Store, labelled: dict[int, list[FormValues]]) -> None:
    dataset = add_dataset(store, 12)
    make_run(store, dataset, "标注", labelled, RunKind.LABELS)
    lucky = make_run(store, dataset, "巧", {1: [FOUND]} | {i: [{NAME: "书架"}] for i in range(2, 13)})
    good = make_run(store, dataset, "好", {1: [{NAME: "林"}]} | {i: [FOUND] for i in range(2, 13)})
    make_run(store, dataset, "空", {i: [{}] for i in range(1, 13)})
    assert default_of(store, dataset).id == good, "the newest that says something"
    add_external_score(store, lucky, 3.0)
    add_external_score(store, good, 27.0)
    assert default_of(store, dataset).why == "登记的线上得分最高，27.00"


def entry_of(digest: str) -> dict[str, object]:
    return {"name": digest, "provider": "learned", "parameters": {"digest": digest}}


def test_what_was_learned_from_other_chats_has_an_honest_score(store: Store) -> None:
    dataset = quality_dataset(store)
    with store.write() as session:
        text = session.execute(select(col(Chat.sha256)).where(col(Chat.dataset_id) == dataset.id)).scalars().first()
        for name, sha256 in (("别处", "0" * 64), ("这里", text)):
            session.add(LearnedModel(name=name, digest=name, form=FORM.name, examples=[{"sha256": sha256}]))
    right = {i: [form(**{NAME: "周遥", STAGE: "报价"})] for i in range(1, 9)}
    runs = {
        name: add_run(store, dataset, name, right, provider="learned", parameters={"entry": entry_of(name)})
        for name in ("别处", "这里", "没有了")
    }
    caveats = {row.run.id: row.caveat for row in leaderboard(store, Benchmark(dataset, FORM)).rows}
    assert [caveats[runs[name]] for name in ("别处", "这里", "没有了")] == ["", LEARNED, LEARNED]
    specs = [ModelSpec(name=name, provider="learned", parameters={"digest": name}) for name in runs]
    with store.read() as session:
        assert [trained_on(session, dataset.id, spec) for spec in specs] == [0, 1, 0]


def test_an_answer_that_replaces_a_failure_is_known_at_once(store: Store) -> None:
    dataset = add_dataset(store, 8)
    older = full(store, dataset, "旧的", 6)
    newer = make_run(store, dataset, "新的", {i: [FULL] if i < 4 else None for i in range(1, 9)})
    assert default_of(store, dataset).id == older
    with store.write() as session:  # as a retry does: the rows keep their ids
        failed = select(Extraction).where(col(Extraction.run_id) == newer, col(Extraction.status) == "failed")
        for row in session.execute(failed).scalars():
            row.status, row.forms = "ok", [FULL]
    assert default_of(store, dataset).id == newer
    with store.read() as session:
        assert [run.answered for run in runs_with_answers(session, dataset.id)] == [8, 6]


def test_a_score_from_outside_that_is_put_right_is_the_one_that_counts(store: Store) -> None:
    dataset = add_dataset(store, 8)
    first, second = (full(store, dataset, name) for name in ("一", "二"))
    add_external_score(store, first, 30)
    assert (default_of(store, dataset).name, default_of(store, dataset).score) == ("一", 30)
    with store.read() as session:
        wrong = session.execute(select(col(ExternalScore.id))).scalar_one()
    remove_external_score(store, wrong)
    add_external_score(store, second, 20)
    assert (default_of(store, dataset).name, default_of(store, dataset).score) == ("二", 20)


def test_a_score_from_outside_makes_no_empty_run_the_default(store: Store) -> None:
    dataset = add_dataset(store, 8)
    empty = make_run(store, dataset, "空表", {i: [{}] for i in range(1, 9)})
    good = full(store, dataset, "完整的")
    add_external_score(store, empty, 5.0)
    assert default_of(store, dataset).why == "最新的完整抽取任务；学过答案、没做完或填得太少的不参选"
    add_external_score(store, good, 4.0)
    default = default_of(store, dataset)
    assert (default.id, default.why) == (good, "登记的线上得分最高，4.00；学过答案、没做完或填得太少的不参选")


def test_what_is_kept_of_answers_ends_with_a_person_who_is_renamed(store: Store) -> None:
    dataset = add_dataset(store, 8)
    run_id = full(store, dataset, "一")

    def versions() -> set[object]:
        with store.read() as session:
            view = queries.dataset(session, dataset.id)
            (run,) = runs_with_answers(session, dataset.id)
            kept = (run_version(queries.run(session, run_id)), records_version(session, view.id))
            return {run.version, *kept, chats_version(session, view)}

    before = versions()
    assert versions() == before
    rename_person(store, [FULL[NAME]])
    assert not versions() & before


def test_a_run_of_a_part_of_the_chats_is_not_called_complete(store: Store) -> None:
    dataset = add_dataset(store, 8)
    full(store, dataset, "一小部分", 2)
    assert default_of(store, dataset).why == "还没有做完全部群聊的，先用最新的"
    full(store, dataset, "完整的")
    make_run(store, dataset, "几乎是空表", {i: [{NAME: "林舟"}] for i in range(1, 9)})
    assert default_of(store, dataset).why == "最新的完整抽取任务；学过答案、没做完或填得太少的不参选"


def test_a_merge_chosen_by_labels_is_not_judged_by_them(store: Store) -> None:
    dataset = quality_dataset(store)
    honest = default_of(store, dataset).id
    by_labels = merge_runs(store, plan_merge(store, dataset=dataset.id, runs=["甲", "乙"], method="best"), name="合")
    plan = plan_merge(store, dataset=dataset.id, runs=["甲", "乙"], method="best", against="run:甲")
    by_run = merge_runs(store, plan, name="合甲")
    caveats = {row.run.id: row.caveat for row in leaderboard(store, Benchmark(dataset, FORM)).rows}
    assert (caveats[by_labels.id], caveats[by_run.id]) == (LEARNED, "")
    assert default_of(store, dataset).id in (honest, by_run.id)


def test_a_finished_trial_of_a_few_chats_does_not_take_the_place_of_labels_of_all(store: Store) -> None:
    dataset = add_dataset(store, 20)
    full(store, dataset, "标注", 20, kind=RunKind.LABELS)
    full(store, dataset, "试两条", 2)
    assert default_of(store, dataset).why == "还没有完整的抽取任务，先用人工标注"
    half = full(store, dataset, "一半", 10)
    assert default_of(store, dataset).id == half


def test_a_run_that_answers_no_labelled_chat_has_no_score(store: Store) -> None:
    dataset = add_dataset(store, 20)
    make_run(store, dataset, "标注", {i: [FOUND] for i in range(1, 11)}, RunKind.LABELS)
    others = make_run(store, dataset, "其余的", {i: [FULL] for i in range(11, 21)})
    default = default_of(store, dataset)
    assert (default.id, default.score, default.why) == (others, None, "还没有做完全部群聊的，先用最新的")
    with store.read() as session:
        assert others not in run_scores(session, dataset.id)
    judged = make_run(store, dataset, "答过的", {i: [FOUND] for i in range(1, 11)})
    default = default_of(store, dataset)
    assert (default.id, default.reason) == (judged, DefaultReason.LABELS)


def test_of_runs_that_answer_no_labelled_chat_the_newest_that_says_something_is_the_default(store: Store) -> None:
    dataset = add_dataset(store, 20)
    make_run(store, dataset, "标注", {i: [FOUND] for i in range(1, 11)}, RunKind.LABELS)
    says = make_run(store, dataset, "有值", {i: [FULL] for i in range(11, 21)})
    make_run(store, dataset, "空表", {i: [{}] for i in range(11, 21)})
    assert default_of(store, dataset).id == says


def test_a_merge_that_nobody_measured_does_not_move_a_review(store: Store) -> None:
    dataset = add_dataset(store, 8)
    full(store, dataset, "甲")
    newest = full(store, dataset, "乙")
    for index in range(1, 5):
        make_record(store, dataset, index, [FULL], base_run_id=newest)
    merged = merge_runs(store, plan_merge(store, dataset=dataset.id, runs=["甲", "乙"], method="priority"), name="合并")
    default = default_of(store, dataset)
    assert (default.id, default.why) == (newest, "最新的完整抽取任务；合并任务要指定才是")
    add_external_score(store, merged.id, 30.0)
    assert default_of(store, dataset).id == merged.id, "a score says more than age"


def test_a_merge_is_the_default_where_it_alone_is_complete(store: Store) -> None:
    dataset = add_dataset(store, 8)
    make_run(store, dataset, "前半", {i: [FULL] for i in range(1, 5)})
    make_run(store, dataset, "后半", {i: [FULL] for i in range(5, 9)})
    plan = plan_merge(store, dataset=dataset.id, runs=["前半", "后半"], method="priority")
    merged = merge_runs(store, plan, name="合并")
    assert (default_of(store, dataset).id, default_of(store, dataset).why) == (merged.id, "最新的完整抽取任务")
