"""The one Jinja2 environment: templates of users, in a part of the language that cannot take long or much memory.

Jinja2's sandbox keeps templates away from Python, not from work: ``{% for %}`` in ``{% for %}`` over a chat, or a chat
that is doubled thirty times, would hold a worker for hours. So the syntax is an allow-list (no macros, no includes, no
blocks that capture text, few filters and methods), and what is left is counted: loops, compared and joined texts, and
output, against a budget that grows with what the template was given (:mod:`core.domain.prompts.render_budget`).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from core.domain.prompts import template_functions
from core.domain.prompts.render_budget import charge, charge_loop

LONGEST_SOURCE = 100_000
"""Characters of a whole prompt file; the longest shipped one has under 3,000."""

_DEEPEST = 40
_MOST_LOOPS = 10
"""Python refuses more than 20 in what Jinja2 makes of a template."""
_MOST_NODES = 5_000
"""Compiling takes longer than linear; the shipped prompts have under 200."""
_METHODS = frozenset(
    {
        *("in_group", "field"),  # of a form
        *("strip", "lstrip", "rstrip", "upper", "lower", "startswith", "endswith", "split", "splitlines"),
        *("items", "keys", "values", "get"),
        "cycle",  # of a loop
    }
)
_STRIPPING = frozenset({"strip", "lstrip", "rstrip"})
_STATEMENTS: dict[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.AssignBlock: "set … endset",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Pow: "**",
}
"""Names of what is refused, for the message; everything that is not in ``_ALLOWED`` is."""
_ALLOWED = (
    *(nodes.Template, nodes.Block, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Call, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
    nodes.With,
)
_LARGEST_NUMBER = 10**15
# With a blank: no template can name them.
_CHARGE, _CHARGE_LOOP = "charge value", "charge loop"


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Compiles only allowed templates, and counts what they do."""

    intercepted_binops = frozenset({"*", "%"})

    def __init__(self) -> None:
        super().__init__(
            # Prompts go to a model, not into a page: escaping would change the chat's words.
            autoescape=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=charge,
            # Folding constants would compute them before anything is counted.
            optimized=False,
        )
        self.filters = {name: _charged(function) for name, function in template_functions.filters().items()}
        self.tests = {name: _charged(function) for name, function in template_functions.tests().items()}
        self.globals = {"range": template_functions.short_range}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _check(tree)
        return tree

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        # A copy is not needed: who parses for a look at the tree never generates from it.
        generated: str = super()._generate(_Charging().visit(source), *args, **options)
        return generated

    def call(self, context: Any, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Stripping of few characters only; all else as in Jinja2's sandbox."""
        if getattr(called, "__name__", "") in _STRIPPING:
            for argument in (*args, *kwargs.values()):
                template_functions.require_short(argument)
        return super().call(context, called, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiplication and remainder of moderate numbers only: both can make a huge text of a short one."""
        for operand in (left, right):
            if not isinstance(operand, int | float) or abs(operand) > _LARGEST_NUMBER:
                raise SecurityError(f"{operator} 的两边只能是不太大的数")
        return super().call_binop(context, operator, left, right)


def _charged(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or test that is charged for what it is given, however it is called (``map`` calls filters by name)."""
    return template_functions.wrap(function, charge)


def _check(tree: nodes.Template) -> None:
    """Refuse what is not on the list.

    Raises:
        TemplateSyntaxError: names the first line where something is refused.
    """
    level: list[tuple[nodes.Node, int]] = [(tree, 0)]
    count = 0
    for _ in range(_DEEPEST):
        count += len(level)
        if count > _MOST_NODES:
            raise TemplateSyntaxError("内容太多", level[-1][0].lineno)
        below = []
        for node, loops in level:
            if reason := _refusal(node):
                raise TemplateSyntaxError(reason, node.lineno)
            loops += isinstance(node, nodes.For | nodes.With)
            if loops > _MOST_LOOPS:
                raise TemplateSyntaxError(f"循环最多套 {_MOST_LOOPS} 层", node.lineno)
            below += [(child, loops) for child in node.iter_child_nodes()]
        if not below:
            return
        level = below
    raise TemplateSyntaxError("嵌套太深", level[0][0].lineno)


def _refusal(node: nodes.Node) -> str:
    """Why a node cannot be used, ``""`` where it can."""
    if not isinstance(node, _ALLOWED):
        name = _STATEMENTS.get(type(node), type(node).__name__)
        return f"提示词里不能用 {name}"
    if isinstance(node, nodes.For) and node.recursive:
        return "提示词里不能用 recursive 循环"
    if isinstance(node, nodes.Call):
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return "调用时不能用 * 和 **"
        called = node.node
        if isinstance(called, nodes.Getattr) and called.attr in _METHODS:
            return ""
        if isinstance(called, nodes.Name) and called.name == "range":
            return ""
        name = getattr(called, "attr", getattr(called, "name", ""))
        return f"提示词里不能调用 {name or '表达式'}()，处理文本请用过滤器，例如 | join"
    return ""


class _Charging(NodeTransformer):
    """Puts the charging filters around whatever is looped over, compared, joined or cut."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        """Children first, then the node itself."""
        super().generic_visit(node, *args, **kwargs)
        if isinstance(node, nodes.For):
            cost = sum(1 for part in node.body for _ in _subtree(part))
            node.iter = _filter(_CHARGE_LOOP, node.iter, nodes.Const(cost, lineno=node.lineno))
        elif isinstance(node, nodes.Compare):
            node.expr = _filter(_CHARGE, node.expr)
            for operand in node.ops:
                operand.expr = _filter(_CHARGE, operand.expr)
        elif isinstance(node, nodes.Concat):
            node.nodes = [_filter(_CHARGE, part) for part in node.nodes]
        elif isinstance(node, nodes.Add):
            node.left, node.right = _filter(_CHARGE, node.left), _filter(_CHARGE, node.right)
        elif isinstance(node, nodes.Call):
            if isinstance(node.node, nodes.Getattr) and node.node.attr != "cycle":
                node.node.node = _filter(_CHARGE, node.node.node)
            node.args = [_filter(_CHARGE, argument) for argument in node.args]
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
            node.node = _filter(_CHARGE, node.node)
        return node


def _subtree(node: nodes.Node) -> list[nodes.Node]:
    level, subtree = [node], []
    while level:
        subtree += level
        level = [child for parent in level for child in parent.iter_child_nodes()]
    return subtree


def _filter(name: str, value: nodes.Node, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, value), name, list(arguments), [], None, None, lineno=value.lineno)


ENVIRONMENT = PromptEnvironment()
ENVIRONMENT.filters |= {_CHARGE: charge, _CHARGE_LOOP: charge_loop}


@lru_cache(maxsize=64)
def compiled(body: str) -> Template:
    """A template, compiled once: it takes 10 to 20 ms, and a run renders the same prompt for every chat.

    Raises:
        TemplateError: it cannot be used; whatever else Python raises where nesting is too deep or a number too long.
    """
    return ENVIRONMENT.from_string(body)


@lru_cache(maxsize=64)
def is_only_put_in(body: str, name: str) -> bool:
    """Whether a template does nothing with a variable but write it out as it is: it decides nothing, nor is it changed.

    Args:
        body: the template.
        name: the variable.
    """
    nodes_of_tree = _subtree(ENVIRONMENT.parse(body))
    uses = [node for node in nodes_of_tree if isinstance(node, nodes.Name) and node.name == name]
    written = [part for node in nodes_of_tree if isinstance(node, nodes.Output) for part in node.nodes]
    return all(any(use is part for part in written) for use in uses)
