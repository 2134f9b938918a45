"""What goes to the browser and what comes back are what the contract says, with nothing beside it."""

from enum import StrEnum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import uuid4

from core.adapters.store import Store
from core.adapters.store.models import RecordStatus
from core.services.review import BlindSession, ReviewSession, open_session
from core.services.review.records.save_types import CustomerSave, Save
from core.services.review.workbench.contract import WorkbenchPayload
from core.services.review.workbench.save_contract import SentCustomer, SentSave
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, STAGE, answer, decide, make


def breaches(data: Any, hint: Any, where: str = "data") -> list[str]:
    """Places where data is not of its type, or where a key is missing or too many."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        found = [breaches(data, one, where) for one in arguments]
        return min(found, key=len)
    if origin is Literal:
        return [] if data in arguments else [f"{where}: {data!r}"]
    if origin is list:
        return [where] * (not isinstance(data, list)) or [
            text for i, one in enumerate(data) for text in breaches(one, arguments[0], f"{where}[{i}]")
        ]
    if origin is dict:
        return [where] * (not isinstance(data, dict)) or [
            text for key, one in data.items() for text in breaches(one, arguments[1], f"{where}.{key}")
        ]
    if is_typeddict(hint):
        if not isinstance(data, dict):
            return [where]
        wrong = [f"{where}: {key}" for key in (hint.__required_keys__ - set(data)) | (set(data) - set(fields_of(hint)))]
        return wrong + [
            text
            for key, kind in fields_of(hint).items()
            if key in data
            for text in breaches(data[key], kind, f"{where}.{key}")
        ]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return [] if data in list(hint) else [f"{where}: {data!r}"]
    return [] if isinstance(data, (int, float) if hint is float else hint) else [f"{where}: {data!r} is no {hint}"]


def fields_of(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)


def test_every_kind_of_review_sends_what_the_contract_names(store: Store) -> None:
    dataset = make(store, 4)
    forms = {index: [{NAME: f"林木{index}"}] for index in range(1, 5)}
    old = answer(store, dataset, "旧", forms)
    answer(store, dataset, "新", forms | {1: [{NAME: "林木1", STAGE: "赢单"}, {NAME: "林木9"}]})
    decide(store, dataset, 1, values={NAME: "林木1"}, run=old)
    sessions: list[ReviewSession] = [
        BlindSession(dataset, FORM, "小何"),  # first, while nobody else is on the chat
        open_session(store, dataset, FORM, reviewer="阿青"),
        open_session(store, dataset, FORM, reviewer="阿青", newer="新"),
    ]
    for session in sessions:
        data = session.sync(store, at=1, want_residue=1)
        assert data["chats"]
        assert breaches(data, WorkbenchPayload) == []


def test_a_conflict_is_answered_as_the_contract_says(store: Store) -> None:
    dataset = make(store, 2)
    decide(store, dataset, 1, values={NAME: "林木1"})
    mine: SentSave = {
        "save_id": str(uuid4()),
        "after_save_id": None,
        "record_id": 0,
        "chat": 1,
        "reviewer": "小何",
        "base_version": 0,
        "customers": [{"values": {NAME: "林木"}, "confirmed": {}, "origin": None, "pinned": {}, "from": None}],
        "status": "已确认",  # type: ignore[typeddict-item]  # as the browser sends it
        "note": "",
        "reason": "",
        "seconds": 3,
        "made": 0,
        "tries": 1,
    }
    data = open_session(store, dataset, FORM, reviewer="小何").sync(store, outbox=[mine], at=1)
    assert data["acks"][0]["result"] == "conflict"
    assert breaches(data, WorkbenchPayload) == []


def test_python_reads_only_what_the_browser_sends() -> None:
    assert set(Save.model_fields) <= set(SentSave.__annotations__)
    assert set(CustomerSave.model_fields) <= set(SentCustomer.__annotations__)
    assert Save.model_json_schema()["properties"]["status"]["enum"] == list(RecordStatus)


def test_a_breach_is_seen(store: Store) -> None:
    data: Any = open_session(store, make(store, 1), FORM).sync(store)
    data["chats"][0]["status"] = "别的"
    data["chats"][0]["extra"] = 1
    del data["progress"]["total"]
    assert breaches(data, WorkbenchPayload) == [
        "data.progress: total",
        "data.chats[0]: extra",
        "data.chats[0].status: '别的'",
    ]
