"""Runs side by side: customers matched, differences found, better values picked into a run."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Extraction, Run, RunKind
from core.domain.form import FormValues
from core.domain.scoring import LCS, Scorer, score_run
from core.domain.scoring.chat_score import score_chat
from core.domain.scoring.correct_cells import correct_cells
from core.errors import ConflictError, InputError
from core.services.quality import (
    REFERENCE,
    Alignment,
    Benchmark,
    align,
    difference_rows,
    drop_picks,
    pick,
    picked_forms,
    picks,
    run_from_picks,
)
from core.services.quality.alignment import align_chat
from core.services.quality.picked_values import DROP, WHOLE
from tests.factories.datasets import FORM
from tests.factories.quality import KINDS, NAME, TODO, add_run, form, quality_dataset

CALM = settings(derandomize=True, deadline=None, max_examples=40)
NAMED = FORM.keys.index(NAME)


def side_by_side(store: Store, dataset: DatasetView, *names: str, against: str = "labels") -> Alignment:
    return align(store, Benchmark(dataset, FORM), names or ("甲", "乙"), against=against)


def test_customers_are_matched_not_counted() -> None:
    lin, zhou, new = form(**{NAME: "林舟"}), form(**{NAME: "周遥"}), form(**{NAME: "新人", TODO: "发报价"})
    rows = align_chat(Scorer(FORM), [[zhou, lin], [lin, zhou, new], None], [lin, zhou])
    assert [row.name(FORM) for row in rows] == ["林舟", "周遥", "新人"]
    assert rows[0].forms == (lin, lin, None) and rows[1].forms == (zhou, zhou, None)
    assert rows[2].forms == (None, new, None) and rows[2].gold is None
    assert not rows[0].differs_between_runs and not rows[0].differs_from_reference
    # The first run says that there is no third customer; the third says nothing at all.
    assert rows[2].differs_between_runs == {NAMED, FORM.keys.index(TODO)}
    assert rows[0].credits[0] is not None and rows[0].credits[2] is None
    alignment = Alignment(FORM, (), "labels", {1: rows}, ())
    assert alignment.is_correct(rows[0], 0, NAME) is True
    assert alignment.is_correct(rows[0], 2, NAME) is False
    assert alignment.is_correct(rows[2], 1, NAME) is None


def test_a_cell_is_right_as_in_the_comparison_of_two_runs() -> None:
    """A measure that has no threshold asks for equal texts, on every page."""
    gold, close = form(**{NAME: "林舟", TODO: "周五前发新版报价单"}), form(**{NAME: "林舟", TODO: "周五前发新版报价"})
    free = np.array([not field.one_right_answer for field in FORM.fields])
    for measure in (LCS, replace(LCS, threshold=False)):
        scorer = Scorer(FORM, measure)
        alignment = Alignment(FORM, (), "labels", {1: align_chat(scorer, [[close]], [gold])}, (), measure)
        score = score_run(FORM, {1: [close]}, {1: [gold]}, measure)
        compared = correct_cells(score, free).right[0].tolist()
        assert [alignment.is_correct(alignment.chats[1][0], 0, key) for key in FORM.keys] == compared
        assert compared[FORM.keys.index(TODO)] is measure.threshold


def test_without_a_reference_runs_are_matched_with_one_another() -> None:
    lin, zhou = form(**{NAME: "林舟"}), form(**{NAME: "周遥"})
    rows = align_chat(Scorer(FORM), [[lin, zhou], [zhou, lin]], None)
    assert all(
        not row.differs_between_runs and not row.differs_from_reference and row.reference is None for row in rows
    )
    assert align_chat(Scorer(FORM), [None, []], None) == ()


CELLS = st.fixed_dictionaries({NAME: st.sampled_from(["", "甲", "乙"]), TODO: st.text("甲乙", max_size=2)})
ANSWERS = st.lists(CELLS.map(lambda cells: form(**cells)), max_size=3)


@given(ANSWERS, ANSWERS, ANSWERS)
@CALM
def test_every_form_stands_once_and_as_the_score_matches(
    a: list[FormValues], b: list[FormValues], golds: list[FormValues]
) -> None:
    rows = align_chat(Scorer(FORM), [a, b], golds)
    for number, forms in enumerate((a, b)):
        there = [row.forms[number] for row in rows if row.forms[number] is not None]
        assert sorted(map(str, there)) == sorted(map(str, forms))
        score = score_chat(FORM, forms, golds)
        for pair in score.pairs:
            assert rows[pair.gold].forms[number] == forms[pair.pred]
            assert rows[pair.gold].credits[number] == pair.credits


def test_differences(store: Store) -> None:
    dataset = quality_dataset(store)
    found = side_by_side(store, dataset)
    assert side_by_side(store, dataset) is found
    runs_only = found.differences()
    assert {(d.chat, d.key) for d in runs_only} == {(1, NAME), (2, NAME), *((i, TODO) for i in range(1, 8))}
    assert len(found.differences(key=NAME)) == 2
    # The chat that 甲 lacks: 乙 alone is no difference, and it is right.
    assert all(d.chat != 8 for d in found.differences(with_reference=True))
    rows = difference_rows(found, runs_only)
    assert rows[0] == {
        "群聊": 1,
        "客户": "林舟1",
        "字段": NAME,
        "对照": "林舟1",
        "甲": "林舟1",
        "乙": "周遥",
        "甲 得分比例": "1.00",
        "乙 得分比例": "0.00",
    }
    alone = align(store, Benchmark(dataset, FORM), ["乙", "甲"])
    assert "对照" not in difference_rows(alone, alone.differences())[0]


def test_what_cannot_be_compared(store: Store) -> None:
    dataset = quality_dataset(store)
    for names in (["甲"], ["甲", "甲"], ["甲", "乙", "丙", "丁", "戊"]):
        with pytest.raises(InputError, match="2 到 4"):
            align(store, Benchmark(dataset, FORM), names)


def test_picks_become_a_run(store: Store) -> None:
    dataset = quality_dataset(store)
    found = side_by_side(store, dataset)
    for chat, key, source in ((1, TODO, "1"), (1, NAME, "0"), (2, TODO, REFERENCE), (3, TODO, "1"), (3, TODO, "")):
        pick(store, found, dataset, chat=chat, customer=0, key=key, source=source, who="小林")
    assert picks(store, found, dataset, "小林") == {
        1: {f"0:{TODO}": "1", f"0:{NAME}": "0"},
        2: {f"0:{TODO}": "ref"},
    }
    assert picks(store, found, dataset, "小何") == {}
    assert picks(store, side_by_side(store, dataset, "乙", "甲"), dataset, "小林") == {}
    merged = run_from_picks(store, found, dataset, name="合并", who="小林")
    assert (merged.kind, merged.done) == (RunKind.MERGE, 7)
    about = {
        "runs": ["甲", "乙"],
        "run_ids": [run.id for run in found.runs],
        "against": "labels",
        "who": "小林",
        "picks": 3,
    }
    assert merged.parameters["merge"] == about
    with store.read() as session:
        forms = queries.forms_by_index(session, merged.id)
        notes = [e.notes for e in queries.extractions(session, merged.id)]
    assert (forms[1][0][NAME], forms[1][0][TODO]) == ("林舟1", "发送报价单")
    assert (forms[2][0][TODO], forms[3][0][TODO]) == ("发送报价单", "发送")
    assert f"挑选：0:{TODO} ← 乙" in notes[0]
    with pytest.raises(ConflictError, match="合并"):
        run_from_picks(store, found, dataset, name="合并", who="小林")
    drop_picks(store, found, dataset, "小林")
    with pytest.raises(InputError, match="还没有挑选"):
        run_from_picks(store, found, dataset, name="另一个", who="小林")


def test_picks_are_of_these_runs_and_customers_only(store: Store) -> None:
    dataset = quality_dataset(store)
    alone = [form(**{NAME: "林舟1"})]
    reference = add_run(store, dataset, "参照", {1: alone})

    def chosen() -> dict[int, dict[str, str]]:
        return picks(store, side_by_side(store, dataset, against="run:参照"), dataset, "小林")

    place = {"chat": 1, "customer": 0, "key": NAME, "who": "小林"}
    pick(store, side_by_side(store, dataset, against="run:参照"), dataset, source=REFERENCE, **place)  # type: ignore[arg-type]
    assert chosen() == {1: {f"0:{NAME}": REFERENCE}}
    # Another customer stands first by now.
    with store.write() as session:
        row = session.execute(select(Extraction).where(col(Extraction.run_id) == reference)).scalar_one()
        row.forms = [form(**{NAME: "新人", TODO: "x"}), *alone]
        row.id = (row.id or 0) + 100  # as a retry leaves it: answers are replaced, never edited
    assert chosen() == {}
    pick(store, side_by_side(store, dataset, against="run:参照"), dataset, source="1", **place)  # type: ignore[arg-type]
    assert chosen() == {1: {f"0:{NAME}": "1"}}
    # Another run of the same name is another reference.
    with store.write() as session:
        session.delete(session.get_one(Run, reference))
    add_run(store, dataset, "参照", {1: alone})
    assert chosen() == {}


def test_picks_that_make_no_sense_are_refused(store: Store) -> None:
    dataset = quality_dataset(store)
    found = side_by_side(store, dataset)
    good = {"chat": 1, "customer": 0, "key": NAME, "source": "0", "who": "小林"}
    for change in ({"who": " "}, {"chat": 99}, {"customer": 5}, {"key": "没有"}, {"source": "7"}, {"source": DROP}):
        with pytest.raises(InputError):
            pick(store, found, dataset, **{**good, **change})  # type: ignore[arg-type]


def test_a_whole_customer_comes_or_goes() -> None:
    lin, new = form(**{NAME: "林舟"}), form(**{NAME: "新人", KINDS: ["询价"]})
    rows = align_chat(Scorer(FORM), [[lin], [lin, new]], [lin])
    assert picked_forms(FORM, rows, {}) == [lin]
    assert picked_forms(FORM, rows, {f"1:{NAME}": "1"}) == [lin, form(**{NAME: "新人"})]
    assert picked_forms(FORM, rows, {f"0:{WHOLE}": DROP}) == []


def test_a_chat_that_the_first_run_lacks(store: Store) -> None:
    dataset = quality_dataset(store)
    found = side_by_side(store, dataset)
    pick(store, found, dataset, chat=8, customer=0, key=NAME, source="1", who="小林")
    merged = run_from_picks(store, found, dataset, name="补", who="小林")
    with store.read() as session:
        assert queries.forms_by_index(session, merged.id)[8] == [form(**{NAME: "林舟8"})]


def test_three_runs(store: Store) -> None:
    dataset = quality_dataset(store)
    add_run(store, dataset, "丙", {1: []})
    found = side_by_side(store, dataset, "甲", "乙", "丙", against="")
    assert found.missing_chats[2] == set(range(2, 9))
    assert {d.key for d in found.differences() if d.chat == 1} == {NAME, KINDS, TODO}


def test_a_few_chats_are_aligned_as_in_the_whole(store: Store) -> None:
    dataset = quality_dataset(store)
    benchmark = Benchmark(dataset, FORM)
    whole = align(store, benchmark, ["甲", "乙"], against="labels")
    few = align(store, benchmark, ["甲", "乙"], against="labels", chats={2, 8, 99})
    assert few.chats == {index: whole.chats[index] for index in (2, 8)}
    assert few.missing_chats == (frozenset({8}), frozenset())
