"""Random histories of two reviewers at three kinds of desk, and an oracle that knows what each saw and typed.

The browsers are the workbench's own modules in Node (``tests/js/desk_process.mjs``), the server is the review sessions
on a real database. Every typed value is unlike any other, so that wherever it turns up, it is known who typed it where.
"""

import json
import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, RecordView, Store, queries
from core.adapters.store.models import Pass, Record, RecordEvent
from core.domain.scoring import Scorer
from core.services.review import BlindSession, Filter, PrimarySession, ReviewSession, base_runs
from core.services.review.base_runs import BaseRun
from core.services.review.queue.order import INDEX
from core.services.review.records import bulk
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, STAGE, answer, make

REVIEWERS = ("林晓", "陈默")
KINDS = ("primary", "delta", "blind")
KEYS = (NAME, PHONE, STAGE)
STATUSES = ("已确认", "待讨论", "已跳过")
_SCORER = Scorer(FORM)
_PROCESS = Path(__file__).parents[3] / "js" / "desk_process.mjs"


class Desks:
    """The Node process that holds browsers and desks."""

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, str(_PROCESS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def do(self, desk: str, chat: int, *steps: dict[str, Any]) -> dict[str, Any]:
        """Do something at a desk; what is on screen then."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"desk": desk, "chat": chat, "steps": steps}) + "\n")
        self._process.stdin.flush()
        answered: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answered

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@dataclass
class Typed:
    """Where a value was typed: by whom, at which kind of desk, in which cell (``note`` is the chat's)."""

    who: str
    kind: str
    key: str


@dataclass
class History:
    """One chat's history.

    Attributes:
        differences: what the oracle found wrong; empty where nothing is.
        settled: number of conflicts in which what the page proposed was saved as it stood.
    """

    store: Store
    desks: Desks
    random: random.Random
    dataset: DatasetView
    runs: list[BaseRun]
    number: int
    typed: dict[str, Typed] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=lambda: {who: set() for who in REVIEWERS})
    given_up: set[str] = field(default_factory=set)
    visited: dict[str, set[str]] = field(default_factory=lambda: {who: set() for who in REVIEWERS})
    at: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(REVIEWERS))
    differences: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    last_event: int = 0
    last: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, steps: int) -> list[str]:
        """Play so many steps, then bring all work to the server, and compare."""
        for _ in range(steps):
            self._step(self.random.choice(REVIEWERS))
        self._finish()
        return self.differences

    def _session(self, who: str, kind: str) -> ReviewSession:
        """As ``open_session`` makes it, without the upkeep in the background that thousands of them would start."""
        if kind == "blind":
            return BlindSession(self.dataset, FORM, who)
        newer, *_ = self.runs
        return PrimarySession(
            self.dataset, FORM, newer, Filter(queue="全部"), INDEX, who, kind == "delta", _scorer=_SCORER
        )

    def _desk(self, who: str) -> str:
        return f"{self.number}:{who}"

    def _do(self, who: str, *steps: dict[str, Any]) -> dict[str, Any]:
        screen = self.desks.do(self._desk(who), 1, *steps)
        self.last[who] = screen
        self._look(who, screen)
        return screen

    # What reviewers do

    def _step(self, who: str) -> None:
        kind = self.at[who]
        choices = ["open"] if kind is None else ["type"] * 4 + ["turn"] * 4 + ["decide"] * 2 + _SELDOM
        if self._conflict(who):
            choices += ["reload_and_settle"] * 6
        action = self.random.choice(choices)
        self.steps.append(f"{who} {kind} {action}")
        getattr(self, f"_{action}")(who)

    def _open(self, who: str) -> None:
        """A page is opened, or loaded again; what was there and not sent lies in the browser."""
        self._go(who)
        self._do(who, {"do": "open", "browser": self._desk(who)})
        self._turn(who)

    def _go(self, who: str) -> None:
        kind = self.random.choice(KINDS)
        self.at[who] = kind
        self.visited[who].add(kind)

    def _switch(self, who: str) -> None:
        """Another kind of review on the same page."""
        self._go(who)
        self._turn(who)

    def _type(self, who: str) -> None:
        kind, key = self.at[who] or "", self.random.choice(KEYS)
        shown = self.last[who].get("shown")
        if not shown or shown["conflict"]:
            return
        value = self._new_value(who, kind, key)
        self._do(who, {"do": "type", "key": key, "value": value})
        self.put.add((who, kind, f"0:{key}", value))

    def _collide(self, who: str) -> None:
        """Both type at one kind of desk before they see what the other saves; whoever comes second is asked."""
        kind = self.at[who] or ""
        other = next(one for one in REVIEWERS if one != who)
        if self.at[other] is None:
            self._do(other, {"do": "open", "browser": self._desk(other)})
        self.at[other] = kind
        self.visited[other].add(kind)
        for one in (other, who):
            self._turn(one)
        for one in (other, who):
            self._type(one)
            self._flush(one)
        for one in (other, who):
            self._turn(one)

    def _new_value(self, who: str, kind: str, key: str) -> str:
        value = f"v{len(self.typed)}-{'ab'[REVIEWERS.index(who) if who in REVIEWERS else 0]}"
        self.typed[value] = Typed(who, kind, key)
        return value

    def _flush(self, who: str) -> None:
        self._do(who, {"do": "flush"})

    def _decide(self, who: str) -> None:
        shown = self.last[who].get("shown")
        if not shown or shown["conflict"]:
            return
        status, step = self.random.choice(STATUSES), {"do": "decide"}
        if status == "待讨论":
            step["note"] = self._new_value(who, self.at[who] or "", "note")
            self.put.add((who, self.at[who] or "", "note", step["note"]))
        self._do(who, step | {"status": status})

    def _undo(self, who: str) -> None:
        before = self._screen_values(self.last[who])
        screen = self._do(who, {"do": "undo"})
        self.given_up |= before - self._screen_values(screen)
        self._put_all(who, screen)

    def _settle(self, who: str) -> None:
        shown = self.last[who].get("shown")
        if not shown or not shown["conflict"]:
            return
        before = self._screen_values(self.last[who])
        screen = self._do(who, {"do": "settle", "taken": [self.random.random() < 0.5 for _ in range(5)]})
        self.given_up |= before - self._screen_values(screen)
        self._put_all(who, screen)

    def _put_all(self, who: str, screen: dict[str, Any]) -> None:
        shown = screen.get("shown")
        if shown:
            cells = _cells(shown["customers"], shown["note"])
            self.put |= {(who, self.at[who] or "", cell, value) for cell, value in cells.items()}

    def _conflict(self, who: str) -> dict[str, Any] | None:
        conflict: dict[str, Any] | None = (self.last.get(who, {}).get("shown") or {}).get("conflict")
        return conflict if conflict and conflict["theirs"] else None

    def _reload_and_settle(self, who: str) -> None:
        """The page may be loaded again while a conflict is open; then what it proposes is saved as it stands."""
        if self.random.random() < 0.7:
            self._do(who, {"do": "open", "browser": self._desk(who)})
            self._turn(who)
            self._turn(who)
        conflict, before = self._conflict(who), self._screen_values(self.last[who])
        if not conflict:
            return
        screen = self._do(who, {"do": "settle_as_proposed", "taken": True})
        self.given_up |= before - self._screen_values(screen)
        self.settled += 1
        kind, now = self.at[who] or "", _cells(screen["shown"]["customers"], screen["shown"]["note"])
        for cell, theirs in _cells(conflict["theirs"], conflict["noted"]).items():
            mine = now.get(cell, "")
            if theirs in self.typed and mine != theirs and (who, kind, cell, mine) not in self.put:
                self._wrong(
                    f"saving what was proposed put {mine!r} over {theirs!r} in {cell}, which {who} never touched"
                )

    def _turn(self, who: str) -> None:
        """The browser and the server speak: saves go, answers and the chat come back."""
        self._speak(who, self.last[who]["outbox"])

    def _lose(self, who: str) -> None:
        """The saves arrive, the answer does not."""
        session = self._session(who, self.at[who] or "")
        session.save(self.store, self.last[who]["outbox"])
        self._check_events()
        self._do(who, {"do": "retry"})

    def _repeat(self, who: str) -> None:
        """What was sent at some time comes again, late."""
        self._speak(who, [*self.last[who]["outbox"], *self.last[who]["outbox"]])

    def _bulk(self, who: str) -> None:
        """The lead changes one cell of the record that there is, in the record table."""
        key = self.random.choice(KEYS)
        value = self._new_value("主管", "primary", key)
        plan = bulk.plan_edits(self.store, FORM, self.dataset.id, [bulk.CellEdit(1, 0, key, value)])
        before = self._record(Pass.PRIMARY)
        if before is None or not plan.changes:
            del self.typed[value]
            return
        bulk.apply(self.store, FORM, plan, who="主管", reason="统一")
        self.seen.setdefault("主管", set()).update(str(change.before) for change in plan.changes)
        self._check_events()

    def _speak(self, who: str, outbox: list[dict[str, Any]]) -> None:
        session = self._session(who, self.at[who] or "")
        payload = session.sync(self.store, outbox=outbox, at=1)
        self._check_acks(who, payload["acks"])
        if self.at[who] == "blind":
            self._check_blind(who, json.dumps([payload["chats"], payload["acks"]], ensure_ascii=False))
        self._check_events()
        self._do(who, {"do": "take", "payload": payload})

    # What the oracle knows

    def _screen_values(self, screen: dict[str, Any]) -> set[str]:
        shown = screen.get("shown")
        if not shown:
            return set()
        return {shown["note"], *(str(one["values"][key]) for one in shown["customers"] for key in KEYS)}

    def _look(self, who: str, screen: dict[str, Any]) -> None:
        shown = screen.get("shown")
        if shown is None:
            return
        self.seen[who] |= self._screen_values(screen)
        conflict = shown["conflict"]
        if conflict:
            self.seen[who] |= {str(one["values"][key]) for one in conflict["theirs"] or [] for key in KEYS}
            self.seen[who] |= {conflict["noted"], *(value for value in self.typed if f"「{value}」" in conflict["why"])}
        for text in shown["warnings"]:
            self.seen[who] |= {value for value in self.typed if f"「{value}」" in text}

    def _record(self, review_pass: Pass) -> RecordView | None:
        with self.store.read() as session:
            return next(queries.records(session, self.dataset.id, review_pass=review_pass), None)

    def _events(self) -> list[Any]:
        """Events since the last look, with the record's pass."""
        with self.store.read() as session:
            return list(
                session.execute(
                    select(
                        col(RecordEvent.id),
                        col(RecordEvent.who),
                        col(RecordEvent.reason),
                        col(RecordEvent.change),
                        col(Record.review_pass),
                    )
                    .join(Record, col(Record.id) == col(RecordEvent.record_id))
                    .where(col(Record.dataset_id) == self.dataset.id, col(RecordEvent.id) > self.last_event)
                    .order_by(col(RecordEvent.id))
                ).all()
            )

    state: dict[str, dict[str, str]] = field(default_factory=lambda: {Pass.PRIMARY: {}, Pass.SECOND: {}})
    pending: dict[str, str] = field(default_factory=dict)
    status: str = ""
    settled: int = 0
    stored: set[str] = field(default_factory=set)
    put: set[tuple[str, str, str, str]] = field(default_factory=set)
    """Who at which kind of desk gave which cell which value on purpose: typed, brought back, chosen in a conflict."""

    def _knew(self, review_pass: str, who: str, new: str, old: str, key: str) -> bool:
        """Whether a value was replaced by somebody who had seen it, or had seen the draft that somebody put over it."""
        author = self.typed[new].who if new in self.typed else who
        seen = self.seen.get(who, set()) | self.seen.get(author, set())
        draft = self.pending.get(key, "") if review_pass == Pass.PRIMARY else ""
        drafted = self.typed.get(draft)
        return old in seen or (drafted is not None and draft in seen and old in self.seen.get(drafted.who, set()))

    def _check_events(self) -> None:
        for event in self._events():
            self.last_event, change, review_pass = event.id, event.change, event.review_pass
            now = _cells(change["customers"], change["note"])
            before = self.state[review_pass]
            is_draft = bool(change.get("pending")) and not change["pending"].get("carried")
            self._check_kinds(review_pass, event.who, now)
            for key, old in before.items():
                new = now.get(key, "")
                if old == new or not old or old not in self.typed:
                    continue
                if not self._knew(review_pass, event.who, new, old, key):
                    self._wrong(f"{event.who} wrote {new!r} over {old!r} in {key}, which nobody of them had seen")
            if is_draft and before and now != before and not event.reason.startswith("撤销"):
                self._wrong(f"a delta draft changed what was approved: {before} → {now}")
            self.state[review_pass] = now
            self.stored |= set(now.values())
            if review_pass == Pass.PRIMARY:
                self._check_pending(event, change.get("pending"))

    def _check_pending(self, event: Any, draft: dict[str, Any] | None) -> None:
        now = _cells(draft["customers"], draft["note"]) if draft else {}
        for key, old in self.pending.items():
            if old not in self.typed or old in now.values() or old in self.state[Pass.PRIMARY].values():
                continue
            author = self.typed[now[key]].who if now.get(key) in self.typed else event.who
            if old not in self.seen.get(event.who, set()) | self.seen.get(author, set()):
                self._wrong(f"{event.who} dropped the draft's {old!r} in {key}, which they had not seen")
        self.pending = now
        self.stored |= set(now.values())

    def _check_kinds(self, review_pass: str, who: str, now: dict[str, str]) -> None:
        for value in now.values():
            typed = self.typed.get(value)
            if typed and (typed.kind == "blind") != (review_pass == Pass.SECOND):
                self._wrong(f"{value!r}, typed at {typed.kind}, is in the {review_pass} record")
            if typed and review_pass == Pass.SECOND and typed.who != who:
                self._wrong(f"{typed.who}'s {value!r} is in {who}'s second review")
        first = self._record(Pass.PRIMARY)
        if review_pass == Pass.SECOND and (first is None or first.reviewer == who):
            self._wrong(f"{who} reviewed their own first review a second time")

    def _check_acks(self, who: str, acks: list[Any]) -> None:
        for ack in acks:
            if ack["result"] != "saved":
                continue
            with self.store.read() as session:
                author = session.execute(
                    select(col(RecordEvent.who)).where(col(RecordEvent.save_id) == ack["save_id"])
                ).scalar_one_or_none()
            if author != who:
                self._wrong(f"acknowledged to {who} and not stored")

    def _check_blind(self, who: str, shown: str) -> None:
        for value, typed in self.typed.items():
            if f'"{value}"' in shown and (typed.kind != "blind" or typed.who != who):
                self._wrong(f"{typed.who}'s {value!r} ({typed.kind}) is shown at {who}'s blind desk")
        if "模型说的" in shown:
            self._wrong("a model's value is shown at a blind desk")

    def _wrong(self, sentence: str) -> None:
        self.differences.append(f"history {self.number}: {sentence}")

    # The end

    def _finish(self) -> None:
        """Everybody comes back to every desk they were at, keeps what is theirs, and lets it be sent."""
        for who in REVIEWERS:
            for kind in sorted(self.visited[who]):
                self.at[who] = kind
                self.steps.append(f"{who} finishes {kind}")
                self._do(who, {"do": "open", "browser": self._desk(who)})
                for _ in range(6):
                    self._turn(who)
                    screen = self._do(who, {"do": "settle", "taken": [False]}, {"do": "flush"})
                    if not screen["outbox"]:
                        break
                screen = self.last[who]
                if screen["outbox"]:
                    self._wrong(f"{who} cannot get rid of what was done at {kind}: {screen['shown']}")
                self._check_screen(who, kind, screen)
        self._check_lost()

    def _check_screen(self, who: str, kind: str, screen: dict[str, Any]) -> None:
        """What a saved screen shows is what is stored."""
        shown = screen.get("shown")
        if shown is None or screen["state"] != "saved" or shown["rejected"]:
            return
        review_pass = Pass.SECOND if kind == "blind" else Pass.PRIMARY
        record = self._record(review_pass)
        if record is None or (kind == "blind" and record.reviewer != who):
            return
        is_draft = kind == "delta" and bool(self.pending)
        stored = self.pending if is_draft else _cells(record.customers, record.note)
        screen_cells = _cells(shown["customers"], shown["note"])
        if stored != screen_cells:
            self._wrong(f"{who} at {kind} sees {screen_cells}, stored is {stored}")

    def _check_lost(self) -> None:
        """Every value was stored at some time, typed over by the same person, given up, or is still in the browser."""
        newest: dict[tuple[str, str, str], str] = {}
        for value, typed in self.typed.items():
            newest[typed.who, typed.kind, typed.key] = value
        for value in newest.values():
            typed = self.typed[value]
            kept = json.dumps(self.last.get(typed.who, {}).get("kept", []), ensure_ascii=False)
            if value not in self.stored and value not in self.given_up and f'\\"{value}\\"' not in kept:
                self._wrong(f"{typed.who}'s {value!r}, typed at {typed.kind} in {typed.key}, is lost")


_SELDOM = ["collide", "open", "switch", "flush", "undo", "settle", "lose", "repeat", "bulk"]


def _cells(customers: list[dict[str, Any]], note: str) -> dict[str, str]:
    """The cells of the customers, by place; the note with them."""
    cells = {f"{n}:{key}": str(one["values"][key]) for n, one in enumerate(customers) for key in KEYS}
    return cells | {"note": note}


def play(store: Store, desks: Desks, number: int, *, seed: int = 0, steps: int = 16) -> History:
    """One random history of one chat.

    Args:
        store: an open store.
        desks: the browsers.
        number: of the history; with the seed it says what happens.
        seed: of all histories.
        steps: how many things happen.
    """
    dataset = make(store, 1, name=f"历史 {seed}-{number}")
    answer(store, dataset, "旧", {1: [{NAME: "林木1", PHONE: "模型说的"}]})
    answer(store, dataset, "新", {1: [{NAME: "林木1", PHONE: "模型说的", STAGE: "新模型说的"}]})
    with store.read() as session:
        runs = base_runs(session, dataset.id)
    history = History(store, desks, random.Random(f"{seed}-{number}"), dataset, runs, number)
    history.run(steps)
    return history
