"""The two panes of 对比: the chat with the evidence of the field in focus, and the runs' values side by side.

Python makes slices and pieces; the browser only draws them (``textContent``) and says where somebody clicked.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.domain.chat import Role, Span
from core.domain.diff import Op, diff_values
from core.domain.evidence import cached_analysis, cut_at_evidence, locate, overlap
from core.domain.form import Field, Form, Value
from core.services.quality import REFERENCE, Alignment, Customer

HERE: Final = Path(__file__).parent
_MOST_DIGITS: Final = 6
_CSS: Final = (HERE / "sides.css").read_text("utf-8")
_SIDES: Final = {Role.CUSTOMER: "customer", Role.STAFF: "staff", Role.UNKNOWN: "unknown"}

_chat = st.components.v2.component(
    "shiyao_sides_chat",
    html='<div class="chat" data-testid="sides-chat" tabindex="0" role="region" aria-label="聊天"></div>',
    css=_CSS,
    js=(HERE / "chat.js").read_text("utf-8"),
)
_table = st.components.v2.component(
    "shiyao_sides_table",
    html='<div class="sides" data-testid="sides-table" tabindex="0" role="region" aria-label="各抽取任务的值"></div>',
    css=_CSS,
    js=(HERE / "table.js").read_text("utf-8"),
)


def draw_chat(form: Form, text: str, customer: Customer | None, key: str, *, chat: int, above: int) -> None:
    """The chat, with the places of every run's value of one field marked.

    Args:
        form: the form.
        text: the stored text.
        customer: the customer in focus, if any.
        key: the field in focus, ``""`` for none.
        chat: index of the chat.
        above: pixels of the window that are taken by what stands above and below.
    """
    chat_analysis = cached_analysis(text)
    parsed, roles, index = chat_analysis.parsed, chat_analysis.roles, chat_analysis.index
    spans: set[Span] = set()
    if customer is not None and key:
        for values in (customer.reference, *customer.forms):
            if values and values.get(key):
                spans.update(locate(form, index, values, form.name_of(values))[key].spans)
    messages = []
    for message in parsed.messages:
        role = roles[message.speaker].role if message.speaker in roles else Role.UNKNOWN
        name = message.speaker_span
        messages.append(
            {
                "speaker": message.speaker,
                "side": _SIDES[role],
                "named": any(overlap(span, name) for span in spans),
                "parts": [
                    (piece.span.of(text), bool(piece.evidence)) for piece in cut_at_evidence(message.body, list(spans))
                ],
            }
        )
    _chat(data={"chat": chat, "above": above, "messages": messages}, key="sides-chat", height="content")


def draw_compare_table(
    alignment: Alignment,
    chat: int,
    rows: Mapping[int, Sequence[str]],
    *,
    focus: tuple[int, str] | None,
    picked: Mapping[str, str],
    disputed: frozenset[tuple[int, str]],
    right_from: float,
    above: int,
    on_click: Callable[[int, str], None],
) -> None:
    """The runs' values of one chat.

    Args:
        alignment: the runs.
        chat: index of the chat.
        rows: per customer, the keys to show.
        focus: customer and key in focus.
        picked: this person's picks in the chat.
        disputed: (position of the label's form, key) of disputed labels.
        right_from: from which similarity a free text is right.
        above: pixels of the window that are taken by what stands above and below.
        on_click: called before the next run with the customer and key that somebody clicked on.
    """
    order = column_sources(alignment)
    customers = []
    for position, keys in rows.items():
        customer = alignment.chats[chat][position]
        customers.append(
            {
                "position": position,
                "title": _title(alignment, customer, position),
                "rows": [
                    {
                        "key": key,
                        "label": alignment.form.field(key).label,
                        "focused": focus == (position, key),
                        "cells": [
                            _cell(alignment, chat, customer, alignment.form.field(key), source, right_from)
                            | {"picked": picked.get(f"{position}:{key}") == source}
                            | _flag(source, customer, key, disputed)
                            for source in order
                        ],
                    }
                    for key in keys
                ],
            }
        )
    data = {
        "above": above,
        "columns": [{"title": column_title(alignment, s), "reference": s == REFERENCE} for s in order],
        "customers": customers,
    }

    def clicked() -> None:
        go = st.session_state["sides-table"].go
        customer = str(go.get("customer")) if isinstance(go, Mapping) else ""
        if customer.isdecimal() and len(customer) <= _MOST_DIGITS:  # a browser may say anything
            on_click(int(customer), str(go.get("key")))

    _table(data=data, key="sides-table", height="content", on_go_change=clicked)


def column_sources(alignment: Alignment) -> list[str]:
    """Sources in the order of their columns: the first run, the reference in the middle, the other runs."""
    runs = [str(number) for number in range(len(alignment.runs))]
    return [runs[0], REFERENCE, *runs[1:]] if alignment.against else runs


def column_title(alignment: Alignment, source: str) -> str:
    """What a column is called: a letter and the run's name, or the reference."""
    return "对照" if source == REFERENCE else f"{'ABCD'[int(source)]} · {alignment.runs[int(source)].name}"


def _title(alignment: Alignment, customer: Customer, position: int) -> str:
    name = customer.name(alignment.form) or f"第 {position + 1} 位{alignment.form.subject}"
    invented = alignment.against and customer.gold is None
    return f"{name}（对照里没有这位{alignment.form.subject}）" if invented else name


def _flag(source: str, customer: Customer, key: str, disputed: frozenset[tuple[int, str]]) -> dict[str, str]:
    if source == REFERENCE and customer.gold is not None and (customer.gold, key) in disputed:
        return {"mark": "有争议", "tone": "wrong"}
    return {}


def _cell(
    alignment: Alignment, chat: int, customer: Customer, field: Field, source: str, right_from: float
) -> dict[str, Any]:
    """One cell: the value as pieces of its difference from the reference (without one, from the first run)."""
    if source == REFERENCE:
        values = customer.reference
        missing = "" if values is not None else "没有这位{alignment.form.subject}"
        return {"reference": True, "list": field.is_list, "missing": missing, "pieces": _plain(values, field)}
    number = int(source)
    values = customer.forms[number]
    cell: dict[str, Any] = {"reference": False, "list": field.is_list, "missing": "", "pieces": []}
    if values is None:
        return cell | {"missing": "没有结果" if chat in alignment.missing_chats[number] else "没有这位客户"}
    base = customer.reference if alignment.against else (customer.forms[0] if number else None)
    if base is None:
        return cell | {"pieces": _plain(values, field)}
    pieces = diff_values(base.get(field.key, field.empty), values.get(field.key, field.empty))
    # Short values with one right answer stand beside the reference: what they lack need not be repeated.
    whole = not field.one_right_answer or field.is_list
    cell["pieces"] = [(str(op), text) for op, text in pieces if whole or op is not Op.OUT]
    index = alignment.form.keys.index(field.key)
    good = alignment.is_correct(customer, number, field.key, right_from=right_from)
    credit = customer.credits[number]
    if good is not None and credit is not None:
        partly = 0 < credit[index] < 1
        cell |= {
            "mark": f"{credit[index]:.2f}" if partly else "对" if good else "错",
            "tone": "right" if good else "wrong",
        }
    return cell


def _plain(values: Mapping[str, Value] | None, field: Field) -> list[tuple[str, str]]:
    value = (values or {}).get(field.key, field.empty)
    return [(str(op), text) for op, text in diff_values(value, value)]
