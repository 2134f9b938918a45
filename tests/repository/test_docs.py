"""What the documentation names exists: files, pictures, links, commands, names in the code."""

import importlib
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.services.review.queue import claims
from tests.browser.screens import PICTURES
from tests.packaging.test_image import own_variables

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [doc.relative_to(ROOT).as_posix() for doc in DOCS]
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FOLDERS = "core|pages|tests|bench|docs|data|prompts|.ci"
FILE = re.compile(rf"(?:(?:{re.escape('.ci')}|{FOLDERS})/[\w./*<>-]+|app\.py|pyproject\.toml|Makefile)")
MODULE = re.compile(r"(?:core|tests|bench)(?:\.\w+)+")


def text_of(name: str) -> str:
    """A document without the parts that cog writes: those are compared by ``make lint``."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"<!-- \[\[\[cog.*?\[\[\[end\]\]\] -->", "", text, flags=re.DOTALL)


@cache
def sources() -> str:
    """All code of the program, in one text."""
    folders = ("core", "pages", "tests", "bench", ".ci", "data/forms", "prompts")
    kinds = ("py", "js", "mjs", "ts", "toml", "css", "md", "j2")
    files = [file for folder in folders for kind in kinds for file in sorted((ROOT / folder).rglob(f"*.{kind}"))]
    own = [file for file in files if file != Path(__file__)]
    return "\n".join(file.read_text(encoding="utf-8") for file in [*own, ROOT / "pyproject.toml", ROOT / "Makefile"])


@cache
def words_of_sources() -> frozenset[str]:
    """All words in it, an identifier being one: looking through megabytes for each name takes a second."""
    return frozenset(re.findall(r"\w+", sources()))


def code_words(name: str) -> Iterator[str]:
    yield from (match[1].strip() for match in CODE.finditer(text_of(name)))


def resolves(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_files_that_docs_name_exist(name: str) -> None:
    # `<name>` and `*` stand for any; a file that a reader is told to make has one of them.
    named = {word.rstrip("/") for word in code_words(name) if FILE.fullmatch(word) and not re.search(r"[<>]", word)}
    assert [word for word in sorted(named) if not list(ROOT.glob(word))] == []


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(text_of(name)) if "://" not in target]
    folder = (ROOT / name).parent
    missing = [target for target in targets if target and not (folder / target).exists()]
    outside = [target for target in targets if not os.path.realpath(folder / target).startswith(str(ROOT))]
    assert (missing, outside) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_dotted_names_resolve(name: str) -> None:
    dotted = {word.removesuffix("()") for word in code_words(name) if MODULE.fullmatch(word.removesuffix("()"))}
    assert [word for word in sorted(dotted) if not resolves(word)] == []


@pytest.mark.parametrize("name", NAMES)
def test_names_in_code_style_are_in_the_code(name: str) -> None:
    """Classes, functions and constants: ``CamelCase``, ``snake_case``, ``UPPER_CASE`` and calls."""
    named = re.compile(r"[A-Z][a-z]+[A-Z]\w+|_?[a-z]+(?:_[a-z]+)+(?:\(\))?|[A-Z]+(?:_[A-Z]+)+|[a-z_]+\(\)")
    words = {word.removesuffix("()") for word in code_words(name) if named.fullmatch(word)}
    gone = {"SHIYAO_JOBS_DATABASE_URL"} if name == "CHANGELOG.md" else set()
    assert sorted(words - gone - words_of_sources()) == []


@pytest.mark.parametrize("name", NAMES)
def test_commands_that_docs_show_are_there(name: str) -> None:
    from typer.main import get_command

    from core.cli import app

    # Installed, and in a container, the same verbs have another word before them.
    called = r"(?:python -m core|(?<=[`/])shiyao|exec app shiyao|run --rm app) ((?:[a-z][a-z-]* ?)+)"
    for verbs in re.findall(called, text_of(name)):
        command = get_command(app)
        for verb in verbs.split():
            known = getattr(command, "commands", None)
            if known is None:  # an argument
                break
            assert verb in known, f"{name}: python -m core {verbs}"
            command = known[verb]
    topics = re.findall(r"python -m bench ([a-z]+)", text_of(name))
    assert [topic for topic in topics if not (ROOT / "bench" / f"{topic}.py").exists()] == []
    targets = re.findall(r"`make ([a-z-]+)", text_of(name))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("name", NAMES)
def test_options_that_docs_show_are_there(name: str) -> None:
    from typer.main import get_command

    from core.cli import app

    called = re.compile(r"(?:python -m core|(?<=[`/ ])shiyao|exec app shiyao|run --rm app) ([a-z][^`|>&#\n]*)")
    unknown = []
    for line in called.findall(re.sub(r"\\\n *", "", text_of(name))):
        command, known = get_command(app), set()
        for word in line.split():
            command = getattr(command, "commands", {}).get(word, command)
            known |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        shown = re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)
        unknown += [f"{line}: {option}" for option in shown if option not in known | {"--help"}]
    assert unknown == []


OF_OTHERS = {
    # Read by the client library, and refused; by the bench; by the API's example; a variable of before.
    *("OPENAI_CUSTOM_HEADERS", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"),
    *("SHIYAO_BENCH_CHATS", "SHIYAO_BENCH_FOLDER", "SHIYAO_BENCH_PAGES", "SHIYAO_DESK_HISTORIES", "SHIYAO_FIELD_CASES"),
    *("SHIYAO_TOKEN", "SHIYAO_URL", "SHIYAO_JOBS_DATABASE_URL"),
}


@pytest.mark.parametrize("name", NAMES)
def test_variables_that_docs_name_are_read(name: str) -> None:
    """Also those in examples of files that are no code of ours: units, settings of proxies and watchers."""
    named = set(re.findall(r"\b(?:SHIYAO|SPARKAI|OPENAI)_[A-Z_]*[A-Z]\b", text_of(name)))
    assert named - own_variables() - OF_OTHERS == set()


@pytest.mark.parametrize("name", NAMES)
def test_figures_that_docs_name_are_counted(name: str) -> None:
    text = "".join((ROOT / "core" / file).read_text(encoding="utf-8") for file in ("metrics.py", "ui/monitoring.py"))
    counted = set(re.findall(r'"(shiyao_[a-z_]+)"', text))
    named = {re.sub(r"_(?:bucket|count|sum)$", "", word) for word in re.findall(r"\bshiyao_[a-z_]+\b", text_of(name))}
    assert named - counted - {"shiyao_session", "shiyao_palette"} == set()


@pytest.mark.parametrize("name", ["docs/guide/deploy.md", "docs/guide/en/deploy.md"])
def test_sentences_that_the_guide_explains_are_said(name: str) -> None:
    """What an administrator looks for is what stood before them, apart from the figures and names in it."""
    quoted = re.findall(r"^\| 「(.+?)」 \|", text_of(name), re.MULTILINE)
    parts = [part.strip() for quote in quoted for part in re.split(r"[\d.]{2,}|pg_dump", quote) if part.strip()]
    assert len(quoted) >= 4
    assert [part for part in parts if part not in sources()] == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        doc = waiting.pop()
        if doc in seen:
            continue
        seen.add(doc)
        links = LINK.findall(doc.read_text(encoding="utf-8"))
        waiting += [
            (doc.parent / link.partition("#")[0]).resolve() for link in links if link.partition("#")[0].endswith(".md")
        ]
    assert set(DOCS) - seen == set()


def test_both_readmes_say_the_same_things() -> None:
    english, chinese = (text_of(name) for name in ("README.md", "README.zh-CN.md"))

    def skeleton(text: str) -> tuple[list[str], list[str], int]:
        variables = re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text)
        links = sorted(link for link in LINK.findall(text) if "README" not in link)
        return variables, links, text.count("python -m core")

    assert skeleton(english) == skeleton(chinese)


def test_chinese_words_of_the_glossary_are_on_the_pages() -> None:
    rows = [line.split("|") for line in text_of("docs/glossary.md").splitlines() if line.count("|") == 5]
    words = {word for row in rows for word in re.findall(r"[\u4e00-\u9fff]+", row[2])}
    files = [file for folder in ("core", "pages", "data/forms") for file in (ROOT / folder).rglob("*.*")]
    texts = "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix in {".py", ".js", ".toml"})
    assert len(words) > 50
    assert [word for word in sorted(words) if word not in texts] == []


def test_names_of_the_glossary_are_in_the_code() -> None:
    cells = [line.split("|")[4] for line in text_of("docs/glossary.md").splitlines() if line.count("|") == 5]
    names = [name for cell in cells[2:] for name in re.findall(r"`([^`]+)`", cell)]
    files = [file for file in (ROOT / "core").rglob("*.*") if file.suffix in {".py", ".js"}]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    # At once: a search of all code for each name takes a quarter of a minute.
    places = re.finditer(r"\b(?:class|def|const) (\w+)\b|\b(\w+)\b\s*[:=]|[\"`.](\w+)\b", code)
    defined = {name for place in places for name in place.groups() if name}

    def is_defined(name: str) -> bool:
        if "/" in name or name.startswith("core."):
            path = ROOT / (name if "/" in name else name.replace(".", "/"))
            return path.exists() or path.with_suffix(".py").exists()
        return name in defined or bool(
            re.search(rf"\b(?:class|def|const) {name}\b|\b{name}\b\s*[:=]|[\"`.]{name}\b", code)
        )

    assert len(names) > 50
    assert [name for name in names if not is_defined(name)] == []


def test_every_picture_is_shown() -> None:
    shown = {Path(link).name for name in NAMES for link in LINK.findall(text_of(name)) if link.endswith(".png")}
    assert {picture.name for picture in (ROOT / "docs" / "screenshots").glob("*.png")} - shown == set()


def test_every_picture_can_be_made_anew() -> None:
    assert {picture.stem for picture in (ROOT / "docs" / "screenshots").glob("*.png")} <= PICTURES


def test_nothing_refers_to_documents_of_other_places() -> None:
    """A reader of this repository has nothing but this repository."""
    elsewhere = re.compile(
        r"\b(?:PRODUCT|ARCHITECTURE|HOUSE|STYLE|DEPENDENCIES|ENGINE)(?:\.md\b| (?:names|says)\b)|/work/|/home/\w+/"
    )
    folders = [ROOT / folder for folder in ("core", "pages", "tests", "bench", "docs", ".ci", "data", "prompts")]
    kinds = {".py", ".js", ".mjs", ".ts", ".md", ".toml", ".css", ".j2", ""}
    files = [
        file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix in kinds
    ]
    files = [file for file in files if file != Path(__file__) and "node_modules" not in file.parts]
    files += [ROOT / "app.py", ROOT / "Makefile", ROOT / "pyproject.toml", *ROOT.glob("*.md")]
    naming = [file.relative_to(ROOT).as_posix() for file in files if elsewhere.search(file.read_text(encoding="utf-8"))]
    assert naming == []


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@pytest.mark.parametrize("name", NAMES)
def test_docs_give_claims_the_time_that_they_last(name: str) -> None:
    minutes = NUMBERS[int(claims.CLAIM.total_seconds() / 60)]
    text = " ".join(text_of(name).split())
    stated = re.findall(
        r"[Cc]laims(?: last|[^.]{0,80}? within) (\w+) minutes|kept from other reviewers for (\w+) minutes", text
    )
    assert {word for pair in stated for word in pair if word} <= {minutes}
