"""Access tokens: shown once, hashed, ending, revoked; a program may do what its account may."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from starlette.testclient import TestClient

from core.adapters.store import Store
from core.adapters.store.models import AccessToken, Account, now
from core.api.guard import TokenRates
from core.domain.permissions import AccountRole
from core.errors import InputError, NotFoundError, PermissionDeniedError
from core.services.team import (
    Actor,
    access_tokens,
    acting_as,
    add_account,
    audit_entries,
    create_token,
    revoke_token,
    set_disabled,
    set_role,
    token_holder,
)
from core.settings import settings
from tests.api.conftest import PASSWORD, Token


def refused(answer: object) -> str:
    """The sentence of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    document = answer.json()  # type: ignore[attr-defined]
    assert document["status"] == answer.status_code  # type: ignore[attr-defined]
    return f"{document['detail']}。{document['remedy']}"


def account(store: Store, name: str, role: AccountRole = AccountRole.REVIEWER) -> Actor:
    made = add_account(store, name, role, password=PASSWORD)
    return Actor(name, role, made.id, "10.0.0.7")


@pytest.mark.both_databases
def test_a_token_is_its_accounts_and_is_stored_as_a_digest(store: Store) -> None:
    who = account(store, "林晓")
    with acting_as(who):
        made, secret = create_token(store, " 每晚  导入 ", days=3)
    assert made.name == "每晚 导入" and made.owner == "林晓" and made.state == "有效"
    assert timedelta(days=2.9) < made.ends_at - now() <= timedelta(days=3)
    with store.read() as session:
        row = session.execute(select(AccessToken)).scalar_one()
        assert secret.startswith("shiyao_") and secret not in str(row.model_dump())
    holder = token_holder(store, secret, address="10.0.0.9")
    assert holder is not None
    assert holder.actor == Actor("林晓", AccountRole.REVIEWER, who.account_id, "10.0.0.9（令牌「每晚 导入」）")
    (listed,) = access_tokens(store, everyone=True)
    assert listed.used_at is not None
    assert [(entry.kind, entry.target, entry.detail) for entry in audit_entries(store, limit=1)] == [
        ("令牌", "林晓", "新建「每晚 导入」，3 天")
    ]


def test_a_token_is_refused_once_it_ended_was_revoked_or_its_account_is_closed(store: Store) -> None:
    account(store, "林晓")
    made, secret = create_token(store, "甲", account="林晓")
    set_disabled(store, "林晓", True)
    assert token_holder(store, secret) is None
    set_disabled(store, "林晓", False)
    assert token_holder(store, secret) is not None
    set_role(store, "林晓", AccountRole.LEAD)
    holder = token_holder(store, secret)
    assert holder is not None and holder.actor.role is AccountRole.LEAD, "the role of now counts"
    with store.write() as session:
        session.execute(update(AccessToken).values(ends_at=now() - timedelta(seconds=1)))
    assert token_holder(store, secret) is None and access_tokens(store)[0].state == "已到期"
    with store.write() as session:
        session.execute(update(AccessToken).values(ends_at=now() + timedelta(days=1)))
    assert revoke_token(store, made.id).state == "已作废"
    assert revoke_token(store, made.id).state == "已作废", "again is no mistake"
    assert token_holder(store, secret) is None
    with store.write() as session:
        session.delete(session.execute(select(Account).where(col(Account.name) == "林晓")).scalar_one())
    assert access_tokens(store) == [], "tokens go with their account"


def test_nobody_makes_sees_or_revokes_somebody_elses_token(store: Store) -> None:
    mine, other = account(store, "林晓"), account(store, "周遥")
    with acting_as(mine):
        made, _ = create_token(store, "甲")
    with acting_as(other):
        assert access_tokens(store) == []
        with pytest.raises(PermissionDeniedError):
            access_tokens(store, everyone=True)
        with pytest.raises(PermissionDeniedError):
            create_token(store, "乙", account="林晓")
        with pytest.raises(NotFoundError):
            revoke_token(store, made.id)
    with acting_as(account(store, "王芳", AccountRole.ADMINISTRATOR)):
        assert [token.id for token in access_tokens(store, everyone=True)] == [made.id]
        revoke_token(store, made.id)


@pytest.mark.parametrize(
    ("name", "days", "sentence"), [("", 1, "名称"), ("长" * 61, 1, "名称"), ("甲", 0, "0 天"), ("甲", 367, "367 天")]
)
def test_what_cannot_be_a_token(store: Store, name: str, days: int, sentence: str) -> None:
    account(store, "林晓")
    with pytest.raises(InputError, match=sentence):
        create_token(store, name, days=days, account="林晓")


def test_a_token_without_an_account_is_a_name_and_good_only_where_nobody_signs_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="是谁的"):
        create_token(store, "甲")
    _, secret = create_token(store, "甲", owner="小王")
    holder = token_holder(store, secret)
    assert holder is not None and holder.name == "小王" and holder.actor.account_id is None
    monkeypatch.setenv("SHIYAO_SIGN_IN", "accounts")
    settings.cache_clear()
    assert token_holder(store, secret) is None


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic d2FuZzpmYW5n", "Bearer shiyao_", "Bearer 错", "Bearer shiyao_" + "x" * 5000],
)
def test_without_a_good_token_there_is_nothing_but_the_description(client: TestClient, header: str) -> None:
    headers = {"Authorization": header.encode(), "Cookie": b"shiyao_session=x"}
    for path in ("/api/v1/datasets", "/api/v1/no-such-thing", "/api/v1/datasets/1/records"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert "令牌" in refused(answer) and "王芳" not in answer.text
    assert client.get("/api/v1/openapi.json", headers=headers).status_code == 200
    assert client.get("/api/v1/reference", headers=headers).status_code == 200


def test_who_calls(client: TestClient) -> None:
    said = client.get("/api/v1/me")
    assert said.headers["cache-control"] == "no-store"
    assert {key: said.json()[key] for key in ("name", "role", "token")} == {
        "name": "王芳",
        "role": "组长",
        "token": "测试",
    }


def test_no_other_origin_may_read_an_answer(client: TestClient) -> None:
    answer = client.get("/api/v1/me", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    asked = client.options(
        "/api/v1/datasets",
        headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"},
    )
    assert asked.status_code == 405
    assert not [name for name in asked.headers if name.startswith("access-control")]


def test_a_token_has_a_rate(client: TestClient, monkeypatch: pytest.MonkeyPatch, token: Token) -> None:
    monkeypatch.setenv("SHIYAO_API_PER_MINUTE", "2")
    settings.cache_clear()
    assert [client.get("/api/v1/me").status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get("/api/v1/me")
    assert 1 <= int(answer.headers["retry-after"]) <= 31
    assert "一分钟最多 2 个请求" in refused(answer)
    other = {"Authorization": f"Bearer {token('林晓')}"}
    assert client.get("/api/v1/me", headers=other).status_code == 200, "each token has its own"


def test_a_bucket_fills_evenly() -> None:
    moment = 0.0
    rates = TokenRates(lambda: moment)
    assert [rates.wait(1, 60) for _ in range(60)] == [0.0] * 60
    assert rates.wait(1, 60) == pytest.approx(1.0)
    moment = 0.5
    assert rates.wait(1, 60) == pytest.approx(0.5)
    moment = 1.01
    assert rates.wait(1, 60) == 0.0
    moment = 1000.0
    assert [rates.wait(1, 60) for _ in range(61)].count(0.0) == 60
