"""Imports by the API: the pages' rules and sentences, nothing twice, and nothing that is not a file of chats."""

import io
import json
import threading
import zipfile
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from core.adapters.store import Store, queries
from core.adapters.store.models import RepeatedRequest, now
from core.domain.permissions import AccountRole
from core.errors import ConflictError
from core.services.team.repeated_requests import UNANSWERED, StoredAnswer, begin_request, finish_request
from core.settings import settings
from tests.api.conftest import Token
from tests.api.test_tokens import refused
from tests.factories.datasets import make_form
from tests.factories.quality import NAME

CHATS = [{"chat_text": f"林舟{n}：你好\n客服小何：好的", "infos": [make_form({NAME: f"林舟{n}"})]} for n in (1, 2, 3)]
FILE = json.dumps(CHATS, ensure_ascii=False).encode()


def send(client: TestClient, content: Any = FILE, *, headers: dict[str, str] | None = None, **query: Any) -> Any:
    params = {"dataset": "甲", "filename": "train.json", **query}
    return client.post("/api/v1/imports", params=params, content=content, headers=headers)


@pytest.mark.both_databases
def test_a_file_is_previewed_and_imported_once(client: TestClient, store: Store) -> None:
    preview = send(client, dry_run=True)
    assert preview.status_code == 200, preview.text
    assert preview.json() | {"dataset_id": 0} == preview.json(), "nothing is there yet"
    assert (preview.json()["added"], preview.json()["labels"], preview.json()["import_id"]) == (3, 3, 0)
    assert client.get("/api/v1/datasets").json()["items"] == []
    made = send(client, split="train")
    assert made.status_code == 201 and made.json()["added"] == 3 and made.json()["run"] == "标注"
    again = send(client)
    assert again.json()["skipped"] == 3 and again.json()["added"] == 0
    changed = json.dumps([{"chat_text": "别人：不一样"}, *CHATS[1:]], ensure_ascii=False).encode()
    (row,) = send(client, changed).json()["rejected"]
    assert row["index"] == 1 and "另一条" in row["why"]
    (dataset,) = client.get("/api/v1/datasets").json()["items"]
    assert (dataset["split"], dataset["chats"], dataset["labels"]) == ("train", 3, 3)


@pytest.mark.both_databases
def test_the_same_key_is_carried_out_once(client: TestClient, store: Store) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = send(client, headers=key)
    second = send(client, headers=key)
    assert second.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert (second.status_code, second.json()) == (201, first.json())
    other = send(client, FILE + b"\n", headers=key)
    assert other.status_code == 422 and "已用于另一个请求" in refused(other)
    elsewhere = send(client, headers=key, dataset="乙")
    assert elsewhere.status_code == 422
    assert [one["name"] for one in client.get("/api/v1/datasets").json()["items"]] == ["甲"]


def test_a_request_that_failed_may_be_sent_again_under_its_key(client: TestClient) -> None:
    key = {"Idempotency-Key": "一个键".encode().hex()}
    assert send(client, b"[]", headers=key).status_code == 422
    assert send(client, headers=key).status_code == 201


def test_keys_of_two_tokens_are_two_keys(client: TestClient, token: Token) -> None:
    key = {"Idempotency-Key": "1"}
    assert send(client, headers=key).json()["added"] == 3
    other = key | {"Authorization": f"Bearer {token('林晓', AccountRole.LEAD)}"}
    assert send(client, headers=other).json()["skipped"] == 3


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_what_cannot_be_a_key(client: TestClient, key: str) -> None:
    answer = send(client, headers={"Idempotency-Key": key})
    assert answer.status_code == 422 and "Idempotency-Key" in refused(answer)


@pytest.mark.both_databases
def test_a_request_under_way_is_not_begun_twice_and_one_that_was_cut_off_is(client: TestClient, store: Store) -> None:
    assert begin_request(store, 1, "k", "d") is None
    with pytest.raises(ConflictError, match="正在执行"):
        begin_request(store, 1, "k", "d")
    with store.write() as session:
        session.execute(update(RepeatedRequest).values(at=now() - 2 * UNANSWERED))
    begun: list[object] = []
    barrier = threading.Barrier(4)

    def begin() -> None:
        barrier.wait()
        try:
            begun.append(begin_request(store, 1, "k", "d"))
        except ConflictError as error:
            begun.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert begun.count(None) == 1 and len(begun) == 4, "one of all who ask goes on"
    finish_request(store, 1, "k", StoredAnswer(201, {"n": 1}))
    assert begin_request(store, 1, "k", "d") == StoredAnswer(201, {"n": 1})


@pytest.mark.parametrize(
    ("content", "query"),
    [
        (b"", {}),
        (b"\xff\xfe\x00\xd8 not json", {}),
        (b'{"chat_text"', {}),
        (b"[" * 100_000, {}),
        (FILE, {"filename": "../../etc/passwd.json"}),
        (FILE, {"filename": "C:\\x.json"}),
        (FILE, {"filename": ""}),
        (FILE, {"filename": "x.exe"}),
        (FILE, {"filename": "x" * 300}),
        (FILE, {"dataset": " "}),
        (FILE, {"dataset": "长" * 101}),
        (FILE, {"split": "else"}),
        (FILE, {"form": "../role_elements"}),
        (FILE, {"dry_run": "vielleicht"}),
        (json.dumps([{"infos": [], "index": 1}]).encode(), {"filename": "submission.json"}),
    ],
)
def test_hostile_files_are_sentences(client: TestClient, content: bytes, query: dict[str, str]) -> None:
    answer = send(client, content, **query)
    assert answer.status_code == 422, answer.text
    assert "Traceback" not in answer.text and refused(answer)
    assert client.get("/api/v1/datasets").json()["items"] == []


def test_a_zip_that_unpacks_to_too_much_is_refused(client: TestClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("chats.txt", b"\0" * 600_000_000)
    answer = send(client, packed.getvalue(), filename="chats.zip")
    assert answer.status_code == 422 and refused(answer)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIYAO_API_UPLOAD_MB", "1")
    settings.cache_clear()
    answer = send(client, b"x" * 1_000_001)
    assert answer.status_code == 413 and "1 MB" in refused(answer)

    def endless() -> Any:
        for _ in range(100):
            yield b"x" * 100_000

    unannounced = send(client, endless())
    assert unannounced.status_code == 413 and "1 MB" in refused(unannounced)
    big = client.post("/api/v1/datasets/1/runs", content=b"[" + b"1," * 600_000 + b"1]")
    assert big.status_code == 413


def test_forms_become_a_run(client: TestClient, store: Store) -> None:
    dataset = send(client).json()["dataset_id"]
    submission = json.dumps([{"infos": [make_form({NAME: f"林舟{n}"})], "index": n} for n in (1, 2, 3)])
    path, params = f"/api/v1/datasets/{dataset}/imports", {"run": "别人的", "filename": "submission.json"}
    made = client.post(path, params=params, content=submission.encode())
    assert made.status_code == 201 and made.json()["added"] == 3
    with store.read() as session:
        assert queries.run(session, made.json()["run_id"]).name == "别人的"
    missing = client.post("/api/v1/datasets/99/imports", params=params, content=submission.encode())
    assert missing.status_code == 404
    taken = client.post(path, params={**params, "run": "标注"}, content=submission.encode())
    assert taken.status_code in (409, 422) and refused(taken)


def test_a_reviewer_may_not_import(client: TestClient, token: Token) -> None:
    reviewer = {"Authorization": f"Bearer {token('林晓', AccountRole.REVIEWER)}"}
    answer: httpx.Response = send(client, headers=reviewer)
    assert answer.status_code == 403 and "组长或管理员" in refused(answer)
