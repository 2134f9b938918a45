"""Searching for rules of a prompt: within a budget, over a fake service, kept only where unseen chats show a gain."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.adapters.store import Store
from core.cli import main
from core.domain.prompts import load_prompt
from core.errors import InputError, NotFoundError, SettingsError
from core.services.extraction import models as model_catalog
from core.services.extraction.prompt_library import list_entries, save, with_front_matter
from core.services.training.corrections import save_prompt_with_rules
from core.services.training.prompt_search import PromptSearchPlan, plan_prompt_search, search_prompt
from tests.factories.datasets import FORM, make_dataset, make_run
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import FakeOpenAI

NAME, STUCK, PHONE = "基本信息-姓名", "客户是否有卡点", "基本信息-手机号码"
CHATS = 24


@pytest.fixture
def labelled(store: Store) -> Store:
    """Chats whose labels always say 无卡点, which the model does not know."""
    people = {number: f"客人{chr(0x4E00 + number)}" for number in range(1, CHATS + 1)}
    texts = [f"{who}：我的手机 1380000{number:04d}\n客服小何：好的" for number, who in people.items()]
    dataset = make_dataset(store, texts, "标")
    labels = {number: [{NAME: who, STUCK: "无卡点", PHONE: f"1380000{number:04d}"}] for number, who in people.items()}
    make_run(store, dataset, "labels", labels, kind="labels")
    return store


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A service that fills 无卡点 where the prompt says so; ``written`` is what it answers when asked for rules."""
    talk: dict[str, Any] = {"written": "「客户是否有卡点」每张表都填，没有障碍填「无卡点」。", "asked": []}

    def answer(request: dict[str, Any], number: int) -> Answer | Failure:
        question = str(request["messages"][-1]["content"])
        talk["asked"].append(question)
        if "请写出改好的补充规则" in question:
            return Failure(status=400) if talk.get("refuses") else Answer(text=f"```\n{talk['written']}\n```")
        who = question.rpartition("<chat>")[2].strip().partition("：")[0]
        filled = {NAME: who} | ({STUCK: "无卡点"} if "每张表都填，没有障碍" in question else {})
        return Answer(text=json.dumps([FORM.empty() | filled], ensure_ascii=False))

    with FakeOpenAI(answer) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        yield talk


def plan(store: Store, **more: Any) -> PromptSearchPlan:
    if not more.pop("made", False):
        model_catalog.create(store, name="m", title="m", provider="openai", price_in=0.01, price_out=0.01)
    return plan_prompt_search(store, **({"dataset": "标", "prompt": "baseline.v1", "model": "m", "yuan": 1.5} | more))


def test_rules_that_unseen_chats_show_to_be_better_become_a_version(labelled: Store, service: dict[str, Any]) -> None:
    pytest.importorskip("gepa")
    chosen = plan(labelled)
    assert sorted((*chosen.learn, *chosen.check, *chosen.unseen)) == list(range(1, CHATS + 1))  # no chat twice
    result = search_prompt(labelled, chosen, who="陈")
    assert result.rules == (service["written"],)
    assert result.interval.low > 0
    assert result.after - result.before == pytest.approx(1.0)  # the field's points
    assert 0 < result.yuan <= chosen.yuan
    assert result.version == "baseline.v4"
    with labelled.read() as session:
        [kept] = [entry for entry in list_entries(session) if entry.draft_id]
    assert service["written"] in kept.prompt.body
    # Who writes the rules is told fields and suggested values, never what stands in a chat or a label.
    [reflection, *_] = [question for question in service["asked"] if "请写出改好的补充规则" in question]
    assert "「客户是否有卡点」空着，应填「无卡点」" in reflection
    assert f"「{PHONE}」空着，应填群聊里的原话" in reflection
    assert "1380000" not in reflection
    assert "客人" not in reflection


def test_rules_that_change_nothing_become_no_version(labelled: Store, service: dict[str, Any]) -> None:
    pytest.importorskip("gepa")
    service["written"] = "请认真一些。"
    result = search_prompt(labelled, plan(labelled))
    assert result.version == ""
    assert result.after == result.before
    with labelled.read() as session:
        assert not [entry for entry in list_entries(session) if entry.draft_id]


def test_what_was_paid_for_is_given_back_when_rules_stop_coming(labelled: Store, service: dict[str, Any]) -> None:
    pytest.importorskip("gepa")
    service["refuses"] = True  # whoever is asked for rules; the chats are answered
    result = search_prompt(labelled, plan(labelled))
    assert (result.rules, result.version, result.before) == ((), "", result.after)
    assert 0 < result.yuan < 0.7  # and it does not go on asking


def test_rules_that_are_there_already_are_no_mistake(labelled: Store, service: dict[str, Any]) -> None:
    pytest.importorskip("gepa")
    rule = service["written"]
    chosen = plan(labelled)
    with_it = save_prompt_with_rules(labelled, chosen.prompt, [rule], who="陈").prompt
    again = search_prompt(labelled, chosen)  # as in a search that is done again
    assert (again.rules, again.version, again.problem) == ((rule,), with_it.id, "")
    assert again.interval.low > 0
    on_it = search_prompt(labelled, replace(chosen, prompt=with_it))
    assert (on_it.version, on_it.before) == ("", on_it.after)
    with labelled.read() as session:
        assert [entry.prompt.id for entry in list_entries(session) if entry.draft_id] == [with_it.id]


def test_better_rules_that_cannot_be_saved_are_told(labelled: Store, service: dict[str, Any]) -> None:
    pytest.importorskip("gepa")
    last = with_front_matter(load_prompt("baseline.v1").source, version=999_999_999)  # there is none after it
    save(labelled, last, who="陈")
    result = search_prompt(labelled, plan(labelled, prompt="baseline.v999999999"))
    assert (result.rules, result.version) == ((service["written"],), "")
    assert result.interval.low > 0
    assert "version" in result.problem


def test_what_cannot_be_searched_is_said_before_anybody_is_asked(labelled: Store, service: dict[str, Any]) -> None:
    make_dataset(labelled, ["甲：在吗"], "空")
    with pytest.raises(InputError, match="不够比较一次"):
        plan(labelled, yuan=0.01)
    with pytest.raises(InputError, match="预算不能是 nan"):
        plan(labelled, made=True, yuan=float("nan"))
    with pytest.raises(NotFoundError, match="没有标注"):
        plan(labelled, made=True, dataset="空")
    with pytest.raises(InputError, match="不能这样改进"):
        plan(labelled, made=True, prompt="verify")
    model_catalog.create(labelled, name="没价", title="没价", provider="openai")
    with pytest.raises(SettingsError, match="没有填单价"):
        plan(labelled, made=True, model="没价")
    assert service["asked"] == []


def test_the_verb_says_what_it_would_take_and_asks_nobody(
    labelled: Store, service: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    model_catalog.create(labelled, name="m", title="m", provider="openai", price_in=0.01, price_out=0.01)
    verb = ["improve-prompt", "--dataset", "标", "--model", "m", "--budget", "2", "--json"]
    assert main(["--db", f"sqlite:///{labelled.path}", *verb]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["chats"] == {"learn": 6, "check": 6, "unseen": 12}
    assert (told["result"], service["asked"]) == (None, [])
