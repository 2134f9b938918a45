"""The models of a recipe are asked at one start: each as its set's rows ask, their answers merged per field."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.adapters.store import Store, queries
from core.cli import main
from core.domain.form import Form
from core.errors import ExportError
from core.services.extraction import models as model_catalog
from core.services.training import (
    asked_by_set,
    export_training,
    extract_with_recipe,
    find_recipe,
    recipe_parts,
    recipe_sets,
    training_set,
)
from core.services.training.recipe_runs import single_fields
from tests.factories.training import LONG, fill_long, manifest_of, options
from tests.fakes.behaviour import Answer, Behaviour, Failure
from tests.fakes.openai_server import API_KEY, FakeOpenAI

KEYS = ("基本信息-手机号码", "客户购买阶段")


@pytest.fixture
def failing() -> list[Behaviour]:
    """What the service does instead of answering, where there is something in it."""
    return []


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, failing: list[Behaviour]) -> Iterator[FakeOpenAI]:
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")

    def answer(call: dict[str, Any], _number: int) -> Behaviour:
        if failing:
            return failing[-1]
        text = json.dumps(call["messages"], ensure_ascii=False)
        whole = call["model"] == "whole"
        values = {"基本信息-姓名": "林晓3", "客户购买阶段": "报价" if whole else "赢单", "咨询类型": ["询价"]}
        if LONG[-12:-4] in text or whole:
            values["基本信息-手机号码"] = "13000000000" if whole else "13800001111"
        return Answer(json.dumps([values], ensure_ascii=False))

    with FakeOpenAI(answer) as service:
        yield service


@pytest.fixture
def sets(store: Store, form: Form, tmp_path: Path) -> list[int]:
    """Both sets of the recipe, built."""
    fill_long(store)
    for step, choices in recipe_sets(find_recipe("two-models"), options(cutoff_len=2600), form, KEYS):
        export_training(store, options=choices, out=tmp_path / step.name)
    return [1, 2]


def question_digest(messages: list[dict[str, str]]) -> str:
    """sha256 of a question as it was sent, as training rows keep it."""
    texts = {message["role"]: message["content"] for message in messages}
    return hashlib.sha256(f"{texts.get('system', '')}\0{texts['user']}".encode()).hexdigest()


def register(store: Store, service: FakeOpenAI, sets: list[int]) -> None:
    for number, name in zip(sets, ("whole", "pieces"), strict=True):
        model_catalog.create(
            store,
            name=name,
            provider="openai",
            url=service.url,
            key_env="SOME_API_KEY",
            training_set_id=number,
            context_tokens=8000,
        )


def test_a_set_of_pieces_asks_field_by_field(store: Store, sets: list[int]) -> None:
    whole, pieces = (training_set(store, number) for number in sets)
    assert (single_fields(whole), single_fields(pieces)) == ((), KEYS)
    prompt = pieces.parameters["prompt"]
    assert asked_by_set(pieces) == ",".join(f"{prompt}[{key}]" for key in KEYS)
    assert asked_by_set(whole) == whole.parameters["prompt"]


def test_what_is_lacking_is_said(store: Store, sets: list[int], service: FakeOpenAI) -> None:
    with pytest.raises(ExportError, match="「短群聊填表」的训练集 #1 训练的模型还没有登记"):
        extract_with_recipe(store, 2, dataset="四条", name="一起")
    assert [part.model for part in recipe_parts(store, training_set(store, 1))] == [None, None]
    export_training(store, options=options(), out=Path(str(store.path)).parent / "plain")
    assert recipe_parts(store, training_set(store, 3)) == []
    with pytest.raises(ExportError, match="只训练一个模型"):
        extract_with_recipe(store, 3, dataset="四条", name="一起")


def test_one_command_asks_both_and_merges(
    store: Store, sets: list[int], service: FakeOpenAI, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    register(store, service, sets)
    db = ["--db", store.engine.url.render_as_string(hide_password=False)]
    command = [*db, "training", "extract", "2", "--dataset", "四条", "--run", "一起", "--json"]
    assert main(command) == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out)["run"] == "一起"
    with store.read() as session:
        runs = {run.name: run for run in queries.runs(session)}
        forms = queries.forms_by_index(session, runs["一起"].id)
    assert {"短群聊填表 · 一起", "分段找字段 · 一起"} <= set(runs)
    (values,) = forms[2]
    assert (values[KEYS[0]], values[KEYS[1]], values["咨询类型"]) == ("13800001111", "赢单", ["询价"])
    asked = {question_digest(call["messages"]) for call in service.requests if call["model"] == "pieces"}
    taught = {row["question_sha256"] for row in manifest_of(tmp_path / "pieces")["rows"]}
    assert taught & asked, "the model is asked as it was trained"
    assert runs["分段找字段 · 一起"].parameters["pipeline"]["spec"].count("fields") == len(KEYS)
    calls = len(service.requests)
    assert main(command) == 0 and len(service.requests) == calls, "nothing is asked twice"


def test_where_nothing_was_answered_nothing_is_merged(
    store: Store,
    sets: list[int],
    service: FakeOpenAI,
    failing: list[Behaviour],
    capsys: pytest.CaptureFixture[str],
) -> None:
    register(store, service, sets)
    failing.append(Failure(status=400))
    db = ["--db", store.engine.url.render_as_string(hide_password=False)]
    assert main([*db, "training", "extract", "1", "--dataset", "四条", "--run", "一起"]) == 1
    said = capsys.readouterr().err
    assert "「短群聊填表 · 一起」有 2 条失败" in said and "「分段找字段 · 一起」有 2 条失败" in said
    with store.read() as session:
        run = queries.run(session, "一起")
    assert (run.status, run.done) == ("paused", 0)
