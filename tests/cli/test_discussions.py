"""``discussions``: what the page lists, as JSON for scripts and as text for people."""

import json

import pytest

from core.adapters.store import Store
from core.cli import main
from tests.factories.datasets import make_dataset
from tests.services.discussion.test_remarks import say


def test_discussions_are_printed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = make_dataset(store, ["林舟1：多少钱\n客服小何：稍后"], "d")
    db = store.engine.url.render_as_string(hide_password=False)
    assert main(["discussions", "--dataset", "d", "--db", db]) == 0
    assert capsys.readouterr().err == "没有这样的讨论\n"
    say(store, dataset, "口径？\n第二行")
    assert main(["discussions", "--dataset", "d", "--db", db, "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert (printed["chat"], printed["open"], printed["turns"][0]["text"]) == (1, True, "口径？\n第二行")
    assert main(["discussions", "--dataset", "d", "--db", db]) == 0
    shown = capsys.readouterr()
    assert "第 1 条 · 客户 1 林舟1" in shown.out and "王芳" in shown.out and shown.err == "1 处讨论\n"
    assert main(["discussions", "--dataset", "d", "--db", db, "--awaits", "林晓"]) == 0
    assert capsys.readouterr().err == "没有这样的讨论\n"


def test_a_state_that_there_is_not_is_refused(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    make_dataset(store, ["林舟1：好\n客服小何：好"], "d")
    db = store.engine.url.render_as_string(hide_password=False)
    assert main(["discussions", "--dataset", "d", "--db", db, "--state", "开着"]) == 1
    assert "没有「开着」" in capsys.readouterr().err
    for option, value, sentence in (("--field", "nope", "没有字段「nope」"), ("--chat", "9", "没有第 9 条群聊")):
        assert main(["discussions", "--dataset", "d", "--db", db, option, value, "--json"]) == 1
        assert sentence in capsys.readouterr().err
