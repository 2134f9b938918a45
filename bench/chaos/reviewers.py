"""Reviewers who work without pause: open, save, wait for the answer, and send the same again until it comes."""

import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.chaos.options import Options
from bench.chaos.oracle import MARKED, PREFIX, Oracle, SentSave
from bench.chaos.tally import Tally
from bench.chaos.websocket_client import Disconnected, WorkbenchClient

SHARED = 3
"""The first chats of the dataset, which everybody goes back to: there are conflicts."""

_PATIENCE = 90.0
_WRONG = ("rejected", "set_aside")
_AGAIN_SECONDS = 0.2
_SHARED_CHATS, _TWO_SAVES = 0.25, 0.3
"""Shares of saves that are of a shared chat, and that are followed by another before they are answered."""


class Reviewer(threading.Thread):
    """One reviewer.

    Attributes:
        seconds: from sending a save to its answer, one each; only those of the first try.
        unanswered: whether the last save had no answer when the patience ended.
        failure: why this thread ended before its time, or which save was refused.
    """

    def __init__(
        self, name: str, port: int, dataset_id: int, oracle: Oracle, chance: random.Random, *, pause: float
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.client = WorkbenchClient(port, name, dataset_id)
        self.ended = threading.Event()
        self.seconds: list[float] = []
        self.unanswered = False
        self.failure = ""
        self._oracle, self._pause, self._chance, self._beat = oracle, pause, chance, 0

    def run(self) -> None:
        """Work until ``ended`` is set, then wait for the last answer."""
        try:
            while not self.ended.is_set():
                chat = self._choose()
                if chat is not None:
                    self._save(chat)
                self.ended.wait(self._pause * self._chance.random() * 2)
        except Exception as error:  # shown in the figures: this thread has nobody to raise to
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self.client.close()

    def _send(self, at: int | None, outbox: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The payload that answers; ``None`` while the server is away."""
        try:
            if not self.client.connected:
                self.client.open()
                if not outbox and at is None:
                    return self.client.payload
            self._beat += 1
            return self.client.send({"outbox": outbox, "at": at, "want_residue": None, "beat": self._beat})
        except Disconnected:
            self.ended.wait(0.3)
            time.sleep(0.05)
            return None

    def _choose(self) -> dict[str, Any] | None:
        chats = (self.client.payload or {}).get("chats") or []
        at = self._chance.randint(1, SHARED) if self._chance.random() < _SHARED_CHATS else None
        if at is None and chats:
            at = self._chance.choice([chat["chat"] for chat in chats])
        payload = self._send(at, [])
        if not payload or not payload.get("chats"):
            return None
        return next((chat for chat in payload["chats"] if chat["chat"] in (at, payload["open"])), None)

    def _type(self, chat: dict[str, Any], after: str = "") -> tuple[SentSave, dict[str, Any]]:
        """A save with a mark of its own, which the oracle hears of before it is sent."""
        mark = f"{PREFIX}{self._chance.getrandbits(48):012x}"
        save_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        save = SentSave(save_id, self.name, chat["chat"], chat["version"], mark, after)
        self._oracle.sent(save)
        return save, raw_save(save, chat)

    def _save(self, chat: dict[str, Any]) -> None:
        typed = [self._type(chat)]
        if self._chance.random() < _TWO_SAVES:
            typed.append(self._type(chat, after=typed[0][0].save_id))
        started, until = time.monotonic(), time.monotonic() + _PATIENCE
        first = True
        while time.monotonic() < until:
            payload = self._send(chat["chat"], [raw for _, raw in typed])
            acks = {ack["save_id"]: ack for ack in (payload or {}).get("acks") or []}
            for save, raw in list(typed):
                if (ack := acks.get(save.save_id)) is not None:
                    typed.remove((save, raw))
                    self._oracle.acknowledge(save, ack)
                    if ack["result"] in _WRONG:
                        self.failure = f"{ack['result']}: {ack['why']}"
                raw["tries"] += 1
            if not typed:
                if first:
                    self.seconds.append(time.monotonic() - started)
                return
            first = False
            time.sleep(_AGAIN_SECONDS)
        self.unanswered = True


def raw_save(save: SentSave, chat: dict[str, Any]) -> dict[str, Any]:
    """A save as the browser sends it: the chat's customers, the first one with the save's mark as its name."""
    customers = [
        {"values": dict(one["values"]), "origin": one["origin"], "confirmed": {}, "pinned": {}}
        for one in chat["customers"]
    ] or [{"values": {}, "origin": None, "confirmed": {}, "pinned": {}}]
    customers[0]["values"][MARKED] = save.mark
    return {
        "save_id": save.save_id,
        "after_save_id": save.after or None,
        "record_id": chat["record_id"],
        "chat": save.chat,
        "reviewer": save.reviewer,
        "base_version": save.base_version,
        "base_run_id": chat.get("base_run_id"),
        "customers": customers,
        "status": "已确认",
        "note": "",
        "reason": "",
        "undo": False,
        "seconds": 1.0,
        "made": 0,
        "tries": 1,
    }


@contextmanager
def working(
    number: int,
    port: int,
    dataset_id: int,
    oracle: Oracle,
    tally: Tally,
    options: Options,
    *,
    pause: float = 0.2,
) -> Iterator[list[Reviewer]]:
    """So many reviewers at work; at the end each gets the answer to the last save, and crashes are counted."""
    names = [f"审阅{one}" for one in range(1, number + 1)]
    reviewers = [Reviewer(name, port, dataset_id, oracle, options.random(name), pause=pause) for name in names]
    for reviewer in reviewers:
        reviewer.start()
    try:
        yield reviewers
    finally:
        for reviewer in reviewers:
            reviewer.ended.set()
        for reviewer in reviewers:
            reviewer.join(_PATIENCE + 30)
    for reviewer in reviewers:
        for crash in reviewer.client.crashes:
            tally.count("crashed", f"{reviewer.name} saw: {crash}")
        if reviewer.failure:
            tally.count("crashed", f"{reviewer.name}: {reviewer.failure}")
        if reviewer.unanswered:
            tally.count("crashed", f"{reviewer.name} waited {_PATIENCE:.0f} s for an answer in vain")
        if reviewer.is_alive():
            tally.count("crashed", f"{reviewer.name} still waits for the server")
    times = sorted(second for reviewer in reviewers for second in reviewer.seconds)
    if times:
        tally.figures["save to answer"] = (
            f"median {1000 * times[len(times) // 2]:.0f} ms, 95 % within {1000 * times[int(len(times) * 0.95)]:.0f} ms"
        )
