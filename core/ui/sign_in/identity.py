"""What the identity provider said of a browser; Streamlit's ``st.login`` (Authlib) keeps it in a signed cookie.

The only module that knows how Streamlit keeps it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.types import Scope
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.user_info import generate_login_redirect_url
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

LOGOUT = "/auth/logout"
"""Route of Streamlit: forgets what the provider said, and tells the provider where it can be told."""
ROUTES = ("/auth/login", "/oauth2callback", LOGOUT)
"""Routes of Streamlit by which one gets to the provider and back; open to everybody."""


def provider_address(provider: str) -> str:
    """Where a browser is sent to sign in with a provider, good for two minutes: what ``st.login`` redirects to."""
    return generate_login_redirect_url(provider)


def identity_claims(cookies: Mapping[str, str]) -> tuple[dict[str, Any], str] | None:
    """What the provider said of the person, and the same in one spelling; ``None`` without it, or if it is not ours.

    A cookie can be spelt in several ways (quotes, padding, pieces) and still have a good signature: what is recognised
    later is what it says, with the moment of the sign-in (``iat``).
    """

    def cookie(name: str) -> bytes | None:
        value = cookies.get(name)
        return decode_signed_value(get_cookie_secret(), name, value.encode("latin-1", "replace")) if value else None

    signed = get_cookie_with_chunks(cookie, USER_COOKIE_NAME)
    if not signed:
        return None
    try:
        claims = json.loads(signed)
    except ValueError:
        return None
    if not isinstance(claims, dict) or not claims.get("is_logged_in") or not claims.get("sub"):
        return None
    return claims, json.dumps(claims, sort_keys=True, ensure_ascii=False)


def identity_cookies(cookies: Iterable[str]) -> list[str]:
    """Names of the cookies in which the provider's word lies."""
    return [name for name in cookies if name.startswith(USER_COOKIE_NAME)]


def without_identity(scope: Scope) -> Scope:
    """A connection without the provider's word, which is good for nothing here after the sign-in.

    Streamlit would take a page that comes back after the next sign-in for another person's, since the word is a new
    one, and forget what stood on it.
    """
    headers = [(name, _without(value) if name == b"cookie" else value) for name, value in scope["headers"]]
    return {**scope, "headers": headers}


def _without(cookies: bytes) -> bytes:
    kept = (part for part in cookies.split(b";") if not part.strip().startswith(USER_COOKIE_NAME.encode()))
    return b";".join(kept)
