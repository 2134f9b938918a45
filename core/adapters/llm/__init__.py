"""Model services behind one protocol: ``local`` (rules), ``spark`` (SDK), ``openai`` (any compatible endpoint)."""

from collections.abc import Callable

from core.adapters.llm.base import ModelReply, ModelRequest, Provider
from core.adapters.llm.destinations import refusal_of
from core.adapters.llm.local import LocalProvider
from core.adapters.llm.model_spec import ModelSpec, SpecSource
from core.adapters.llm.openai_compat import OpenAIProvider
from core.adapters.llm.presets import adhoc_model, find_preset, presets, unshadowed_presets
from core.adapters.llm.spark import SparkProvider
from core.errors import SettingsError

__all__ = [
    "PROVIDERS",
    "TITLES",
    "ModelReply",
    "ModelRequest",
    "ModelSpec",
    "Provider",
    "SpecSource",
    "connect",
    "find_preset",
    "presets",
    "provider",
    "refusal_of",
    "adhoc_model",
    "unshadowed_presets",
]

PROVIDERS: dict[str, Callable[[ModelSpec | None], Provider]] = {
    "local": lambda spec: LocalProvider(),
    "spark": lambda spec: SparkProvider(spec=spec),
    "openai": lambda spec: OpenAIProvider(spec=spec),
}
"""Factory of each provider, given a model (``None``: the model of the environment)."""

TITLES: dict[str, str] = {"local": "本地规则", "spark": "星火", "openai": "OpenAI 兼容接口"}
"""Titles of the providers on the pages."""


def provider(name: str) -> Provider:
    """Provider with a name, set up from the environment; ask its ``ready()`` before a run.

    Raises:
        SettingsError: no such provider.
    """
    return _maker(name)(None)


def connect(spec: ModelSpec) -> Provider:
    """Provider for a model, with the model's address and key; ask its ``ready()`` before a run.

    Raises:
        SettingsError: no such provider.
    """
    return _maker(spec.provider)(spec)


def _maker(name: str) -> Callable[[ModelSpec | None], Provider]:
    if name not in PROVIDERS:
        raise SettingsError(f"没有名为「{name}」的模型服务", f"可以是 {'、'.join(PROVIDERS)}")
    return PROVIDERS[name]
