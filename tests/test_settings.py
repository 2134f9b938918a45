"""Settings from the environment: what is empty is not set, what cannot be used is a sentence."""

import pytest

from core import cli
from core.adapters.store.address import parse_database_url
from core.errors import SettingsError, StoreError
from core.settings import OpenAISettings, Settings, SparkSettings, settings


@pytest.mark.parametrize("kind", [Settings, SparkSettings, OpenAISettings])
def test_an_empty_variable_counts_as_not_set(
    kind: type[Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", f"{tmp_path}/none.toml")
    names = {f"{kind.model_config['env_prefix']}{name}".upper(): name for name in kind.model_fields}
    for variable in names:
        monkeypatch.delenv(variable, raising=False)
    unset = kind()
    for variable in names:
        monkeypatch.setenv(variable, "")
    assert kind() == unset


def test_a_value_that_cannot_be_used_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHIYAO_POOL_SIZE", "secret-text")
    monkeypatch.setenv("SHIYAO_LOG_FORMAT", "xml")
    settings.cache_clear()
    with pytest.raises(
        SettingsError, match="SHIYAO_POOL_SIZE 应为整数；SHIYAO_LOG_FORMAT 不是允许的值，可以是 text、json"
    ) as told:
        settings()
    assert "secret-text" not in str(told.value)
    assert cli.main(["runs", "--dataset", "x"]) == 1
    assert capsys.readouterr().err.startswith("环境变量不能用")


@pytest.mark.parametrize("told", ["nan", "inf"])
def test_seconds_are_numbers(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("SHIYAO_POOL_SECONDS", told)
    settings.cache_clear()
    with pytest.raises(SettingsError, match="SHIYAO_POOL_SECONDS 应为有限的数字"):
        settings()


@pytest.mark.parametrize(
    "url", ["x", "://", "postgresql://u@h:abc/x", "postgresql://[::1/x", "foo+bar://x", "mysql://a/b"]
)
def test_what_is_no_address_is_said_without_words_of_libraries(url: str) -> None:
    with pytest.raises(StoreError, match="数据库地址不能用：") as told:
        parse_database_url(url)
    assert "SQLAlchemy" not in str(told.value) and "例如" in str(told.value)
