"""Who is mentioned in a comment: ``@`` and the name of somebody who reviews."""

import re
import unicodedata
from collections.abc import Collection

_AT = re.compile("(?<![A-Za-z0-9._%+-])[@＠]")
"""What stands before a mention; the ``@`` of an e-mail address has a letter in front."""
_WORD = re.compile(r"[A-Za-z0-9]")


class MentionFinder:
    """Finds mentions of certain people; time goes with the length of a text, however many people there are.

    What a text mentions is kept, so that asking again costs nothing.
    """

    def __init__(self, people: Collection[str]) -> None:
        """Get ready.

        Args:
            people: names that can be mentioned. Width and capitals make no difference.
        """
        self._names: dict[str, str] = {}
        for name in people:
            if name.strip():
                self._names.setdefault(_folded(name), name)
        self._lengths = sorted({len(key) for key in self._names}, reverse=True)
        self._of: dict[str, list[str]] = {}

    def people(self, text: str) -> list[str]:
        """The people whom a text mentions, each once, in order; of names that begin alike the longest one counts.

        Args:
            text: of a comment.
        """
        if text not in self._of:
            names = (self._at_start(text[at.end() : at.end() + _LONGEST]) for at in _AT.finditer(text))
            self._of[text] = list(dict.fromkeys(filter(None, names)))
        return list(self._of[text])

    def unknown(self, text: str) -> list[str]:
        """What stands behind an ``@`` and is nobody's name, each once, in order.

        Args:
            text: of a comment.
        """
        behind = dict.fromkeys(part[0] for at in _AT.finditer(text) if (part := _UP_TO_NEXT.match(text, at.end())))
        unknown = [match[0] for part in behind if (match := _NAME.match(part)) and not self._at_start(part)]
        return list(dict.fromkeys(unknown))

    def _at_start(self, text: str) -> str:
        """Whose name a text begins with; ``""`` for nobody."""
        after = _folded(text)
        keys = (after[:length] for length in self._lengths if length <= len(after))
        return next((self._names[key] for key in keys if key in self._names and _ends(after, key)), "")


_NAME = re.compile(r"\w{1,20}")
_UP_TO_NEXT = re.compile("[^@＠]{0,120}")
_LONGEST = 120
"""Characters behind an ``@`` in which a name is looked for: names have 60 at most."""


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _ends(after: str, key: str) -> bool:
    """Whether a name ends where it is said to: ``@lin`` in ``@linda`` is nobody; Chinese goes on without a blank."""
    return not (_WORD.match(key[-1:]) and _WORD.match(after[len(key) : len(key) + 1]))
