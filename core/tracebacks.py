"""Texts of errors without the values that they quote: ``KeyError: '张三'`` holds a customer's name."""

import re
import traceback
from collections.abc import Iterator

from core.errors import ShiyaoError

# From the first quotation mark to the last one: a value may hold any of them. An apostrophe is inside a word.
_QUOTED = re.compile(r"""(?<!\w)['"].*['"]""", re.DOTALL)
_DATA = re.compile(r"[^\x00-\x7f]+|\d{7,}+|(?<![\w+/=-])[\w+/=-]{24,}+", re.ASCII)
"""What programs never say in their own words, and values do: letters that are not English, long numbers, keys."""
_DATABASES = frozenset({"sqlalchemy", "psycopg", "sqlite3"})
"""Their errors quote names of tables and constraints; values are hidden by the store and by :mod:`core.logs`."""
_HIDDEN = "***"


def plain_text(error: BaseException) -> str:
    """The text of an error without values.

    Sentences of ours are written for people and stay, as do paths of files: without them nothing can be mended.
    """
    if isinstance(error, KeyError):
        return _HIDDEN
    text = str(error)
    if isinstance(error, ShiyaoError | OSError) or type(error).__module__.partition(".")[0] in _DATABASES:
        return text
    return _DATA.sub(_HIDDEN, _QUOTED.sub(_HIDDEN, text))


def hide_values(text: str, error: BaseException | None) -> str:
    """A formatted traceback without the values that its errors quote.

    Args:
        text: as :mod:`traceback` formats it.
        error: the error that it is of.
    """
    for one in _chain(error):
        quoted = str(one)
        if quoted and (plain := plain_text(one)) != quoted:
            name = type(one).__qualname__
            text = text.replace(f"{name}: {quoted}", f"{name}: {plain}")
    return text


def format_traceback(error: BaseException, frames: int) -> str:
    """The traceback of an error without values, of its last frames."""
    return hide_values("".join(traceback.format_exception(error, limit=-frames)), error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it came from and what it groups, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]
