"""Who is mentioned in a comment: ``@`` and the name of somebody who reviews."""

import re
import unicodedata
from collections.abc import Collection

_AT = re.compile("(?<![A-Za-z0-9._%+-])[@＠]")
"""What stands before a mention; the ``@`` of an e-mail address has a letter in front."""
_WORD = re.compile(r"[A-Za-z0-9]")


def mentioned_people(text: str, people: Collection[str]) -> list[str]:
    """The people whom a text mentions, each once, in order; of names that begin alike the longest one counts.

    Args:
        text: of a comment.
        people: names that can be mentioned. Width and capitals make no difference.
    """
    keys = sorted(((_folded(name), name) for name in people if name.strip()), key=lambda pair: -len(pair[0]))
    mentioned: list[str] = []
    for at in _AT.finditer(text):
        after = _folded(text[at.end() : at.end() + _LONGEST])
        name = next((name for key, name in keys if after.startswith(key) and _ends(after, key)), None)
        if name is not None and name not in mentioned:
            mentioned.append(name)
    return mentioned


def unknown_mentions(text: str, people: Collection[str]) -> list[str]:
    """What stands behind an ``@`` and is nobody's name, each once, in order.

    Args:
        text: of a comment.
        people: names that can be mentioned.
    """
    behind = [part[0] for at in _AT.finditer(text) if (part := _UP_TO_NEXT.match(text, at.end()))]
    unknown = [match[0] for part in behind if not mentioned_people(f"@{part}", people) and (match := _NAME.match(part))]
    return list(dict.fromkeys(unknown))


_NAME = re.compile(r"\w{1,20}")
_UP_TO_NEXT = re.compile("[^@＠]{0,120}")
_LONGEST = 120
"""Characters behind an ``@`` in which a name is looked for: names have 60 at most."""


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _ends(after: str, key: str) -> bool:
    """Whether a name ends where it is said to: ``@lin`` in ``@linda`` is nobody; Chinese goes on without a blank."""
    return not (_WORD.match(key[-1:]) and _WORD.match(after[len(key) : len(key) + 1]))
