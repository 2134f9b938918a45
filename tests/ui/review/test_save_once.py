"""A save is applied once, and an idle workbench writes nothing: write transactions counted through the real fragment.

The component is replaced by two text boxes, so that Streamlit itself calls the callback as it does for the real one.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import streamlit as st
from sqlalchemy import select, update
from sqlmodel import Session, col
from streamlit.testing.v1 import AppTest

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import Claim, now
from core.services.review import BlindSession, ReviewSession, apply_saves, open_session
from core.services.review.queue import background_update
from core.services.review.queue.claims import CLAIM
from core.ui import state
from core.ui import workbench as component
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, STAGE, answer, decide, make

CHATS = 12


def _page() -> None:
    import streamlit as st

    from core.ui.review import workbench_fragment
    from core.ui.review.workbench_leaving import leave_workbench

    if st.session_state.get("elsewhere"):
        leave_workbench()
    else:
        workbench_fragment.draw(st.session_state["review_session"], "workbench")


class Browser:
    """What the browser sends, and what it is given."""

    def __init__(self, review_session: ReviewSession) -> None:
        self.app = AppTest.from_function(_page, default_timeout=60)
        self.app.session_state["review_session"] = review_session
        self.payloads: list[Mapping[str, Any]] = []

    def run(self) -> None:
        self.app.run()
        assert not self.app.exception and not self.app.error

    def send(self, *saves: Mapping[str, Any]) -> None:
        self.app.text_area[0].set_value(json.dumps(saves))
        self.run()

    def say(self, **rest: Any) -> None:
        self.app.text_input[0].set_value(json.dumps(rest))
        self.run()

    @property
    def acks(self) -> list[tuple[str, str, int]]:
        return [(ack["save_id"], ack["result"], ack["version"]) for ack in self.payloads[-1]["acks"]]


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry per write transaction."""
    begun: list[None] = []
    write = Store.write

    @contextmanager
    def counted(self: Store) -> Iterator[Session]:
        begun.append(None)
        with write(self) as session:
            yield session

    monkeypatch.setattr(Store, "write", counted)
    monkeypatch.setattr(background_update, "update_in_background", lambda *_args, **_kwargs: None)
    return begun


def primary(store: Store, dataset: DatasetView) -> ReviewSession:
    return open_session(store, dataset, FORM, reviewer="阿青")


def delta(store: Store, dataset: DatasetView) -> ReviewSession:
    forms = {index: [{NAME: f"林木{index}"}] for index in range(1, CHATS + 1)}
    old = answer(store, dataset, "旧", forms)
    for chat in forms:
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, who="周岚", run=old)
    answer(store, dataset, "新", {chat: [one | {STAGE: "赢单"} for one in said] for chat, said in forms.items()})
    return open_session(store, dataset, FORM, reviewer="阿青", newer="新")


def blind(store: Store, dataset: DatasetView) -> ReviewSession:
    for chat in range(1, CHATS + 1):
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, who="周岚")
    return BlindSession(dataset, FORM, "阿青")


Open = Callable[[Callable[[Store, DatasetView], ReviewSession]], Browser]


@pytest.fixture
def sit(store: Store, writes: list[None], monkeypatch: pytest.MonkeyPatch) -> Open:
    """A browser at the workbench of a kind of review session, once it has drawn its first chat."""

    def sent(key: str) -> component.WorkbenchState:
        outbox = tuple(json.loads(st.session_state.get(key) or "[]"))
        rest = json.loads(st.session_state.get(f"{key}-rest") or "{}")
        return component.WorkbenchState(outbox, at=rest.get("at"), want_residue=rest.get("want_residue"))

    def sit(kind: Callable[[Store, DatasetView], ReviewSession]) -> Browser:
        browser = Browser(kind(store, make(store, CHATS)))

        def draw(data: Mapping[str, Any], *, key: str, on_outbox_change: Callable[[], None], **_more: Any) -> None:
            browser.payloads.append(data)
            st.text_area("outbox", key=key, on_change=on_outbox_change)
            st.text_input("rest", key=f"{key}-rest")

        monkeypatch.setattr(component, "workbench", draw)
        monkeypatch.setattr(component, "outbox_of", sent)
        monkeypatch.setattr(state, "store", lambda: store)
        monkeypatch.setattr(state, "reviewer", lambda: "阿青")
        writes.clear()
        browser.run()
        assert len(writes) == 1 + (kind is blind), "the claims on the first chats; a blind review is noted once a chat"
        writes.clear()
        return browser

    return sit


def save(browser: Browser, chat: int, status: str = "已确认", **more: Any) -> dict[str, Any]:
    payload = next(one for one in browser.payloads[-1]["chats"] if one["chat"] == chat)
    return {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": "阿青",
        "base_version": payload["version"],
        "customers": [{"values": {NAME: f"林木{chat}"}, "origin": None}],
        "status": status,
        **more,
    }


def test_an_answer_about_a_chat_before_leaves_the_address_to_the_browser(sit: Open) -> None:
    browser = sit(primary)
    assert browser.app.query_params["chat"] == "1"
    browser.app.query_params["chat"] = "3"  # the browser is there; the server has only heard of chat 2
    browser.say(at=2)
    assert browser.app.query_params["chat"] == "3"


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", [primary, delta, blind])
def test_one_write_per_save_and_none_while_idle(
    sit: Open, store: Store, writes: list[None], kind: Callable[[Store, DatasetView], ReviewSession]
) -> None:
    browser = sit(kind)
    version = browser.payloads[-1]["chats"][0]["version"] + 1
    draft = save(browser, 1, "草稿")
    browser.send(draft)
    assert (len(writes), browser.acks) == (1, [(draft["save_id"], "saved", version)])
    browser.say(at=1, beat=1)  # the browser has not taken the answer yet: its outbox travels with whatever it says
    assert (len(writes), browser.acks) == (1, [(draft["save_id"], "saved", version)])
    decision = save(browser, 1, after_save_id=draft["save_id"], base_version=version)
    browser.send(draft, decision)  # the draft's answer was lost
    assert len(writes) == 2
    assert [(result, number) for _, result, number in browser.acks] == [("saved", version), ("saved", version + 1)]
    browser.say(at=2, beat=1)
    assert len(writes) == 3 + (kind is blind), "the claims on other chats"
    browser.send()
    for beat in range(2, 6):
        browser.say(at=2, beat=beat)
    assert (len(writes), browser.acks) == (3 + (kind is blind), [])


def test_claims_are_renewed_once_half_of_their_time_has_passed(sit: Open, store: Store, writes: list[None]) -> None:
    browser = sit(primary)

    def beat_with(left: timedelta) -> int:
        with store.write() as session:
            session.execute(update(Claim).values(until=now() + left))
        writes.clear()
        browser.say(beat=str(left))
        return len(writes)

    assert [beat_with(CLAIM * part) for part in (1.0, 0.6, 0.4, 0.1)] == [0, 0, 1, 1]
    with store.read() as session:
        kept_until = session.execute(select(col(Claim.until))).scalars().all()
    assert len(kept_until) == 5 and min(kept_until) > now() + CLAIM / 2


def test_a_refusal_reaches_the_browser_and_is_judged_anew_when_it_asks_again(
    sit: Open, store: Store, writes: list[None]
) -> None:
    browser = sit(primary)
    first = browser.payloads[-1]
    theirs = save(browser, 1, "草稿") | {"reviewer": "小白"}
    apply_saves(store, FORM, first["dataset"]["id"], [theirs])
    writes.clear()
    mine, broken = save(browser, 1, base_version=0), {"save_id": "a-broken-save", "chat": 1}
    browser.send(mine, broken)
    assert browser.acks == [(mine["save_id"], "conflict", 1), ("a-broken-save", "rejected", 0)]
    conflict = browser.payloads[-1]["acks"][0]
    assert (conflict["who"], conflict["status"], len(conflict["theirs"])) == ("小白", "草稿", 1)
    browser.say(beat=1)
    assert (browser.payloads[-1]["acks"][0], len(writes)) == (conflict, 1)
    apply_saves(store, FORM, first["dataset"]["id"], [theirs | {"save_id": "another-save", "base_version": 1}])
    browser.send(mine | {"tries": 2}, broken)
    assert browser.acks[0] == (mine["save_id"], "conflict", 2)


def test_a_save_right_before_leaving_the_page_is_applied_and_answered_later(
    sit: Open, store: Store, writes: list[None]
) -> None:
    browser = sit(primary)
    drawn = len(browser.payloads)
    last = save(browser, 1)
    browser.app.session_state["elsewhere"] = True
    browser.send(last)
    assert (len(browser.payloads), len(writes)) == (drawn, 2), "the callback's save, and the claims given back"
    browser.app.session_state["elsewhere"] = False
    browser.run()
    browser.send(last)  # the journal's: nobody has answered it
    assert browser.acks == [(last["save_id"], "saved", 1)]
    assert len(writes) == 3, "the claims on the chats ahead"


def test_a_save_that_cannot_be_stored_now_is_tried_again(
    sit: Open, store: Store, writes: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sit(primary)
    one = save(browser, 1)
    with monkeypatch.context() as patch:
        patch.setattr(type(browser.app.session_state["review_session"]), "save", lambda *_: [])
        browser.send(one)
        assert browser.acks == []
    browser.say(beat=1)
    assert browser.acks == [(one["save_id"], "saved", 1)]
