"""Services hand out copies: no live row of a session, no iterator that still needs one."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import zip_longest
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

import core.services
from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import Base, RecordStatus, Run
from core.domain.form import load_named_form
from core.domain.scoring import Scorer
from core.services.export import AnswerSource
from core.services.quality.answered_runs import AnsweredRun, runs_with_answers
from core.services.quality.scores import Benchmark
from core.services.review import base_runs
from core.services.review.queue.filters import Filter
from core.services.training import TrainingOptions
from core.services.training.answer_selection import SelectionTally
from core.services.training.chat_summaries import save_summary
from tests.factories.exports import fill
from tests.factories.reviews import decide

WRITES = {
    "ensure_running", "executor_lock", "make_backup", "load_sample", "update_in_background", "start", "extend", "pause",
    "cancel", "delete", "finish_if_complete", "refresh", "reserve_call_slot", "offer_lanes", "release_others",
    "check_health", "release", "retry_failed", "estimate", "summaries_from_run", "update", "update_outdated_chats",
    "index_after", "list_backups", "take_places", "lock_model", "update_batch", "train", "plan_correction",
    "read_backup", "create_token", "add_webhook", "delete_webhook", "set_webhook_disabled", "send_again",
    "webhook_messages",  # of a webhook, and there is none
    "go_live", "estimated_chat_yuan",
    "track_scores",  # at a server of somebody else's
}  # fmt: skip
"""Functions that do something; their results are looked at by type only."""


def functions() -> list[Callable[..., Any]]:
    """Every public function of a service that takes a store or a session first."""
    found: list[Callable[..., Any]] = []
    for module_info in pkgutil.walk_packages(core.services.__path__, "core.services."):
        module = importlib.import_module(module_info.name)
        for name, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
            if own and next(iter(inspect.signature(value).parameters), "") in ("store", "session"):
                found.append(value)
    return found


def name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__.removeprefix('core.services.')}.{function.__name__}"


def tables_in(hint: Any) -> Iterator[type]:
    """Tables that a type annotation mentions, however deep."""
    if isinstance(hint, type) and issubclass(hint, Base) and hasattr(hint, "__table__"):
        yield hint
    for part in get_args(hint):
        yield from tables_in(part)
    if isinstance(hint, type) and is_dataclass(hint):
        for part in get_type_hints(hint).values():
            yield from tables_in(part)


@pytest.mark.parametrize(
    "function", [f for f in functions() if "store" in inspect.signature(f).parameters], ids=name_of
)
def test_what_closes_its_session_gives_out_no_row(function: Callable[..., Any]) -> None:
    assert not list(tables_in(get_type_hints(function).get("return")))


@pytest.fixture
def arguments(store: Store) -> dict[str, Any]:
    """A store with at least two of everything that is read, and what the services are called with, by name."""
    dataset_id = fill(store, statuses=dict.fromkeys((1, 2), RecordStatus.CONFIRMED))
    fill(store, "另四条", statuses=dict.fromkeys((1, 3), RecordStatus.CONFIRMED))
    form = load_named_form()
    with store.read() as session:
        dataset = queries.dataset(session, dataset_id)
        runs = queries.runs(session, dataset_id)
        chat_ids = queries.chat_ids(session, dataset_id)
        base = base_runs(session, dataset_id)[0]
        answered = runs_with_answers(session, dataset_id)
    model = next(run for run in runs if run.name == "模型")
    for chat in (3, 4):
        decide(store, dataset, chat, run=model.id)
    for chat_id in chat_ids.values():
        save_summary(store, chat_id=chat_id, text="概要", who="小王", base_version=0)
    return {
        "store": store,
        "form": form,
        "dataset": dataset,
        "dataset_id": dataset_id,
        "datasets": [dataset_id],
        "run": model,
        "run_id": model.id,
        "runs": runs,
        "answered runs": answered,
        "base": base,
        "base_run": model.id,
        "chat": 1,
        "index": 1,
        "indices": [1, 2, 3],
        "chat_id": chat_ids[1],
        "chat_ids": list(chat_ids.values()),
        "reviewer": "小王",
        "key": "基本信息-姓名",
        "customer": 0,
        "at": 1,
        "by_index": True,
        "count": 3,
        "wanted": Filter(),
        "source": AnswerSource(records=True, labels=True),
        "options": TrainingOptions(datasets=("四条",), source=AnswerSource(records=True, labels=True), min_rows=0),
        "tally": SelectionTally(),
        "scorer": Scorer(form),
        "against": "labels",
        "by": Benchmark(dataset, form),
        "name": "模型",
        "names": ["模型", "标注"],
        "run_a": "模型",
        "run_b": "标注",
        "a": model,
        "b": next(run for run in runs if run.name == "标注"),
    }


def filled(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Arguments for a function; ``None`` where one that it needs is not at hand."""
    chosen: dict[str, Any] = {}
    hints = get_type_hints(function)
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in arguments:
            if parameter.default is parameter.empty and name != "session":
                return None
            continue
        value = arguments[name]
        if isinstance(value, DatasetView | RunView) and not issubclass_safe(hints.get(name), type(value)):
            value = value.name
        if hints.get(name) == Sequence[AnsweredRun]:
            value = arguments["answered runs"]
        if parameter.default is parameter.empty:
            chosen[name] = value
    return chosen


def issubclass_safe(hint: Any, kind: type) -> bool:
    if getattr(hint, "_is_protocol", False):  # says what is asked of a run: a view has it
        return True
    return isinstance(hint, type) and issubclass(kind, hint)


def reachable(value: Any, seen: set[int]) -> Iterator[Any]:
    """Everything inside a value."""
    if id(value) in seen:
        return
    seen.add(id(value))
    yield value
    inside: list[Any] = []
    if isinstance(value, Mapping):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = list(value)
    elif is_dataclass(value) and not isinstance(value, type):
        inside = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, BaseModel):
        inside = list(value.__dict__.values())
    for part in inside:
        yield from reachable(part, seen)


def test_nothing_handed_out_needs_its_session(store: Store, arguments: dict[str, Any]) -> None:
    called = []
    for function in functions():
        of_others: dict[str, Any] = {}
        if name_of(function).startswith("forms."):
            of_others = {"name": load_named_form().name}
        elif function.__name__ == "form_of_datasets":
            of_others = {"names": ["四条"]}
        parameters = filled(function, arguments | of_others)
        if parameters is None or function.__name__ in WRITES:
            continue
        if "session" in inspect.signature(function).parameters:
            with store.read() as session:
                value = function(session=session, **parameters)
                if isinstance(value, Generator):
                    value = list(value)
            if name_of(function) in ("review.records.versions.record_of", "review.records.versions.record_states"):
                continue  # for writing services, inside their transaction
        else:
            value = function(**parameters)
        called.append(name_of(function))
        everything = list(reachable(value, set()))
        assert not [part for part in everything if isinstance(part, Base) and hasattr(part, "_sa_instance_state")], (
            name_of(function)
        )
        assert not [part for part in everything if isinstance(part, Generator)], name_of(function)
    assert len(called) > 60, called


@pytest.mark.both_databases
def test_streams_over_the_same_rows_do_not_disturb_one_another(store: Store, arguments: dict[str, Any]) -> None:
    dataset_id, run_id = arguments["dataset_id"], arguments["run_id"]
    with store.read() as session:
        streams: list[Callable[[], Iterator[Any]]] = [
            lambda: queries.chats(session, dataset_id),
            lambda: queries.records(session, dataset_id),
            lambda: queries.confirmed(session, dataset_id),
            lambda: queries.extractions(session, run_id),
        ]
        alone = [list(stream()) for stream in streams for _ in range(2)]
        live = session.get(Run, run_id)
        together = [
            [item for item in items if item is not None]
            for items in zip(*zip_longest(*(stream() for stream in streams for _ in range(2))), strict=True)
        ]
        assert together == alone and all(len(items) > 1 for items in alone)
        assert live in session  # nobody's row is taken out of the session
