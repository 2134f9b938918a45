"""The documentation as a site: built without a warning, all of it in the menu, every link leads somewhere in it."""

import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
ROLES = ("analyst", "lead", "engineer", "administrator")
LOADING = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"""Tags by which a browser fetches something by itself, and where they say what."""


class Page(HTMLParser):
    """What a page leads to, what it loads, what can be led to in it, and the classes of its parts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.classes: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self.names.add(has.get("id", ""))
        self.classes.update(has.get("class", "").split())
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        if tag in LOADING and LOADING[tag] in has and has.get("rel") != "canonical":
            self.loads.append(has[LOADING[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def in_menu(entries: list[Any]) -> list[str]:
    files: list[str] = []
    for entry in entries:
        for value in entry.values():
            files += in_menu(value) if isinstance(value, list) else [value]
    return files


def test_every_document_is_in_the_menu_once() -> None:
    documents = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
    assert sorted(in_menu(CONFIG["nav"])) == documents


def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in {*page.links, *page.loads}:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_relative_to(site.resolve()) or not target.exists():
                broken.append(f"{path.relative_to(site)}: {link}")
            elif anchor and target in pages and anchor not in pages[target].names and not anchor.startswith("__"):
                broken.append(f"{path.relative_to(site)}: {link} (no such heading)")
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    away = {load for page in pages.values() for load in page.loads if urlsplit(load).scheme or urlsplit(load).netloc}
    assert away == set()
    # What the site's own script would fetch from a network of others, if a page had a part for it.
    assert {name for page in pages.values() for name in page.classes} & {"mermaid", "glightbox", "pyodide"} == set()
    assert CONFIG["theme"]["font"] is False


def test_each_role_has_a_guide_with_pictures_in_chinese(site: Path, pages: dict[Path, Page]) -> None:
    assert CONFIG["theme"]["language"] == "zh"
    for role in ROLES:
        page = pages[site / "guide" / f"{role}.html"]
        assert len([load for load in page.loads if "screenshots/" in load]) >= 2, role
        text = (ROOT / "docs" / "guide" / f"{role}.md").read_text(encoding="utf-8")
        assert sum("\u4e00" <= character <= "\u9fff" for character in text) > 300, role


GUIDES = sorted(path.name for path in (ROOT / "docs" / "guide").glob("*.md"))


@pytest.mark.parametrize("name", GUIDES)
def test_each_guide_stands_beside_itself_in_english(name: str) -> None:
    """Both have the same parts, pictures, rows and commands, so that neither goes on alone."""

    def skeleton(path: Path) -> dict[str, Any]:
        text = path.read_text(encoding="utf-8")
        code = re.findall(r"^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        return {
            "headings": re.findall(r"^#+ ", text, re.MULTILINE),
            "pictures": re.findall(r"screenshots/([\w-]+\.png)", text),
            "links": re.findall(r"\]\((?:\.\./)*([\w#-]+\.md[\w#-]*)\)", text),
            "rows": len(re.findall(r"^\|", text, re.MULTILINE)),
            "items": len(re.findall(r"^(?:- |\d\. )", text, re.MULTILINE)),
            # Without remarks, and names of alerts.
            "code": [re.sub(r"^#.*\n|alert: .*", "", block, flags=re.MULTILINE) for block in code],
        }

    guides = ROOT / "docs" / "guide"
    assert skeleton(guides / name) == skeleton(guides / "en" / name)
