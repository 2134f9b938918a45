"""How sure a run's cells are: fitted on approved chats only, never judged on what it saw, and believable."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, Extraction, Run, RunConfidence, RunKind, TrainingSet
from core.domain.form import Form, FormValues
from core.domain.scoring import Scorer
from core.services.learning import confidence, run_confidence
from core.services.learning.calibration import reliability_of, stored_reliability
from core.services.learning.cell_signs import read_signs
from core.services.learning.confidence import (
    ConfidenceModel,
    JudgedSigns,
    cross_validated_confidences,
    fit_confidence,
    judge,
    measure_reliability,
    stored_confidence,
)
from core.services.learning.run_confidence import (
    fit_run_confidence,
    judged_with_learned,
    load_run_confidence,
    run_reliability,
)
from core.services.learning.run_correction import correct_run, plan_correction
from core.services.learning.stacked_habits import StackedCase, estimate_stacked, learn_stacked
from core.services.quality import Benchmark
from core.services.quality.stored_votes import read_votes, votes_of
from core.services.review import open_session
from core.services.review.queue.background_update import needs_process, update_outdated_chats, update_with_confidence
from tests.factories.datasets import FORM, make_dataset, make_record, make_run
from tests.factories.reviews import decide
from tests.services.learning.test_learner import KIND, NAME, PHONE, STAGE, made_up

SCORER = Scorer(FORM)
STEP = "下一步跟进计划-具体事项"


def answer(number: int, values: FormValues) -> FormValues:
    """What a model says of a made-up chat: it invents a next step, and every fourth stage is wrong."""
    return values | {STEP: "回电给客户"} | ({STAGE: "赢单"} if number % 4 == 0 else {})


def chats(count: int) -> list[tuple[str, FormValues, FormValues]]:
    """``(text, right form, the run's form)`` of made-up chats."""
    return [(text, right, answer(at, right)) for at, (text, right) in ((at, made_up(at)) for at in range(1, count + 1))]


def judged(count: int) -> list[JudgedSigns]:
    return [judge(SCORER, read_signs(SCORER, text, [said], {}), [right]) for text, right, said in chats(count)]


def reviewed(store: Store, count: int, approved: int) -> tuple[DatasetView, int]:
    """A dataset with a run of which the first chats are approved."""
    rows = chats(count)
    dataset = make_dataset(store, [text for text, _, _ in rows], "审")
    run = make_run(store, dataset, "模型", {at: [said] for at, (_, _, said) in enumerate(rows, 1)})
    for index, (_, right, _) in enumerate(rows[:approved], 1):
        make_record(store, dataset, index, [right])
    return dataset, run


def test_what_is_always_wrong_is_doubted_and_what_is_always_right_is_not() -> None:
    model = fit_confidence(FORM, judged(24))
    text, _, said = chats(28)[-1]
    [sure] = model.of(read_signs(SCORER, text, [said], {}))
    assert sure[STEP] < 0.3
    assert 0.4 < sure[STAGE] < 0.95
    assert min(sure[NAME], sure[PHONE], sure[KIND]) > 0.9
    assert fit_confidence(FORM, judged(24)) == model
    assert stored_confidence(FORM, json.loads(json.dumps(model.as_json()))) is not None


def test_other_answers_make_a_value_less_sure() -> None:
    rows = chats(40)
    shown = []
    for number, (text, right, said) in enumerate(rows[:39], 1):
        others = {"乙": [right], "丙": [right]} if number % 4 == 0 else {"乙": [said], "丙": [said]}
        shown.append(judge(SCORER, read_signs(SCORER, text, [said], others), [right]))
    model = fit_confidence(FORM, shown)
    text, right, said = rows[39]
    [alone] = model.of(read_signs(SCORER, text, [right], {"乙": [right], "丙": [right]}))
    [contested] = model.of(read_signs(SCORER, text, [right | {STAGE: "赢单"}], {"乙": [right], "丙": [right]}))
    assert contested[STAGE] < alone[STAGE] - 0.2


def test_a_vote_that_was_not_unanimous_counts_and_says_how_many_lost() -> None:
    entry = {"customer": 0, "field": STAGE, "taken": "报价", "others": ["赢单", ""], "votes": [2, 1], "answers": 5}
    votes = votes_of([entry | {"from": "vote", "agreement": 0.4}, entry | {"from": "vote", "agreement": 0.9}])
    assert votes[0, STAGE].agreement == 0.4  # the first part of a long chat counts
    assert votes[0, STAGE].lost == (("赢单", ("投票 2/5",)), ("", ("投票 1/5",)))
    of_runs = {"others": [{"value": "赢单", "runs": ["乙", "丙"]}], "from": "merge"}
    merged = votes_of([entry | of_runs], [{"fields": {STAGE: ["甲"]}}])
    assert (merged[0, STAGE].agreement, merged[0, STAGE].lost) == (1 / 3, (("赢单", ("乙", "丙")),))
    assert votes_of([{"customer": None, "field": STAGE, "from": "vote"}, {"from": "windows"}]) == {}
    [signs] = read_signs(SCORER, chats(1)[0][0], [chats(1)[0][2]], {}, votes).cells
    assert {cell.field.key: cell.agreement for cell in signs}[STAGE] == 0.4


def test_no_chat_is_judged_by_a_fit_that_saw_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = judged(23)
    fits: list[set[int]] = []
    asked: list[tuple[int, int]] = []

    class Watching(ConfidenceModel):
        def of(self, signs):  # type: ignore[no-untyped-def]
            asked.append((len(fits) - 1, id(signs)))
            return [dict.fromkeys(FORM.keys, 0.5) for _ in signs.forms]

    def fit(form: Form, training: Sequence[JudgedSigns]) -> ConfidenceModel:
        fits.append({id(one.signs) for one in training})
        return Watching(tuple(form.keys), (), 0.0)

    assert len(cross_validated_confidences(FORM, shown, fit=fit)) == 23
    assert len(asked) == 23
    assert all(signs not in fits[at] for at, signs in asked)
    # Neither does an extractor lend its probability to a chat that it learned from.
    learned: list[set[str]] = []
    real = run_confidence.learner.fit

    class Extractor:
        def __init__(self, form: Form, examples) -> None:  # type: ignore[no-untyped-def]
            learned.append({one.chat.all_text for one in examples})
            self.fitted = real(form, examples)

        def assess(self, chat, forms):  # type: ignore[no-untyped-def]
            assert not any(told.startswith(chat.all_text) or chat.all_text.startswith(told) for told in learned[-1])
            return self.fitted.assess(chat, forms)

        def predict(self, shown_chats):  # type: ignore[no-untyped-def]
            assert all(chat.all_text not in learned[-1] for chat in shown_chats)
            return self.fitted.predict(shown_chats)

    monkeypatch.setattr(run_confidence.learner, "fit", Extractor)
    answered = [
        run_confidence.AnsweredChat(text, str(at), [said], (right,), {}, {})
        for at, (text, right, said) in enumerate(chats(10))
    ]
    with_learned, _ = judged_with_learned(SCORER, answered, {"3", "4"})
    assert len(with_learned) == 10
    # Nor does an extractor or a fit that saw a copy of the chat, with one message more.
    copies = [replace(one, text=f"{one.text}\n客服小何：再见", sha256=f"+{one.sha256}") for one in answered[:6]]
    fits.clear()
    asked.clear()
    copied, _ = judged_with_learned(SCORER, [*answered[:6], *copies], set())
    assert [one.group for one in copied] == [*range(6), *range(6)]
    cross_validated_confidences(FORM, copied, fit=fit)
    group_of = {id(one.signs): one.group for one in copied}
    assert len(asked) == 12
    assert all(group_of[signs] not in {group_of[other] for other in fits[at]} for at, signs in asked)
    assert with_learned[3].signs.forms[0][STEP] == ""  # what a learned run answers there, it had been told


def test_cells_of_one_class_and_invented_customers_do_not_stop_a_fit() -> None:
    all_right = [judge(SCORER, read_signs(SCORER, text, [right], {}), [right]) for text, right, _ in chats(6)]
    [sure] = fit_confidence(FORM, all_right).of(all_right[0].signs)
    assert min(sure.values()) > 0.9
    text, right, said = chats(1)[0]
    two = judge(SCORER, read_signs(SCORER, text, [said, FORM.empty() | {NAME: "谁"}], {}), [right])
    assert two.right[1] is None
    assert measure_reliability(FORM, [two, *all_right]).cells == 7 * len(FORM.keys)
    nobody = judge(SCORER, read_signs(SCORER, text, [said], {}), [])
    assert fit_confidence(FORM, [nobody]).of(two.signs)[0][NAME] == 0.5


def test_reliability_is_measured_as_it_is_defined() -> None:
    cells = [(0.95, True)] * 9 + [(0.95, False)] + [(0.25, False)] * 5 + [(1.0, True)]
    measured = reliability_of(cells, chats=3)
    assert measured.ece == pytest.approx((abs(9 * 0.95 + 0.95 + 1.0 - 10) + 5 * 0.25) / 16)
    assert [one.cells for one in measured.bins if one.cells] == [5, 11]
    assert stored_reliability(json.loads(json.dumps(measured.as_json()))).cells == 16
    assert reliability_of([], chats=0).ece == 0.0


def test_from_twenty_approvals_on_the_desk_says_how_sure_it_is(store: Store) -> None:
    dataset, run = reviewed(store, 26, 19)
    assert not fit_run_confidence(store, run)  # too little to say
    with store.read() as session:
        assert not needs_process(session, run)
    update_outdated_chats(store, FORM, dataset.id, run)
    desk = open_session(store, dataset, FORM, reviewer="阿青", base="模型")
    assert "sure" not in desk.sync(store, at=24)["chats"][0]["customers"][0]
    make_record(store, dataset, 20, [made_up(20)[1]])
    with store.read() as session:
        assert needs_process(session, run)
    assert update_with_confidence(store, FORM, dataset.id, run) > 0
    [shown] = [chat for chat in desk.sync(store, at=24)["chats"] if chat["chat"] == 24]
    [customer] = shown["customers"]
    assert customer["sure"][NAME] > 80
    assert customer["sure"][STEP] < 50
    assert STEP in customer["doubts"]
    assert STEP in [reason["key"] for reason in shown["loss_reasons"]][:2]
    assert not fit_run_confidence(store, run)  # nothing new was approved
    with store.read() as session:
        view = queries.run(session, run)
    measured = run_reliability(store, Benchmark(dataset, FORM, "records"), view)
    assert measured is not None
    assert (measured.chats, measured.cells) == (20, 20 * len(FORM.keys))
    # A value that is not the run's any more has no confidence.
    decide(store, dataset, 24, "草稿", answer(24, made_up(24)[1]) | {STEP: ""}, who="阿青", run=run)
    [edited] = [chat for chat in desk.sync(store, at=24)["chats"] if chat["chat"] == 24]
    assert STEP not in edited["customers"][0]["sure"]
    assert NAME in edited["customers"][0]["sure"]
    # What does not fit the form, or belongs to a run that is gone, is never asked.
    with store.write() as session:
        row = session.get_one(RunConfidence, run)
        row.model = row.model | {"keys": ["别的字段"]}
    assert load_run_confidence(store, run) is None
    with store.write() as session:
        session.delete(session.get_one(Run, run))
    with store.read() as session:
        assert session.get(RunConfidence, run) is None
    assert not fit_run_confidence(store, run)


@pytest.mark.both_databases
def test_votes_are_read_without_the_replies_beside_them(store: Store) -> None:
    dataset, run = reviewed(store, 3, 0)
    entry = {"customer": 0, "field": STAGE, "others": ["赢单"], "votes": [1], "answers": 3, "from": "vote"}
    with store.write() as session:
        [first, second, _] = session.execute(select(Extraction).order_by(col(Extraction.id))).scalars()
        first.replies = [{"raw": "x" * 1000}, {"raw": "y", "about": {"alternatives": [entry | {"agreement": 0.667}]}}]
        second.replies = [{"raw": "失败"}]
        ids = [first.chat_id, second.chat_id]
    with store.read() as session:
        votes = read_votes(session, [run], ids)
        assert list(votes) == [(run, ids[0])]
        assert votes[run, ids[0]][0, STAGE].lost == (("赢单", ("投票 1/3",)),)
    desk = open_session(store, dataset, FORM, reviewer="阿青", base="模型")
    [chat] = [chat for chat in desk.sync(store, at=1)["chats"] if chat["chat"] == 1]
    assert chat["customers"][0]["others"][STAGE] == [{"value": "赢单", "who": ["投票 1/3"]}]


def test_score_says_how_far_confidences_can_be_believed(store: Store) -> None:
    rows = chats(24)
    dataset = make_dataset(store, [text for text, _, _ in rows], "标")
    make_run(store, dataset, "标注", {at: [right] for at, (_, right, _) in enumerate(rows, 1)}, RunKind.LABELS)
    run = make_run(store, dataset, "模型", {at: [said] for at, (_, _, said) in enumerate(rows, 1)})
    with store.read() as session:
        view = queries.run(session, run)
    measured = run_reliability(store, Benchmark(dataset, FORM), view)
    assert measured is not None
    assert measured.chats == 24
    assert measured.ece < 0.1
    assert run_reliability(store, Benchmark(dataset, FORM, "run:标注"), view) is None


def test_the_model_is_numbers_and_no_pickle() -> None:
    source = Path(confidence.__file__).read_text("utf-8") + Path(run_confidence.__file__).read_text("utf-8")
    assert "pickle" not in source
    assert "joblib" not in source


def test_a_run_is_corrected_cell_by_cell_where_that_gains(store: Store) -> None:
    dataset, run = reviewed(store, 26, 22)
    plan = plan_correction(store, dataset=dataset.id, run=run)
    assert plan.estimate.after > plan.estimate.before + 1
    assert plan.effects[STEP]["blank"] == 22
    if plan.method == "stacked":  # a table does as well here: whichever does better is taken
        assert plan.stacked is not None
    made = correct_run(store, plan, name="校正")
    assert made.parameters["merge"]["method"] == "habits"
    with store.read() as session:
        assert all(not values[STEP] for forms in queries.forms_by_index(session, made.id).values() for values in forms)
    assert STEP not in plan_correction(store, dataset=dataset.id, run=run, keep=[STEP]).effects


def test_a_stacked_correction_reads_the_cell_not_only_the_field() -> None:
    rows = [(text, right, right | {STAGE: "报价"}) for text, right, _ in chats(24)]  # right in odd chats only
    answered = [
        run_confidence.AnsweredChat(text, str(at), [said], (right,), {}, {})
        for at, (text, right, said) in enumerate(rows)
    ]
    with_learned, _ = judged_with_learned(SCORER, answered, set())
    cases = [StackedCase(one, chat.approved) for one, chat in zip(with_learned, answered, strict=True)]
    habits = learn_stacked(SCORER, cases)
    assert habits is not None
    assert habits.keys == {STAGE}
    corrected = [habits.apply(case.judged.signs)[0][STAGE] for case in cases]
    assert corrected == [case.approved[0][STAGE] for case in cases]
    estimate = estimate_stacked(SCORER, cases)
    assert estimate.after == pytest.approx(36)
    assert learn_stacked(SCORER, cases, keep=[STAGE]) is None
    assert learn_stacked(SCORER, cases[:6]) is None


def test_what_was_taught_on_the_dataset_is_no_other_opinion(store: Store) -> None:
    dataset = make_dataset(store, ["林木1：好", "林木2：好"], "教过")
    asked, honest = (make_run(store, dataset, name, {1: [{}], 2: [{}]}) for name in ("甲", "乙"))
    with store.write() as session:
        text = session.execute(select(col(Chat.sha256)).where(col(Chat.dataset_id) == dataset.id)).scalars().first()
        trained = TrainingSet(name="一", format="sft", sha256="", provenance=[{"chat_sha256": text}])
        session.add(trained)
        session.flush()
        entry = {"name": "微调", "provider": "spark", "training_set_id": trained.id}
    make_run(store, dataset, "微调", {1: [{}], 2: [{}]}, parameters={"entry": entry})
    make_run(store, dataset, "学来的", {1: [{}], 2: [{}]}, provider="learned")
    with store.read() as session:
        assert run_confidence.other_runs(session, dataset.id, asked) == {honest: "乙"}


def test_dissent_counts_where_it_was_right_before() -> None:
    """Another run knows the stage, and other next steps than people write down: only the former tells something."""

    def signs_of(at: int, *, dissent: bool) -> JudgedSigns:
        text, right = made_up(at)
        right = right | {STEP: "" if at % 5 == 0 else "寄样品"}
        said = right | {STEP: "寄样品", STAGE: "赢单" if at % 4 == 0 else right[STAGE]}
        other = said | ({STAGE: right[STAGE], STEP: "回电给客户"} if dissent else {})
        return judge(SCORER, read_signs(SCORER, text, [said], {"other": [other]}), [right])

    model = fit_confidence(FORM, [signs_of(at, dissent=at % 2 == 0) for at in range(1, 241)])
    agreeing, dissenting = (model.of(signs_of(4, dissent=dissent).signs)[0] for dissent in (False, True))

    assert dissenting[STAGE] < agreeing[STAGE] - 0.5
    assert abs(dissenting[STEP] - agreeing[STEP]) < 0.1
