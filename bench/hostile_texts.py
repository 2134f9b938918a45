"""Every regular expression of ``core``, found by walking it, and texts made from each that its matcher hates most."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined]  # the standard library's own, private
from types import ModuleType
from typing import Any, NamedTuple

import core

_FUNCTIONS = frozenset({"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
_OTHERS = ("x", "一", "1", " ", "-", "\n", "!")
"""Characters that stand for a class given by what it excludes."""
MISMATCH = "\0"
"""Ends a hostile text: almost nothing matches it."""
_MAX_DEPTH = 6


class Pattern(NamedTuple):
    """A regular expression and where it is."""

    place: str
    compiled: re.Pattern[Any]


class Unread(NamedTuple):
    """A call of ``re`` whose pattern is put together at run time from something that is no constant."""

    place: str
    code: str


@lru_cache(maxsize=1)
def modules() -> tuple[ModuleType, ...]:
    """All modules of the program, imported."""
    names = [module.name for module in pkgutil.walk_packages(core.__path__, "core.")]
    return tuple(importlib.import_module(name) for name in names if not _has_effects(name))


def _has_effects(name: str) -> bool:
    return name.endswith("__main__") or ".migrations." in name


def patterns() -> list[Pattern]:
    """Every pattern that the program compiles: values of modules, also inside containers and classes, and in calls."""
    from core.adapters.llm.local.rules import load_rules
    from core.domain.form.loading import FORMS_DIR

    found: dict[tuple[Any, int], Pattern] = {}
    for module in modules():
        for name, value in list(vars(module).items()):
            _collect(f"{module.__name__}.{name}", value, found, 0)
        for place, compiled in _in_calls(module)[0]:
            found.setdefault((compiled.pattern, compiled.flags), Pattern(place, compiled))
    for path in sorted(FORMS_DIR.glob("*.rules.toml")):
        _collect(f"{path.name}", load_rules(path.name.removesuffix(".rules.toml")), found, 0)
    return sorted(found.values(), key=lambda pattern: pattern.place)


def unread_calls() -> list[Unread]:
    """Calls whose pattern only a look at them can judge."""
    return [call for module in modules() for call in _in_calls(module)[1]]


def _collect(place: str, value: Any, found: dict[tuple[Any, int], Pattern], depth: int) -> None:
    if isinstance(value, re.Pattern):
        found.setdefault((value.pattern, value.flags), Pattern(place, value))
    elif depth > _MAX_DEPTH or isinstance(value, str | bytes | int | float | ModuleType):
        return
    elif isinstance(value, Mapping):
        for key, inner in list(value.items()):
            _collect(f"{place}[{key!r}]", inner, found, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for number, inner in enumerate(value):
            _collect(f"{place}[{number}]", inner, found, depth + 1)
    elif isinstance(value, type):
        if value.__module__.startswith("core"):
            for name, inner in list(vars(value).items()):
                if not name.startswith("__"):
                    _collect(f"{place}.{name}", inner, found, depth + 1)
    elif is_dataclass(value):
        for field in fields(value):
            _collect(f"{place}.{field.name}", getattr(value, field.name, None), found, depth + 1)


@cache
def _in_calls(module: ModuleType) -> tuple[list[Pattern], list[Unread]]:
    """Patterns in calls of ``re`` in a module's source; names in them are looked up in the module."""
    read: list[Pattern] = []
    unread: list[Unread] = []
    source_text = Path(module.__file__ or "").read_text("utf-8")
    for node in ast.walk(ast.parse(source_text)) if "re." in source_text else ():
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.func.attr in _FUNCTIONS):
            continue
        place = f"{module.__name__}:{node.lineno}"
        try:
            source = _text_of(node.args[0], vars(module))
            read.append(Pattern(place, re.compile(source, _flags(node, vars(module)))))
        except (LookupError, TypeError, NameError, AttributeError):
            unread.append(Unread(place, ast.unparse(node)[:100]))
    return read, unread


def _text_of(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else _inserted(part, names) for part in node.values
        )
    value = eval(compile(ast.Expression(node), "<pattern>", "eval"), dict(names))
    if not isinstance(value, str | bytes):
        raise TypeError
    return value


def _inserted(part: ast.expr, names: Mapping[str, Any]) -> str:
    """What an f-string inserts; a word where only the function knows."""
    assert isinstance(part, ast.FormattedValue)
    try:
        return str(_text_of(part.value, names))
    except (LookupError, TypeError, NameError, AttributeError):
        return "ab"


def _flags(node: ast.Call, names: Mapping[str, Any]) -> int:
    assert isinstance(node.func, ast.Attribute)
    at = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(node.func.attr, 2)
    given = [node.args[at]] if len(node.args) > at else [k.value for k in node.keywords if k.arg == "flags"]
    return int(eval(compile(ast.Expression(given[0]), "<flags>", "eval"), dict(names))) if given else 0


def is_unbounded(pattern: re.Pattern[Any]) -> bool:
    """Whether anything in a pattern may be repeated without end; what may not takes bounded time at each place."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    return _repeats(parser.parse(source, pattern.flags & ~re.UNICODE & ~re.DEBUG))


def _repeats(items: Any) -> bool:
    if isinstance(items, tuple) and len(items) == 3 and isinstance(items[2], parser.SubPattern):
        return items[1] is parser.MAXREPEAT or _repeats(items[2])
    return isinstance(items, list | tuple | parser.SubPattern) and any(map(_repeats, items))


class _Pumps:
    """What a text can be pumped up with: per pattern, each with what stands before it."""

    def __init__(self) -> None:
        self.pumps: dict[tuple[str, str], None] = {}
        self.leaves: dict[str, None] = {}

    def sample(self, items: Any, before: str = "") -> str:
        """A text that the items match, more or less; notes pumps on the way."""
        text = ""
        for op, argument in items:
            text += self._one(str(op), argument, before + text)
        return text

    def _one(self, op: str, argument: Any, before: str) -> str:
        if op == "LITERAL":
            return self._leaf(chr(argument))
        if op == "NOT_LITERAL":
            return self._leaf(next(other for other in _OTHERS if ord(other) != argument))
        if op == "ANY":
            return "x"
        if op == "IN":
            members = _members(argument)
            for member in members[:4]:
                self._leaf(member)
            return members[0]
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, inner = argument
            body = self.sample(inner, before)
            if high > 3 and body:
                self.pumps[before, body] = None
            return body * max(int(low), 1)
        if op == "SUBPATTERN":
            return self.sample(argument[3], before)
        if op == "ATOMIC_GROUP":
            return self.sample(argument, before)
        if op == "BRANCH":
            samples = [self.sample(branch, before) for branch in argument[1]]
            for sample in samples:
                if sample:
                    self.pumps["", sample] = None
            return next(filter(None, samples), "")
        if op in ("ASSERT", "ASSERT_NOT"):
            self.sample(argument[1], before)
            return ""
        return "x" if op == "GROUPREF" else ""

    def _leaf(self, character: str) -> str:
        self.leaves[character] = None
        return character


def _members(items: Any) -> list[str]:
    """A few characters of a class, different in kind."""
    excluded: list[tuple[str, Any]] = []
    chosen: list[str] = []
    negated = False
    for op, argument in items:
        name = str(op)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            chosen.append(chr(argument))
        elif name == "RANGE":
            chosen.append(chr(argument[0]))
        elif name == "CATEGORY":
            category = str(argument)
            excluded.append((name, category))
            letters = {"DIGIT": "1", "SPACE": " ", "WORD": "a"}
            kind = category.removeprefix("CATEGORY_").removeprefix("UNI_")
            chosen.append(letters.get(kind.removeprefix("NOT_"), "x") if "NOT_" not in kind else "!")
    if negated:
        source = re.compile("".join(["[", *(re.escape(one) for one in chosen), "]"]) if chosen else r"[^\s\S]")
        return [other for other in _OTHERS if not source.match(other)] or ["\x01"]
    order = dict.fromkeys(chosen)
    kinds = {(one.isspace(), one.isdigit(), one.isalpha(), one.isascii()): one for one in reversed(list(order))}
    return list(dict.fromkeys([chosen[0], *kinds.values(), chosen[-1]])) if chosen else ["x"]


def hostile_texts(pattern: re.Pattern[Any], length: int, most: int = 60) -> Iterator[tuple[str, str]]:
    """Texts on which a matcher of the pattern might go back and forth, each with a short description.

    Every character that the pattern names, pairs of neighbours, every repeated part and every alternative, each
    repeated to the length, behind what the pattern wants before it and before something that it cannot match.
    """
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    pumps = _Pumps()
    whole = pumps.sample(parser.parse(source, pattern.flags & ~re.UNICODE & ~re.DEBUG))
    leaves = list(pumps.leaves)
    units: dict[tuple[str, str], None] = dict(pumps.pumps)
    if whole:
        units["", whole] = None
        units["", whole[:-1] or whole] = None
        units["", whole[: len(whole) // 2] or whole] = None
    for prefix, pump in list(pumps.pumps):
        units["", (prefix + pump * 3) or pump] = None
        for leaf in leaves[:6]:
            units[prefix, leaf] = None
    for leaf in leaves:
        units["", leaf] = None
    for pair in pairwise(leaves):
        units["", "".join(pair)] = None
    for first in leaves[:8]:
        for second in leaves[:8]:
            units["", first + second] = None
    step = max(1, len(units) // most)
    for number, (prefix, pump) in enumerate(units):
        if step == 1 or number % step == 0 or (len(pump) == 1 and not prefix):
            yield f"{prefix[-20:]!r} + {pump[:20]!r}", (prefix + pump * (length // len(pump) + 1))[:length] + MISMATCH
