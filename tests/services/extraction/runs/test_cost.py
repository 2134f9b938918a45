"""Costs before and after: dry runs against what the run then took, prices filled in later, small sums."""

import json
from pathlib import Path

import pytest

from core import cli
from core.adapters.llm import ModelSpec
from core.adapters.store import Store
from core.adapters.store.models import Chat
from core.errors import NotFoundError, PromptError, SettingsError
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from tests.factories.runs import add_dataset
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import API_KEY, FakeOpenAI


@pytest.fixture
def priced(store: Store, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")
    return model_catalog.create(
        store,
        name="m",
        provider="openai",
        url="http://127.0.0.1:9/v1",
        key_env="SOME_API_KEY",
        price_in=0.5,
        price_out=2.0,
    )


def test_a_dry_run_asks_nobody_and_scales_with_the_chats(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 10)
    few = run_service.estimate(store, dataset="d", provider="", model="m", limit=2)
    many = run_service.estimate(store, dataset="d", provider="", model="m")
    assert (few.chats, few.calls, many.chats, many.calls) == (2, 2, 10, 10)
    assert many.tokens_in == pytest.approx(5 * few.tokens_in, rel=0.02)
    assert many.yuan == pytest.approx(many.tokens_in * 0.0005 + many.tokens_out * 0.002)
    assert not many.learned
    assert run_service.model_runs(store, 1) == []
    # The rendered prompt is what counts, not the chats alone.
    assert few.tokens_in > sum(list(run_service.chat_tokens(store, 1).values())[:2]) + 500


def test_an_estimate_is_near_what_the_run_then_takes(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 8)
    with FakeOpenAI(lambda request, number: Answer(tokens_out=50)) as service:
        model_catalog.update(store, priced.id or 0, url=service.url)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m", limit=6)
        before = run_service.estimate(store, dataset="d", provider="openai", model="m", run="r", limit=6)
        run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        # What is answered already costs nothing; the length of answers has been learned.
        after = run_service.estimate(store, dataset="d", provider="openai", model="m", run="r")
    assert before.calls == 6
    assert (after.calls, after.tokens_out, after.learned) == (2, 100, True)
    taken = run_service.progress(store, run.id)
    assert run_service.costs(store, [taken])[run.id] == pytest.approx(taken.tokens_in * 0.0005 + 300 * 0.002)


def add_long_chat(store: Store) -> None:
    lines = (f"王先生{n % 3}：第{n}个问题，会话存档和标准版一年多少钱？\n客服小林：每年三千元。" for n in range(150))
    text = "\n".join(lines)
    with store.write() as session:
        session.add(Chat(dataset_id=1, index=50, text=text, sha256="l", characters=len(text), residue_characters=0))


def test_long_chats_are_asked_about_in_pieces_or_not_at_all(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 2)
    add_long_chat(store)
    ask = {"dataset": "d", "provider": "openai", "model": "m"}
    assert run_service.estimate(store, **ask).windows == 3  # type: ignore[arg-type]
    with FakeOpenAI() as service:
        model_catalog.update(store, priced.id or 0, url=service.url, context_tokens=5000)
        found = run_service.estimate(store, **ask)  # type: ignore[arg-type]
        run = run_service.create_run(store, name="r", **ask)  # type: ignore[arg-type]
        assert run_service.wait_for_run(store, lambda: run_service.start(store, run.id)).done == 3
        assert found.over == (50,)
        assert found.windows > 3
        assert abs(found.calls - len(service.requests)) <= 1
    model_catalog.update(store, priced.id or 0, context_tokens=1500)
    small = run_service.estimate(store, **ask)  # type: ignore[arg-type]
    assert (small.impossible, small.over, small.calls) == ((1, 2, 50), (), 0)


def test_earlier_replies_are_taken_off(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 6)
    with FakeOpenAI() as service:
        model_catalog.update(store, priced.id or 0, url=service.url)
        ask = {"dataset": "d", "provider": "openai", "model": "m"}
        run = run_service.create_run(store, name="r", limit=4, **ask)  # type: ignore[arg-type]
        run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        found = run_service.estimate(store, run="again", **ask)  # type: ignore[arg-type]
        anew = run_service.estimate(store, run="again", fresh=True, **ask)  # type: ignore[arg-type]
        assert (found.reused, found.calls, anew.reused, anew.calls) == (4, 2, 0, 6)
        assert (found.yuan or 0) == pytest.approx((anew.yuan or 0) / 3, rel=0.02)
        # A second stage follows on answers that are known, and is new itself.
        two = run_service.estimate(store, run="two", prompt="baseline,verify", **ask)  # type: ignore[arg-type]
        assert (two.reused, two.calls) == (4, 8)
        # Another temperature is another question.
        other = run_service.estimate(store, run="other", parameters={"temperature": 0.7}, **ask)  # type: ignore[arg-type]
        assert other.reused == 0
        assert len(service.requests) == 4
        again = run_service.create_run(store, name="again", **ask)  # type: ignore[arg-type]
        view = run_service.wait_for_run(store, lambda: run_service.start(store, again.id))
        assert (view.done, len(service.requests)) == (6, 6)
        fresh = run_service.create_run(store, name="fresh", fresh=True, **ask)  # type: ignore[arg-type]
        run_service.wait_for_run(store, lambda: run_service.start(store, fresh.id))
        assert len(service.requests) == 12


def test_every_stage_and_sample_counts(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 4)
    ask = {"dataset": "d", "provider": "openai", "model": "m"}
    once = run_service.estimate(store, **ask)  # type: ignore[arg-type]
    voted = run_service.estimate(store, **ask, prompt="baseline*3")  # type: ignore[arg-type]
    assert (voted.calls, voted.tokens_in, voted.tokens_out) == (12, 3 * once.tokens_in, 3 * once.tokens_out)
    two = run_service.estimate(store, **ask, prompt="summary,from_summary")  # type: ignore[arg-type]
    assert two.calls == 8
    # The second stage is not shown the chat.
    assert two.tokens_in < run_service.estimate(store, **ask, prompt="baseline,verify").tokens_in  # type: ignore[arg-type]
    with FakeOpenAI() as service:
        model_catalog.update(store, priced.id or 0, url=service.url)
        run = run_service.create_run(store, name="r", prompt="baseline,verify", **ask)  # type: ignore[arg-type]
        run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert len(service.requests) == 8


def test_cleaning_makes_it_shorter(store: Store) -> None:
    add_dataset(store, 1)
    text = "王先生1：多少钱？\n客服小林：[图片]\n客服小林：三千元\n王先生1：[语音]"
    with store.write() as session:
        session.add(Chat(dataset_id=1, index=2, text=text, sha256="p", characters=len(text), residue_characters=0))
    assert run_service.chat_tokens(store, 1, ("placeholders",))[2] < run_service.chat_tokens(store, 1)[2]


def test_what_is_not_there_is_named(store: Store) -> None:
    add_dataset(store, 1)
    for wrong, error in (
        ({"dataset": "x"}, NotFoundError),
        ({"prompt": "x"}, PromptError),
        ({"provider": "x"}, SettingsError),
    ):
        with pytest.raises(error):
            run_service.estimate(store, **{"dataset": "d", "provider": "local", **wrong})  # type: ignore[arg-type]


def test_prices_filled_in_later_count_for_runs_that_had_none(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 2)
    with FakeOpenAI() as service:
        model_catalog.update(store, priced.id or 0, url=service.url, price_in=None, price_out=None)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m")
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert run_service.costs(store, [view]) == {run.id: None}
    assert run_service.total_cost([view], {run.id: None}).unpriced == 1
    model_catalog.update(store, priced.id or 0, price_in=0.5, price_out=0.0)
    assert run_service.costs(store, [view])[run.id] == pytest.approx(view.tokens_in * 0.0005)


def test_runs_without_tokens_cost_nothing(store: Store) -> None:
    add_dataset(store, 1)
    run = run_service.create_run(store, dataset="d", name="r", provider="local")
    view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert run_service.costs(store, [view]) == {run.id: 0.0}
    assert run_service.estimate(store, dataset="d", provider="local").yuan == 0.0


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "费用未知"), (0.0, "0 元"), (0.00001, "不到 0.0001 元"), (0.0042, "0.0042 元"), (1234.5, "1,234.50 元")],
)
def test_money(value: float | None, said: str) -> None:
    assert run_service.money(value) == said


def test_dry_run_on_the_command_line(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], priced: ModelSpec
) -> None:
    add_dataset(store, 3)
    url = store.engine.url.render_as_string(hide_password=False)
    command = ["--db", url, "extract", "--dataset", "d", "--run", "r", "--provider", "openai", "--model", "m"]
    assert cli.main([*command, "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["model"], said["chats"], said["calls"], said["reused"], said["over"]) == ("m", 3, 3, 0, [])
    assert said["yuan"] > 0
    assert cli.main([*command, "--dry-run", "--limit", "1"]) == 0
    assert "预计抽取 1 条群聊，调用 1 次" in capsys.readouterr().out
    assert run_service.model_runs(store, 1) == []
    # Without keys there is nothing to start, but still something to estimate.
    assert cli.main([*command[:-4], "--provider", "spark", "--dry-run"]) == 0
    assert "单价未知" in capsys.readouterr().out


def test_an_answer_that_was_cut_off_is_paid_for(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 1)
    with FakeOpenAI(Answer(text='[{"姓', finish="length", tokens_out=700)) as service:
        model_catalog.update(store, priced.id or 0, url=service.url)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m")
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert (view.failed, view.tokens_out) == (1, 700)
    assert run_service.costs(store, [view])[run.id] == pytest.approx(view.tokens_in * 0.0005 + 1.4)


def test_failed_calls_have_no_tokens(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 1)
    with FakeOpenAI(Failure(status=401)) as service:
        model_catalog.update(store, priced.id or 0, url=service.url)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m")
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert (view.failed, run_service.costs(store, [view])[run.id]) == (1, 0.0)


def test_cached_and_batch_tokens_have_prices_of_their_own() -> None:
    model = ModelSpec(name="m", provider="openai", price_in=1.0, price_out=2.0, price_cached=0.1, batch_share=0.5)
    assert model.cost(1000, 1000) == pytest.approx(3.0)
    assert model.cost(1000, 1000, cached=400) == pytest.approx(0.6 + 0.04 + 2.0)
    assert model.cost(1000, 1000, batch_in=1000, batch_out=1000) == pytest.approx(1.5)
    assert model.cost(1000, 1000, cached=200, batch_in=500, batch_out=250) == pytest.approx(
        0.3 + 0.02 + 0.25 + 1.5 + 0.25
    )
    # What is not known is never taken for cheaper than it may be.
    unknown = model.model_copy(update={"price_cached": None, "batch_share": None})
    assert unknown.cost(1000, 1000, cached=400, batch_in=100) == pytest.approx(3.0)
    assert model.model_copy(update={"price_out": None}).cost(1000, 0, cached=1000) == pytest.approx(0.1)


def test_what_the_service_had_cached_is_kept_and_priced(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 2)
    with FakeOpenAI(Answer(tokens_out=10, usage={"prompt_tokens_details": {"cached_tokens": 200}})) as service:
        model_catalog.update(store, priced.id or 0, url=service.url, price_cached=0.05)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m")
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert view.tokens_cached == 400
    assert run_service.costs(store, [view])[run.id] == pytest.approx((view.tokens_in - 400) * 0.0005 + 0.02 + 0.04)


def test_questions_are_scaled_by_what_earlier_ones_took(store: Store, priced: ModelSpec) -> None:
    add_dataset(store, 12)
    ask = {"dataset": "d", "provider": "openai", "model": "m"}
    with FakeOpenAI() as service:  # counts each character as a token
        model_catalog.update(store, priced.id or 0, url=service.url)
        few = run_service.create_run(store, name="few", limit=4, **ask)  # type: ignore[arg-type]
        run_service.wait_for_run(store, lambda: run_service.start(store, few.id))
        assert run_service.estimate(store, run="r", fresh=True, **ask).scale is None  # type: ignore[arg-type]
        run = run_service.create_run(store, name="r", limit=6, fresh=True, **ask)  # type: ignore[arg-type]
        raw = run_service.estimate(store, run="other", fresh=True, **ask)  # type: ignore[arg-type]
        took = run_service.wait_for_run(store, lambda: run_service.start(store, run.id)).tokens_in / 6
        scaled = run_service.estimate(store, run="other", fresh=True, **ask)  # type: ignore[arg-type]
    assert scaled.scale is not None and scaled.scale.calls == 10 and scaled.scale.error < 0.02
    assert scaled.tokens_in / 12 == pytest.approx(took, rel=0.02)
    assert raw.tokens_in / 12 < 0.9 * took
    assert scaled.yuan == pytest.approx(scaled.tokens_in * 0.0005 + scaled.tokens_out * 0.002)
