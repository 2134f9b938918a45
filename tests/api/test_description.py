"""The description (OpenAPI) and its page: every route is in it, and the page loads nothing from elsewhere."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.adapters.store import Store
from core.api import mounting
from core.api.application import description
from core.api.reference_page import described_routes, described_types
from core.errors import StoreUnavailableError


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        inside = set().union(*map(references, value.values())) if value else set()
        return inside | ({value["$ref"]} if isinstance(value.get("$ref"), str) else set())
    return set().union(*map(references, value)) if isinstance(value, list) and value else set()


def test_every_route_says_in_chinese_what_it_does_and_needs_a_token() -> None:
    described = description()
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) >= 7
    for operation in operations:
        words = operation["summary"] + operation["description"]
        assert re.search("[\u4e00-\u9fff]", operation["summary"]) and words
        assert operation["security"] == [{"访问令牌": []}]
        assert "default" in operation["responses"] and "422" not in operation["responses"]
    assert described["components"]["securitySchemes"]["访问令牌"]["scheme"] == "bearer"
    assert described["servers"] == [{"url": "/api/v1"}]


def test_the_description_points_at_nothing_that_is_not_there() -> None:
    described = description()
    known = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert references(described) <= known
    named = {route.answer for route in described_routes(described)} & {name for name, _ in described_types(described)}
    assert {"DatasetList", "RecordPageInfo"} <= named


class Loaded(HTMLParser):
    """Collects what a page would load, and its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")]


def test_the_page_has_every_route_and_loads_nothing(client: TestClient) -> None:
    answer = client.get("/api/v1/reference")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Loaded()
    page.feed(answer.text)
    assert page.addresses == ["openapi.json"] and not {"script", "img", "link", "iframe"} & set(page.tags)
    assert "://" not in answer.text and "url(" not in answer.text
    for route in described_routes(description()):
        assert f"{route.method} {route.path}" in answer.text
    assert client.get("/api/v1/openapi.json").json() == description()


def test_a_mistake_of_the_program_tells_nothing_of_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_store: Store) -> None:
        raise ZeroDivisionError("王芳的电话 13800000000")

    monkeypatch.setattr("core.api.datasets.list_datasets", broken)
    answer = client.get("/api/v1/datasets")
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    assert "13800000000" not in answer.text and "ZeroDivisionError" in answer.json()["detail"]


def test_a_database_that_is_away_is_said_to_be(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_store: Store) -> None:
        raise StoreUnavailableError("数据库正忙", "请稍后再试")

    monkeypatch.setattr("core.api.datasets.list_datasets", away)
    answer = client.get("/api/v1/datasets")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "5"
    assert (answer.json()["detail"], answer.json()["type"]) == ("数据库正忙", "urn:shiyao:problem:store-unavailable")


def test_the_prefix_is_where_the_gate_lets_programs_through() -> None:
    assert mounting.PREFIX == "/api/v1"
