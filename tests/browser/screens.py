"""Pictures of every page of the menu, to look at before a page is called finished; ``--docs`` makes docs/screenshots.

``python -m tests.browser.screens FOLDER [--data none|sample|real] [--dark] [--size 1366x768] [--only workbench …]``
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from core.adapters.store import open_store, queries
from core.domain.form import load_named_form
from core.services.datasets.sample_dataset import SAMPLE_DATASET, SAMPLE_RUN
from core.services.review import open_session
from core.ui.navigation import ADDRESSES
from tests.browser.chromium import chromium, wait_until_drawn
from tests.browser.reviewer_page import sit_down
from tests.browser.scenes import SCENES, add_team, enrich, sign_in, spread
from tests.browser.serving import ROOT, serving

COLOURS = 128
"""A page has few: a palette makes its picture a third of the size."""


PICTURES = {*ADDRESSES, *SCENES, "report", "sign-in"}
"""What ``--docs`` makes, by name."""
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


class Options(argparse.Namespace):
    """What the command line asks for."""

    folder: Path
    data: str
    dark: bool
    docs: bool
    size: str
    only: list[str]

    @property
    def width(self) -> int:
        return int(self.size.partition("x")[0])

    @property
    def height(self) -> int:
        return int(self.size.partition("x")[2])


def take(page: Page, address: str, target: Path, steps: Callable[[Page], None] | None = None) -> None:
    """One page, once it has come to rest, and after these steps at rest again."""
    page.goto(address)
    wait_until_drawn(page)
    if steps is not None:
        page.wait_for_timeout(1000)
        steps(page)
        wait_until_drawn(page)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    keep(page, target)


def keep(page: Page, target: Path) -> None:
    """What a page shows now, as a picture with few colours."""
    page.mouse.move(0, 0)
    page.screenshot(path=target)
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(COLOURS).save(target, optimize=True)


@contextmanager
def opened(database: str, options: Options, env: Mapping[str, str] | None = None) -> Iterator[tuple[Page, str]]:
    """A page of a server on a database, and the server's address."""
    with tempfile.TemporaryDirectory() as work:
        whole = {"SHIYAO_DATABASE_URL": database, "SHIYAO_LOG_FILE": f"{work}/shiyao.log"} | dict(env or {})
        with serving("app.py", Path(work), whole) as server, chromium() as browser:
            context = browser.new_context(
                viewport={"width": options.width, "height": options.height},
                locale="zh-CN",
                color_scheme="dark" if options.dark else "light",
            )
            if not env:
                sit_down(context, server, "林晓")
            yield context.new_page(), server.url


def take_pages(page: Page, url: str, options: Options) -> None:
    """Every page as it opens, or the ones asked for; for the documentation with what it shows beyond."""
    for address in options.only or ADDRESSES:
        start = "" if address == ADDRESSES[0] else address
        if not (options.docs and address in SCENES):
            take(page, f"{url}/{start}", options.folder / f"{address}.png")
    for name, (address, steps) in SCENES.items() if options.docs else ():
        if not options.only or name in options.only:
            take(page, f"{url}/{address}", options.folder / f"{name}.png", steps)


def take_report(page: Page, database: str, folder: Path) -> None:
    """The offline report, which needs no server."""
    with tempfile.TemporaryDirectory() as work:
        run(database, "export", "report", "--dataset", SAMPLE_DATASET, "--out", f"{work}/report.html")
        page.goto(f"file://{work}/report.html")
        page.wait_for_timeout(1500)
        keep(page, folder / "report.png")


def take_team(database: str, options: Options) -> None:
    """What only a server with sign-in shows."""
    with opened(database, options, {"SHIYAO_SIGN_IN": "accounts"}) as (page, url):
        page.goto(url)
        page.get_by_label("名字").wait_for()
        keep(page, options.folder / "sign-in.png")
        sign_in(page, url)
        for address in ("accounts", "audit"):
            take(page, f"{url}/{address}", options.folder / f"{address}.png")


def main() -> None:
    """Start a server on a database of its own and walk through the menu."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", choices=["none", "sample", "real"], default="sample")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--docs", action="store_true", help="the sample with more to show, and the states of SCENES")
    parser.add_argument("--size", default="1600x900")
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args(namespace=Options())
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        database = f"sqlite:///{work}/shiyao.db"
        prepare(options.data, database)
        if options.docs:
            second = ("--out", f"{work}/set", "--name", "第二版", "--input", "clean", "--val", "0.1")
            run(database, "export", "training", "--dataset", SAMPLE_DATASET, *second)
            with closing(open_store(database)) as store:
                enrich(store)
                spread(store)
        with opened(database, options) as (page, url):
            take_pages(page, url, options)
            if options.docs and not options.only:
                take_report(page, database, options.folder)
        if options.docs and not options.only:
            with closing(open_store(database)) as store:
                add_team(store)
            take_team(database, options)


if __name__ == "__main__":
    main()
