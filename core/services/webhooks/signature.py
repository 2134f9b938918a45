"""Signatures of messages: HMAC-SHA256 over id, time and body, in the headers of the Standard Webhooks specification.

The time is signed as well, so that a message that somebody kept cannot be sent again later.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping

ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_SECONDS = 300
"""How far the clocks of sender and receiver may differ."""


def sign(secret: bytes, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """Headers of a message.

    Args:
        secret: that its receiver knows as well.
        message_id: the same each time that it is sent.
        seconds: when it is sent, since 1970 (UTC).
        body: as it goes out.
    """
    return {
        ID_HEADER: message_id,
        TIME_HEADER: str(seconds),
        SIGNATURE_HEADER: f"v1,{_signature(secret, message_id, str(seconds), body)}",
    }


def signature_fits(secret: bytes, headers: Mapping[str, str], body: bytes, *, seconds: float) -> bool:
    """Whether a message that came is ours and of now; what a receiver has to check.

    Args:
        secret: that was agreed on.
        headers: of the request, names in lower case.
        body: as it came.
        seconds: now, since 1970 (UTC).
    """
    sent = headers.get(TIME_HEADER, "")
    if not (sent.isascii() and sent.isdigit() and abs(int(sent[:15]) - seconds) <= TOLERANCE_SECONDS):
        return False
    right = _signature(secret, headers.get(ID_HEADER, ""), sent, body)
    given = [one.removeprefix("v1,") for one in headers.get(SIGNATURE_HEADER, "").split() if one.startswith("v1,")]
    return any(hmac.compare_digest(right.encode(), one.encode("utf-8", "replace")) for one in given)


def _signature(secret: bytes, message_id: str, sent: str, body: bytes) -> str:
    signed = f"{message_id}.{sent}.".encode() + body
    return b64encode(hmac.digest(secret, signed, "sha256")).decode()
