"""Keys: where they come from, and that they stay there."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from core import logs
from core.adapters.store import Store
from core.errors import SettingsError
from core.secrets import file_secrets, is_key_name, known_secrets, secret
from core.services.export import export_submission, parse_source
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.settings import ROOT, OpenAISettings, SparkSettings, settings
from tests.factories.runs import add_dataset
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import API_KEY, FakeOpenAI


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secrets.toml"
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(path))
    for name in ("SPARKAI_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "SOME_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return path


def test_the_file_fills_in_and_the_environment_wins(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret("SOME_API_KEY").get_secret_value() == ""
    keys.write_text('SOME_API_KEY = "from-file"\nSPARKAI_API_KEY = "spark"\nOPENAI_BASE_URL = "http://x/v1"\n')
    assert secret("SOME_API_KEY").get_secret_value() == "from-file"
    assert SparkSettings().api_key.get_secret_value() == "spark"
    assert OpenAISettings().base_url == "http://x/v1"
    monkeypatch.setenv("SOME_API_KEY", "from-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://y/v1")
    assert secret("SOME_API_KEY").get_secret_value() == "from-environment"
    assert OpenAISettings().base_url == "http://y/v1"
    # Sections are Streamlit's own business; a changed file is read again.
    keys.write_text('SOME_API_KEY = "x"\nSPARKAI_API_KEY = "changed!"\n[connections.db]\npassword = "p"\n')
    assert SparkSettings().api_key.get_secret_value() == "changed!"
    assert set(file_secrets()) == {"SOME_API_KEY", "SPARKAI_API_KEY"}
    assert {"from-file", "from-environment", "changed!"} <= known_secrets()


def test_a_broken_file_is_named_without_its_content(keys: Path) -> None:
    keys.write_text('A_KEY = "fine"\nB_KEY = very-secret-value\n')
    with pytest.raises(SettingsError, match=r"密钥文件 secrets.toml 第 2 行不是合法的 TOML") as caught:
        secret("A_KEY")
    assert "very-secret-value" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_names_of_keys() -> None:
    assert all(map(is_key_name, ("DEEPSEEK_API_KEY", "SPARK_MAX_API_PASSWORD", "HF_TOKEN", "X_SECRET")))
    assert not any(map(is_key_name, ("", "key", "sk-abc_KEY", "PATH", "SHIYAO_DATABASE_PASSWORD", "DEEPSEEK_API_KEY ")))


def test_no_key_in_database_log_or_exports(store: Store, keys: Path, tmp_path: Path) -> None:
    """A run that succeeds and fails, with keys from the file, and a service that echoes the key."""
    keys.write_text(f'SOME_API_KEY = "{API_KEY}"\n[key_hosts]\nSOME_API_KEY = []\n')
    log = tmp_path / "shiyao.log"
    root = logging.getLogger()
    before = [handler for handler in root.handlers if handler.name == "shiyao-file"]
    for handler in before:
        root.removeHandler(handler)
    logs.set_up(log)
    echo = Failure(status=400, message=f"bad key {API_KEY}", code="x")
    try:
        add_dataset(store, 2)
        with FakeOpenAI([echo, Answer()]) as service:
            model_catalog.create(store, name="m", provider="openai", url=service.url, key_env="SOME_API_KEY")
            run = run_service.create_run(store, dataset="d", name="r", provider="openai", model="m", concurrency=1)
            view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
            assert (view.done, view.failed) == (1, 1)
        logging.getLogger("shiyao.test").error("the key is %s", API_KEY)
        out = tmp_path / "out" / "submission.json"
        export_submission(store, dataset="d", source=parse_source("run:r"), out=out, fill_missing=True)
        with store.engine.connect() as connection:
            dump = "\n".join(str(line) for line in connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
        assert "the key is ***" in log.read_text(encoding="utf-8")
        for text in (log.read_text(encoding="utf-8"), out.read_text(encoding="utf-8"), dump):
            assert API_KEY not in text
        assert "SOME_API_KEY" in dump
    finally:
        for handler in [handler for handler in root.handlers if handler.name == "shiyao-file"]:
            root.removeHandler(handler)
            handler.close()
        for handler in before:
            root.addHandler(handler)


def test_a_variable_may_name_a_file_with_its_value(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def put(name: str, value: str) -> None:
        path = tmp_path / name
        path.write_text(f"{value}\n", encoding="utf-8")
        monkeypatch.setenv(f"{name}_FILE", str(path))

    monkeypatch.delenv("SHIYAO_DATABASE_URL", raising=False)
    put("SHIYAO_DATABASE_URL", "postgresql://shiyao:p%40ssword-of-file@db/shiyao")
    put("OPENAI_API_KEY", "key-of-a-file")
    put("SOME_API_KEY", "another-of-a-file")
    settings.cache_clear()
    assert settings().database_url == "postgresql://shiyao:p%40ssword-of-file@db/shiyao"
    assert OpenAISettings.current().api_key.get_secret_value() == "key-of-a-file"
    assert secret("SOME_API_KEY").get_secret_value() == "another-of-a-file"
    line = "p@ssword-of-file p%40ssword-of-file key-of-a-file another-of-a-file shiyao"
    assert logs.scrub(line) == "*** *** *** *** shiyao"
    monkeypatch.setenv("SHIYAO_DATABASE_URL", "sqlite:///x.db")
    monkeypatch.setenv("SOME_API_KEY", "of-the-environment")
    settings.cache_clear()
    assert settings().database_url == "sqlite:///x.db"
    assert secret("SOME_API_KEY").get_secret_value() == "of-the-environment"
    monkeypatch.setenv("OTHER_API_KEY_FILE", "/no/such/geheim")
    with pytest.raises(SettingsError, match="读不了 OTHER_API_KEY_FILE 指的文件") as failure:
        secret("OTHER_API_KEY")
    assert "geheim" not in str(failure.value)


def test_a_log_of_json_lines_leaves_out_what_the_text_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", 'quoted"key-4711')
    secret("SOME_API_KEY")
    record = logging.LogRecord("shiyao.x", logging.WARNING, "x", 1, "用 %s 调用", ('quoted"key-4711',), None)
    line = json.loads(logs.JsonLines().format(record))
    assert line["time"].endswith("+00:00") and line["process"] == record.process
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "shiyao.x", "用 *** 调用")
    quoted = f"林木的电话 {13800138000 + 1}"
    try:
        raise ValueError(quoted)
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    written = logs.JsonLines().format(record)
    assert "13800138001" not in written and "ValueError" in json.loads(written)["trace"]
    assert len(written.splitlines()) == 1
    monkeypatch.setenv("SHIYAO_LOG_FILE", "-")
    monkeypatch.setenv("SHIYAO_LOG_FORMAT", "json")
    settings.cache_clear()
    code = "import logging; from core import logs; logs.set_up(); logging.getLogger('shiyao').info('说 %s', 1)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(said.stderr)["message"] == "说 1"
    assert logs.place() == "（标准错误输出）"
