"""The table of a mapping: what its rows mean, and what is wrong with them, by the name of the field."""

from typing import Any

import pytest

from core.domain.form import load_named_form
from core.domain.form.mapping import FormChange
from core.errors import FormError
from core.ui.forms.mapping_table import mapping_of_rows, proposed_rows
from tests.domain.form.test_mapping import form

OLD = form("名", "电话", "标签*", "地址", "省", "市")
NEW = form("名", "手机", "产品*", "异议", "街道", "门牌", "地区")


def rows(**changes: Any) -> list[dict[str, Any]]:
    listed = proposed_rows(OLD, NEW)
    for row in listed:
        row |= dict(zip(("怎么办", "新字段", "值的对应", "分隔符"), changes.get(row["旧字段"], ()), strict=False))
    return listed


WHOLE: dict[str, Any] = {
    "电话": ("改到", ["手机"], "无→；空号 -> 停机"),
    "标签": ("按值拆到", ["产品", "异议"], "CRM→产品；其余→异议"),
    "地址": ("按分隔符拆到", ["街道", "门牌"], "", "路"),
    "省": ("改到", ["地区"], "", ""),
    "市": ("改到", ["地区"], "", "·"),
}


def test_rows_become_a_mapping() -> None:
    change = FormChange(OLD, NEW, mapping_of_rows(rows(**WHOLE), NEW))
    assert change.problems() == []
    carried = change.carry(
        {
            "values": {
                "名": "甲",
                "电话": "空号",
                "标签": ["CRM", "贵"],
                "地址": "柳巷路19号",
                "省": "浙江",
                "市": "杭州",
            }
        }
    )
    assert carried.customer["values"] == {
        "名": "甲",
        "手机": "停机",
        "产品": ["CRM"],
        "异议": "贵",
        "街道": "柳巷",
        "门牌": "19号",
        "地区": "浙江·杭州",
    }


@pytest.mark.parametrize(
    ("key", "row", "reason"),
    [
        ("电话", ("改到", []), "还没有选新字段"),
        ("电话", ("改到", ["手机", "街道"]), "改到了 2 个字段"),
        ("电话", ("改到", ["手机"], "空号"), "读不懂"),
        ("标签", ("按值拆到", ["产品", "异议"], ""), "哪个值去哪个字段"),
        ("标签", ("按值拆到", ["产品", "异议"], "CRM→手机"), "不在它的新字段里"),
        ("地址", ("按分隔符拆到", ["街道"], "", "路"), "两个以上"),
        ("地址", ("按分隔符拆到", ["街道", "门牌"], "", ""), "两个以上"),
        ("地址", ("按分隔符拆到", ["街道", "门牌"], "", "路" * 30), "的对应太长"),
        ("电话", ("改到", ["手机"], "空号→" + "停" * 300), "的对应太长"),
        ("电话", ("改到", ["手机"], "空号→\u200b"), "的对应不能是空的"),
        ("标签", ("按值拆到", ["产品", "异议"], "CRM\0→产品"), "的对应有不能保存的字符"),
    ],
)
def test_a_row_that_cannot_be_meant_names_its_field(key: str, row: Any, reason: str) -> None:
    with pytest.raises(FormError, match=f"「{key}」.*{reason}"):
        mapping_of_rows(rows(**{**WHOLE, key: row}), NEW)


def test_forms_with_the_same_fields_need_no_decision() -> None:
    same = load_named_form()
    assert mapping_of_rows(proposed_rows(same, same), same).steps == ()
