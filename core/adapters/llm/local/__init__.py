"""The provider without a model: rules, dictionaries and well-kept libraries for Chinese entities."""

from core.adapters.llm.local.provider import ENTRY

__all__ = [
    "ENTRY",
]
