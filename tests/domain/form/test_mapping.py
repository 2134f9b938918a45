"""A mapping carries every cell to the next version of a form, and back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import Form, split_list, text_of
from core.domain.form.loading import parse_form
from core.domain.form.mapping import FormChange, propose_mapping, read_mapping
from core.errors import FormError
from tests.factories.generated_forms import customers, form_changes

CALM = settings(derandomize=True, deadline=None, max_examples=60)


def form(*fields: str, groups: str = '"组"', name_field: str = "名") -> Form:
    """A form of fields written ``key`` or ``key*`` for a list."""
    head = f'name = "f"\ntitle = "F"\nversion = 1\nname_field = "{name_field}"\ngroups = [{groups}]\n'
    body = "".join(
        f'[[field]]\nkey = "{field.rstrip("*")}"\nlabel = "{field.rstrip("*")}"\ngroup = "组"\n'
        f'type = "{"list[str]" if field.endswith("*") else "str"}"\nkind = "text"\nnature = "judgement"\n'
        'points = 1\none_right_answer = true\ndescription = ""\n'
        for field in fields
    )
    return parse_form(head + body, "f.toml")


def change(old: Form, new: Form, *steps: dict[str, Any]) -> FormChange:
    checked = FormChange(old, new, read_mapping({"steps": list(steps)}))
    checked.check()
    return checked


def customer(**values: Any) -> dict[str, Any]:
    return {
        "values": values,
        "origin": dict.fromkeys(values, "run:1"),
        "confirmed": dict.fromkeys(values, "逐项确认"),
        "pinned": {},
        "source": 0,
    }


def test_a_renamed_field_takes_everything_along() -> None:
    renamed = change(form("名", "电话"), form("名", "手机"), {"step": "move", "key": "电话", "to": "手机"})
    before = customer(名="林舟", 电话="138") | {"pinned": {"电话": [2, 5]}}
    carried = renamed.carry(before)
    assert carried.customer["values"] == {"名": "林舟", "手机": "138"}
    assert carried.customer["confirmed"]["手机"] == "逐项确认"
    assert carried.customer["pinned"] == {"手机": [2, 5]}
    assert (carried.moved, carried.lost, carried.kept) == (1, (), {})
    assert renamed.carry_back(carried.customer, carried.kept) == before


def test_a_dropped_field_is_named_and_comes_back() -> None:
    dropped = change(form("名", "电话"), form("名"), {"step": "drop", "key": "电话"})
    carried = dropped.carry(customer(名="林舟", 电话="138"))
    assert carried.lost == (("电话", "138"),)
    changed = carried.customer | {"values": {"名": "林舟3"}}
    assert dropped.carry_back(changed, carried.kept)["values"] == {"名": "林舟3", "电话": "138"}


def test_values_are_renamed_merged_split_and_left_out() -> None:
    step = {
        "step": "move",
        "key": "类型",
        "to": "类型",
        "values": {"询价": ["问价"], "比价": ["问价"], "投诉": ["服务", "产品"], "闲聊": []},
    }
    values = change(form("名", "类型*"), form("名", "类型*"), step)

    def carried(*items: str) -> Any:
        return values.carry(customer(名="林舟", 类型=list(items))).customer["values"]["类型"]

    assert carried("询价", "比价") == ["问价"]
    assert carried("询价、投诉") == ["问价", "服务", "产品"]
    assert carried("别的、自填") == ["别的、自填"]
    assert carried("闲聊") == []
    assert values.carry(customer(名="", 类型=["闲聊、询价"])).lost == (("类型", "闲聊"),)


def test_a_field_is_split_by_its_values() -> None:
    step = {
        "step": "split_values",
        "key": "标签",
        "parts": {"产品": ["CRM", "商城"], "异议": ["价格"]},
    }
    split = change(form("名", "标签*"), form("名", "产品*", "异议"), step)
    carried = split.carry(customer(名="林舟", 标签=["商城", "价格", "旧值", "CRM"]))
    assert carried.customer["values"] == {"名": "林舟", "产品": ["商城", "CRM"], "异议": "价格"}
    assert carried.lost == (("标签", "旧值"),)
    rest = change(form("名", "标签*"), form("名", "产品*", "异议"), step | {"rest": "异议"})
    assert rest.carry(customer(名="", 标签=["旧值"])).customer["values"]["异议"] == "旧值"


def test_a_text_is_split_at_a_separator_and_joined_again() -> None:
    split = change(
        form("名", "地址"),
        form("名", "省", "市"),
        {"step": "split_text", "key": "地址", "to": ["省", "市"], "separator": "省"},
    )
    assert split.carry(customer(名="", 地址="浙江省杭州市")).customer["values"] == {
        "名": "",
        "省": "浙江",
        "市": "杭州市",
    }
    merged = change(
        form("名", "省", "市"),
        form("名", "地址"),
        {"step": "merge", "keys": ["省", "市"], "to": "地址", "separator": ""},
    )
    before = customer(名="", 省="浙江省", 市="杭州市")
    before["confirmed"]["市"] = "未看"
    before["origin"]["市"] = "reviewer"
    carried = merged.carry(before)
    assert carried.customer["values"]["地址"] == "浙江省杭州市"
    assert carried.customer["confirmed"]["地址"] == "未看"
    assert carried.customer["origin"]["地址"] == "reviewer"
    assert merged.carry_back(carried.customer, carried.kept) == before
    carried.customer["values"]["地址"] = "江苏省"
    assert merged.carry_back(carried.customer, carried.kept)["values"] == {"名": "", "省": "江苏省", "市": ""}


def test_a_text_becomes_a_list_and_a_list_a_text() -> None:
    listed = change(form("名", "产品"), form("名", "产品*"))
    assert listed.carry(customer(名="", 产品="CRM、商城")).customer["values"]["产品"] == ["CRM", "商城"]
    joined = change(form("名", "产品*"), form("名", "产品"))
    assert joined.carry(customer(名="", 产品=["CRM", "商城"])).customer["values"]["产品"] == "CRM、商城"


def test_a_new_field_has_its_first_value_and_nobody_has_looked_at_it() -> None:
    added = change(form("名"), form("名", "渠道"), {"step": "add", "to": "渠道", "value": "微信"})
    carried = added.carry(customer(名="林舟")).customer
    assert carried["values"]["渠道"] == "微信"
    assert carried["confirmed"]["渠道"] == "未看"
    assert change(form("名"), form("名", "渠道*")).carry({"values": {"名": ""}}).customer == {
        "values": {"名": "", "渠道": []}
    }


@pytest.mark.parametrize(
    ("old", "new", "steps", "problem"),
    [
        (form("名", "电话"), form("名"), [], "「电话」没有去处"),
        (form("名"), form("名"), [{"step": "drop", "key": "电话"}], "旧表单没有字段「电话」"),
        (form("名", "电话"), form("名"), [{"step": "move", "key": "电话", "to": "手机"}], "新表单没有字段「手机」"),
        (
            form("名", "甲", "乙"),
            form("名", "丙"),
            [{"step": "move", "key": "甲", "to": "丙"}, {"step": "move", "key": "乙", "to": "丙"}],
            "新表单的字段「丙」写了两次",
        ),
        (
            form("名", "甲"),
            form("名", "甲"),
            [{"step": "drop", "key": "甲"}, {"step": "drop", "key": "甲"}],
            "旧表单的字段「甲」写了两次",
        ),
        (
            form("名", "甲*"),
            form("名", "甲"),
            [{"step": "move", "key": "甲", "to": "甲", "values": {"一": ["二", "三"]}}],
            "只放得下一个值",
        ),
        (
            form("名", "甲"),
            form("名", "乙"),
            [{"step": "split_values", "key": "甲", "parts": {"乙": ["一"]}, "rest": "丙"}],
            "不是拆出的字段",
        ),
        (
            form("名", "甲"),
            form("名", "乙", "丙"),
            [{"step": "split_values", "key": "甲", "parts": {"乙": ["一"], "丙": ["一"]}}],
            "写给了两个字段",
        ),
        (form("名"), form("新名", name_field="新名"), [{"step": "drop", "key": "名"}], "名字字段「新名」"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    old: Form, new: Form, steps: list[dict[str, Any]], problem: str
) -> None:
    with pytest.raises(FormError, match=problem):
        change(old, new, *steps)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "应写成一段"),
        ([], "应写成一段"),
        ({"steps": [{"step": "vanish"}]}, "第 1 步读不懂（step：不是允许的值"),
        ({"steps": [{"step": "drop"}]}, "key：缺少这一项"),
        ({"steps": [], "more": 1}, "不认识这一项"),
        ({"steps": [{"step": "move", "key": "甲", "to": "乙", "values": {"a": ["\0"]}}]}, "values、a：有不能保存"),
        ({"steps": [{"step": "move", "key": "甲", "to": "乙", "values": {"a": ["\u200b"]}}]}, "不能是空的"),
        ({"steps": [{"step": "add", "to": "乙", "value": "\0"}]}, "value：有不能保存"),
        ({"steps": [{"step": "merge", "keys": ["甲"], "to": "乙"}]}, "keys：太少"),
    ],
)
def test_what_is_no_mapping_is_refused(raw: object, reason: str) -> None:
    with pytest.raises(FormError, match="读不懂") as caught:
        read_mapping(raw)
    assert reason in str(caught.value)


def test_a_mapping_is_proposed_from_names() -> None:
    old = form("名", "基本信息-电话", "备注")
    new = form("客户", "基本信息-手机电话", "预算", name_field="客户")
    proposed = propose_mapping(old, new)
    assert [(step.step, step.sources, step.targets) for step in proposed.steps] == [
        ("move", ("名",), ("客户",)),
        ("move", ("基本信息-电话",), ("基本信息-手机电话",)),
        ("drop", ("备注",), ()),
    ]
    assert FormChange(old, new, proposed).problems() == []


@given(form_changes(), st.data())
@CALM
def test_a_mapping_and_its_inverse_give_the_record_back(changed: FormChange, data: st.DataObject) -> None:
    assert changed.problems() == []
    before = data.draw(customers(changed.old))
    carried = changed.carry(before)
    assert tuple(carried.customer["values"]) == changed.new.keys
    assert changed.new.coerce(carried.customer["values"]).values == carried.customer["values"]
    assert changed.carry_back(carried.customer, carried.kept) == before


@given(form_changes(), st.data())
@CALM
def test_what_somebody_changed_since_survives_the_way_back(changed: FormChange, data: st.DataObject) -> None:
    """One cell is changed after the mapping: all fields that have nothing to do with it come back as they were."""
    before = data.draw(customers(changed.old))
    carried = changed.carry(before)
    key = data.draw(st.sampled_from(changed.new.keys))
    value: Any = ["改过的值"] if changed.new.field(key).is_list else "改过的值"
    edited = carried.customer | {"values": carried.customer["values"] | {key: value}}
    back = changed.carry_back(edited, carried.kept)
    touched = changed.old_keys(key)
    assert {key: value for key, value in back["values"].items() if key not in touched} == {
        key: value for key, value in before["values"].items() if key not in touched
    }
    if touched:
        assert any("改过的值" in text_of(back["values"][key]) for key in touched)


@given(form_changes(), st.data())
@CALM
def test_no_value_vanishes_unnamed(changed: FormChange, data: st.DataObject) -> None:
    """Every value that no step renames stands in the new form or among the lost ones."""
    before = data.draw(customers(changed.old))
    carried = changed.carry(before)
    renamed = {value for step in changed.mapping.steps for value in getattr(step, "values", ())}
    there = " ".join([*map(text_of, carried.customer["values"].values()), *(text for _, text in carried.lost)])
    for value in before["values"].values():
        for item in split_list([value] if isinstance(value, str) else value):
            assert item in renamed or item in there
