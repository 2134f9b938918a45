"""Jinja2 filters, tests and the one function that templates may use: those with output of limited size.

``join``, ``replace``, ``indent`` and ``tojson`` have none, so they look at how long the result will be before they
make it; stripping looks at how long it may take.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from jinja2 import Environment, pass_environment, pass_eval_context
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.tests import TESTS

from core.domain.prompts.render_budget import RenderLimitError, spend, weight

_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby", "int"),
    *("items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "safe"),
    *("select", "selectattr", "sort", "string", "title", "truncate", "unique", "upper", "wordcount"),
)
_WIDEST_INDENT = 100
_LONGEST_RANGE = 1_000
_MOST_STRIPPED = 100
_ENOUGH = 10**9
"""Where weighing stops: more than any budget."""


def filters() -> dict[str, Callable[..., Any]]:
    """The filters that templates may use, by name."""
    own: dict[str, Callable[..., Any]] = {
        "join": _join,
        "replace": _replace,
        "indent": _indent,
        "tojson": _tojson,
        "trim": _trim,
    }
    return {name: FILTERS[name] for name in _FILTERS} | own


def tests() -> dict[str, Callable[..., Any]]:
    """All tests of Jinja2, by name: each only looks."""
    functions: dict[str, Any] = dict(TESTS)
    return functions


def wrap(function: Callable[..., Any], charge: Callable[[Any], Any]) -> Callable[..., Any]:
    """The same function, charged for its arguments; what Jinja2 notes on a function (``jinja_pass_arg``) stays."""

    @wraps(function)
    def charged(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            charge(value)
        return function(*args, **kwargs)

    return charged


def short_range(*bounds: int) -> range:
    """Python's ``range``, of at most 1,000 numbers."""
    numbers = range(*bounds)
    if numbers and abs(numbers[-1] - numbers[0]) // abs(numbers.step) >= _LONGEST_RANGE:
        raise RenderLimitError(f"range 最多 {_LONGEST_RANGE:,} 个数")
    return numbers


@pass_environment
def _join(environment: Environment, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    items = list(value)
    if attribute is not None:
        items = [make_attrgetter(environment, attribute)(item) for item in items]
    separator = str(d)
    spend(weight(items, _ENOUGH) + len(separator) * len(items))
    return separator.join(str(item) for item in items)


def _replace(s: Any, old: Any, new: Any, count: int | None = None) -> str:
    text, old, new = str(s), str(old), str(new)
    times = text.count(old) if count is None or count < 0 else min(count, text.count(old))
    spend(len(text) + times * len(new))
    return text.replace(old, new, -1 if count is None else count)


def _indent(s: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    """Jinja2's own, with a width that a person would choose."""
    size = _indent_size("indent", width)
    text = str(s)
    spend(len(text) + (len(text.splitlines()) + 1) * size)
    indented: str = FILTERS["indent"](text, width, first, blank)
    return indented


@pass_eval_context
def _tojson(context: EvalContext, value: Any, indent: int | str | None = None) -> Any:
    """Jinja2's own, with an indent that a person would choose."""
    if indent is not None:
        spend(_indent_size("tojson", indent) * _total_depth(value))
    return FILTERS["tojson"](context, value, indent)


def _trim(value: Any, chars: str | None = None) -> str:
    """Jinja2's own, with few characters to look for."""
    require_short(chars)
    trimmed: str = FILTERS["trim"](value, chars)
    return trimmed


def require_short(chars: Any) -> None:
    """Refuse to strip many different characters: each one of the text is compared with each of them.

    Raises:
        RenderLimitError: more than a person would write.
    """
    if isinstance(chars, str) and len(chars) > _MOST_STRIPPED:
        raise RenderLimitError(f"去掉首尾的字符最多写 {_MOST_STRIPPED} 个")


def _indent_size(name: str, width: int | str) -> int:
    size = len(width) if isinstance(width, str) else width
    if size > _WIDEST_INDENT:
        raise RenderLimitError(f"{name} 最多 {_WIDEST_INDENT} 格")
    return max(size, 0)


def _total_depth(value: Any) -> int:
    """Sum of how deep each line of an indented JSON text is; the values were charged for already."""
    total, depth, level = 0, 0, [value]
    while level:
        lists = [part for part in level if isinstance(part, list | tuple | dict)]
        total += depth * (len(level) + len(lists))
        level = [part for parts in lists for part in (parts.values() if isinstance(parts, dict) else parts)]
        depth += 1
    return total
