"""Settings: environment variables, keys also from a file (:mod:`core.secrets`); never written.

A variable that is empty counts as not set: files of compose write ``SHIYAO_FORM=`` for what nobody has chosen.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.errors import SettingsError
from core.places import ROOT as ROOT
from core.places import sqlite_address, var_folder
from core.secrets import FileVariables, KeyedSettings
from core.validation_words import why_refused

DEFAULT_FORM = "role_elements"
"""Name of the form file in ``data/forms`` that new datasets use unless the environment names another."""


class Settings(BaseSettings):
    """Paths and addresses of the installation.

    Attributes:
        database_url: SQLAlchemy address (``SHIYAO_DATABASE_URL``); SQLite in :func:`core.places.var_folder` by default.
        log_file: where stack traces go, standard error as well; ``-``: there alone.
        form: name of the form for new datasets.
        pool_size: database connections that this process may have open at once. A sync of the workbench holds one for
            some milliseconds, so that few are enough for many reviewers; who finds none free waits ``pool_seconds``.
        pool_seconds: seconds to wait for a free connection, before a sentence says that the database is busy.
        allowed_hosts: names by commas under which the server answers beside this machine's own.
        sign_in: who has to sign in, and how: ``accounts``, ``oidc``, both by comma, or nobody (empty), which only a
            server that listens on this machine alone may say.
        session_idle_minutes: a sign-in ends when nobody has moved for so long (``SHIYAO_SESSION_IDLE_MINUTES``).
        learn_in_background: whether the server trains on approvals by itself (``SHIYAO_LEARN_IN_BACKGROUND``).
        metrics_token: whoever has it may read ``/_metrics``; without one nothing is counted.
        log_format: ``text``, or ``json``: one object per line.
        session_hours: a sign-in ends after so long whatever happens (``SHIYAO_SESSION_HOURS``).
        api_per_minute: requests that one access token may make in a minute (``SHIYAO_API_PER_MINUTE``).
        api_upload_mb: megabytes of one file that a program may import (``SHIYAO_API_UPLOAD_MB``).
        competition_data: folder with the challenge's data, for tests on real chats.
    """

    model_config = SettingsConfigDict(env_prefix="SHIYAO_", env_ignore_empty=True, extra="ignore")

    database_url: str = Field(default_factory=lambda: sqlite_address(var_folder() / "shiyao.db"))
    log_file: Path = Field(default_factory=lambda: var_folder() / "shiyao.log")
    form: str = DEFAULT_FORM
    pool_size: int = Field(default=20, ge=1, le=1000)
    pool_seconds: float = Field(default=10, gt=0, le=600, allow_inf_nan=False)
    allowed_hosts: str = ""
    sign_in: str = ""
    session_idle_minutes: int = Field(default=120, ge=1, le=10_080)
    session_hours: float = Field(default=12, gt=0, le=720, allow_inf_nan=False)
    learn_in_background: bool = True
    metrics_token: SecretStr = SecretStr("")
    log_format: Literal["text", "json"] = "text"
    api_per_minute: int = Field(default=600, ge=1, le=100_000)
    api_upload_mb: int = Field(default=499, ge=1, le=10_000)
    competition_data: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files that it names (``SHIYAO_DATABASE_URL_FILE``)."""
        return init_settings, env_settings, FileVariables(settings_cls)

    @property
    def sign_in_named(self) -> tuple[str, ...]:
        """The ways of signing in that are named, as they are spelt; empty where nobody has to sign in."""
        return tuple(filter(None, (way.strip().lower() for way in self.sign_in.split(","))))


class SparkSettings(KeyedSettings):
    """Keys for the Spark SDK; never stored, logged or exported."""

    model_config = SettingsConfigDict(env_prefix="SPARKAI_", env_ignore_empty=True, extra="ignore")

    url: str = "wss://spark-api.xf-yun.com/v3.5/chat"
    domain: str = "generalv3.5"
    app_id: SecretStr = SecretStr("")
    api_key: SecretStr = SecretStr("")
    api_secret: SecretStr = SecretStr("")


class OpenAISettings(KeyedSettings):
    """Address and key of an OpenAI-compatible service."""

    model_config = SettingsConfigDict(env_prefix="OPENAI_", env_ignore_empty=True, extra="ignore")

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = Field(default="")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a variable has a value that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors(include_input=False)
        named = "；".join(f"SHIYAO_{'_'.join(map(str, one['loc'])).upper()} {why_refused(one)}" for one in wrong)
        # Not pydantic's own words, which repeat the value.
        raise SettingsError(f"环境变量不能用：{named}", "请改正，或删去它用默认的值，再启动") from None
