"""Everything that is computed from a chat's text alone: messages, speakers' roles, search index."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from core.domain.chat import ParsedChat, RoleGuess, guess_roles, parse_chat
from core.domain.evidence.index import ChatIndex


@dataclass(frozen=True, slots=True)
class ChatAnalysis:
    """A parsed chat with roles and search index.

    Attributes:
        parsed: messages, speakers and residue.
        roles: which side each speaker seems to be on.
        index: the chat made searchable; it knows the roles.
    """

    parsed: ParsedChat
    roles: dict[str, RoleGuess]
    index: ChatIndex


@contextmanager
def garbage_kept() -> Iterator[None]:
    """Look for no garbage meanwhile.

    A huge chat becomes a million objects that all stay; looking through them again and again took a third of the time.
    """
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


def analyse_chat(text: str) -> ChatAnalysis:
    """Parse a stored chat, guess the speakers' roles and build the search index.

    For walks over many chats; use :func:`cached_analysis` where the same chat is asked for again.
    """
    with garbage_kept():
        parsed = parse_chat(text)
        roles = guess_roles(parsed)
        return ChatAnalysis(parsed, roles, ChatIndex(parsed, roles))


def text_index(text: str) -> ChatIndex:
    """Search index of a text whose speakers' roles do not matter: whether a value stands there at all."""
    return ChatIndex(parse_chat(text))


@lru_cache(maxsize=64)
def cached_analysis(text: str) -> ChatAnalysis:
    """Same as :func:`analyse_chat`, cached for the latest 64 chats, as every draft of a record needs it."""
    return analyse_chat(text)
