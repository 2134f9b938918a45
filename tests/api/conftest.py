"""A client of the API with tokens, on an application without a page."""

from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.adapters.store import Store
from core.api import api_routes
from core.domain.permissions import AccountRole
from core.services.team import add_account, create_token, passwords
from core.settings import settings

PASSWORD = "一句很长的话当密码用"
Token = Callable[..., str]


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real algorithm with little memory: what it costs is no matter of these tests."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys_digest.cache_clear()


@pytest.fixture
def signed_in_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on which one has to sign in."""
    monkeypatch.setenv("SHIYAO_SIGN_IN", "accounts")
    settings.cache_clear()


@pytest.fixture
def token(store: Store) -> Token:
    """Makes an account of a role, and gives headers with a token for it."""

    def make(name: str = "王芳", role: AccountRole = AccountRole.LEAD) -> str:
        add_account(store, name, role, password=PASSWORD)
        return create_token(store, "测试", account=name)[1]

    return make


@pytest.fixture
def client(store: Store, signed_in_server: None, token: Token) -> Iterator[TestClient]:
    """A client with the token of 王芳, a lead."""
    app = Starlette(routes=api_routes(lambda: store))
    with TestClient(app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {token()}"}) as opened:
        yield opened
