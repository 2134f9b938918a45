"""Environment variables that hold API keys: whether and where they are set; never their values."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from core.adapters.llm import ModelSpec
from core.secrets import file_secrets, secrets_file

_USUAL = {
    "SPARKAI_APP_ID": "星火",
    "SPARKAI_API_KEY": "星火",
    "SPARKAI_API_SECRET": "星火",
    "OPENAI_API_KEY": "OpenAI 兼容接口",
}


@dataclass(frozen=True, slots=True)
class KeyState:
    """State of one variable.

    Attributes:
        name: of the variable.
        where: ``环境变量``, the name of the file with keys, or ``""`` where it is set nowhere.
        used_by: titles of what wants it.
    """

    name: str
    where: str
    used_by: tuple[str, ...]


def key_states(specs: Iterable[ModelSpec]) -> list[KeyState]:
    """Every variable that some model needs, set ones first.

    Raises:
        SettingsError: the file with keys cannot be read.
    """
    titles_by_key: dict[str, list[str]] = {name: [title] for name, title in _USUAL.items()}
    for spec in specs:
        if spec.provider == "openai" and spec.key_env not in ("", "OPENAI_API_KEY"):
            titles_by_key.setdefault(spec.key_env, []).append(spec.title)
    in_file = file_secrets()
    states = []
    for name, titles in titles_by_key.items():
        where = "环境变量" if os.environ.get(name, "").strip() else ""
        if not where and in_file.get(name, "").strip():
            where = secrets_file().name
        states.append(KeyState(name, where, tuple(titles)))
    return sorted(states, key=lambda state: not state.where)
