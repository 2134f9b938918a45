"""No page hands a hostile text to Markdown: every element of every page, with everything in the store hostile."""

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store
from tests.factories.hostile import BEACON, HostileHouse, hostile_texts
from tests.pages.conftest import OpenPage

_MARKDOWN = frozenset({"body", "label", "help", "text", "caption", "captions", "title", "content", "delta"})
"""Fields of Streamlit's messages that its browser side draws as Markdown."""
_PLAIN = frozenset({"Text", "Code", "Html", "BidiComponent", "ComponentInstance", "IFrame"})
_OPTIONS = frozenset({"Radio", "ButtonGroup", "Slider"})
"""Widgets whose options are Markdown; those of boxes are text."""
_DISARMED = re.compile(r"\\[\W_]|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
"""What a backslash escapes, and code."""
_TOGETHER = 12
"""Texts in one place: with sixty places, each is somewhere on some page."""


def drawn(node: Any) -> Iterator[Message]:
    """The messages of an element or block of an :class:`AppTest` and of all below it."""
    if isinstance(getattr(node, "proto", None), Message):
        yield node.proto
    for child in getattr(node, "children", {}).values():
        yield from drawn(child)


def markdown(message: Message) -> Iterator[str]:
    """Every text in a message that is drawn as Markdown."""
    kind = message.DESCRIPTOR.name
    if kind in _PLAIN:
        return
    for field, value in message.ListFields():
        texts = value if field.is_repeated else [value]
        for text in texts:
            if isinstance(text, Message):
                yield from markdown(text)
            elif isinstance(text, str):
                if field.name in _MARKDOWN or (field.name == "options" and kind in _OPTIONS):
                    yield text
                elif field.name == "columns":  # of a table, with their tooltips
                    yield from (str(one.get("help") or "") for one in json.loads(text or "{}").values())


def leaks(app: AppTest) -> list[str]:
    """Texts of a page that still hold an address, a tag or a directive after what code and escapes disarm."""
    found = []
    for message in drawn(app._tree):
        for text in markdown(message):
            bare = _DISARMED.sub("", text)
            if (
                BEACON in bare
                or ":material/home:" in text
                or re.search(r"<[a-z/!]|!\[|\]\(|:red\[|:::|:(?:smile|streamlit):", bare, re.I)
            ):
                found.append(f"{message.DESCRIPTOR.name}: {text[:200]}")
    return found


def test_a_leak_would_be_seen() -> None:
    def script() -> None:
        import streamlit as st

        st.button("好", help="![x](http://127.0.0.1:9/beacon)")
        st.pills("好", [":red[x]"])
        with st.expander("<img src=x>"):
            st.caption("http://127.0.0.1:9/beacon")
        st.dataframe([{"a": 1}], column_config={"a": st.column_config.TextColumn(help="![x](y)")})
        st.tabs(["![x](y)"])
        st.error("好", title="![x](y)")

    assert len(leaks(AppTest.from_function(script, default_timeout=60).run())) == 7


def test_every_page_draws_hostile_texts_as_text(open_page: OpenPage, store: Store) -> None:
    texts, turn = hostile_texts(), count()

    def say(place: str) -> str:
        begin = next(turn) * _TOGETHER
        return f"{place} " + " ".join(texts[(begin + step) % len(texts)] for step in range(_TOGETHER))

    house = HostileHouse(store, say)
    assert len(texts) > 200 and next(turn) * _TOGETHER > len(texts)
    found = {}
    for script, address in house.addresses():
        app = open_page(script, reviewer=f"![x]({BEACON})", **address)
        found[f"{script} {address}"] = leaks(app)
        errors = [error.value for error in app.error if "这里出错了" in error.value]
        assert not errors, (script, address)
    assert not {page: lines for page, lines in found.items() if lines}
