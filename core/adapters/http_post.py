"""One POST to a checked address, for what is no model: the rules for destinations are those of models.

Addresses of private networks are out of reach unless the operator lists the host; the connection is made to the very
addresses that were checked; no redirect is followed; an answer is not read beyond its first bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.adapters.llm.deadline import DeadlineExceeded, call_with_deadline
from core.adapters.llm.destinations import authorise

SECONDS: Final = 10.0
"""How long connecting, sending and the answer may take together."""


@dataclass(frozen=True, slots=True)
class PostOutcome:
    """What came of a POST: the status of HTTP, or a Chinese clause why there is none."""

    status: int | None
    problem: str

    @property
    def accepted(self) -> bool:
        """Whether the receiver took it (2xx)."""
        return self.status is not None and 200 <= self.status < 300


def check_address(url: str) -> None:
    """Refuse an address that nothing may be sent to. Opens no socket.

    Raises:
        SettingsError: one sentence that says why not and what to do.
    """
    authorise(url, "")


def post(url: str, body: bytes, headers: Mapping[str, str]) -> PostOutcome:
    """Send a body to an address.

    Args:
        url: ``http(s)``; encrypted off this machine.
        body: as it goes out.
        headers: beside those of HTTP itself.

    Raises:
        SettingsError: nothing may be sent there.
    """
    import httpx2  # takes long to import

    from core.adapters.llm.http_transport import PinnedTransport
    from core.adapters.llm.openai_compat import verifying_tls

    destination = authorise(url, "")
    transport = PinnedTransport(destination, None, verifying_tls(destination), sdk_headers=True)
    client = httpx2.Client(transport=transport, follow_redirects=False, trust_env=False, timeout=SECONDS)

    def send() -> int:
        with client, client.stream("POST", url, content=body, headers=dict(headers)) as answer:
            return int(answer.status_code)

    try:
        # Each read has its time; a header that drips in would have as much as it likes.
        status = call_with_deadline(send, SECONDS, abandon=client.close)
    except (httpx2.TimeoutException, DeadlineExceeded):
        return PostOutcome(None, f"{SECONDS:g} 秒内没有回答")
    except httpx2.TransportError:
        return PostOutcome(None, "连不上")
    return PostOutcome(status, "" if 200 <= status < 300 else f"对方回答 {status}")
