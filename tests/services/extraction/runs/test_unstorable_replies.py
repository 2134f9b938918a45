"""Replies with halves of emoji and NULs are stored without them; what cannot be stored at all is a failure."""

import json
from typing import Any

import pytest
from sqlalchemy import event

from core.adapters.store import Store, queries
from core.adapters.store.models import RunStatus
from core.domain.form import load_named_form
from core.services.extraction import runs as run_service
from tests.factories.runs import add_dataset, runner, stored
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI
from tests.waiting import wait_until

FORM = load_named_form()


def reply(name: str) -> str:
    return json.dumps([{**FORM.empty(), FORM.name_field: name}])


def run_over(store: Store, monkeypatch: pytest.MonkeyPatch, answer: str) -> tuple[dict[int, str], list[Any], int]:
    """Statuses, forms and the number of calls of a run whose model gives one answer to everything."""
    add_dataset(store, 2)
    with FakeOpenAI(Answer(answer)) as service, runner(store):
        for key, value in service.environment().items():
            monkeypatch.setenv(key, value)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m")
        run_service.start(store, run.id)

        def ended() -> bool:
            with store.read() as session:
                return queries.run(session, run.id).status != RunStatus.RUNNING

        wait_until(ended, 30)
        with store.read() as session:
            forms = [one.forms for one in queries.extractions(session, run.id)]
            assert not any(
                chr(0xD83D) in json.dumps(one.replies, ensure_ascii=False)
                for one in queries.extractions(session, run.id)
            )
        return stored(store, run), forms, len(service.requests)


@pytest.mark.both_databases
@pytest.mark.parametrize("text", [reply("甲先生\ud83d\0"), "想一想\ud800 " + reply("甲先生") + " \0"])
def test_half_an_emoji_loses_no_answer(store: Store, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    statuses, forms, calls = run_over(store, monkeypatch, text)
    assert set(statuses) == {1, 2} and "failed" not in statuses.values()
    assert [[one[FORM.name_field] for one in each] for each in forms] == [["甲先生"], ["甲先生"]]
    assert calls == 2


def test_an_answer_that_cannot_be_stored_ends_as_a_failure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        if sql.startswith("INSERT INTO extraction") and "甲先生" in str(parameters):
            raise OverflowError("too large")

    event.listen(store.engine, "before_cursor_execute", refuse)
    statuses, _, calls = run_over(store, monkeypatch, reply("甲先生"))
    assert set(statuses.values()) == {"failed"}
    assert calls == 2
