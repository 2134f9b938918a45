"""Addresses of pages: their parameters, which anybody may have typed, cut off or made up."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.indices import MAX_INDEX, parse_index
from core.ui.markdown import Markdown, escape_markdown

T = TypeVar("T")
_MOST_QUOTED = 40


def text_parameter(name: str) -> str:
    """A parameter of the address, ``""`` where it is missing; of a repeated one the last."""
    return str(st.query_params.get(name, ""))


def index_parameter(name: str) -> int | None:
    """An index or id of the address; ``None`` where it is missing or no such number."""
    return parse_index(text_parameter(name))


def find_named(requested: str, items: Sequence[T], names: Callable[[T], Sequence[str]]) -> T | None:
    """The item that an address names.

    Args:
        requested: what stands in the address.
        items: what there is.
        names: every text that names an item.
    """
    return next((item for item in items if requested in names(item)), None) if requested else None


def draw_unknown(what: Markdown, requested: str, shown: str) -> None:
    """Say that an address leads to something that is not there (any more), and what the page shows instead.

    Args:
        what: the kind of thing, such as 数据集.
        requested: what stands in the address.
        shown: name of what is shown instead.
    """
    quoted = requested if len(requested) <= _MOST_QUOTED else f"{requested[:_MOST_QUOTED]}…"
    st.info(
        f"地址里的{what}「{escape_markdown(quoted)}」不存在或已删除，现在显示的是「{escape_markdown(shown)}」。"
        "请从列表里选择。",
        icon=":material/info:",
    )


def index_input(
    place: DeltaGenerator, label: Markdown, *, key: str, first: int, last: int = MAX_INDEX, **more: Any
) -> int:
    """A number box for a whole number whose value is kept in the address under its key.

    Streamlit's own box for whole numbers raises an ``OverflowError`` for ``1e400`` in the address; the one for
    fractions takes its first value instead.

    Args:
        place: where to draw it.
        label: the box's label.
        key: of the widget, and name of the parameter.
        first: the lowest number.
        last: the highest number.
        **more: further arguments of ``st.number_input``; ``value`` is the lowest number if left out.
    """
    value = float(more.pop("value", first))
    chosen = place.number_input(
        label, float(first), float(last), value, 1.0, format="%.0f", key=key, bind="query-params", **more
    )
    return int(chosen)
