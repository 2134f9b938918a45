"""Pictures of every page of the menu: for docs/screenshots, and to look at before a page is called finished.

``python -m tests.browser.screens FOLDER [--data none|sample|real] [--dark] [--size 1366x768] [--only workbench …]``
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from core.adapters.store import open_store, queries
from core.domain.form import load_named_form
from core.services.datasets.sample_dataset import SAMPLE_DATASET, SAMPLE_RUN
from core.services.review import open_session
from core.ui.navigation import ADDRESSES
from tests.browser.chromium import at_rest, chromium
from tests.browser.serving import ROOT, serving

COLOURS = 128
"""A page has few: a palette makes its picture a third of the size."""


REVIEWED = 18
"""Chats of the sample that pictures show as reviewed."""


def prepare(data: str, url: str) -> None:
    """A database with nothing, the sample half reviewed and extracted twice, or the real chats with a run by rules."""
    real = Path(os.environ.get("SHIYAO_COMPETITION_DATA", "."))
    commands: dict[str, list[list[str]]] = {
        "none": [],
        "sample": [["sample"], ["extract", "--dataset", SAMPLE_DATASET, "--run", "规则", "--provider", "local"]],
        "real": [
            ["import", str(real / "train.json"), "--dataset", "train", "--split", "train"],
            ["extract", "--dataset", "train", "--run", "rules", "--provider", "local", "--concurrency", "2"],
        ],
    }
    for command in commands[data]:
        run(url, *command)
    if data == "real":
        with tempfile.TemporaryDirectory() as folder:
            run(url, "import-run", half_of(real / "train.json", Path(folder)), "--dataset", "train", "--run", "half")
        review(url, base="rules")
    if data == "sample":
        review(url)
        with tempfile.TemporaryDirectory() as folder:
            run(url, "export", "training", "--dataset", SAMPLE_DATASET, "--out", f"{folder}/set", "--name", "第一版")


def run(url: str, *command: str) -> None:
    """One verb of the command line."""
    subprocess.run([sys.executable, "-m", "core", "--db", url, *command], cwd=ROOT, check=True, capture_output=True)


def half_of(labelled: Path, folder: Path) -> str:
    """A second run for pictures: the labels of every other chat, one empty form for the rest."""
    empty = load_named_form().empty()
    chats = json.loads(labelled.read_text("utf-8"))
    answers = [{"infos": chat["infos"] if i % 2 else [empty], "index": i} for i, chat in enumerate(chats, 1)]
    made = folder / "half.json"
    made.write_text(json.dumps(answers, ensure_ascii=False), "utf-8")
    return str(made)


def review(url: str, base: str = SAMPLE_RUN) -> None:
    """Approve the first chats as labelled, through the desk's own service."""
    store = open_store(url)
    with store.read() as session:
        dataset = queries.datasets(session)[0]
        labels = queries.labels_run(session, dataset.id)
        answers = queries.forms_by_index(session, labels.id) if labels else {}
    form = load_named_form(dataset.form)
    refused: list[str] = []
    for index, forms in answers.items():
        if index > REVIEWED:
            continue
        # Each saves at a workbench of his own: nobody can save under another's name.
        reviewer = "林晓" if index % 3 else "周岚"
        save = {
            "save_id": f"picture-{index}",
            "chat": index,
            "reviewer": reviewer,
            "base_version": 0,
            "customers": [{"values": values, "origin": place} for place, values in enumerate(forms)],
            "status": "待讨论" if index == 7 else "已确认",
            "note": "客户有两个手机号，以哪个为准？" if index == 7 else "",
            "seconds": 40 + index,
        }
        desk = open_session(store, dataset, form, base=base, reviewer=reviewer)
        refused += [ack.why for ack in desk.save(store, [save]) if ack.result != "saved"]
    store.close()
    if refused:
        raise RuntimeError(refused[0])


def take(page: Page, url: str, target: Path) -> None:
    """One page, once it has come to rest."""
    page.goto(url)
    at_rest(page)
    page.locator("[data-testid=stSkeleton]").first.wait_for(state="detached")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    page.screenshot(path=target)
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(COLOURS).save(target, optimize=True)


def main() -> None:
    """Start a server on a database of its own and walk through the menu."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", choices=["none", "sample", "real"], default="sample")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1600x900")
    parser.add_argument("--only", nargs="*", default=[])
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    width, height = map(int, wanted.size.split("x"))
    with tempfile.TemporaryDirectory() as work:
        database = f"sqlite:///{work}/shiyao.db"
        prepare(wanted.data, database)
        with (
            serving(
                "app.py", Path(work), {"SHIYAO_DATABASE_URL": database, "SHIYAO_LOG_FILE": f"{work}/shiyao.log"}
            ) as server,
            chromium() as browser,
        ):
            context = browser.new_context(
                viewport={"width": width, "height": height},
                locale="zh-CN",
                color_scheme="dark" if wanted.dark else "light",
            )
            context.add_cookies([{"name": "shiyao_reviewer", "value": "%E6%9E%97%E6%99%93", "url": server.url}])
            page = context.new_page()
            for address in wanted.only or ADDRESSES:
                start = "" if address == ADDRESSES[0] else address
                take(page, f"{server.url}/{start}", wanted.folder / f"{address}.png")


if __name__ == "__main__":
    main()
