"""Metrics in a row (number above its label), and facts in two columns. Text only, always escaped."""

from collections.abc import Mapping
from html import escape

import streamlit as st

_STYLE = """
<style>
.figures { display: flex; flex-wrap: wrap; gap: .35rem 1.9rem; margin: .15rem 0 !important; }
.figures, .facts { padding: 0 !important; }
.figures > div { display: flex; flex-direction: column-reverse; }
.figures dt { font-size: .8rem; opacity: .65; }
.figures dd { margin: 0; font-size: 1.12rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures .warn dd { color: #b42318; }
@media (prefers-color-scheme: dark) { .figures .warn dd { color: #f0857a; } }
.facts { display: grid; grid-template-columns: 8rem 1fr; margin: .25rem 0 !important; font-size: .93rem; }
.facts > * { padding: .36rem 0; border-bottom: 1px solid var(--st-border-color, #8884); overflow-wrap: anywhere; }
.facts > :nth-last-child(-n+2) { border-bottom: 0; }
.facts > dt { opacity: .65; } .facts > dd { margin: 0; }
</style>
"""


def metrics(values: Mapping[str, str], *, warn: str = "") -> None:
    """Draw a row of metrics.

    Args:
        values: ``{label: number with its unit}``; empty ones are left out.
        warn: the label of the one that calls for attention.
    """
    cells = "".join(
        f"<div{' class=warn' if label == warn else ''}><dd>{escape(value)}</dd><dt>{escape(label)}</dt></div>"
        for label, value in values.items()
        if value
    )
    st.html(f'{_STYLE}<dl class="figures">{cells}</dl>')


def fact_table(values: Mapping[str, str]) -> None:
    """Draw facts in two columns, one a line (label → text)."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in values.items())
    st.html(f'{_STYLE}<dl class="facts">{rows}</dl>')
