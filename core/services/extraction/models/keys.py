"""Environment variables that hold API keys: whether and where they are set; never their values."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from core.adapters.llm import PROVIDERS, ModelSpec
from core.adapters.llm.destinations import allowed_variables, operator_origins, shipped_origins
from core.adapters.llm.origins import Origin
from core.secrets import file_secrets, secrets_file


@dataclass(frozen=True, slots=True)
class KeyState:
    """State of one variable.

    Attributes:
        name: of the variable.
        where: ``环境变量``, the name of the file with keys, or ``""`` where it is set nowhere or not allowed.
        used_by: titles of what wants it.
        allowed: whether models may use it at all.
        hosts: where it may go off this machine, ``host`` or ``host:port``; plain connections with ``http://``.
    """

    name: str
    where: str
    used_by: tuple[str, ...]
    allowed: bool = True
    hosts: tuple[str, ...] = ()


def key_states(specs: Iterable[ModelSpec]) -> list[KeyState]:
    """Every variable that some model needs, set ones first.

    Raises:
        SettingsError: the file with keys cannot be read.
    """
    own = {name: entry.title for entry in PROVIDERS.values() for name in entry.key_variables}
    titles_by_key: dict[str, list[str]] = {name: [title] for name, title in own.items()}
    for spec in specs:
        variables = PROVIDERS[spec.provider].variables_of(spec) if spec.provider in PROVIDERS else ()
        for name in variables:
            if name not in own:
                titles_by_key.setdefault(name, []).append(spec.title)
    allowed = allowed_variables()
    for name in allowed:
        titles_by_key.setdefault(name, [])
    states = [_state(name, titles, name in allowed) for name, titles in titles_by_key.items()]
    return sorted(states, key=lambda state: not state.where)


def _state(name: str, titles: list[str], allowed: bool) -> KeyState:
    if not allowed:
        # Whether a variable that is none of ours is set is nobody's business.
        return KeyState(name, "", tuple(titles), allowed=False)
    where = "环境变量" if os.environ.get(name, "").strip() else ""
    if not where and file_secrets().get(name, "").strip():
        where = secrets_file().name
    origins = sorted(shipped_origins(name) | operator_origins(name), key=lambda origin: origin.host)
    return KeyState(name, where, tuple(titles), hosts=tuple(map(_host_text, origins)))


def _host_text(origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    usual = origin.port == (443 if origin.encrypted else 80)
    return f"{'' if origin.encrypted else 'http://'}{host}{'' if usual else f':{origin.port}'}"
