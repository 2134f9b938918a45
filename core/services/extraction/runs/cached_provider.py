"""The provider as a job sees it: identical requests answered from earlier replies, calls no faster than allowed.

Both happen here, at the single call, so that they hold for every stage and sample of a pipeline and for every retry.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import col

from core.adapters.llm import ModelReply, ModelRequest, ModelSpec, Provider
from core.adapters.store import Store
from core.adapters.store.models import Extraction, Reply

_EARLIER = (
    select(col(Extraction.run_id), col(Extraction.chat_id), col(Extraction.replies), col(Reply.position))
    .join(Reply, col(Reply.extraction_id) == col(Extraction.id))
    .where(col(Reply.key) == bindparam("key"))
    .order_by(col(Extraction.id).desc())
    .limit(1)
)


class Withdrawn(Exception):
    """The job's run was stopped, or the process ends, while a call waited for its turn; nothing was asked."""


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """One answered call of a job.

    Attributes:
        key: digest of the request, see :func:`request_key`.
        text: the reply, exactly.
        reused: ``None``, or where it was taken from: ``{"run", "chat"}`` (ids).
    """

    key: str
    text: str
    reused: dict[str, int] | None


def request_key(spec: ModelSpec, request: ModelRequest, sample: int = 0, *, usual: str = "") -> str:
    """The digest of all that an answer depends on: who is asked where, for which model, what, and how.

    Args:
        spec: the model's entry.
        request: what is asked; its deadline does not count.
        sample: the how-many-th identical request of one job this is: samples for a vote are not copies of one another.
        usual: the provider's address in the environment; a model without an address of its own is asked there.
    """
    what = [
        spec.provider,
        spec.url,
        usual,
        request.model,
        dict(request.parameters),
        request.system,
        request.prompt,
        sample,
    ]
    return hashlib.sha256(json.dumps(what, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


class CachedProvider:
    """A provider for one job.

    Attributes:
        name: the provider's.
        asked: what was answered so far, in order.
    """

    def __init__(
        self,
        store: Store,
        spec: ModelSpec,
        provider: Provider,
        *,
        fresh: bool = False,
        turn: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            store: where earlier replies are.
            spec: the model's entry.
            provider: who is asked where there is no earlier reply.
            fresh: always ask.
            turn: waits until a call may start; raises :class:`Withdrawn` where it may not any more.
        """
        self.name, self.default_url = provider.name, provider.default_url
        self.asked: list[AnsweredCall] = []
        self._store, self._spec, self._provider, self._turn = store, spec, provider, turn
        # Rules cost nothing and may change: there is nothing to gain from their old answers.
        self._fresh = fresh or provider.name == "local"
        self._samples: Counter[str] = Counter()
        self._mutex = threading.Lock()

    def ready(self) -> str:
        """As the provider says."""
        return self._provider.ready()

    def complete(self, request: ModelRequest) -> ModelReply:
        """An earlier reply to this very request, or a new one.

        Raises:
            ProviderError: from the provider.
            Withdrawn: from ``turn``.
        """
        usual = self.default_url
        base = request_key(self._spec, request, usual=usual)
        with self._mutex:
            sample = self._samples[base]
            self._samples[base] += 1
        key = request_key(self._spec, request, sample, usual=usual) if sample else base
        try:
            found = None if self._fresh else self._earlier(key)
            if found is not None:
                reply, source = found
            else:
                self._turn()
                reply, source = self._provider.complete(request), None
        except BaseException:
            with self._mutex:
                self._samples[base] -= 1  # a retry is the same sample again
            raise
        with self._mutex:
            self.asked.append(AnsweredCall(key, reply.text, source))
        return reply

    def _earlier(self, key: str) -> tuple[ModelReply, dict[str, int]] | None:
        with self._store.read() as session:
            row = session.execute(_EARLIER, {"key": key}).first()
        if row is None:
            return None
        run_id, chat_id, replies, position = row
        kept: dict[str, Any] = replies[position]
        reply = ModelReply(str(kept["raw"]), 0, 0, 0.0, str(kept.get("model", "")), reused=True)
        return reply, {"run": run_id, "chat": chat_id}


def annotate_replies(
    replies: list[dict[str, Any]], first: int, asked: list[AnsweredCall]
) -> list[tuple[int, AnsweredCall]]:
    """Write into a job's new replies where each came from, and say at which position each call's reply lies.

    Args:
        replies: of the extraction; those from ``first`` on are the job's. Changed in place.
        first: position of the job's first reply.
        asked: the job's calls.
    """
    left = list(asked)
    found: list[tuple[int, AnsweredCall]] = []
    for position in range(first, len(replies)):
        call = next((call for call in left if call.text == replies[position].get("raw")), None)
        if call is not None:
            left.remove(call)
            replies[position]["reused"] = call.reused
            found.append((position, call))
    return found
