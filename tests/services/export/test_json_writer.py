"""Indented JSON: byte for byte what the standard encoder writes."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.services.export.json_writer import indented_json

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_what_the_standard_encoder_writes(value: Any) -> None:
    assert indented_json(value) == json.dumps(value, indent=4, ensure_ascii=False)


def test_a_margin_moves_lines_and_not_texts() -> None:
    value = {"第一\n行": ["a\n    b", {}, [], ()], "n": {"k": 0}}
    whole = json.dumps([value], indent=4, ensure_ascii=False)
    assert f"[\n    {indented_json(value, '    ')}\n]" == whole
