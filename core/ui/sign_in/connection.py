"""By what a browser is known: its cookie, its connection's token, and the addresses at which one signs in."""

from contextvars import ContextVar

COOKIE = "shiyao_session"
"""Holds the token of a sign-in. Scripts of the page cannot read it (HttpOnly)."""

connection_token: ContextVar[str] = ContextVar("shiyao_connection_token", default="")
"""Token of the websocket in whose task this runs: what a download makes has no page that is being drawn."""

PATH = "/sign-in"
PROVIDER_PATH = "/sign-in/oidc"
DONE_PATH = "/sign-in/done"
"""What a window says that was opened for signing in again: the page where one worked goes on."""
