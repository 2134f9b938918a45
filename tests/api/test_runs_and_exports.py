"""Runs, scores and exports by the API: the pages' services, permissions and refusals."""

import hashlib
import json
from base64 import b64decode
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from core.adapters.store import Store, queries
from core.adapters.store.models import Pass, RecordStatus, RunKind
from core.domain.permissions import AccountRole
from core.services import jobs
from core.services.extraction import models as model_catalog
from core.services.jobs.runner import JobRunner
from core.services.team import audit_entries
from tests.api.conftest import Token
from tests.api.test_tokens import refused
from tests.factories.datasets import make_dataset, make_record, make_run
from tests.factories.quality import NAME, STAGE, TODO
from tests.waiting import wait_until

TEXTS = [f"林舟{n}：你好，电话 1380000000{n}\n客服小何：好的" for n in range(1, 4)]


@pytest.fixture
def dataset_id(store: Store) -> int:
    dataset = make_dataset(store, TEXTS, "甲")
    make_run(store, dataset, "标注", {n: [{NAME: f"林舟{n}", STAGE: "报价"}] for n in (1, 2, 3)}, RunKind.LABELS)
    make_run(store, dataset, "模型", {n: [{NAME: f"林舟{n}", TODO: "发报价"}] for n in (1, 2)})
    make_record(store, dataset, 3, [{NAME: "林舟3"}], reviewer="林晓")
    return dataset.id


def test_a_run_is_created_paused_gone_on_with_and_cancelled(client: TestClient, dataset_id: int) -> None:
    path = f"/api/v1/datasets/{dataset_id}/runs"
    made = client.post(path, json={"name": "规则", "provider": "local", "limit": 2, "start": False})
    assert made.status_code == 201, made.text
    run = made.json()
    assert (run["status"], run["total"], run["provider"]) == ("waiting", 2, "local")
    number = run["id"]
    assert client.post(f"/api/v1/runs/{number}/pause").json()["status"] == "paused"
    assert client.post(f"/api/v1/runs/{number}/cancel").json()["status"] == "cancelled"
    detail = client.get(f"/api/v1/runs/{number}").json()
    assert detail["failures"] == [] and detail["pending"] == 2
    listed = client.get(path).json()
    assert [one["name"] for one in listed["items"]] == ["规则", "模型"] and listed["default"]
    other = client.post(path, json={"name": "规则", "provider": "learned"})
    assert other.status_code in (409, 422) and refused(other)
    nothing = client.post(f"/api/v1/runs/{number}/retry")
    assert nothing.status_code == 409 and "没有失败" in refused(nothing)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": 1}',
        b'{"name": "x", "provider": "no-such-provider"}',
        b'{"name": "x", "provider": "local", "limit": -1}',
        b'{"name": "x", "provider": "local", "limit": 1e400}',
        b'{"name": "x", "provider": "local", "chats": [99]}',
        b'{"name": "", "provider": "local"}',
        b'{"name": "x", "provider": "local", "prompt": "../../etc/passwd"}',
        b'{"name": "x", "provider": "local", "unknown": 1}',
        b'{"name": "x", "provider": "local", "model": "\\u0000"}',
        b"[" * 50_000,
    ],
)
def test_hostile_bodies_are_sentences(client: TestClient, dataset_id: int, body: bytes) -> None:
    path = f"/api/v1/datasets/{dataset_id}/runs"
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    assert refused(answer) and len(client.get(path).json()["items"]) == 1


def test_a_score_of_much_data_is_computed_in_the_background(
    client: TestClient, dataset_id: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/v1/datasets/{dataset_id}/scores"
    params = {"run": client.get(f"/api/v1/datasets/{dataset_id}/runs").json()["items"][0]["id"]}
    inline = client.get(path, params=params).json()
    monkeypatch.setattr("core.services.jobs.INLINE_ANSWERS", 0)
    later = client.get(path, params=params)
    assert (later.status_code, later.headers["Retry-After"]) == (202, "2")
    place, job = later.headers["Location"], later.json()["job_id"]
    assert client.get(place).json() == later.json() == {"job_id": job, "stage": "", "done": 0, "total": 0}
    jobs.cancel_job(store, job)
    assert "取消" in refused(client.get(place))
    assert client.get(path, params=params).json()["job_id"] == job, "asked for again, it begins anew"
    assert client.get(place.replace(f"/jobs/{job}", "/jobs/99")).status_code == 404
    runner = JobRunner(lambda: store, look_seconds=0.1)
    runner.start()
    wait_until(lambda: client.get(place).status_code == 200)
    runner.stop()
    assert client.get(place).json() == client.get(path, params=params).json() == inline


@pytest.mark.both_databases
def test_a_score_stands_beside_its_floors(client: TestClient, dataset_id: int) -> None:
    path = f"/api/v1/datasets/{dataset_id}/scores"
    runs = client.get(f"/api/v1/datasets/{dataset_id}/runs").json()["items"]
    result = client.get(path, params={"run": runs[0]["id"]}).json()
    assert result["missing"] == [3] and set(result["chats"]) == {"1", "2", "3"}
    assert result["score"] == pytest.approx(sum(result["chats"].values()) / 3)
    assert 0 < result["floors"]["empty"] < 36 and 0 < result["filled"]["precision"] < 1
    assert len(result["fields"]) == 21
    for params, status in (
        ({"run": 999}, 404),
        ({"run": runs[0]["id"], "against": "nothing"}, 422),
        ({"run": runs[0]["id"], "against": "blind"}, 404),
        ({"run": runs[0]["id"], "measure": "nothing"}, 404),
        ({}, 422),
    ):
        answer = client.get(path, params=params)
        assert answer.status_code == status and refused(answer), answer.text


def test_a_blind_reviewers_score_is_without_the_first_review(
    client: TestClient, dataset_id: int, store: Store, token: Token
) -> None:
    from core.adapters.store import queries

    blind = {"Authorization": f"Bearer {token('周遥', AccountRole.ADMINISTRATOR)}"}
    with store.read() as session:
        dataset = queries.dataset(session, dataset_id)
    make_record(store, dataset, 1, [{NAME: "林舟1"}], reviewer="林晓")
    make_record(store, dataset, 3, [{TODO: "复审"}], RecordStatus.DRAFT, reviewer="周遥", review_pass=Pass.SECOND)
    params: dict[str, Any] = {"run": 2, "against": "records"}
    path = f"/api/v1/datasets/{dataset_id}/scores"
    assert set(client.get(path, params=params).json()["chats"]) == {"1", "3"}
    hidden = client.get(path, params=params, headers=blind).json()
    assert set(hidden["chats"]) == {"1"} and "盲审" in hidden["notes"][0]


@pytest.mark.both_databases
def test_exports_are_checked_files(client: TestClient, dataset_id: int, store: Store) -> None:
    path = f"/api/v1/datasets/{dataset_id}/exports"
    made = client.post(path, json={"kind": "submission", "source": "records+run:模型"})
    assert made.status_code == 200, made.text
    assert [row["index"] for row in made.json()] == [1, 2, 3]
    digest = b64decode(made.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":"))
    assert digest == hashlib.sha256(made.content).digest()
    assert json.loads(unquote(made.headers["x-shiyao-export"]))["counts"]["chats"] == 3
    assert "attachment" in made.headers["content-disposition"]
    dataset = client.post(path, json={"kind": "dataset", "source": "labels", "mask": ["phone"]}).json()
    assert [set(row) for row in dataset] == [{"chat_text", "infos"}] * 3 and "13800000001" not in str(dataset)
    table = client.post(path, json={"kind": "csv", "confirmations": True})
    assert table.content.decode("utf-8-sig").count("\n") == 2
    assert client.post(path, json={"kind": "xlsx"}).content.startswith(b"PK")
    entries = audit_entries(store, kinds=["导出"])
    assert len(entries) == 4
    assert {(one.who, one.address) for one in entries} == {("王芳", "testclient（令牌「测试」）")}


def test_an_export_that_lacks_chats_is_refused_by_name(client: TestClient, dataset_id: int) -> None:
    path = f"/api/v1/datasets/{dataset_id}/exports"
    for body, sentence in (
        ({"kind": "submission", "source": "run:模型"}, "第 3 条"),
        ({"kind": "submission", "source": "run:没有"}, "没有"),
        ({"kind": "csv", "source": "别的"}, "来源"),
        ({"kind": "zip"}, "body.kind"),
        ({"kind": "csv", "mask": ["everything"]}, "body.mask"),
        ({}, "body.kind"),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code in (404, 422), answer.text
        assert sentence in refused(answer)


def test_a_reviewer_may_look_but_neither_run_nor_export(client: TestClient, dataset_id: int, token: Token) -> None:
    reviewer = {"Authorization": f"Bearer {token('林晓', AccountRole.REVIEWER)}"}
    for method, path, body in (
        ("POST", f"/datasets/{dataset_id}/runs", {"name": "x", "provider": "local"}),
        ("POST", "/runs/2/start", None),
        ("POST", "/runs/2/pause", None),
        ("POST", "/runs/2/cancel", None),
        ("POST", "/runs/2/retry", None),
        ("POST", f"/datasets/{dataset_id}/exports", {"kind": "csv"}),
    ):
        answer = client.request(method, f"/api/v1{path}", json=body, headers=reviewer)
        assert answer.status_code == 403 and "组长或管理员" in refused(answer), path
    assert client.get(f"/api/v1/datasets/{dataset_id}/runs", headers=reviewer).status_code == 200


def test_a_run_takes_a_budget_and_goes_as_a_batch(client: TestClient, dataset_id: int, store: Store) -> None:
    path = f"/api/v1/datasets/{dataset_id}/runs"
    values = {"url": "http://127.0.0.1:9/v1", "batch_files": True, "batch_share": 0.5, "price_in": 1, "price_out": 1}
    model_catalog.create(store, name="m", provider="openai", **values)
    asked = {"name": "批量", "provider": "openai", "model": "m", "budget": 3.5, "start": False}
    made = client.post(path, json=asked | {"batch": "files", "batch_failures": "live"})
    assert made.status_code == 201, made.text
    assert (made.json()["budget"], made.json()["batch"]) == (3.5, "files")
    with store.read() as session:
        parameters = queries.run(session, made.json()["id"]).parameters
    assert (parameters["batch"], parameters["batch_failures"]) == ("files", "live")
    for wrong in ({"budget": 0}, {"batch": "soon"}, {"batch_failures": "never"}):
        assert client.post(path, json=asked | {"name": "b"} | wrong).status_code == 422
    address = client.post(path, json=asked | {"name": "d", "batch": "address"})
    assert address.status_code in (409, 422) and "批量" in refused(address)


def test_a_name_has_one_limit_and_one_spelling(client: TestClient, dataset_id: int) -> None:
    path = f"/api/v1/datasets/{dataset_id}/runs"
    asked = {"provider": "local", "start": False}
    assert client.post(path, json=asked | {"name": "x" * 200}).status_code == 201
    long = client.post(path, json=asked | {"name": "x" * 201})
    assert long.status_code == 422 and "body.name 不能用：最多 200 个字" in refused(long)
    composed, decomposed = (client.post(path, json=asked | {"name": name}).json() for name in ("é", "e\u0301"))
    assert (decomposed["id"], decomposed["name"]) == (composed["id"], "é"), "they look the same, and are"
    unseen = client.post(path, json=asked | {"name": "a/../b"})
    assert unseen.status_code == 409 and "路径" in refused(unseen)
    nul = client.post(path, json=asked | {"name": "a\0b"})
    assert "空字符（NUL）" in refused(nul) and "error" not in refused(nul)


def test_what_is_done_about_lines_that_failed_goes_with_a_batch_alone(client: TestClient, dataset_id: int) -> None:
    asked = {"name": "n", "provider": "local", "start": False, "batch_failures": "live"}
    answer = client.post(f"/api/v1/datasets/{dataset_id}/runs", json=asked)
    assert answer.status_code == 409 and "批量里失败" in refused(answer)
