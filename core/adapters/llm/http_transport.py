"""HTTP transport that connects to one checked destination only, with our own headers only.

Imported inside a call: ``httpx2`` comes with ``openai`` and takes as long to import.
"""

import ssl

import httpx2

from core.adapters.llm.destinations import Destination

_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}
)
_OWN_HEADERS = frozenset({"lora_id"})
_SDK_PREFIX = "x-stainless-"


class PinnedTransport(httpx2.HTTPTransport):
    """Transport for one destination; refuses any other, whatever variables or responses say."""

    def __init__(self, destination: Destination, key: str, tls: ssl.SSLContext, *, sdk_headers: bool) -> None:
        """Set up the connection; nothing is opened yet.

        Args:
            destination: the only address that is connected to.
            key: goes out as bearer token.
            tls: verifies certificates.
            sdk_headers: whether what ``openai`` adds from its own variables (``OPENAI_ORG_ID``, ``OPENAI_PROJECT_ID``,
                ``OPENAI_CUSTOM_HEADERS``) may go there as well. They may hold keys.

        Raises:
            SettingsError: the environment's proxy cannot be used.
        """
        self._destination, self._key, self._sdk_headers = destination, key, sdk_headers
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
                request.url.copy_with(host=address),
                headers=self._headers(request),
                stream=request.stream,
                # The certificate is checked against the name, not against the address.
                extensions={**request.extensions, "sni_hostname": self._destination.origin.host},
            )
            try:
                return super().handle_request(pinned)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if address == addresses[-1]:
                    raise
        raise httpx2.ConnectError("no address")

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
        other_headers = [(name, value) for name, value in headers if name.lower() != "authorization"]
        return [*other_headers, ("authorization", f"Bearer {self._key}")]
