"""Model services behind one protocol: ``local`` (rules), ``learned``, ``spark`` (SDK), ``openai`` (any endpoint)."""

from core.adapters.llm import learned, local, openai_compat, spark
from core.adapters.llm.base import ModelReply, ModelRequest, Provider, request_digest
from core.adapters.llm.destinations import refusal_of
from core.adapters.llm.model_spec import ModelSpec, SpecSource
from core.adapters.llm.presets import adhoc_model, find_preset, presets, unshadowed_presets
from core.adapters.llm.registry import (
    PROVIDERS,
    default_concurrency,
    is_remote,
    provider_entry,
    provider_title,
    register,
)
from core.errors import SettingsError

__all__ = [
    "PROVIDERS",
    "ModelReply",
    "ModelRequest",
    "ModelSpec",
    "Provider",
    "SpecSource",
    "adhoc_model",
    "connect",
    "default_concurrency",
    "find_preset",
    "is_remote",
    "presets",
    "provider_entry",
    "provider_title",
    "refusal_of",
    "request_digest",
    "unready_reason",
    "unshadowed_presets",
]

for entry in (local.ENTRY, learned.ENTRY, spark.ENTRY, openai_compat.ENTRY):
    register(entry)


def connect(spec: ModelSpec) -> Provider:
    """Provider for a model, with the model's address and key; ask its ``ready()`` before a run.

    Raises:
        SettingsError: no such provider.
    """
    return provider_entry(spec.provider).connect(spec)


def unready_reason(spec: ModelSpec) -> str:
    """Why a model cannot be called, one Chinese sentence; ``""`` if it can be. Its provider may be gone."""
    try:
        return connect(spec).ready()
    except SettingsError as error:
        return str(error)
