"""Models that ship with the program (``models.toml``)."""

import tomllib
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from core.adapters.llm.model_spec import ModelSpec, SpecSource
from core.adapters.llm.registry import PROVIDERS

PRESETS_FILE = Path(__file__).with_name("models.toml")


@lru_cache(maxsize=1)
def presets() -> tuple[ModelSpec, ...]:
    """All shipped entries, in the order of the file; read once per process."""
    raw = tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8"))
    return tuple(ModelSpec.from_dict({**entry, "source": SpecSource.FILE}) for entry in raw["model"])


def unshadowed_presets(own_names: Collection[str]) -> list[ModelSpec]:
    """Shipped entries whose names no own entry has."""
    return [preset for preset in presets() if preset.name not in own_names]


def find_preset(provider: str, name: str) -> ModelSpec | None:
    """Shipped entry with a name, or ``None``."""
    return next((preset for preset in presets() if (preset.provider, preset.name) == (provider, name)), None)


def adhoc_model(provider: str, name: str) -> ModelSpec:
    """Entry for a bare model name: its URL and key come from the environment."""
    entry = PROVIDERS.get(provider)
    key_env = entry.usual_variable if entry and entry.own_key else ""
    return ModelSpec(
        name=name,
        title=name or "默认模型",
        provider=provider,
        model=name,
        key_env=key_env,
        source=SpecSource.SETTINGS,
    )
