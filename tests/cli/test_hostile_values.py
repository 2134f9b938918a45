"""Whatever stands in a command, it ends with one sentence and an exit code, never with a traceback."""

import os
from pathlib import Path

import pytest

from core import cli
from core.adapters.store import open_store
from core.settings import settings
from tests.cli.every_verb import VERBS, arguments_for
from tests.factories.quality import quality_dataset

LONG = "9" * 5000
HOSTILE = ["", "-1", "0", "1.5", "1e400", "nan", "1,2", str(2**31), str(2**63), LONG, "²", "没有这个", "\x00", "'\";--"]
CASES = [(path, one.name) for path, verb in VERBS.items() for one in verb.params if not getattr(one, "is_flag", False)]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'cli.db'}"
    store = open_store(url)
    quality_dataset(store, 2)
    store.close()
    return url


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
        code = cli.main(arguments_for(path, tmp_path, name, value))
        told = capsys.readouterr().err
        assert "程序出错" not in told, (value[:30], told)
        assert code == 0 or told.strip().count("\n") == 0 and told.strip(), (value[:30], code, told)
        assert len(told) < 1000, value[:30]
    settings.cache_clear()
