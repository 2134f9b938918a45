"""Removes API keys from replies and errors of model services; some echo the request, key included.

Replies and failures are stored with the extraction and shown on pages, so they are cleaned where they enter.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Protocol, TypeVar

from core import logs
from core.adapters.llm.base import ModelReply, ModelRequest
from core.errors import ProviderError, SettingsError

_SHORTEST = 8
"""Services without keys are given words such as ``none`` and ``EMPTY``, which an answer may hold."""
_LONGEST_CODE = 60
_cleaned: set[object] = set()
"""Methods that :func:`without_keys` made."""


class _Keyed(Protocol):
    def keys(self) -> Sequence[str]:
        """The keys that it sends."""
        ...


_Self = TypeVar("_Self", bound=_Keyed)


def without_keys(
    complete: Callable[[_Self, ModelRequest], ModelReply],
) -> Callable[[_Self, ModelRequest], ModelReply]:
    """Decorate ``Provider.complete``: no key that this process knows leaves it, in a reply or in a failure."""

    @wraps(complete)
    def cleaned(self: _Self, request: ModelRequest) -> ModelReply:
        try:
            reply = complete(self, request)
        except ProviderError as error:
            clean_failure(error, _keys_of(self))
            raise
        return clean_reply(reply, _keys_of(self))

    _cleaned.add(cleaned)
    return cleaned


def removes_keys(provider: object) -> bool:
    """Whether a provider's ``complete`` is decorated with :func:`without_keys`."""
    return getattr(type(provider), "complete", None) in _cleaned


def _keys_of(provider: _Keyed) -> Sequence[str]:
    try:
        return provider.keys()
    except SettingsError:  # the file with keys broke meanwhile; those handed out before are known all the same
        return ()


def clean_reply(reply: ModelReply, keys: Sequence[str] = ()) -> ModelReply:
    """A reply without keys."""
    return replace(reply, text=_clean(reply.text, keys), model=_clean(reply.model, keys))


def clean_failure(error: ProviderError, keys: Sequence[str] = ()) -> None:
    """Take keys out of everything that a failure says, and keep its code short."""
    error.message, error.remedy = _clean(error.message, keys), _clean(error.remedy, keys)
    error.code, error.partial = _clean(error.code, keys)[:_LONGEST_CODE], _clean(error.partial, keys)
    error.args = (error.message, error.remedy)
    cause = error.__cause__
    if cause is not None and _clean(str(cause), keys) != str(cause):
        error.__cause__ = None
        # The context is the same exception: a trace would print it instead.
        error.__suppress_context__ = True


def _clean(text: str, keys: Sequence[str]) -> str:
    return logs.scrub(text, _SHORTEST, keys)
