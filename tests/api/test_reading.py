"""Datasets, chats and records by the API: pages that lose nothing, evidence, and nothing that is withheld."""

import pytest
from starlette.testclient import TestClient

from core.adapters.store import Store
from core.adapters.store.models import Pass, RecordStatus
from core.domain.permissions import AccountRole
from tests.api.conftest import Token
from tests.api.test_tokens import refused
from tests.factories.datasets import make_dataset, make_record, make_run
from tests.factories.quality import NAME, STAGE, TODO

TEXTS = [f"林舟{n}：你好，我想看报价，电话 1380000000{n}\n客服小何：好的，马上发报价" for n in range(1, 6)]


@pytest.fixture
def dataset_id(store: Store) -> int:
    dataset = make_dataset(store, TEXTS, "一/个?数据集", expected=7)
    make_run(store, dataset, "甲", {n: [{NAME: f"林舟{n}", STAGE: "报价"}] for n in range(1, 6)})
    make_record(store, dataset, 2, [{"values": {NAME: "林舟2"}, "confirmed": {NAME: "逐项确认"}}], reviewer="林晓")
    make_record(store, dataset, 4, [{NAME: "不在原文"}], RecordStatus.DRAFT, reviewer="王芳", version=3)
    return dataset.id


def test_datasets_are_listed_and_found_by_name(client: TestClient, dataset_id: int, store: Store) -> None:
    make_dataset(store, ["甲：好"], "别的")
    listed = client.get("/api/v1/datasets").json()["items"]
    assert [one["name"] for one in listed] == ["别的", "一/个?数据集"]
    (named,) = client.get("/api/v1/datasets", params={"name": "一/个?数据集"}).json()["items"]
    assert named == client.get(f"/api/v1/datasets/{dataset_id}").json()
    counts = {key: named[key] for key in ("chats", "expected", "confirmed", "records", "runs", "labels")}
    assert counts == {"chats": 5, "expected": 7, "confirmed": 1, "records": 2, "runs": 1, "labels": 0}
    assert client.get("/api/v1/datasets", params={"name": "没有"}).json() == {"items": []}


def test_the_form_says_keys_types_and_points(client: TestClient, dataset_id: int) -> None:
    form = client.get(f"/api/v1/datasets/{dataset_id}/form").json()
    assert form["max_points"] == 36 and len(form["fields"]) == 21
    assert {field["type"] for field in form["fields"]} == {"str", "list[str]"}


def test_chats_are_read_page_by_page(client: TestClient, dataset_id: int) -> None:
    seen, after = [], 0
    while after is not None:
        page = client.get(f"/api/v1/datasets/{dataset_id}/chats", params={"after": after, "limit": 2}).json()
        seen += page["items"]
        after = page["next_after"]
    assert [chat["index"] for chat in seen] == [1, 2, 3, 4, 5]
    assert [chat["text"] for chat in seen] == TEXTS


@pytest.mark.both_databases
def test_records_come_with_states_and_evidence(client: TestClient, dataset_id: int) -> None:
    page = client.get(f"/api/v1/datasets/{dataset_id}/records").json()
    assert page["next_after"] is None
    by_chat = {record["chat"]: record for record in page["items"]}
    assert {chat: (one["status"], one["version"], one["reviewer"]) for chat, one in by_chat.items()} == {
        1: ("未审阅", 0, ""),
        2: ("已确认", 1, "林晓"),
        3: ("未审阅", 0, ""),
        4: ("草稿", 3, "王芳"),
        5: ("未审阅", 0, ""),
    }
    (customer,) = by_chat[2]["customers"]
    assert customer["confirmed"][NAME] == "逐项确认" and customer["confirmed"][STAGE] == "未看"
    evidence = customer["evidence"][NAME]
    start, end = evidence["spans"][0]
    assert evidence["status"] == "原文" and TEXTS[1][start:end] == "林舟2" == evidence["quotes"][0]
    assert evidence["messages"][0] == 0
    assert by_chat[4]["customers"][0]["evidence"][NAME]["status"] == "无依据"
    (from_run,) = by_chat[1]["customers"]
    assert from_run["values"][STAGE] == "报价" and from_run["origin"][STAGE] == f"run:{by_chat[1]['base_run_id']}"
    assert set(from_run["values"]) == set(from_run["evidence"]) == set(from_run["origin"])
    assert by_chat[2] == client.get(f"/api/v1/datasets/{dataset_id}/records/2").json()


def test_a_cursor_stays_where_it_was_whatever_is_saved_meanwhile(
    client: TestClient, dataset_id: int, store: Store
) -> None:
    path = f"/api/v1/datasets/{dataset_id}/records"
    first = client.get(path, params={"limit": 2, "evidence": False}).json()
    assert [one["chat"] for one in first["items"]] == [1, 2] and first["next_after"] == 2
    assert first["items"][0]["customers"][0]["evidence"] == {}
    from core.adapters.store import queries

    with store.read() as session:
        dataset = queries.dataset(session, dataset_id)
    make_record(store, dataset, 1, [{NAME: "林舟1"}])
    make_record(store, dataset, 3, [{NAME: "林舟3"}])
    rest = client.get(path, params={"limit": 50, "after": 2}).json()
    assert [one["chat"] for one in rest["items"]] == [3, 4, 5]
    confirmed = client.get(path, params={"status": ["已确认", "草稿"], "limit": 3}).json()
    assert [one["chat"] for one in confirmed["items"]] == [1, 2, 3] and confirmed["next_after"] == 3
    unreviewed = client.get(path, params={"status": "未审阅"}).json()
    assert [one["chat"] for one in unreviewed["items"]] == [5]


def test_a_blind_reviewers_program_does_not_read_the_first_review(
    client: TestClient, dataset_id: int, store: Store, token: Token
) -> None:
    from core.adapters.store import queries

    blind = {"Authorization": f"Bearer {token('周遥', AccountRole.ADMINISTRATOR)}"}
    path = f"/api/v1/datasets/{dataset_id}/records"
    with store.read() as session:
        dataset = queries.dataset(session, dataset_id)
    make_record(store, dataset, 2, [{TODO: "复审"}], RecordStatus.DRAFT, reviewer="周遥", review_pass=Pass.SECOND)
    assert [one["chat"] for one in client.get(path, headers=blind).json()["items"]] == [1, 3, 4, 5]
    answer = client.get(f"{path}/2", headers=blind)
    assert answer.status_code == 404 and "盲审" in refused(answer) and "林晓" not in answer.text
    assert len(client.get(path).json()["items"]) == 5, "others read it"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/datasets/999", 404),
        ("/api/v1/datasets/999/records", 404),
        ("/api/v1/datasets/1/records/999", 404),
        ("/api/v1/datasets/1/records?run=999", 404),
        ("/api/v1/datasets/x", 422),
        ("/api/v1/datasets/0", 422),
        (f"/api/v1/datasets/{10**30}", 422),
        ("/api/v1/datasets/1/records?limit=100000", 422),
        ("/api/v1/datasets/1/records?after=-1", 422),
        ("/api/v1/datasets/1/records?status=%ff%fe", 422),
        ("/api/v1/datasets/1/records?status=别的", 422),
        ("/api/v1/datasets/1/records?evidence=perhaps", 422),
        ("/api/v1/datasets/..%2f..%2fetc%2fpasswd", 404),
        ("/api/v1/%00", 404),
        ("/api/v1/datasets/", 404),
        ("/api/v1", 404),
    ],
)
def test_what_cannot_be_read_is_a_problem_document(client: TestClient, dataset_id: int, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    sentence = refused(answer)
    assert any("\u4e00" <= char <= "\u9fff" for char in sentence)


def test_methods_that_a_route_does_not_take(client: TestClient, dataset_id: int) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
        answer = client.request(method, f"/api/v1/datasets/{dataset_id}")
        assert answer.status_code == 405 and "方法" in refused(answer)
