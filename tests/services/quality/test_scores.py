"""Scores out of the store: kept only while nothing changes, disputes beside them, outside scores, the leaderboard."""

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import DisputeStatus, Extraction, Pass, RunKind
from core.domain.scoring import CorrectnessChange
from core.domain.scoring.measures import EXACT
from core.errors import ConflictError, InputError, NotFoundError
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.quality import (
    BLIND,
    RECORDS,
    Benchmark,
    add_external_score,
    compare_runs,
    decide,
    dispute,
    dispute_rows,
    disputes,
    named_run,
    references,
    remove_external_score,
    score,
)
from core.services.quality.cache import cached, forget
from core.services.quality.disputes import dispute_counts
from core.services.quality.external_scores import external_scores
from core.services.quality.record_origins import FLATTERED, record_origins
from tests.factories.datasets import FORM, make_record
from tests.factories.quality import KINDS, NAME, TODO, add_record, add_run, form, leaderboard, quality_dataset


def test_scores_follow_the_runs(store: Store) -> None:
    dataset = quality_dataset(store)
    first = score(store, dataset="d", run="乙")
    assert first.score == pytest.approx(36 - 2 / 8)
    assert score(store, dataset="d", run="乙") is first, "kept while nothing changes"
    missing = score(store, dataset="d", run="甲")
    assert missing.missing == (8,)
    with store.write() as session:
        run = queries.run(session, "甲", dataset.id)
        chat_id = queries.chat_ids(session, dataset.id)[8]
        session.add(Extraction(run_id=run.id, chat_id=chat_id, status="ok", forms=[form()]))
    assert score(store, dataset="d", run="甲").missing == ()
    assert score(store, dataset="d", run="乙", measure=EXACT).measure is EXACT


def test_records_as_reference_follow_every_save(store: Store) -> None:
    dataset = quality_dataset(store)
    with pytest.raises(NotFoundError, match="还没有已确认的记录"):
        score(store, dataset="d", run="乙", against="records")
    add_record(store, dataset, 1, [form(**{NAME: "周遥"})], "小林")
    assert len(score(store, dataset="d", run="乙", against="records").chats) == 1
    add_record(store, dataset, 2, [form()], "小林")
    assert len(score(store, dataset="d", run="乙", against="records").chats) == 2


def test_compare_out_of_the_store(store: Store) -> None:
    quality_dataset(store)
    found = compare_runs(store, dataset="d", run_a="甲", run_b="乙")
    assert found.fields[TODO].counts[CorrectnessChange.FIXED] == 8
    assert found.fields[NAME].counts == {
        CorrectnessChange.BOTH_RIGHT: 5,
        CorrectnessChange.BROKEN: 2,
        CorrectnessChange.FIXED: 1,
        CorrectnessChange.BOTH_WRONG: 0,
    }
    assert found.delta == pytest.approx(found.b.score - found.a.score)
    assert compare_runs(store, dataset="d", run_a="甲", run_b="乙") is found


def test_the_leaderboard_and_the_runs_page_agree_on_costs(store: Store) -> None:
    """A price that is missing is unknown, not free; one that was filled in later counts."""
    dataset = quality_dataset(store)
    entry = {"name": "m", "title": "m", "provider": "openai", "price_in": 0.01, "price_out": None}
    run_id = add_run(store, dataset, "丙", {1: [form()]}, provider="openai", model="m", parameters={"entry": entry})

    def shown() -> float | None:
        return named_run(leaderboard(store, Benchmark(dataset, FORM)), "丙").cost

    with store.read() as session:
        view = queries.run(session, run_id)
    assert view.tokens_in and view.tokens_out
    assert (shown(), run_service.costs(store, [view])[view.id]) == (None, None)
    model_catalog.create(store, name="m", provider="openai", url="http://127.0.0.1:9/v1", price_in=0.02, price_out=0.03)
    later = (view.tokens_in * 0.02 + view.tokens_out * 0.03) / 1000
    assert shown() == run_service.costs(store, [view])[view.id] == pytest.approx(later)


def test_the_board(store: Store) -> None:
    dataset = quality_dataset(store)
    price = {"entry": {"name": "m", "title": "m", "provider": "openai", "price_in": 0.01, "price_out": 0.02}}
    add_run(store, dataset, "丙", {i: [form()] for i in range(1, 9)}, parameters=price)
    assert references(store, dataset) == ["labels", "run:丙", "run:乙", "run:甲"]
    found = leaderboard(store, Benchmark(dataset, FORM))
    assert [row.run.name for row in found.rows] == ["乙", "甲", "丙"]
    best, short, empty = found.rows
    assert best.to_best is None and best.indistinguishable_from_best
    assert empty.score.score == pytest.approx(found.floor)
    assert empty.interval.low <= empty.score.score <= empty.interval.high
    assert not empty.indistinguishable_from_best
    assert empty.cost == pytest.approx(8 * (0.01 + 0.01)) and short.cost is None
    assert [row.undisputed for row in found.rows] == [None] * 3
    assert named_run(found, "丙") is empty
    with pytest.raises(NotFoundError):
        named_run(found, "丁")
    against = leaderboard(store, Benchmark(dataset, FORM, "run:丙"))
    assert {row.run.name for row in against.rows} == {"甲", "乙", "标注"}


def test_scores_from_outside(store: Store) -> None:
    dataset = quality_dataset(store)
    with store.read() as session:
        run = queries.run(session, "甲", dataset.id)
    add_external_score(store, run.id, 17.34, who="小林")
    add_external_score(store, run.id, 18.0, source="内部复测")
    found = external_scores(store, dataset.id)[run.id]
    assert [(one.score, one.source) for one in found] == [(18.0, "内部复测"), (17.34, "平台线上")]
    remove_external_score(store, found[0].id)
    assert named_run(leaderboard(store, Benchmark(dataset, FORM)), "甲").external_scores[0].score == 17.34
    for wrong in (-1, 36.5):
        with pytest.raises(InputError, match="0 到 36"):
            add_external_score(store, run.id, wrong)
    with pytest.raises(NotFoundError):
        add_external_score(store, 999, 1)


def test_disputes(store: Store) -> None:
    dataset = quality_dataset(store)
    made = dispute(store, dataset="d", chat=1, customer=0, field=NAME, reason=" 群里叫周遥 ", who="小林")
    assert (made.value, made.reason, made.status) == ("林舟1", "群里叫周遥", DisputeStatus.OPEN)
    with pytest.raises(ConflictError, match="小林"):
        dispute(store, dataset="d", chat=1, customer=0, field=NAME, reason="x", who="小何")
    dispute(store, dataset="d", chat=3, customer=0, field=KINDS, reason="没有答疑", who="小何")
    plain, without = score(store, dataset="d", run="乙"), score(store, dataset="d", run="乙", without_disputed=True)
    assert (plain.score, plain.left_out) == (pytest.approx(35.75), 0)
    # One of the two wrong names is left out: 1 of 7 is wrong.
    assert without.score == pytest.approx(36 - 1 / 7) and without.left_out == 2
    assert without.fields[NAME].filled.support == 7
    row = named_run(leaderboard(store, Benchmark(dataset, FORM)), "乙")
    assert row.undisputed is not None and row.undisputed.score == pytest.approx(without.score)
    decide(store, made.id, status=DisputeStatus.DISMISSED, who="主管", decision="标注无误")
    assert score(store, dataset="d", run="乙", without_disputed=True).left_out == 1
    assert dispute_counts(store, dataset.id) == {"待定": 1, "不成立": 1}
    listed = disputes(store, "d")
    assert [(one.chat, one.field, one.label) for one in listed] == [(1, NAME, "林舟1"), (3, KINDS, ["询价、答疑"])]
    assert dispute_rows(listed)[1] == {
        "群聊": 3,
        "客户": 1,
        "字段": KINDS,
        "标注": "询价、答疑",
        "理由": "没有答疑",
        "提出人": "小何",
        "提出时间": dispute_rows(listed)[1]["提出时间"],
        "状态": "待定",
        "处理人": "",
        "处理说明": "",
    }
    # Dismissed once, it may be disputed again.
    dispute(store, dataset="d", chat=1, customer=0, field=NAME, reason="再看", who="小何")
    decide(store, made.id, status=DisputeStatus.OPEN, who="主管")
    assert disputes(store, "d", [DisputeStatus.OPEN])[0].decided_by == ""


def test_what_cannot_be_disputed(store: Store) -> None:
    dataset = quality_dataset(store)
    asked = {"dataset": "d", "chat": 1, "customer": 0, "field": NAME, "reason": "x", "who": "小林"}
    for change, error in (
        ({"reason": " "}, InputError),
        ({"who": ""}, InputError),
        ({"chat": 99}, NotFoundError),
        ({"customer": 1}, NotFoundError),
        ({"field": "没有"}, NotFoundError),
    ):
        with pytest.raises(error):
            dispute(store, **{**asked, **change})  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        decide(store, 99, status=DisputeStatus.UPHELD, who="主管")
    assert disputes(store, dataset.id) == []


def test_what_is_kept_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    monkeypatch.setattr("core.services.quality.cache._MOST_CHATS", 10)
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in "abcab":
        assert cached(name, lambda n=name: make(n), chats=5) == name  # type: ignore[misc]
    assert made == ["a", "b", "c", "a", "b"]
    assert cached("b", lambda: make("b"), chats=5) == "b" and len(made) == 5
    assert cached("big", lambda: make("big"), chats=99) == "big"
    for number in range(20):  # small values are apart: they cost no large one
        assert cached(("small", number), lambda: make("small")) == "small"
    before = len(made)
    assert cached("big", lambda: make("again"), chats=99) == "big"
    assert cached(("small", 0), lambda: make("again")) == "small" and len(made) == before
    forget()


def test_a_run_of_labels_is_no_rival(store: Store) -> None:
    dataset = quality_dataset(store)
    with store.read() as session:
        kinds = {run.kind for run in queries.runs(session, dataset.id)}
    assert RunKind.LABELS in kinds
    assert "标注" not in [row.run.name for row in leaderboard(store, Benchmark(dataset, FORM)).rows]


def test_records_that_were_started_from_labels_say_so(store: Store) -> None:
    dataset = quality_dataset(store, 4)
    with store.read() as session:
        labels = queries.labels_run(session, dataset.id)
        assert labels is not None
    make_record(store, dataset, 1, [{NAME: "林舟1"}], base_run_id=labels.id)
    make_record(store, dataset, 2, [{NAME: "林舟2"}])
    with store.read() as session:
        origins = record_origins(session, dataset.id)
    assert origins.from_labels == 1 and "标注「标注」1 条" in origins.sentence
    rows = leaderboard(store, Benchmark(dataset, FORM, RECORDS)).rows
    assert [row.caveat for row in rows if row.run.name == "标注"] == [FLATTERED]


def test_records_flatter_the_run_that_they_were_started_from(store: Store) -> None:
    dataset = quality_dataset(store, 4)
    with store.read() as session:
        runs = {run.name: run.id for run in queries.runs(session, dataset.id)}
    kept = {NAME: "周遥", TODO: "发送报价单", KINDS: ["询价、答疑"]}
    for index in (1, 2):  # as 乙 has them, wrong name and all
        make_record(store, dataset, index, [kept], base_run_id=runs["乙"])
    board = leaderboard(store, Benchmark(dataset, FORM, RECORDS))
    assert [(row.run.name, row.started) for row in board.rows][-1] == ("乙", 2), "behind those that are not flattered"
    assert board.rows[-1].score.score > board.rows[0].score.score
    assert [(row.run.name, row.is_ranked) for row in board.rows] == [("甲", True), ("标注", False), ("乙", False)]
    assert references(store, dataset)[:2] == ["labels", "records"]
    with pytest.raises(NotFoundError, match="盲审"):
        leaderboard(store, Benchmark(dataset, FORM, BLIND))
    make_record(store, dataset, 1, [{**kept, NAME: "林舟1"}], review_pass=Pass.SECOND, reviewer="小白")
    assert references(store, dataset)[:3] == ["labels", "blind", "records"]
    honest = leaderboard(store, Benchmark(dataset, FORM, BLIND))
    assert (honest.chats, [row.started for row in honest.rows]) == (1, [0, 0, 0])
    assert score(store, dataset="d", run="乙", against="blind").score == named_run(honest, "乙").score.score < 36
    make_record(store, dataset, 1, [kept], review_pass=Pass.ADJUDICATED, reviewer="组长")
    settled = leaderboard(store, Benchmark(dataset, FORM, BLIND))
    assert named_run(settled, "乙").score.score == 36, "what was settled counts"
