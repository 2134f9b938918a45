"""Finds data on its way into Markdown or HTML that nobody escaped: ``python -m tests.repository.markdown_lint``.

Reads the syntax tree of ``pages/`` and ``core/ui/``. A text is safe where it is written down as a literal, a number
with a format (``{run.done:d}``, which refuses a text), or given by :func:`core.ui.markdown.escape_markdown`; what is
made of safe texts is safe. Everything else is data until shown otherwise. A parameter annotated ``Markdown`` is safe
inside its function and checked at every call; a function that says ``-> Markdown`` is checked where it returns.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_ONE = {0: "label"}
SINKS: dict[str, dict[int, str]] = {
    **dict.fromkeys(("markdown", "caption", "title", "header", "subheader", "toast", "info"), {0: "body"}),
    **dict.fromkeys(("success", "warning", "error"), {0: "body"}),
    **dict.fromkeys(("button", "download_button", "form_submit_button", "link_button", "menu_button"), _ONE),
    **dict.fromkeys(("checkbox", "toggle", "text_input", "text_area", "number_input", "chat_input"), _ONE),
    **dict.fromkeys(("date_input", "time_input", "datetime_input", "file_uploader", "slider"), _ONE),
    **dict.fromkeys(("radio", "segmented_control", "pills", "select_slider"), {0: "label", 1: "options"}),
    **dict.fromkeys(("selectbox", "multiselect", "expander", "popover", "status", "badge", "dialog"), _ONE),
    "page_link": {1: "label"},
    "tabs": {0: "tabs"},
    "metric": {0: "label", 1: "value", 2: "delta"},
    "progress": {1: "text"},
    "spinner": {0: "text"},
    "write": {0: "body"},
    "write_stream": {0: "stream"},
    "table": {0: "data"},
    "image": {1: "caption"},
}
"""Which arguments Streamlit draws as Markdown, as tried in a browser; options of boxes and cells of tables are text."""
EVERYWHERE = frozenset({"help"})
KEYWORDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("success", "warning", "error", "info"), frozenset({"title"})),
    **dict.fromkeys(("radio",), frozenset({"captions"})),
}
BY_FORMAT = frozenset({"radio", "segmented_control", "pills", "select_slider"})
HTML_SINKS: dict[str, dict[int, str]] = {"html": {0: "body"}}
_ESCAPES = {"Markdown": "escape_markdown", "Html": "escape"}
_FROM_HERE = "core/ui/markdown.py"
"""What escapes: proved by its own tests, not by this check."""
_NUMBERS = frozenset({"len", "int", "float", "round", "sum", "abs", "ord", "date", "time"})
_FORMAT = re.compile(r"^(?:.?[<>=^])?[+ -]?#?0?\d*[,_]?(?:\.\d+)?[dfgeGEFbxX%]?$|%[A-Za-z]")
_CLASS = re.compile(r"[A-Z]\w*[a-z]")
"""A class: the members of an enumeration are written in the code."""
_NUMBER_TYPES = frozenset({"int", "float", "bool", "date", "datetime"})


@dataclass(frozen=True, slots=True)
class Leak:
    """One place where data flows into Markdown.

    Attributes:
        path: of the module.
        line: number of the line.
        code: the expression that is not known to be safe.
    """

    path: Path
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code}"


@dataclass(slots=True)
class Module:
    """A module's tree with what its names stand for."""

    path: Path
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)


class Checker:
    """Checks one kind of text (``Markdown`` or ``Html``) through some modules."""

    def __init__(self, sources: dict[Path, str], kind: str = "Markdown", others: dict[Path, str] | None = None) -> None:
        self.kind = kind
        self.sinks = SINKS if kind == "Markdown" else HTML_SINKS
        self.modules = [Module(path, _tree_of(text)) for path, text in sources.items()]
        self.safe_functions: set[str] = set()
        self.parameters: dict[str, dict[int | str, str]] = {}
        self.constants: dict[str, list[tuple[Module, ast.expr]]] = {}
        for module in self.modules:
            for node in ast.walk(module.tree):
                for child in ast.iter_child_nodes(node):
                    module.parents[child] = node
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    if self._says_safe(node.returns):
                        self.safe_functions.add(node.name)
                    self._note_parameters(node)
        further = [Module(path, _tree_of(text)) for path, text in (others or {}).items()]
        for module in (*self.modules, *further):
            for statement in module.tree.body:
                for name, value in _assigned(statement):
                    if name.lstrip("_").isupper():
                        self.constants.setdefault(name, []).append((module, value))

    def leaks(self) -> Iterator[Leak]:
        """All places where data flows into a text of this kind."""
        for module in self.modules:
            for node in ast.walk(module.tree):
                texts: list[ast.expr] = []
                if module.path.as_posix().endswith(_FROM_HERE):
                    continue
                if isinstance(node, ast.Call):
                    texts = [*self._arguments(node), *self._annotated_arguments(node)]
                elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and self._returns_text(node):
                    inside = [part for part in _inside(node) if isinstance(part, ast.Return | ast.Yield)]
                    texts = [part.value for part in inside if part.value is not None]
                for found in texts:
                    if not self._safe(found, module, frozenset()):
                        yield Leak(module.path, found.lineno, ast.unparse(found))

    def _note_parameters(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Remember which arguments of a function are to be texts of this kind."""
        ordered = (*function.args.posonlyargs, *function.args.args)
        for place, one in enumerate(ordered):
            if self._returns_text(one):
                self.parameters.setdefault(function.name, {})[place] = one.arg
        for one in function.args.kwonlyargs:
            if self._returns_text(one):
                self.parameters.setdefault(function.name, {})[one.arg] = one.arg

    def _returns_text(self, node: ast.arg | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether an annotation names this kind of text, and not only numbers."""
        annotation = node.annotation if isinstance(node, ast.arg) else node.returns
        if annotation is None or node is not None and getattr(node, "name", "") == _ESCAPES[self.kind]:
            return False
        return any(_name(part) == self.kind for part in ast.walk(annotation) if isinstance(part, ast.expr)) and (
            self._says_safe(annotation)
        )

    def _annotated_arguments(self, call: ast.Call) -> Iterator[ast.expr]:
        expected = self.parameters.get(_name(call.func), {})
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        for place, argument in expected.items():
            if isinstance(place, int) and place < len(call.args):
                yield call.args[place]
            elif argument in keywords:
                yield keywords[argument]

    def _arguments(self, call: ast.Call) -> Iterator[ast.expr]:
        name = _name(call.func)
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        by_format = self.kind == "Markdown" and name in BY_FORMAT and "format_func" in keywords
        sink = self.sinks.get(name, {})
        if not isinstance(call.func, ast.Attribute) or (name == "write" and _name(call.func.value) != "st"):
            sink = {}
        for position, argument in sink.items():
            if by_format and argument == "options":
                continue
            if position < len(call.args):
                yield call.args[position]
            elif argument in keywords:
                yield keywords[argument]
        if self.kind == "Markdown":
            for argument, value in keywords.items():
                if argument in EVERYWHERE or (sink and argument in KEYWORDS.get(name, ())):
                    yield value
            if by_format:
                yield keywords["format_func"]

    def _says_safe(self, annotation: ast.expr | None) -> bool:
        """Whether an annotation names this kind of text, or a number; a list, tuple or dict of it; or nothing."""
        if annotation is None:
            return False
        if isinstance(annotation, ast.BinOp):
            return self._says_safe(annotation.left) and self._says_safe(annotation.right)
        if isinstance(annotation, ast.Subscript):
            inner = annotation.slice
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            outer = _name(annotation.value)
            if outer == "Literal":
                return True
            return all(self._says_safe(part) for part in parts[1:] if outer in ("dict", "Mapping")) and (
                outer in ("dict", "Mapping") or all(self._says_safe(part) for part in parts)
            )
        if isinstance(annotation, ast.Constant):
            return annotation.value is None or annotation.value is ...
        return _name(annotation) in {self.kind, *_NUMBER_TYPES}

    def _safe(self, node: ast.expr, module: Module, seen: frozenset[ast.AST]) -> bool:
        if node in seen:  # a loop: what it began with decides
            return True
        seen |= {node}

        def safe(part: ast.expr) -> bool:
            return self._safe(part, module, seen)

        match node:
            case ast.Constant() | ast.Compare():
                return True
            case ast.JoinedStr():
                return all(
                    _is_number(part.format_spec) or safe(part.value)
                    for part in node.values
                    if isinstance(part, ast.FormattedValue)
                )
            case ast.BinOp():
                return safe(node.left) and safe(node.right)
            case ast.UnaryOp():
                return safe(node.operand)
            case ast.IfExp():
                return safe(node.body) and safe(node.orelse)
            case ast.BoolOp():
                return all(map(safe, node.values))
            case ast.NamedExpr():
                return safe(node.value)
            case ast.List() | ast.Tuple() | ast.Set():
                return all(map(safe, node.elts))
            case ast.Dict():
                return all(map(safe, node.values))
            case ast.Starred():
                return safe(node.value)
            case ast.ListComp() | ast.GeneratorExp():
                return safe(node.elt)
            case ast.Lambda():
                return safe(node.body)
            case ast.Subscript():
                return safe(node.value)
            case ast.Attribute():
                # A member of an enumeration, a constant of another module, the look-up of a table of titles.
                return (
                    (node.attr.isupper() and _name(node.value)[:1].isupper())
                    or (node.attr.lstrip("_").isupper() and self._constant(node.attr))
                    or (node.attr in ("__getitem__", "upper") and safe(node.value))
                    or _name(node) == _ESCAPES[self.kind]
                )
            case ast.Call():
                return self._safe_call(node, safe)
            case ast.Name():
                return self._safe_name(node, module, seen)
        return False

    def _safe_call(self, call: ast.Call, safe: "Safe") -> bool:
        name = _name(call.func)
        if name in (_ESCAPES[self.kind], "code_span") or name in self.safe_functions:
            return True
        if isinstance(call.func, ast.Name):
            if name in (
                "list",
                "tuple",
                "sorted",
                "reversed",
                "enumerate",
                "zip",
                "min",
                "max",
                "dict",
                "filter",
                "map",
            ):
                return all(map(safe, call.args[1:] if name in ("filter",) else call.args))
            return name in _NUMBERS
        if isinstance(call.func, ast.Attribute):
            if name in ("join", "get", "items", "values", "keys", "removesuffix", "removeprefix", "strip", "format"):
                return safe(call.func.value) and all(map(safe, call.args[1:] if name == "get" else call.args))
        return False

    def _constant(self, name: str) -> bool:
        found = self.constants.get(name, [])
        return bool(found) and all(self._safe(value, module, frozenset()) for module, value in found)

    def _safe_name(self, node: ast.Name, module: Module, seen: frozenset[ast.AST]) -> bool:
        if node.id == _ESCAPES[self.kind] or node.id in self.safe_functions or _CLASS.match(node.id):
            return True
        scope: ast.AST | None = node
        while scope is not None:
            scope = module.parents.get(scope)
            if isinstance(scope, ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.SetComp):
                for generator in scope.generators:
                    if _binds(generator.target, node.id):
                        return self._safe_target(generator.target, node.id, generator.iter, module, seen)
            if isinstance(scope, ast.Lambda) and any(one.arg == node.id for one in scope.args.args):
                return False
            if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
                given = self._bindings(scope, node.id, module, seen)
                if given:
                    return all(given)
        return node.id.lstrip("_").isupper() and self._constant(node.id)

    def _bindings(self, scope: ast.AST, name: str, module: Module, seen: frozenset[ast.AST]) -> list[bool]:
        """Whether each value that a name gets in a function or module is safe; empty where it gets none."""
        found: list[bool] = []
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            every = (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs)
            found += [self._says_safe(one.annotation) for one in every if one.arg == name]
        for node in _inside(scope):
            if isinstance(node, ast.AnnAssign) and _binds(node.target, name) and self._says_safe(node.annotation):
                found.append(True)  # mypy holds what is added to it later to the same type
                return found
            match node:
                case ast.Assign():
                    for target in node.targets:
                        if _binds(target, name):
                            found.append(self._safe_target(target, name, node.value, module, seen, whole=True))
                case ast.AnnAssign(value=ast.expr() as value) | ast.AugAssign(value=value) | ast.NamedExpr(value=value):
                    if _binds(node.target, name):
                        found.append(self._safe(value, module, seen))
                case ast.For():
                    if _binds(node.target, name):
                        found.append(self._safe_target(node.target, name, node.iter, module, seen))
                case ast.With():
                    found += [False for item in node.items if item.optional_vars and _binds(item.optional_vars, name)]
                case ast.ExceptHandler():
                    found += [False] * (node.name == name)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="append" | "extend" | "insert")):
                    if owner == name:
                        found += [self._safe(argument, module, seen) for argument in node.args]
        return found

    def _safe_target(
        self,
        target: ast.expr,
        name: str,
        value: ast.expr,
        module: Module,
        seen: frozenset[ast.AST],
        *,
        whole: bool = False,
    ) -> bool:
        """Whether a name inside a target (``a, (b, c)``) gets safe parts of a value."""
        if self._safe(value, module, seen):
            return True
        if not isinstance(target, ast.Tuple | ast.List):
            return False
        position = next(place for place, part in enumerate(target.elts) if _binds(part, name))
        if isinstance(value, ast.Call) and _name(value.func) == "enumerate" and not whole:
            return position == 0
        if isinstance(value, ast.Call) and _name(value.func) == "zip" and not whole:
            return position < len(value.args) and self._safe_target(
                target.elts[position], name, value.args[position], module, seen
            )
        rows = [value] if whole else value.elts if isinstance(value, ast.Tuple | ast.List) else []
        return bool(rows) and all(
            isinstance(row, ast.Tuple | ast.List)
            and len(row.elts) == len(target.elts)
            and self._safe_target(target.elts[position], name, row.elts[position], module, seen, whole=True)
            for row in rows
        )


class Safe:  # a type for one closure, spelt out
    """Tells whether an expression is safe."""

    def __call__(self, part: ast.expr) -> bool: ...  # type: ignore[empty-body]


@cache
def _tree_of(text: str) -> ast.Module:
    """The syntax tree of a text, for both kinds of check."""
    return ast.parse(text)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _binds(target: ast.expr, name: str) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == name
        for part in ast.walk(target)
        if not isinstance(part, ast.Attribute)
    )


def _is_number(spec: ast.expr | None) -> bool:
    """Whether a format is one that a text would refuse."""
    if not isinstance(spec, ast.JoinedStr) or not spec.values:
        return False
    written = "".join(str(part.value) for part in spec.values if isinstance(part, ast.Constant))
    return bool(_FORMAT.search(written)) and written.strip("<>=^0123456789 ") != ""


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """Everything of a scope, without functions in it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from _inside(child)


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            yield from ((one.id, value) for one, value in zip(names, values, strict=False) if isinstance(one, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value


def sources() -> dict[Path, str]:
    """Text of every module that draws, by path."""
    paths = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py")), *sorted((ROOT / "core/ui").rglob("*.py"))]
    return {path: path.read_text("utf-8") for path in paths}


def others() -> dict[Path, str]:
    """Text of every other module of the core, whose constants a page may show."""
    paths = [path for path in sorted((ROOT / "core").rglob("*.py")) if "ui" not in path.parts]
    return {path: path.read_text("utf-8") for path in paths}


def all_leaks() -> list[Leak]:
    """All places where data flows into Markdown or HTML."""
    return [leak for kind in _ESCAPES for leak in Checker(sources(), kind, others()).leaks()]


def main() -> int:
    """Print all leaks; 1 if there are any."""
    found = all_leaks()
    for leak in found:
        sys.stdout.write(f"{leak.path.relative_to(ROOT)}:{leak.line}: {leak.code}\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
