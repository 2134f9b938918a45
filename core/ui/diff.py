"""Differences as HTML: escaped, readable in light and dark, told apart by more than their colour.

What went is struck through on amber, what came is underlined on blue: both colours are translucent, so that the
theme's own background and text colour stay in charge.
"""

from collections.abc import Iterable
from html import escape
from typing import Literal

from core.domain.diff import DiffPart, Op, diff_lists, diff_text
from core.domain.form import Value
from core.ui.markdown import Html

Side = Literal["both", "left", "right"]

STYLE = """
<style>
.sy-diff { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.55; }
.sy-diff del { background: rgba(217, 119, 6, .22); text-decoration: line-through; text-decoration-thickness: 1px;
  border-radius: 3px; }
.sy-diff ins { background: rgba(59, 130, 246, .22); text-decoration: underline; text-underline-offset: 3px;
  text-decoration-thickness: 1px; border-radius: 3px; }
.sy-diff .sy-item { display: inline-block; border: 1px solid rgba(128, 128, 128, .35); border-radius: 999px;
  padding: 0 .55em; margin: 0 .3em .2em 0; }
.sy-diff .sy-none { opacity: .72; }
</style>
"""
"""Draw once per page with ``st.html`` before any difference."""

_EMPTY = '<span class="sy-none">（空）</span>'
_TAGS = {Op.SAME: "span", Op.OUT: "del", Op.IN: "ins"}
_HIDDEN: dict[Side, Op | None] = {"both": None, "left": Op.IN, "right": Op.OUT}


def text_html(pieces: Iterable[DiffPart], side: Side = "both") -> Html:
    """A text with its differences.

    Args:
        pieces: from :func:`core.domain.diff.diff_text`.
        side: ``left`` leaves out what came, ``right`` what went, ``both`` shows one text with both.
    """
    inner = "".join(f"<{_TAGS[op]}>{escape(text)}</{_TAGS[op]}>" for op, text in pieces if op is not _HIDDEN[side])
    return f'<div class="sy-diff">{inner or _EMPTY}</div>'


def list_html(pieces: Iterable[DiffPart], side: Side = "both") -> Html:
    """A list with its differences, one pill per item; ``side`` as in :func:`text_html`."""
    inner = "".join(
        f'<span class="sy-item"><{_TAGS[op]}>{escape(text)}</{_TAGS[op]}></span>'
        for op, text in pieces
        if op is not _HIDDEN[side]
    )
    return f'<div class="sy-diff">{inner or _EMPTY}</div>'


def value_html(a: Value, b: Value, side: Side = "both") -> Html:
    """Two values of one field as one difference: a list as a set, a text by characters."""
    if isinstance(a, list) or isinstance(b, list):
        return list_html(diff_lists(_items(a), _items(b)), side)
    return text_html(diff_text(a, b), side)


def _items(value: Value) -> list[str]:
    return value if isinstance(value, list) else [value]
