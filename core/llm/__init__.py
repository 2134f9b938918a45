"""Model services behind one protocol: ``local`` (rules), ``spark`` (SDK), ``openai`` (any compatible endpoint)."""

from collections.abc import Callable

from core.errors import SettingsError
from core.llm.base import ModelReply, ModelRequest, Provider
from core.llm.local import LocalProvider
from core.llm.openai_compat import OpenAIProvider
from core.llm.presets import ModelPreset, find_preset, presets
from core.llm.spark import SparkProvider

__all__ = [
    "PROVIDERS",
    "ModelPreset",
    "ModelReply",
    "ModelRequest",
    "Provider",
    "find_preset",
    "presets",
    "provider",
]

PROVIDERS: dict[str, Callable[[], Provider]] = {
    "local": LocalProvider,
    "spark": SparkProvider,
    "openai": OpenAIProvider,
}
"""How to make each provider; a new one is a new line here."""


def provider(name: str) -> Provider:
    """The provider of a name, set up from the environment; ask its ``ready()`` before a run.

    Raises:
        SettingsError: no such provider.
    """
    if name not in PROVIDERS:
        raise SettingsError(f"没有名为「{name}」的模型服务", f"可以是 {'、'.join(PROVIDERS)}")
    return PROVIDERS[name]()
