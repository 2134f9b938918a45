"""Connections to OpenAI-compatible services that are kept for the next call: each is one call's own at a time.

A new client with its connection for every call costs a handshake, which is a good part of a second over TLS far away,
and processor time that other calls wait for. What a call left in an unknown state is closed, never kept; and where a
kept connection breaks, the service closes them as it likes: for a while each call of its has a new one.
"""

import atexit
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, TypeVar

import httpx2

from core.adapters.llm.deadline import call_with_deadline
from core.adapters.llm.destinations import Destination
from core.adapters.llm.failures import LARGEST_REPLY
from core.adapters.llm.http_transport import PinnedTransport
from core.adapters.llm.openai_package import openai

T = TypeVar("T")
KEPT_SECONDS: Final = 4.0
"""For so long an unused connection is kept: services close theirs after five seconds and more."""
_UNKEPT_SECONDS: Final = 300.0
_Key = tuple[str, str, Destination, str, ssl.SSLContext, bool, int]

_kept: dict[_Key, list["Connection"]] = defaultdict(list)
_unkept_until: dict[_Key, float] = {}
_mutex = threading.Lock()


class Connection:
    """A client with a connection of its own, which one call uses at a time.

    Attributes:
        client: asks without retries; follows no redirect, for the key and the chat would go along.
    """

    def __init__(self, key: _Key) -> None:
        """Prepare; nothing is opened yet.

        Args:
            key: base URL, API key, destination, proxy, what verifies certificates, whether headers of the SDK's own
                variables go out, and bytes of the largest reply.

        Raises:
            SettingsError: the environment's proxy cannot be used.
        """
        url, api_key, destination, _, tls, sdk_headers, largest = key
        self._transport = PinnedTransport(destination, api_key, tls, sdk_headers=sdk_headers, largest=largest)
        http_client: httpx2.Client = openai.DefaultHttpxClient(
            transport=self._transport, follow_redirects=False, trust_env=False
        )
        self.client: Any = openai.OpenAI(base_url=url, api_key=api_key, max_retries=0, http_client=http_client)
        self._key = key
        self._kept_at = 0.0
        self._was_used = False

    def ask(self, call: Callable[[Any], T], seconds: float) -> T:
        """Make one call, and leave the connection to the next one if it was answered; else it is closed.

        Args:
            call: given the client.
            seconds: see :func:`~core.adapters.llm.deadline.call_with_deadline`.

        Raises:
            DeadlineExceeded: time is up.
            Exception: whatever ``call`` raised.
        """
        try:
            # httpx times each read, not the whole call: a server that trickles would never be late.
            reply = call_with_deadline(lambda: call(self.client), seconds, self.close)
        except BaseException as error:
            self.close()
            is_late = isinstance(error, openai.APITimeoutError)
            if self._was_used and isinstance(error, openai.APIConnectionError) and not is_late:
                _keep_none(self._key)
            raise
        self._was_used = True
        self._keep()  # from here on it is another call's own, maybe at once
        return reply

    def close(self) -> None:
        """Close the connection; a call that waits for it ends."""
        self.client.close()

    def _keep(self) -> None:
        moment = time.monotonic()
        is_clean = not self._transport.has_unread()
        with _mutex:
            is_kept = is_clean and _unkept_until.get(self._key, 0.0) <= moment
            if is_kept:
                self._kept_at = moment
                _kept[self._key].append(self)
        if not is_kept:
            self.close()
        close_unused(KEPT_SECONDS)


def _keep_none(key: _Key) -> None:
    """Close what is kept for a service, and keep nothing for a while."""
    with _mutex:
        _unkept_until[key] = time.monotonic() + _UNKEPT_SECONDS
        closing = _kept.pop(key, [])
    for one in closing:
        one.close()


def connection_for(
    url: str,
    api_key: str,
    destination: Destination,
    tls: ssl.SSLContext,
    *,
    sdk_headers: bool,
    largest: int = LARGEST_REPLY,
) -> Connection:
    """A connection to a service for one call: the one that was used last, if one is kept, else a new one.

    Args:
        url: base URL.
        api_key: goes out as bearer token.
        destination: the only address that is connected to; checked a moment ago.
        tls: verifies certificates.
        sdk_headers: see :class:`~core.adapters.llm.http_transport.PinnedTransport`.
        largest: bytes of the largest reply that is read.

    Raises:
        SettingsError: the environment's proxy cannot be used.
    """
    key = (url, api_key, destination, destination.proxy(), tls, sdk_headers, largest)
    close_unused(KEPT_SECONDS)
    with _mutex:
        if _kept[key]:
            return _kept[key].pop()
    return Connection(key)


def close_unused(seconds: float = 0.0) -> None:
    """Close connections that nobody has used for so long.

    Args:
        seconds: since their last call.
    """
    until = time.monotonic() - seconds
    with _mutex:
        closing = [one for kept in _kept.values() for one in kept if one._kept_at <= until]
        for key in list(_kept):
            _kept[key] = [one for one in _kept[key] if one._kept_at > until]
            if not _kept[key]:
                del _kept[key]
    for one in closing:
        one.close()


atexit.register(close_unused)
