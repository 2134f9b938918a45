"""A command imports what it needs and no more: imports are nearly all of the time until it begins."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from core.adapters.store import open_store
from core.cli import main
from core.services.datasets import load_sample
from core.services.maintenance import software_versions
from core.settings import ROOT

LIBRARIES = ("alembic", "scipy", "pandas", "sklearn", "procrastinate", "psycopg", "openai")
"""What no command needs that neither migrates nor learns nor calls a service, on SQLite."""
CODE = """
import sys
from core.cli import main
code = main(sys.argv[2:])
print(code, sorted(name for name in sys.argv[1].split() if name in sys.modules))
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a database with the sample: chats with labels, so that the default run is chosen by score."""
    url = f"sqlite:///{tmp_path_factory.mktemp('quick') / 'quick.db'}"
    store = open_store(url)
    load_sample(store)
    store.close()
    return url


def imported(url: str, unwanted: tuple[str, ...], *arguments: str) -> list[str]:
    """What a command in a process of its own prints, and at the end which of the unwanted modules it has imported."""
    command = [sys.executable, "-c", CODE, " ".join(unwanted), *arguments, "--db", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def test_status_imports_no_parser_no_prompts_and_no_model_services(sample: str) -> None:
    own = ("chat.parser", "personal_data", "prompts", "evidence", "account_names")
    unwanted = (
        *LIBRARIES,
        "numpy",
        "jinja2",
        "jionlp",
        "cn2an",
        "core.adapters.llm",
        *(f"core.domain.{name}" for name in own),
    )
    lines = imported(sample, unwanted, "status", "--run", "示例抽取")
    assert "是默认任务（对照标注得分最高" in lines[1]
    assert lines[-1] == "0 []"


def test_extract_imports_nothing_of_other_providers_and_other_databases(sample: str) -> None:
    unwanted = (
        *LIBRARIES,
        "core.services.extraction.merging",
        "core.domain.personal_data",
        "core.services.learning.learner",
        "core.domain.evidence",
    )
    lines = imported(
        sample, unwanted, "extract", "--dataset", "示例群聊", "--run", "快", "--provider", "local", "--limit", "1"
    )
    assert "完成 1，失败 0" in lines[0]
    assert lines[-1] == "0 []"


def test_an_export_that_masks_nothing_imports_nothing_that_finds_people(sample: str, tmp_path: Path) -> None:
    unwanted = ("core.domain.personal_data.names", "core.domain.personal_data.finders", "pandas", "scipy")
    out = str(tmp_path / "out.json")
    lines = imported(sample, unwanted, "export", "submission", "--dataset", "示例群聊", "--fill-missing", "--out", out)
    assert lines[-1] == "0 []"


def test_the_server_starts_without_what_only_learning_and_extraction_need() -> None:
    unwanted = (
        *("alembic", "scipy", "sklearn", "pandas", "jionlp", "openai", "procrastinate", "psycopg", "numpy"),
        *("confusable_homoglyphs", "phonenumbers", "sqlalchemy.dialects.postgresql", "core.domain.chat.parser"),
        "core.services.review.workbench.sync",
    )
    # Neither what pages are made of, which is imported while a browser reads Streamlit's own files.
    before = ("sqlalchemy", "sqlmodel", "core.adapters.store", "core.services.team.accounts", "core.ui.state")
    # What looks for approvals from the start of a server on must not bring along what learns from them, and what asks
    # about a chat no parser: a prompt shows the chat as it stands.
    own = "core.services.learning.background, core.services.extraction.pipeline.chat_extraction"
    names = "sorted(name for name in {} if name in sys.modules)".format
    code = f"import sys, app; print({names(before)})\nimport {own}; print({names(unwanted)})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["[]", "[]"]


FIRST_PAGE = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(sys.argv[2], default_timeout=60)
page.session_state["shiyao.reviewer"] = "林晓"
page.run()
print([title.value for title in page.title], sorted(name for name in sys.argv[1].split() if name in sys.modules))
from core.ui.server import FIRST_PAGE
print(sorted(set(FIRST_PAGE) - set(sys.modules)))
"""


def test_the_first_page_masks_nothing_imports_no_chats_and_opens_no_workbench(sample: str) -> None:
    unwanted = (
        *("alembic", "sklearn", "pandas", "jionlp", "openai", "procrastinate", "psycopg", "phonenumbers"),
        *("core.domain.personal_data", "core.domain.masking", "core.services.datasets.chat_import"),
        *("core.services.extraction.runs.lifecycle", "core.services.review.workbench.sync"),
        *("core.adapters.llm.local.provider", "core.services.learning.learner", "frontmatter"),
        "core.domain.chat.parser",
    )
    command = [sys.executable, "-c", FIRST_PAGE, " ".join(unwanted), str(ROOT / "app.py")]
    environment = os.environ | {"SHIYAO_DATABASE_URL": sample, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    imported_beforehand = "[]"  # what a server imports while a browser starts is what the page needs
    assert done.stdout.splitlines() == ["['总览'] []", imported_beforehand]


def test_versions_are_said_without_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    *versions, last = imported(url, (*LIBRARIES, "sqlalchemy", "streamlit"), "--version")
    assert versions[0] == f"拾要 {software_versions()['拾要']}" and last == "0 []"
    assert list(tmp_path.iterdir()) == []


def test_the_commands_of_the_readme_can_be_typed_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    english, chinese = (commands_of(name) for name in ("README.md", "README.zh-CN.md"))
    named = {"训练": "train", "本地规则": "local-1", "我的模型": "mine"}
    assert [re.sub("|".join(named), lambda name: named[name[0]], command) for command in chinese] == english
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)  # as in the program's folder, where nothing may be left lying about
    monkeypatch.setenv("SHIYAO_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert [main(shlex.split(command)) for command in english] == [0] * 6
    assert (tmp_path / "submission.json").is_file()


def commands_of(name: str) -> list[str]:
    """The commands of a README that need no browser."""
    section = (ROOT / name).read_text(encoding="utf-8").split("\n## ")[2]
    return re.findall(r"^\.venv/bin/python -m core (.+)$", section, re.MULTILINE)
