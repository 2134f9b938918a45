"""A provider that answers identical requests from earlier replies, and keeps the run's rate limit.

Both happen here, at the single call, so that they hold for every stage and sample of a pipeline and for every retry.
"""

import threading
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import col

from core.adapters.llm import ModelReply, ModelRequest, ModelSpec, Provider, is_remote, request_digest
from core.adapters.store import Store
from core.adapters.store.models import Extraction, Reply
from core.services.extraction.runs.call_limiter import CallLimiter
from core.services.extraction.runs.call_lookups import CallLookups
from core.services.extraction.runs.store_patience import patiently

_LOOKED_AT = 8
"""Most stored copies of a reply that are looked at for one that could be read."""

_EARLIER = (
    select(col(Extraction.run_id), col(Extraction.chat_id), col(Extraction.replies), col(Reply.position))
    .join(Reply, col(Reply.extraction_id) == col(Extraction.id))
    .where(col(Reply.key) == bindparam("key"))
    .order_by(col(Extraction.id).desc(), col(Reply.position))
    .limit(_LOOKED_AT)
)


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """One answered call of a chat.

    Attributes:
        key: digest of the request, see :func:`request_key`.
        request: the same as the pipeline keeps it with the reply.
        text: the reply, exactly.
        reused: ``None``, or where it was taken from: ``{"run", "chat"}`` (ids).
    """

    key: str
    request: str
    text: str
    reused: dict[str, int] | None


def request_key(spec: ModelSpec, request: ModelRequest, sample: int | None = None, *, usual: str = "") -> str:
    """Hash of everything that an answer depends on: provider, address, model, parameters, messages and sample.

    Args:
        spec: the model's entry.
        request: what is asked; its deadline does not count.
        sample: which of several answers this is, from 0; ``None``: as the request says.
        usual: the provider's address in the environment; a model without an address of its own is asked there.
    """
    asked_for = request if sample is None else replace(request, sample=sample + 1)
    return request_digest(spec.provider, spec.url, asked_for, default_url=usual)


class CachedProvider:
    """The cached provider of one chat.

    Attributes:
        name: the provider's.
        answered_calls: calls that were answered so far, in order.
    """

    def __init__(
        self,
        store: Store,
        spec: ModelSpec,
        provider: Provider,
        *,
        fresh: bool = False,
        limiter: CallLimiter | None = None,
        per_minute: int | None = None,
        own_keys: Container[str] = (),
        batch: bool = False,
    ) -> None:
        """Prepare.

        Args:
            store: where earlier replies are.
            spec: the model's entry.
            provider: who is asked where there is no earlier reply.
            fresh: always ask.
            limiter: waited for before every call of the provider; ``None`` where nothing is limited.
            per_minute: the run's calls per minute; ``None`` for no limit.
            own_keys: of requests that the provider was paid for already: its answer stands before others'.
            batch: whether every call of the provider goes as a batch.
        """
        self.name, self.default_url = provider.name, provider.default_url
        self.answered_calls: list[AnsweredCall] = []
        self._store, self._spec, self._provider = store, spec, provider
        self._limiter, self._per_minute = limiter, per_minute
        self._lookups = limiter.lookups if limiter is not None else CallLookups(store)
        self._own_keys, self._batch = own_keys, batch
        # Rules cost nothing and may change: there is nothing to gain from their old answers.
        self._fresh = fresh or not is_remote(provider.name)
        self._mutex = threading.Lock()

    def ready(self) -> str:
        """Readiness of the wrapped provider."""
        return self._provider.ready()

    def complete(self, request: ModelRequest) -> ModelReply:
        """Answer a request from the cache, else by calling the model.

        Raises:
            ProviderError: from the provider.
            Withdrawn: from the limiter.
            StoreUnavailableError: the database did not come back in time.
        """
        key = request_key(self._spec, request, usual=self.default_url)
        earlier = None if self._fresh or key in self._own_keys else self._earlier(key)
        if earlier is None and self._limiter is not None and self._limiter.take_slot(key) and not self._fresh:
            earlier = self._earlier(key)
        if earlier is not None:
            reply, source = earlier
        else:
            if self._limiter is not None:
                self._limiter.wait_for_rate(self._per_minute)
                self._limiter.refuse_if_lost()
            reply, source = self._provider.complete(request), None
            if self._limiter is not None:
                self._limiter.note_answer()
            if self._batch:
                reply = replace(reply, batch=True)
        with self._mutex:
            digest = request_digest(self.name, self._spec.url, request)
            self.answered_calls.append(AnsweredCall(key, digest, reply.text, source))
        return reply

    def _earlier(self, key: str) -> tuple[ModelReply, dict[str, int]] | None:
        # Between two calls of a chat, the first one is paid for.
        if not patiently(lambda: self._lookups.is_answered(key)):
            return None
        row = patiently(lambda: self._newest(key))
        if row is None:
            return None
        run_id, chat_id, replies, position = row
        kept: dict[str, Any] = replies[position]
        reply = ModelReply(str(kept["raw"]), 0, 0, 0.0, str(kept.get("model", "")), reused=True)
        return reply, {"run": run_id, "chat": chat_id}

    def _newest(self, key: str) -> tuple[Any, ...] | None:
        with self._store.read_alone() as session:
            # A reply that nobody could read is no answer: rows from before these were left out of the index hold some.
            stored = session.execute(_EARLIER, {"key": key})
            return next((tuple(row) for row in stored if row.replies[row.position].get("ok", True)), None)


def annotate_replies(
    replies: list[dict[str, Any]], first: int, calls: list[AnsweredCall]
) -> list[tuple[int, AnsweredCall]]:
    """Note in new replies which earlier reply each was copied from.

    Args:
        replies: of the extraction; those from ``first`` on are new. Changed in place.
        first: position of the first new reply.
        calls: that brought them.

    Returns:
        ``(position, call)`` of each new reply that could be read and that a call is known for: what others may reuse.
    """
    unmatched = list(calls)
    positions: list[tuple[int, AnsweredCall]] = []
    for position in range(first, len(replies)):
        entry = replies[position]
        answered = (call for call in unmatched if (call.request, call.text) == (entry.get("request"), entry.get("raw")))
        if (call := next(answered, None)) is not None:
            unmatched.remove(call)
            entry["reused"] = call.reused
            if entry.get("ok"):
                positions.append((position, call))
    return positions
