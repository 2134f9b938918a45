"""Tokens of sign-ins: random texts that a browser keeps; the database has only their digests."""

import secrets
from hashlib import sha256


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What the database keeps of a token, or of any other text that only has to be recognised."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
