"""API keys from the environment or from ``.streamlit/secrets.toml``; never stored, logged or exported.

The file is Streamlit's own place for keys and is git-ignored. It is read here without Streamlit, so that the command
line and workers see the same keys as the pages: ``NAME = "value"`` at its top level, the names being those of the
variables. The environment wins.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from core import places
from core.errors import SettingsError

FILE_VARIABLE = "SHIYAO_SECRETS_FILE"
"""Names another file than ``.streamlit/secrets.toml``."""

HOSTS_VARIABLE = "SHIYAO_KEY_HOSTS"
"""Lists hosts for keys in the environment: ``MY_KEY=llm.example.com,10.1.2.3:8000 OTHER_KEY=…``."""

KEYLESS_HOSTS = "keyless"
"""The list of hosts that services without a key may have."""

_HOSTS_TABLE = "key_hosts"
_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
_FILE_ENDING = "_FILE"
_ENDINGS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_handed_out: set[str] = set()


def secrets_file() -> Path:
    """Where the file with keys is, whether it exists or not."""
    return Path(os.environ.get(FILE_VARIABLE) or places.usual_secrets_file())


def secret(name: str) -> SecretStr:
    """The value of a key's variable; empty where it is set nowhere.

    Raises:
        SettingsError: the file with keys cannot be read.
    """
    value = (os.environ.get(name) or file_variable(name) or file_secrets().get(name, "")).strip()
    if value:
        _handed_out.add(value)
    return SecretStr(value)


def file_variable(name: str) -> str:
    """Content of the file that ``NAME_FILE`` names, without white space around it; ``""`` where it names none.

    So containers are given what nobody should read in their environment. Read once per file.

    Args:
        name: of the variable whose value the file holds.

    Raises:
        SettingsError: the file cannot be read.
    """
    variable = f"{name}{_FILE_ENDING}"
    path = os.environ.get(variable, "").strip()
    if not path or variable == FILE_VARIABLE:
        return ""
    value = _read_value(variable, path)
    if name.endswith((*_ENDINGS, "APP_ID")):
        _handed_out.add(value)
    elif "://" in value and (password := urlsplit(value).password):
        _handed_out.update((password, unquote(password)))
    return value


@lru_cache(maxsize=64)
def _read_value(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError) as error:
        # Not the file's own words, and no path that may be the value itself.
        raise SettingsError(
            f"读不了 {variable} 指的文件（{type(error).__name__}）", "这个变量应是一个文本文件的路径，请检查路径和权限"
        ) from None


class FileVariables(PydanticBaseSettingsSource):
    """Source of settings: the files that ``NAME_FILE`` variables name."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value of one field; ``None`` where no file has one."""
        prefix = str(self.config.get("env_prefix", ""))
        return file_variable(f"{prefix}{field_name}".upper()) or None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """All values that files have."""
        fields = self.settings_cls.model_fields
        values = {name: self.get_field_value(field, name)[0] for name, field in fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def file_secrets() -> Mapping[str, str]:
    """What the file with keys holds at its top level, read again once it has changed; empty where there is no file.

    Raises:
        SettingsError: it is not readable TOML; the sentence names the line, never a value.
    """
    return {name: str(value) for name, value in _content().items() if isinstance(value, str | int | float)}


def key_hosts() -> Mapping[str, tuple[str, ...]]:
    """Where the operator lets each key go: the table ``[key_hosts]`` of the file and ``SHIYAO_KEY_HOSTS``.

    Returns:
        Variable names with hosts as they were written, for example ``{"MY_KEY": ("llm.example.com",)}``; an empty tuple
        allows the variable on this machine only. The name ``keyless`` is for services without a key.

    Raises:
        SettingsError: a name or a list cannot be used.
    """
    table = _content().get(_HOSTS_TABLE, {})
    if not isinstance(table, dict):
        raise _hosts_error()
    lists: dict[str, Any] = {name: [hosts] if isinstance(hosts, str) else hosts for name, hosts in table.items()}
    for item in os.environ.get(HOSTS_VARIABLE, "").replace(";", " ").split():
        name, _, written = item.partition("=")
        lists[name] = [*lists.get(name, []), *written.split(",")]
    for name, hosts in lists.items():
        if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
            raise _hosts_error()
        if name != KEYLESS_HOSTS and not is_key_name(name):
            raise _hosts_error()
    return {name: tuple(host.strip() for host in hosts if host.strip()) for name, hosts in lists.items()}


def _hosts_error() -> SettingsError:
    # The line is not repeated: it may be a key that was written at the wrong place.
    return SettingsError(
        f"密钥文件的 [key_hosts]（或环境变量 {HOSTS_VARIABLE}）里有一行不能用",
        '每行应为 密钥变量 = ["主机名"]，变量以 KEY、TOKEN、SECRET 或 PASSWORD 结尾',
    )


def known_secrets() -> set[str]:
    """Every value that must not be seen: what was handed out so far and what the file holds."""
    try:
        return _handed_out | {
            value for name, value in file_secrets().items() if is_key_name(name) or name.endswith("APP_ID")
        }
    except SettingsError:
        return set(_handed_out)


def is_key_name(name: str) -> bool:
    """Whether this may be the name of a key's variable: capitals, ending in KEY, TOKEN, SECRET or PASSWORD.

    A name of a model's entry has to be one: somebody who pastes the key itself there must be refused, and so must the
    variable of our own database.
    """
    return bool(_NAME.fullmatch(name)) and name.endswith(_ENDINGS) and not name.startswith("SHIYAO_")


def _content() -> Mapping[str, Any]:
    state = _file_state()
    return {} if state is None else _read(*state)


def _file_state() -> tuple[Path, int, int] | None:
    """The file with keys, when it was changed, and its size; ``None`` where there is none."""
    path = secrets_file()
    try:
        stamp = path.stat()
    except OSError:
        return None
    return path, stamp.st_mtime_ns, stamp.st_size


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        where = f"第 {place[1]} 行" if place else ""
        # Not the parser's own words: they may quote the value.
        raise SettingsError(f"密钥文件 {path.name} {where}不是合法的 TOML", '每行应为 名称 = "值"') from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"读不了密钥文件 {path.name}（{type(error).__name__}）", "请检查权限和编码") from error


class KeyedSettings(BaseSettings):
    """Settings whose values may also stand in the file with keys; the environment wins."""

    @classmethod
    def current(cls) -> Self:
        """The settings as environment and file say now; read again once one of them has changed.

        Raises:
            SettingsError: the file with keys cannot be read.
        """
        variables = tuple(map(os.environ.get, _variables_of(cls)))
        return cast(Self, _settings_from(cls, variables, _file_state()))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files that it names, then the file with all keys."""
        prefix = str(settings_cls.model_config.get("env_prefix", ""))
        content = file_secrets()
        names = {field: f"{prefix}{field}".upper() for field in settings_cls.model_fields}
        values: dict[str, Any] = {field: content[name] for field, name in names.items() if content.get(name)}
        return (init_settings, env_settings, FileVariables(settings_cls), InitSettingsSource(settings_cls, values))


@lru_cache(maxsize=8)
def _variables_of(kind: type[KeyedSettings]) -> tuple[str, ...]:
    """Names of the variables that a process may change; in other spellings of upper and lower case it never does."""
    prefix = str(kind.model_config.get("env_prefix", ""))
    names = [f"{prefix}{field}" for field in kind.model_fields]
    return tuple(spelt for name in names for spelt in (name.upper(), name.lower(), f"{name.upper()}{_FILE_ENDING}"))


@lru_cache(maxsize=8)
def _settings_from(
    kind: type[KeyedSettings], _variables: tuple[str | None, ...], _file: tuple[Path, int, int] | None
) -> KeyedSettings:
    """Settings of one state of environment and file: to make them takes as long as a query."""
    return kind()
