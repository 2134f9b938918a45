"""Everything that is computed from a chat's text alone: messages, speakers' roles, search index."""

import gc
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final

from core.domain.chat import ParsedChat, RoleGuess, guess_roles, parse_chat
from core.domain.evidence.index import ChatIndex

_MOST_CHATS: Final = 64
_MOST_CHARACTERS: Final = 8_000_000
"""Of the chats whose analyses are kept: a chat of a million characters takes some 100 MB."""


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


class _KeptAnalyses:
    """The analyses of the latest chats. Who asks for one that another thread is at waits for it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Future[ChatAnalysis]] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def get(self, text: str) -> ChatAnalysis:
        with self._lock:
            analysis = self._kept.get(text)
            is_new = analysis is None
            if analysis is None:
                analysis = self._kept[text] = Future()
                self._characters += len(text)
            self._kept.move_to_end(text)
            while len(self._kept) > 1 and (len(self._kept) > _MOST_CHATS or self._characters > _MOST_CHARACTERS):
                self._drop(next(iter(self._kept)))
        if is_new:
            try:
                analysis.set_result(analyse_chat(text))
            except BaseException as error:
                with self._lock:
                    self._drop(text)
                analysis.set_exception(error)
        return analysis.result()

    def _drop(self, text: str) -> None:
        if self._kept.pop(text, None) is not None:
            self._characters -= len(text)


_analyses = _KeptAnalyses()


def cached_analysis(text: str) -> ChatAnalysis:
    """Same as :func:`analyse_chat`, kept for the latest chats, as every draft of a record needs it."""
    return _analyses.get(text)
