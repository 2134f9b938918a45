"""Public models as data: where they are, what they are called there, how much they take."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PRESETS_FILE = Path(__file__).with_name("models.toml")


@dataclass(frozen=True, slots=True)
class ModelPreset:
    """One public model.

    Attributes:
        name: the model's name or Spark domain, as a run names it.
        title: what the page shows.
        provider: ``spark``, ``openai`` or ``local``.
        url: websocket address (``spark``) or base address (``openai``); ``""`` where the settings decide.
        context_tokens: prompt and answer together; 0 where unknown.
        max_output_tokens: the longest answer that may be asked for.
        system: whether it takes a system message; else it is put before the question.
    """

    name: str
    title: str
    provider: str
    url: str = ""
    context_tokens: int = 0
    max_output_tokens: int = 4096
    system: bool = True


@lru_cache(maxsize=1)
def presets() -> tuple[ModelPreset, ...]:
    """All shipped presets, in the order of the file; read once per process."""
    raw = tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8"))
    return tuple(ModelPreset(**entry) for entry in raw["model"])


def find_preset(provider: str, name: str) -> ModelPreset | None:
    """The preset of a model, or ``None`` for a model of one's own."""
    return next((preset for preset in presets() if (preset.provider, preset.name) == (provider, name)), None)
