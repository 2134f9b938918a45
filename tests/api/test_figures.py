"""What Prometheus is told of requests by programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from core import metrics
from core.adapters.store import Store
from core.settings import settings
from tests.factories.datasets import make_dataset


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SHIYAO_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("SHIYAO_METRICS_TOKEN", "0123456789abcdef-geheim")
    settings.cache_clear()
    metrics._made_figures.cache_clear()
    yield
    metrics._made_figures.cache_clear()


def test_requests_are_counted_by_route_and_status(counted: None, client: TestClient, store: Store) -> None:
    dataset = make_dataset(store, ["林木1：在吗"] * 3, "林木的数据")
    for path in (f"datasets/{dataset.id}", f"datasets/{dataset.id}", "datasets/999", "nowhere/林木"):
        client.get(f"/api/v1/{path}")
    client.get("/api/v1/datasets", headers={"Authorization": "Bearer wrong"})
    text = metrics.exposition().decode()
    counts = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "shiyao_api_requests_total"
    }
    one = "/datasets/{dataset_id}"
    # Labels are the program's own words: neither numbers nor names out of addresses.
    assert counts == {(one, "200"): 2, (one, "404"): 1, ("", "404"): 1, ("", "401"): 1}
    assert 'shiyao_api_seconds_count{route="/datasets/{dataset_id}"} 3.0' in text
    assert "林木" not in text
