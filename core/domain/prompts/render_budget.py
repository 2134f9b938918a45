"""How much work one rendering may do: counted in characters read, written and looped over, never in seconds.

The budget grows with what the template is given, so a long chat is no reason to refuse a prompt that worked on a short
one. Counting gives the same answer on every machine, which a clock would not.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jinja2.exceptions import TemplateRuntimeError

_WORK, _WORK_PER_CHARACTER = 3_000_000, 50
_OUTPUT, _OUTPUT_PER_CHARACTER = 500_000, 5
_ITERATION = 10
"""What a turn of a loop costs beside its body."""


class RenderLimitError(TemplateRuntimeError):
    """A template that does or writes too much."""


@dataclass(slots=True)
class _Budget:
    work: int
    output: int


_current: ContextVar[_Budget | None] = ContextVar("render_budget", default=None)


@contextmanager
def budget_for(variables: Mapping[str, Any]) -> Iterator[None]:
    """A fresh budget for one rendering with these variables."""
    size = sum(weight(value, 10**9) for value in variables.values())
    token = _current.set(_Budget(_WORK + _WORK_PER_CHARACTER * size, _OUTPUT + _OUTPUT_PER_CHARACTER * size))
    try:
        yield
    finally:
        _current.reset(token)


def weight(value: Any, limit: int) -> int:
    """Characters of a text, or of all texts in a list or mapping, repeated ones each time; stops above the limit."""
    if isinstance(value, str):
        return len(value) + 1
    if not isinstance(value, list | tuple | dict):
        return value.bit_length() // 3 + 1 if isinstance(value, int) else 1
    total = 0
    waiting: list[Any] = [iter([value])]
    while waiting and total <= limit:
        for part in waiting[-1]:
            if isinstance(part, list | tuple):
                waiting.append(iter(part))
            elif isinstance(part, dict):
                waiting.append(iter(part.values()))
                waiting.append(iter(part))
            else:
                total += weight(part, limit)
                if total <= limit:
                    continue
            total += 1
            break
        else:
            waiting.pop()
    return total


def spend(work: int) -> None:
    """Count some work of the rendering under way; outside of one nothing is counted.

    Raises:
        RenderLimitError: the budget is used up.
    """
    budget = _current.get()
    if budget is None:
        return
    budget.work -= max(work, 0)
    if budget.work < 0:
        raise RenderLimitError("要做的事太多（循环或拼接太大）")


def charge(value: Any) -> Any:
    """Charge the budget for reading a value; returns the value."""
    budget = _current.get()
    if budget is not None:
        spend(weight(value, budget.work))
    return value


def charge_loop(values: Any, body: int) -> list[Any]:
    """Charge the budget for a loop before it begins; returns its items.

    Args:
        values: any iterable.
        body: how much there is to do each time, in nodes of the template.
    """
    budget = _current.get()
    cost = _ITERATION + max(body, 0)
    most = budget.work // cost + 1 if budget is not None else None
    items = list(islice(iter(values), most))
    spend(len(items) * cost)
    return items


def charge_output(piece: str) -> str:
    """Charge the budget for a piece of output; returns the piece.

    Raises:
        RenderLimitError: more than a prompt can be.
    """
    budget = _current.get()
    if budget is not None:
        budget.output -= len(piece)
        if budget.output < 0:
            raise RenderLimitError("渲染出的文字太长")
        spend(1)
    return piece
