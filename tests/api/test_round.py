"""The example goes once round the loop: by a real server as people start it, and on PostgreSQL."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from starlette.testclient import TestClient

from core.adapters.store import Store, open_store
from core.domain.permissions import AccountRole
from core.services.extraction.runs.scheduler import stop_running
from core.services.team import add_account, create_token
from tests.api.conftest import PASSWORD
from tests.browser.serving import ROOT, serving

EXAMPLE = ROOT / "docs" / "examples" / "api_round.py"
CHATS = ROOT / "data" / "sample" / "chats.json"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_round", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_round(outcome: dict, folder: Path) -> None:
    assert outcome["run"]["status"] == "finished" and outcome["run"]["failed"] == 0
    assert outcome["score"]["score"] > outcome["score"]["floors"]["empty"] > 0
    submission = json.loads((folder / "submission.json").read_text("utf-8"))
    assert [row["index"] for row in submission] == [record["chat"] for record in outcome["records"]]
    assert [row["infos"] for row in submission] == [
        [customer["values"] for customer in record["customers"]] for record in outcome["records"]
    ]


@pytest.fixture
def stopped_runs() -> object:
    yield
    stop_running(patience=10)


def test_a_program_goes_round_the_loop_at_a_real_server(example: ModuleType, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'loop.db'}"
    store = open_store(url)
    add_account(store, "王芳", AccountRole.ADMINISTRATOR, password=PASSWORD)
    _, secret = create_token(store, "回路", account="王芳")
    store.close()
    environment = {
        "SHIYAO_DATABASE_URL": url,
        "SHIYAO_LOG_FILE": str(tmp_path / "loop.log"),
        "SHIYAO_SIGN_IN": "accounts",
        "SHIYAO_LEARN_IN_BACKGROUND": "false",
    }
    with serving("app.py", tmp_path, environment) as server:
        with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as nobody:
            assert nobody.get("/api/v1/datasets").status_code == 401
            assert nobody.get("/api/v1/reference").status_code == 200
            assert nobody.get("/apiary", follow_redirects=False).status_code in (303, 401), "the gate stands elsewhere"
            wrong_host = nobody.get("/api/v1/reference", headers={"Host": "elsewhere.example"})
            assert wrong_host.status_code == 400
        headers = {"Authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=120, trust_env=False) as http:
            outcome = example.go_round(http, CHATS, tmp_path)
            is_round(outcome, tmp_path)
            again = example.go_round(http, CHATS, tmp_path)
            assert again["dataset"] == outcome["dataset"] and again["run"]["id"] == outcome["run"]["id"]
            foreign = http.post("/api/v1/imports", headers={"Origin": "https://elsewhere.example"})
            assert foreign.status_code == 403, "a page of another origin"
            csp = http.get("/api/v1/reference").headers["content-security-policy"]
            assert "default-src 'self'" in csp
    assert secret not in server.log.read_text("utf-8", "replace")
    assert secret not in (tmp_path / "loop.log").read_text("utf-8") if (tmp_path / "loop.log").exists() else True


def test_the_loop_on_postgresql(example: ModuleType, pg_store: Store, tmp_path: Path, stopped_runs: object) -> None:
    from starlette.applications import Starlette

    from core.api import api_routes

    add_account(pg_store, "王芳", AccountRole.ADMINISTRATOR, password=PASSWORD)
    _, secret = create_token(pg_store, "回路", account="王芳")
    app = Starlette(routes=api_routes(lambda: pg_store))
    headers = {"Authorization": f"Bearer {secret}"}
    with TestClient(app, base_url="http://127.0.0.1", headers=headers) as client:
        is_round(example.go_round(client, CHATS, tmp_path), tmp_path)


def test_what_the_server_refuses_is_a_sentence_for_the_program(
    example: ModuleType, client: TestClient, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", "utf-8")
    with pytest.raises(example.Refused, match="broken.json"):
        example.go_round(client, broken, tmp_path)
