"""Addresses of pages: their parameters, which anybody may have typed, cut off or made up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, TypeVar
from zlib import crc32

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAPIException

from core.domain.indices import MAX_INDEX, parse_index
from core.ui.markdown import Markdown, escape_markdown

T = TypeVar("T")
_MOST_QUOTED = 40
_UNKNOWN = "shiyao.address.unknown"


@dataclass(frozen=True, slots=True)
class Link:
    """A way on from a wrong address.

    Attributes:
        page: script of the page, as given to ``st.Page``.
        label: text of the link, plain.
        query: parameters of its address.
    """

    page: str
    label: str
    query: Mapping[str, str] = field(default_factory=dict)


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
        names: every text that names an item, its id first: of two items the one is meant whose text stands further
            in front, for a person may have given the other a name that is this one's id.
    """
    named = [
        (list(texts).index(requested), place) for place, item in enumerate(items) if requested in (texts := names(item))
    ]
    return items[min(named)[1]] if requested and named else None


def quoted(requested: str) -> str:
    """What stands in an address, short enough for a sentence; plain text."""
    return requested if len(requested) <= _MOST_QUOTED else f"{requested[:_MOST_QUOTED]}…"


def draw_unknown(what: Markdown, requested: str, shown: str) -> None:
    """Say that an address leads to something that is not there (any more), and what the page shows instead.

    Args:
        what: the kind of thing, such as 数据集.
        requested: what stands in the address.
        shown: name of what is shown instead.
    """
    st.info(
        f"地址里的{what}「{escape_markdown(quoted(requested))}」不存在或已删除，"
        f"现在显示的是「{escape_markdown(shown)}」。请从列表里选择。",
        icon=":material/info:",
    )


def draw_missing(what: Markdown, requested: str, links: Sequence[Link], *, advice: Markdown) -> NoReturn:
    """Say that what an address leads to is not there, give ways on, and end the page: nothing else is shown for it.

    Args:
        what: the kind of thing, such as 数据集.
        requested: what stands in the address.
        links: where to go instead.
        advice: what to do.
    """
    with st.container(border=True, key="address-missing"):
        st.markdown(f"**没有{what}「{escape_markdown(quoted(requested))}」**")
        st.caption(f"地址里写的{what}不存在，或已经删除。{advice}")
        for link in links:
            st.page_link(
                link.page,
                label=escape_markdown(link.label),
                icon=":material/arrow_forward:",
                query_params=dict(link.query),
            )
    st.stop()


def select(
    place: DeltaGenerator,
    label: Markdown,
    options: Sequence[T],
    *,
    key: str,
    what: Markdown,
    value_of: Callable[[T], str] = str,
    format_func: Callable[[T], str] = str,
    first: int | None = 0,
    link: Link | None = None,
    draw: Callable[..., Any] | None = None,
    **more: Any,
) -> T | None:
    """A select box whose value, not its title, stands in the address under its key.

    Streamlit's own binding writes the title of an option, which changes with its words. Addresses from before, with
    titles, are still understood. What is not among the options is named below the title.

    Args:
        place: where to draw it.
        label: the box's label.
        options: to choose from.
        key: of the widget, and name of the parameter.
        what: the kind of thing, for the sentence about a wrong address.
        value_of: what stands in the address for an option.
        format_func: what stands in the box for it.
        first: number of the option that is chosen at first; ``None`` for none.
        link: where all of them are, for the sentence about a wrong address.
        draw: what draws another kind of box, with the arguments of ``st.selectbox``; the place's ``radio``, say.
        **more: further arguments of what draws it.
    """
    requested = text_parameter(key)
    named = find_named(requested, options, lambda option: (value_of(option), format_func(option)))
    usual = options[first] if first is not None and options else None
    if requested and named is None:
        note_unknown(what, requested, "" if usual is None else format_func(usual), link)
    st.session_state[key] = usual if named is None else named

    def follow() -> None:
        now = st.session_state.get(key)
        if now is None:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = value_of(now)

    if draw is None:
        draw = partial(place.selectbox, index=None if first is None else 0)
    picked: T | None = draw(label, options, format_func=format_func, key=key, on_change=follow, **more)
    return picked


def segments(
    place: DeltaGenerator, label: Markdown, options: Sequence[T], *, key: str, what: Markdown, **more: Any
) -> T:
    """Buttons of which one is pressed, in the address like :func:`select`; the first one where none is.

    Args:
        place: where to draw them.
        label: of the buttons.
        options: to choose from, at least one.
        key: of the widget, and name of the parameter.
        what: the kind of thing, for the sentence about a wrong address.
        **more: further arguments of :func:`select` and of ``st.segmented_control``.
    """
    picked = select(place, label, options, key=key, what=what, draw=place.segmented_control, **more)
    return options[more.get("first", 0)] if picked is None else picked


def translate(name: str, words: Mapping[str, str]) -> None:
    """Say in the address what a parameter's value is called now; call it before the widget that it belongs to.

    Args:
        name: of the parameter.
        words: what it was called before, and is called now.
    """
    now = words.get(text_parameter(name))
    if now is not None:
        # A widget that is on the page has written its own words already.
        with suppress(StreamlitAPIException):
            st.query_params[name] = now


def note_unknown(what: Markdown, requested: str, shown: str, link: Link | None = None) -> None:
    """Remember that an address names something that is not there; it is said below the title.

    Args:
        what: the kind of thing, such as 批次.
        requested: what stands in the address.
        shown: name of what is shown instead; ``""`` where nothing is.
        link: where all of them are.
    """
    unknown = st.session_state.setdefault(_UNKNOWN, {})
    unknown[what] = (requested, shown, link)


@contextmanager
def unknown_parts_said() -> Iterator[None]:
    """Context manager around a page: what its address names and is not there stands below its title (page.css)."""
    above = st.container(key="address-unknown")
    st.session_state.pop(_UNKNOWN, None)
    try:
        yield
    finally:
        with above:
            _draw_unknown_parts()


def _draw_unknown_parts() -> None:
    for what, (requested, shown, link) in st.session_state.pop(_UNKNOWN, {}).items():
        instead = f"，现在显示的是「{escape_markdown(shown)}」" if shown else "，没有用它筛选"
        with st.container(horizontal=True, vertical_alignment="center", key=f"address-unknown-{crc32(what.encode())}"):
            st.markdown(
                f":orange[:material/link_off: 地址里的{escape_markdown(what)}「{escape_markdown(quoted(requested))}」"
                f"不存在或已删除{instead}。]",
                width="content",
            )
            if link is not None:
                st.page_link(
                    link.page, label=escape_markdown(link.label), query_params=dict(link.query), width="content"
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
    requested = text_parameter(key)
    number = parse_index(requested)
    if requested and (number is None or not first <= number <= last):
        note_unknown(label, requested, f"{value:.0f}")
    chosen = place.number_input(
        label, float(first), float(last), value, 1.0, format="%.0f", key=key, bind="query-params", **more
    )
    return int(chosen)
