"""The provider without a model: rules, dictionaries and well-kept libraries for Chinese entities."""

from core.adapters.llm.base import Provider
from core.adapters.llm.model_spec import ModelSpec
from core.adapters.llm.registry import ProviderEntry

__all__ = [
    "ENTRY",
]


def _connect(_spec: ModelSpec | None) -> Provider:
    # The chat parser and the rules: nothing that a page needs which only names models.
    from core.adapters.llm.local.provider import LocalProvider

    return LocalProvider()


ENTRY = ProviderEntry("local", "本地规则", _connect, concurrency=1)
