"""HTTP transport that connects to one checked destination only, with our own headers only, and reads no endless reply.

Imported inside a call: ``httpx2`` comes with ``openai`` and takes as long to import.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import httpx2

from core.adapters.llm.destinations import Destination
from core.adapters.llm.failures import LARGEST_REPLY, ReplyTooLargeError

_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}
)
_OWN_HEADERS = frozenset({"lora_id", "idempotency-key"})
_SDK_PREFIX = "x-stainless-"
_ENCODINGS = "gzip"
_PIECE = 1_024
"""Compressed bytes that are unpacked at once: a thousand times as many can come out."""


class _Pieces(httpx2.SyncByteStream):
    """A body in small pieces."""

    def __init__(self, stream: httpx2.SyncByteStream, size: int) -> None:
        self._stream, self._size = stream, size

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            for start in range(0, len(chunk), self._size):
                yield chunk[start : start + self._size]

    def close(self) -> None:
        self._stream.close()


class _BoundedBody(httpx2.SyncByteStream):
    """The unpacked body of a response, up to the size of the largest reply."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]], close: Callable[[], None], largest: int) -> None:
        self._chunks, self._close, self._largest = chunks, close, largest

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._chunks():
            size += len(chunk)
            if size > self._largest:
                raise ReplyTooLargeError
            yield chunk

    def close(self) -> None:
        self._close()


def _bounded(response: httpx2.Response, largest: int) -> httpx2.Response:
    """The same response with a body that is unpacked while it is counted; its errors are those of the original.

    Headers are copied as bytes: what is in them is the service's affair, and need not be ASCII.
    """
    packed = "content-encoding" in response.headers
    stream = response.stream
    assert isinstance(stream, httpx2.SyncByteStream)
    if packed:
        inner = httpx2.Response(response.status_code, headers=response.headers, stream=_Pieces(stream, _PIECE))
        body = _BoundedBody(inner.iter_bytes, inner.close, largest)
    else:
        body = _BoundedBody(lambda: stream, stream.close, largest)
    kept = [
        (name, value)
        for name, value in response.headers.raw
        if not packed or name.lower() not in (b"content-encoding", b"content-length")
    ]
    return httpx2.Response(response.status_code, headers=kept, stream=body, extensions=response.extensions)


@lru_cache(maxsize=64)
def _pinned_url(url: str, address: str) -> httpx2.URL:
    """The same URL at one of its host's addresses; there are few, and taking one apart costs as much as sending it."""
    return httpx2.URL(url).copy_with(host=address)


def _has_unread(connection: Any) -> bool:
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    state = getattr(connection, "_h11_state", None)
    return state is None or bool(state.trailing_data[0])


class PinnedTransport(httpx2.HTTPTransport):
    """Transport for one destination; refuses any other, whatever variables or responses say."""

    def __init__(
        self,
        destination: Destination,
        key: str | None,
        tls: ssl.SSLContext,
        *,
        sdk_headers: bool,
        largest: int = LARGEST_REPLY,
    ) -> None:
        """Set up the connection; nothing is opened yet.

        Args:
            destination: the only address that is connected to.
            key: goes out as bearer token; ``None``: none does.
            tls: verifies certificates.
            sdk_headers: whether what ``openai`` adds from its own variables (``OPENAI_ORG_ID``, ``OPENAI_PROJECT_ID``,
                ``OPENAI_CUSTOM_HEADERS``) may go there as well. They may hold keys.
            largest: bytes of the largest reply that is read.

        Raises:
            SettingsError: the environment's proxy cannot be used.
        """
        self._destination, self._key, self._sdk_headers, self._largest = destination, key, sdk_headers, largest
        self._proxy = destination.proxy()
        super().__init__(verify=tls, trust_env=False, proxy=self._proxy or None)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request to the first of the checked addresses that answers.

        Raises:
            SettingsError: the request is for another address, or the name leads where a key must not go.
        """
        self._destination.require(str(request.url))
        addresses = self._addresses()
        for address in addresses:
            pinned = httpx2.Request(
                request.method,
                _pinned_url(str(request.url), address),
                headers=self._headers(request),
                stream=request.stream,
                # The certificate is checked against the name, not against the address.
                extensions={**request.extensions, "sni_hostname": self._destination.origin.host},
            )
            try:
                return _bounded(super().handle_request(pinned), self._largest)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if address == addresses[-1]:
                    raise
        raise httpx2.ConnectError("no address")

    def has_unread(self) -> bool:
        """Whether more has come than was asked for: the next call would take it for its own answer.

        Of a protocol that is not known here nobody can tell, so it counts as having some.
        """
        return any(_has_unread(connection) for connection in self._pool.connections)

    def _addresses(self) -> list[str]:
        host = self._destination.origin.host
        try:
            checked = self._destination.addresses()
        except OSError as error:
            if self._proxy:
                return [host]  # only the proxy can resolve names
            raise httpx2.ConnectError(str(error)) from error
        return [host] if self._proxy else checked

    def _headers(self, request: httpx2.Request) -> list[tuple[str, str]]:
        def goes_out(name: str) -> bool:
            return self._sdk_headers or name in _HEADERS | _OWN_HEADERS or name.startswith(_SDK_PREFIX)

        headers = [(name, value) for name, value in request.headers.multi_items() if goes_out(name.lower())]
        replaced = ("authorization", "accept-encoding")
        other_headers = [(name, value) for name, value in headers if name.lower() not in replaced]
        token = [] if self._key is None else [("authorization", f"Bearer {self._key}")]
        return [*other_headers, ("accept-encoding", _ENCODINGS), *token]
