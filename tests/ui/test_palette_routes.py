"""The palette's routes: nothing for who is not signed in, pages by role, no more than a few characters taken."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.services.review.palette import MOST_CHATS
from core.services.team import add_account, sign_in
from core.settings import settings
from core.ui import state
from core.ui.own_routes import CHATS_PATH, NAMES_PATH
from core.ui.palette.routes import palette_routes
from core.ui.sign_in.connection import COOKIE
from core.ui.sign_in.gate import SignedInOnly
from tests.factories.reviews import make

PASSWORD = "一句很长的话当密码用"


@pytest.fixture
def client(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("SHIYAO_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(tmp_path / "secrets.toml"))
    settings.cache_clear()
    monkeypatch.setattr(state, "store", lambda: store)
    app = Starlette(routes=palette_routes(), middleware=[Middleware(SignedInOnly)])
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened
    settings.cache_clear()


def titles(answer: httpx.Response) -> set[str]:
    return {page["title"] for page in answer.json()["pages"]}


def test_names_come_with_the_readings_of_their_characters_and_of_the_commands(
    client: httpx.Client, store: Store
) -> None:
    make(store, 1, "会议 test")
    answer = client.get(NAMES_PATH)
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert said["datasets"][0]["name"] == "会议 test"
    assert {"会", "议", "意", "览"} <= set(said["readings"])
    assert said["readings"]["撤"] == "che", "a word of a command that stands in the browser's own table"
    assert ("按把握放行", "批次") in {(part["title"], part["page"]) for part in said["parts"]}
    assert titles(answer) >= {"总览", "审阅台", "账号", "操作记录"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("number=2", [2]),
        ("number=１", [1]),
        ("words=手机", [1, 2, 3]),
        (f"words={'手机' * 60}", []),
        ("number=1e400", []),
        (f"number={'9' * 5000}", []),
        ("", []),
    ],
)
def test_chats_are_asked_for_by_whatever_somebody_pastes(
    client: httpx.Client, store: Store, query: str, found: list[int]
) -> None:
    dataset = make(store, 3)
    answer = client.get(f"{CHATS_PATH}?datasets=x,{dataset.id},-1,,999&{query}")
    assert answer.status_code == 200
    assert [chat["index"] for chat in answer.json()["chats"]] == found
    assert len(found) <= MOST_CHATS


def test_without_a_sign_in_nothing_is_said_and_with_one_the_pages_of_the_role(
    client: httpx.Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(store, 1, "会议")
    monkeypatch.setenv("SHIYAO_SIGN_IN", "accounts")
    settings.cache_clear()
    for path in (NAMES_PATH, f"{CHATS_PATH}?datasets=1&number=1"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert "会议" not in answer.text
    seen = {}
    for name, role in (("王芳", AccountRole.ADMINISTRATOR), ("林晓", AccountRole.REVIEWER)):
        add_account(store, name, role, password=PASSWORD)
        token = sign_in(store, name, PASSWORD, address="")
        seen[name] = titles(client.get(NAMES_PATH, headers={"cookie": f"{COOKIE}={token}"}))
    assert seen["王芳"] - seen["林晓"] == {"账号", "操作记录"}
