"""A form in use changed over 10,000 reviewed chats and changed back: each part, and how long others wait to save."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from bench.report import line
from core.adapters.store import DatasetView, Store, open_store
from core.adapters.store.models import Chat, Record, RecordEvent, RecordStatus
from core.domain.form import Form, load_named_form
from core.services.forms.change_plan import plan_form_change
from core.services.forms.changing import prepare_form_change, prepare_undo
from core.services.forms.earlier_forms import form_change_of
from tests.factories.form_changes import MAPPING, OLD, approve, next_version, ticket, tickets

CHATS = int(os.environ.get("SHIYAO_BENCH_CHATS", "10000"))
VERSIONS = 2
"""Versions of each record; one answer of the labels comes to each chat."""
_AT_ONCE = 1000
T = TypeVar("T")


def run() -> None:
    """Preview, computing and writing of a change, and of its undo, with somebody saving in another dataset."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'change.db'}")
        form = load_named_form(OLD)
        dataset = _reviewed(store)
        own = tickets(store, 1, "别人的")
        change = form_change_of(OLD, next_version(store), MAPPING)
        plan = _timed("preview", lambda: plan_form_change(store, change, datasets=[dataset.name]))
        line("    rows, cells", f"{sum(plan.rows.values()):,}, {plan.cells:,}")
        with _somebody_saving(store, own, form) as waits:
            prepared = _timed("change, computed beforehand", lambda: prepare_form_change(store, plan, who="组长"))
            done = _timed("    written, in one transaction", lambda: _written(store, prepared))
        line("    longest wait of another save", f"{max(waits):.2f} s")
        with _somebody_saving(store, own, form) as waits:
            back = _timed("undo, computed beforehand", lambda: prepare_undo(store, done.id, who="组长"))
            _timed("    written, in one transaction", lambda: _written(store, back))
        line("    longest wait of another save", f"{max(waits):.2f} s")
        store.close()


def _timed(what: str, work: Callable[[], T]) -> T:
    began, busy = time.perf_counter(), time.thread_time()
    result = work()
    line(what, f"{time.perf_counter() - began:.1f} s")
    line("        on the processor", f"{time.thread_time() - busy:.1f} s")
    return result


def _written(store: Store, prepared: Callable[[Any], T]) -> T:
    with store.write() as session:
        return prepared(session)


def _reviewed(store: Store) -> DatasetView:
    """A dataset with labels, and records with their versions, written past the desk: only the rows count here."""
    dataset = tickets(store, 0, "一万条", rows=CHATS)
    with store.read() as session:
        chats = session.execute(select(col(Chat.id), col(Chat.index)).where(col(Chat.dataset_id) == dataset.id)).all()
    for start in range(0, len(chats), _AT_ONCE):
        _add_records(store, dataset, [tuple(row) for row in chats[start : start + _AT_ONCE]])
    return dataset


def _add_records(store: Store, dataset: DatasetView, chats: Sequence[tuple[int, int]]) -> None:
    form = load_named_form(OLD)
    with store.write() as session:
        for chat_id, index in chats:
            values = ticket(index)
            customers = [
                {"values": values, "origin": {}, "confirmed": dict.fromkeys(form.keys, "逐项确认"), "pinned": {}}
            ]
            record = Record(
                dataset_id=dataset.id,
                chat_id=chat_id,
                customers=customers,
                status=RecordStatus.CONFIRMED,
                reviewer="阿青",
                version=VERSIONS,
            )
            session.add(record)
            session.flush()
            change = {"customers": customers, "note": "", "fields": [f"0:{form.keys[1]}"]}
            for version in range(1, VERSIONS + 1):
                session.add(
                    RecordEvent(
                        record_id=record.id or 0,
                        version=version,
                        who="阿青",
                        status=RecordStatus.CONFIRMED,
                        change=change,
                        save_id=f"bench-{chat_id}-{version}",
                    )
                )


@contextmanager
def _somebody_saving(store: Store, dataset: DatasetView, form: Form) -> Iterator[list[float]]:
    """Saves one record of another dataset again and again; gives how long each save took, in seconds."""
    waits: list[float] = []
    is_over = threading.Event()
    with store.read() as session:
        version = session.execute(select(col(Record.version)).where(col(Record.dataset_id) == dataset.id)).scalar_one()

    def save() -> None:
        at = version
        while not is_over.wait(0.05):
            began = time.perf_counter()
            approve(store, dataset, form, 1, ticket(1, 备注=f"第 {at} 次"), version=at, save_id=f"bench-other-{at}")
            waits.append(time.perf_counter() - began)
            at += 1

    thread = threading.Thread(target=save)
    thread.start()
    yield waits
    is_over.set()
    thread.join()
