"""Starts: of ``status``, of ``extract`` until the service's first call, and of the server until its first page.

Each in a fresh process, on the sample, with everything compiled, as ``.ci/setup`` leaves it; the database is current.
Beside them stands what is not ours: importing the ``openai`` package, and Streamlit with a page that has one line.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.pages import opened, reviewing
from bench.report import line
from bench.slow_service import Service, slow_service
from core.adapters.store import open_store
from core.services.datasets import load_sample
from tests.browser.chromium import chromium
from tests.browser.serving import serving

TIMES = 5
DATASET, RUN = "示例群聊", "示例抽取"


def run() -> None:
    """Medians of five; of the server's starts, of three."""
    with TemporaryDirectory() as folder, slow_service() as service:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        store = open_store(url)
        load_sample(store)
        store.close()
        environment = {"SHIYAO_DATABASE_URL": url, "SHIYAO_LOG_FILE": str(Path(folder) / "shiyao.log")}
        # Compiled beside the database, so that it does not matter what this environment keeps or forbids to write.
        environment |= {"PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
        _core(environment, "status", "--run", RUN)  # compiles what is not yet compiled
        line("status", _median([_status(environment) for _ in range(TIMES)]), "≤ 0.8 s")
        called = [_until_called(service, environment, number) for number in range(TIMES + 1)]
        line("extract: until the service is called first", _median(called[1:]), "≤ 1.2 s")
        alone = [_took("-c", "import openai", environment=environment) for _ in range(TIMES)]
        line("    importing openai alone", _median(alone))
        _server(Path(folder), environment, "app.py", "server", "≤ 2 s")
        _server(Path(folder), environment, "bench/_empty_page.py", "    Streamlit with an empty page")


def _server(folder: Path, environment: dict[str, str], script: str, title: str, goal: str = "") -> None:
    """Medians of three starts of a script, after one that compiles what is not yet compiled."""
    starts = [_until_first_page(folder, environment, script) for _ in range(4)][1:]
    line(f"{title}: until it responds", _median([responds for responds, _ in starts]))
    line(f"{title}: until its first page is painted", _median([page for _, page in starts]), goal)


def _median(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} s"


def _took(*arguments: str, environment: dict[str, str] | None = None) -> float:
    started = time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | (environment or {}))
    return time.perf_counter() - started


def _core(environment: dict[str, str], *arguments: str) -> float:
    return _took("-m", "core", *arguments, environment=environment)


def _status(environment: dict[str, str]) -> float:
    return _core(environment, "status", "--run", RUN)


def _until_called(service: Service, environment: dict[str, str], number: int) -> float:
    service.reset(latency=0.05)
    arguments = ("--dataset", DATASET, "--run", f"start {number}", "--provider", "openai", "--limit", "1", "--fresh")
    started = time.time()  # the service notes the time of day
    _core(environment | service.environment(), "extract", *arguments)
    return min(call.began for call in service.reset()) - started


def _until_first_page(folder: Path, environment: dict[str, str], script: str) -> tuple[float, float]:
    """Seconds until the server responds, and until its first page is painted in a browser that was there before."""
    with chromium() as browser, reviewing(browser) as page:
        started = time.perf_counter()
        with serving(script, folder, environment, is_forked=False) as server:
            responds = time.perf_counter() - started
            # By the page's own clock: what opened() does afterwards to see that nothing more comes does not count.
            return responds, responds + opened(page, server.url) / 1000
