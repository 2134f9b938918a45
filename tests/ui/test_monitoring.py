"""The health check and the figures, as whoever watches the server from outside sees them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core import metrics
from core.adapters.store import Store
from core.adapters.store.models import Run, RunStatus
from core.domain.form import Form
from core.errors import SettingsError, StoreError
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.runs import executor_lock
from core.services.extraction.runs.batch_driver import BatchDriver, BatchPace
from core.services.maintenance import disk_space
from core.services.review import apply_saves
from core.settings import settings
from core.ui import monitoring, server, state
from core.ui.sign_in.gate import SignedInOnly
from tests.factories.datasets import make_dataset, make_run
from tests.factories.runs import add_dataset
from tests.fakes.batch_server import FakeBatches
from tests.fakes.openai_server import API_KEY

TOKEN = "0123456789abcdef-geheim"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installation's data folder, with a token for the figures."""
    monkeypatch.setenv("SHIYAO_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("SHIYAO_METRICS_TOKEN", TOKEN)
    (tmp_path / "var").mkdir()
    settings.cache_clear()
    metrics._made_figures.cache_clear()
    yield tmp_path / "var"
    metrics._made_figures.cache_clear()


@pytest.fixture
def client(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("SHIYAO_SIGN_IN", "accounts")
    monkeypatch.setattr(state, "store", lambda: store)
    monkeypatch.setattr(monitoring, "_FRESH_SECONDS", 0.0)
    app = Starlette(routes=monitoring.monitoring_routes(), middleware=[Middleware(SignedInOnly)])
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


def figures(client: httpx.Client) -> dict[tuple[str, ...], float]:
    """What a scrape brings, read by the client library's parser: name and labels, sorted → value."""
    answer = client.get("/_metrics", headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.both_databases
def test_all_is_well_without_signing_in(client: httpx.Client) -> None:
    answer = client.get("/_health")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"status": "ok", "checks": {"database": "ok", "disk": "ok", "worker": "idle"}}


@pytest.mark.both_databases
def test_a_run_that_waits_for_nobody_is_degraded(client: httpx.Client, store: Store, form: Form) -> None:
    dataset = make_dataset(store, ["林木1：在吗"] * 3, "数据")
    run_id = make_run(store, dataset, "模型", {})
    with store.write() as session:
        row = session.get(Run, run_id if isinstance(run_id, int) else run_id.id)
        assert row is not None
        row.kind, row.status, row.total = "model", RunStatus.RUNNING, 3
    answer = client.get("/_health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "checks": {"database": "ok", "disk": "ok", "worker": "missing"}}
    assert figures(client)[("shiyao_pending_chats",)] == 3
    if store.path is not None:
        (lock := executor_lock.executor_lock(store)).acquire()
        assert client.get("/_health").json()["checks"]["worker"] == "working"
        lock.release()


def test_a_database_that_is_away_is_a_503(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Store:
        raise StoreError("postgresql://shiyao:geheim@db/x ist weg", "")

    monkeypatch.setattr(state, "store", away)
    answer = client.get("/_health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")
    assert answer.json()["checks"]["database"] == "away" and "geheim" not in answer.text
    assert figures(client)[("shiyao_database_up",)] == 0


def test_a_full_disk_is_said_before_it_fails(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_space, "LEAST_FREE", 1 << 62)
    assert client.get("/_health").json()["checks"]["disk"] == "low"
    assert client.get("/_health").json()["status"] == "degraded"


def test_many_who_ask_ask_the_database_once(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(monitoring, "health", lambda: asked.append(1) or {"status": "ok", "checks": {}})
    with TestClient(Starlette(routes=monitoring.monitoring_routes()), base_url="http://127.0.0.1") as client:
        assert [client.get("/_health").status_code for _ in range(20)] == [200] * 20
    assert len(asked) < 3


def test_the_figures_need_their_token(client: httpx.Client) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}):
        assert client.get("/_metrics", headers=headers).status_code == 401


def test_without_a_token_nothing_is_counted_and_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIYAO_VAR", str(tmp_path))
    assert [route.path for route in monitoring.monitoring_routes()] == ["/_health"]
    metrics.count_save("saved", 0.1)
    with metrics.timed_sync():
        pass
    assert not metrics.metrics_folder().exists()


def test_a_token_that_could_be_guessed_is_refused_at_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIYAO_METRICS_TOKEN", "kurz")
    settings.cache_clear()
    with pytest.raises(SettingsError, match="SHIYAO_METRICS_TOKEN 太短"):
        monitoring.check_token()
    with pytest.raises(SystemExit, match="SHIYAO_METRICS_TOKEN 太短"):
        server.startable_hosts()


def test_saves_and_conflicts_are_counted(client: httpx.Client, store: Store, form: Form) -> None:
    dataset = make_dataset(store, ["林木1：在吗"], "数据")
    saves = [
        {
            "save_id": f"0000000{number}-0000-4000-8000-000000000000",
            "chat": 1,
            "record_id": None,
            "base_version": 0,
            "reviewer": reviewer,
            "status": "in_progress",
            "customers": [{"id": "c1", "origin": None, "values": {}}],
        }
        for number, reviewer in ((1, "林晓"), (2, "王芳"))
    ]
    results = [ack.result for save in saves for ack in apply_saves(store, form, dataset.id, [save])]
    counted = figures(client)
    assert {result: counted["shiyao_saves_total", result] for result in results} == {
        result: float(results.count(result)) for result in results
    }
    assert counted["shiyao_save_seconds_count",] == 2


def test_answers_of_a_batch_are_counted_once(
    client: httpx.Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")
    settings.cache_clear()
    add_dataset(store, 2)
    with FakeBatches() as service:
        values = {"url": service.url, "key_env": "SOME_API_KEY", "batch_files": True}
        model_catalog.create(store, name="m", provider="openai", **values)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m", batch="files")
        run_service.start(store, run.id)
        for _ in range(10):
            BatchDriver(store, run.id, BatchPace(poll=0.0, slow_poll=0.0, lost=0.0)).advance()
    view = run_service.progress(store, run.id)
    counted = figures(client)
    assert (view.done, counted["shiyao_model_calls_total", "answered", "openai"]) == (2, 2)
    assert counted["shiyao_model_tokens_total", "in", "openai"] == view.tokens_in > 0
    assert ("shiyao_model_call_seconds_count", "openai") not in counted, "nobody waited for one answer"


CODE = """
import sys
from core import metrics
metrics.count_call("openai", "answered", 0.3, tokens=(10, None))
with metrics.timed_page("pages/home/overview.py"):
    pass
"""


def test_the_figures_of_several_processes_are_added_up(client: httpx.Client, folder: Path) -> None:
    metrics.count_call("openai", "answered", 2.0, tokens=(5, 7))
    metrics.count_call("openai", "rate", 0.1)
    for _ in range(2):
        subprocess.run([sys.executable, "-c", CODE], check=True)
    counted = figures(client)
    assert counted["shiyao_model_calls_total", "answered", "openai"] == 3
    assert counted["shiyao_model_calls_total", "openai", "rate"] == 1
    assert counted["shiyao_model_tokens_total", "in", "openai"] == 25
    assert counted["shiyao_model_tokens_total", "openai", "out"] == 7
    assert counted["shiyao_model_call_seconds_bucket", "0.5", "openai"] == 3
    assert counted["shiyao_page_seconds_count", "pages/home/overview.py"] == 2
    # A counter that fell would be taken for one that began anew: all of it would be counted once more.
    assert len(list(metrics.metrics_folder().glob("counter_*"))) == 3
    for _ in range(2):
        metrics.keep_figures_of_ended_processes()
        assert len(list(metrics.metrics_folder().glob("counter_*"))) == 2
        assert counters_of(figures(client)) == counters_of(counted)
    subprocess.run([sys.executable, "-c", CODE], check=True)
    metrics.keep_figures_of_ended_processes()
    assert figures(client)["shiyao_model_calls_total", "answered", "openai"] == 4


def counters_of(figures: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    """Without gauges: free space of a disk is another one each time."""
    return {name: value for name, value in figures.items() if re.search("_(?:total|count|sum|bucket)$", name[0])}


def test_figures_that_cannot_be_written_stop_nobody(client: httpx.Client, folder: Path) -> None:
    metrics.metrics_folder().write_text("no folder", encoding="utf-8")
    metrics.count_save("saved", 0.1)
    with metrics.timed_sync():
        pass
    metrics.keep_figures_of_ended_processes()
    assert figures(client)["shiyao_database_up",] == 1


def test_a_broken_file_of_another_process_is_passed_over(client: httpx.Client, folder: Path) -> None:
    metrics.count_save("saved", 0.1)
    for number, content in enumerate((b"", b"\xff\x00\x01\x00" * 64, bytes(8))):
        (metrics.metrics_folder() / f"counter_{metrics._host()}-999999{number}.db").write_bytes(content)
    assert figures(client)["shiyao_saves_total", "saved"] == 1
    metrics.keep_figures_of_ended_processes()
    assert figures(client)["shiyao_saves_total", "saved"] == 1
    assert len(list(metrics.metrics_folder().glob("counter_*"))) == 2


def test_files_take_their_room_before_they_are_written(client: httpx.Client, folder: Path) -> None:
    """Writing to a page of a mapped file that the disk has no room for ends the process."""
    metrics.count_save("saved", 0.1)
    for path in metrics.metrics_folder().glob("*.db"):
        stat = path.stat()
        assert stat.st_blocks * 512 >= stat.st_size == metrics._ROOM[path.name.partition("_")[0]]
        assert stat.st_mode & 0o077 == 0


def test_many_threads_begin_with_the_same_figures(client: httpx.Client, folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for result in ("saved", "conflict", "rejected", "set_aside") * 2:
            pool.submit(metrics.count_save, result, 0.1)
    counted = figures(client)
    assert [counted["shiyao_saves_total", result] for result in ("saved", "conflict", "rejected", "set_aside")] == [
        2
    ] * 4
