"""Anything at all becomes a clean form, and what was changed is said."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import load_named_form, split_list

FORM = load_named_form()
CALM = settings(derandomize=True, deadline=None, max_examples=50)
NAME, KINDS, AGE = "基本信息-姓名", "咨询类型", "基本信息-年龄"


def full(**changes: Any) -> dict[str, Any]:
    return {**FORM.empty(), **changes}


def test_clean_form_stays_as_it_is() -> None:
    clean = full(**{NAME: "林舟3", KINDS: ["询价", "答疑"]})
    assert FORM.coerce(clean) == (clean, ())


def test_keys_come_out_complete_and_in_order() -> None:
    values, notes = FORM.coerce({AGE: "30", NAME: "林舟3"})
    assert tuple(values) == FORM.keys
    assert len(notes) == 1
    assert KINDS in notes[0]


def test_unknown_keys_are_dropped_and_named() -> None:
    values, notes = FORM.coerce(full(公司="某公司"))
    assert tuple(values) == FORM.keys
    assert "公司" in notes[0]


@pytest.mark.parametrize(
    ("key", "raw", "value", "noted"),
    [
        (NAME, None, "", False),
        (NAME, "  林舟3\n", "林舟3", False),
        (NAME, ["林舟3", "", "周遥1"], "林舟3、周遥1", True),
        (NAME, "林\ud83d舟\x003", "林舟3", False),
        (KINDS, ["\ud83d", "询价\udc00"], ["询价"], False),
        (AGE, 30, "30", True),
        (AGE, True, "是", True),
        (AGE, {"岁": 30}, "岁：30", True),
        (KINDS, None, [], False),
        (KINDS, "", [], False),
        (KINDS, "询价、答疑", ["询价、答疑"], True),
        (KINDS, " ", [], True),
        (KINDS, 3, ["3"], True),
        (KINDS, {"一": "询价"}, ["一：询价"], True),
        (KINDS, ["询价", None, "", 3], ["询价", "3"], True),
        (KINDS, ("询价",), ["询价"], False),
    ],
)
def test_coercion(key: str, raw: Any, value: Any, noted: bool) -> None:
    values, notes = FORM.coerce(full(**{key: raw}))
    assert values[key] == value
    assert bool(notes) is noted


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(FORM.keys) | st.text(max_size=3), JSON))
@CALM
def test_always_a_clean_form_and_then_stable(raw: dict[str, Any]) -> None:
    values, _ = FORM.coerce(raw)
    assert tuple(values) == FORM.keys
    for field in FORM.fields:
        value = values[field.key]
        if field.is_list:
            assert isinstance(value, list)
            assert all(isinstance(item, str) and item == item.strip() != "" for item in value)
        else:
            assert isinstance(value, str)
            assert value == value.strip()
    assert FORM.coerce(values) == (values, ())


def test_list_rule_splits_at_three_commas() -> None:
    assert split_list(["询价、 答疑，吐槽", "询价", "AI,CRM", "、"]) == ["询价", "答疑", "吐槽", "AI", "CRM"]


def test_name_and_emptiness() -> None:
    assert FORM.name_of(full(**{NAME: "林舟3"})) == "林舟3"
    assert FORM.name_of({NAME: ["x"]}) == ""
    assert FORM.is_empty(FORM.empty())
    assert not FORM.is_empty(full(**{KINDS: ["询价"]}))
