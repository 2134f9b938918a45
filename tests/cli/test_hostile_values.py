"""Whatever stands in a command, it ends with one sentence and an exit code, never with a traceback."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from core import cli
from core.adapters.store import open_store
from core.settings import settings
from tests.factories.quality import quality_dataset

LONG = "9" * 5000
HOSTILE = ["", "-1", "0", "1.5", "1e400", "nan", "1,2", str(2**31), str(2**63), LONG, "²", "没有这个", "\x00", "'\";--"]
VALID = {
    "terms": "沐晚晴",
    "dataset": "d",
    "run": "甲",
    "source": "labels",
    "provider": "local",
    "into": "新",
    "name": "小何",
    "to": "组长",
    "model": "没有这个模型",
    "yuan": "1",
    "old": "repair_ticket",
    "new": "role_elements",
    "platform": "spark",
    "url": "http://127.0.0.1:9/absent",
    "repository": "group/name",
}
VALID |= dict.fromkeys(("number", "first", "second"), "1")


def verbs() -> Iterator[tuple[str, Any]]:
    groups: list[tuple[tuple[str, ...], Any]] = [((), get_command(cli.app))]
    while groups:
        path, command = groups.pop()
        if hasattr(command, "commands"):
            groups += [((*path, name), one) for name, one in command.commands.items()]
        elif path != ("worker",):  # it waits for ever
            yield " ".join(path), command


VERBS = dict(sorted(verbs()))
CASES = [(path, one.name) for path, verb in VERBS.items() for one in verb.params if not getattr(one, "is_flag", False)]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'cli.db'}"
    store = open_store(url)
    quality_dataset(store, 2)
    store.close()
    return url


def arguments_for(path: str, name: str, value: str, folder: Path) -> list[str]:
    """A command in which everything that must be there is right but this one value."""
    valid = VALID | {"out": str(folder / "out.csv"), "file": str(folder / "absent.json"), "place": str(folder)}
    arguments = path.split()
    for one in VERBS[path].params:
        if one.name == name or one.required:
            text = value if one.name == name else valid[one.name]
            arguments += [text] if one.param_type_name == "argument" else [one.opts[0], text]
            if one.name == "run" and one.multiple:
                arguments += [one.opts[0], "乙"]
    return arguments


@pytest.mark.parametrize(("path", "name"), CASES)
def test_no_value_breaks_a_verb(
    path: str,
    name: str,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SHIYAO_LOG_FILE", str(tmp_path / "log"))
    monkeypatch.setenv("SHIYAO_DATABASE_URL", database)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "execve", lambda *_: None)  # a server would take the place of this process
    settings.cache_clear()
    for value in HOSTILE:
        code = cli.main(arguments_for(path, name, value, tmp_path))
        told = capsys.readouterr().err
        assert "程序出错" not in told, (value[:30], told)
        assert code == 0 or told.strip().count("\n") == 0 and told.strip(), (value[:30], code, told)
        assert len(told) < 1000, value[:30]
    settings.cache_clear()
