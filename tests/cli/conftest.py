"""Fixtures of the command line's tests: an address of a database that is not there yet."""

from pathlib import Path

import pytest

from core.settings import settings


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address to call verbs with, and a log that is nobody's."""
    monkeypatch.setenv("SHIYAO_LOG_FILE", str(tmp_path / "shiyao.log"))
    settings.cache_clear()
    return f"sqlite:///{tmp_path / 'cli.db'}"
