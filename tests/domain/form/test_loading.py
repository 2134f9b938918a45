"""A broken form file names its line and the reason; the shipped one is what the challenge fixes."""

from pathlib import Path

import pytest

from core.domain.form import Kind, Nature, load_named_form
from core.domain.form.loading import load_form, parse_form
from core.errors import FormError

HEAD = """\
name = "small"
title = "小表"
version = 1
name_field = "姓名"
groups = ["基本", "其他"]
"""
NAME = """
[[field]]
key = "姓名"
label = "姓名"
group = "基本"
type = "str"
kind = "person"
nature = "verbatim"
points = 1
one_right_answer = true
values = []
description = "名字"
"""
TAGS = NAME.replace("姓名", "标签").replace('"str"', '"list[str]"').replace("person", "choice")
GOOD = HEAD + NAME + TAGS
CONTRADICTION = """
[[contradiction]]
key = "标签"
value = "甲"
other = "姓名"
other_value = "乙"
level = "hint"
"""
COMPANION = """
[[companion]]
key = "标签"
needs = "姓名"
"""
SECTIONS = """
[[summary_section]]
title = "一"
groups = ["基本"]

[[summary_section]]
title = "二"
groups = ["其他"]
"""


def test_shipped_form_is_the_one_of_the_challenge() -> None:
    form = load_named_form()
    assert len(form.fields) == 21
    assert form.max_points == 36
    assert form.keys[0] == form.name_field == "基本信息-姓名"
    assert form.keys[-1] == "下一步跟进计划-具体事项"
    assert [field.key for field in form.fields if field.is_list] == [
        "咨询类型",
        "意向产品",
        "购买异议点",
        "下一步跟进计划-参与人",
    ]
    assert [f.key for f in form.fields if not f.one_right_answer] == ["客户预算-预算明细", "下一步跟进计划-具体事项"]
    verbatim = [number for number, f in enumerate(form.fields, 1) if f.nature is Nature.VERBATIM]
    assert verbatim == [1, 2, 3, 4, 5, 7, 8, 13, 14, 15, 19, 20]
    assert [len(form.in_group(group)) for group in form.groups] == [8, 3, 4, 3, 3]
    assert form.field("下一步跟进计划-参与人").kind is Kind.STAFF


def test_small_form_loads() -> None:
    form = parse_form(GOOD, "small.toml")
    assert form.keys == ("姓名", "标签")
    assert form.empty() == {"姓名": "", "标签": []}
    assert "标签" in form
    assert "别的" not in form


def test_what_a_form_says_beyond_its_fields() -> None:
    form = parse_form(GOOD + CONTRADICTION + COMPANION + SECTIONS, "small.toml")
    assert [(rule.key, rule.other, rule.level) for rule in form.contradictions] == [("标签", "姓名", "hint")]
    assert [(rule.key, rule.needs) for rule in form.companions] == [("标签", "姓名")]
    assert [section.title for section in form.sections] == ["一", "二"]
    assert [section.title for section in parse_form(GOOD, "small.toml").sections] == ["基本", "其他"]
    part = form.subset(())
    assert (part.contradictions, part.companions) == ((), ())
    assert [(section.title, section.groups) for section in part.sections] == [("一", ("基本",)), ("二", ())]


def line_of(text: str, source: str, nth: int = 1) -> int:
    """Line (from 1) of the nth line that starts with ``text``."""
    hits = [number for number, line in enumerate(source.splitlines(), 1) if line.startswith(text)]
    return hits[nth - 1]


BROKEN = {
    # what: (source, line that starts with, which of them, words of the reason)
    "not TOML": (GOOD.replace('title = "小表"', "title = 小表"), "title", 1, "TOML"),
    "key written twice": (GOOD.replace("version = 1", "version = 1\nversion = 2"), "version", 2, "TOML"),
    "unknown top key": (GOOD.replace("version = 1", "version = 1\ncolour = 3"), "colour", 1, "不认识"),
    "unknown field key": (GOOD.replace("values = []", "value = []", 1), "value =", 1, "不认识"),
    "missing field key": (GOOD.replace('label = "姓名"\n', ""), "[[field]]", 1, "label 缺少"),
    "missing in the second": (GOOD.replace('label = "标签"\n', ""), "[[field]]", 2, "label 缺少"),
    "wrong type": (GOOD.replace("points = 1", 'points = "many"', 1), "points", 1, "数字"),
    "wrong kind": (GOOD.replace('"choice"', '"chioce"'), "kind", 2, "不是允许的值"),
    "wrong field type": (GOOD.replace('"list[str]"', '"list"'), "type", 2, "list[str]"),
    "no points": (GOOD.replace("points = 1", "points = 0", 1), "points", 1, "大于 0"),
    "points that are no number": (GOOD.replace("points = 1", "points = nan", 1), "points", 1, "大于 0"),
    "endless points": (GOOD.replace("points = 1", "points = inf", 1), "points", 1, "大于 0"),
    "values twice": (GOOD.replace("values = []", 'values = ["甲", "甲"]', 1), "values", 1, "重复"),
    "values no list": (GOOD.replace("values = []", 'values = "甲"', 1), "values", 1, "列表"),
    "empty key": (GOOD.replace('key = "标签"', 'key = " 标签"'), "key", 2, "空格"),
    "duplicate key": (GOOD.replace('key = "标签"', 'key = "姓名"'), "key", 2, "出现了两次"),
    "unknown group": (GOOD.replace('group = "基本"', 'group = "没有"'), "group ", 1, "不在 groups 里"),
    "group twice": (GOOD.replace('["基本", "其他"]', '["基本", "基本"]'), "groups", 1, "重复"),
    "name field unknown": (GOOD.replace('name_field = "姓名"', 'name_field = "名"'), "name_field", 1, "文本字段"),
    "name field a list": (GOOD.replace('name_field = "姓名"', 'name_field = "标签"'), "name_field", 1, "文本字段"),
    "no name field": (GOOD.replace('name_field = "姓名"\n', ""), "name", 1, "name_field 缺少"),
    "no field": (HEAD, "name", 1, "至少要有一个"),
    "single table": (HEAD + NAME.replace("[[field]]", "[field]"), "[field]", 1, "列表"),
    "misspelt table": (HEAD + NAME.replace("[[field]]", "[[fields]]"), "[[fields]]", 1, "fields"),
    "contradiction without field": (GOOD + CONTRADICTION.replace('"标签"', '"没有"'), "key", 3, "没有字段「没有」"),
    "contradiction with no value": (
        GOOD.replace("values = []", 'values = ["乙"]') + CONTRADICTION,
        "value =",
        1,
        "没有值「甲」",
    ),
    "contradiction of no level": (GOOD + CONTRADICTION.replace("hint", "loud"), "level", 1, "不是允许的值"),
    "companion without field": (GOOD + COMPANION.replace('needs = "姓名"', 'needs = "无"'), "needs", 1, "没有字段"),
    "misspelt companion": (GOOD + COMPANION.replace("companion", "companions"), "[[companions]]", 1, "companions"),
    "section of no group": (GOOD + SECTIONS.replace('"其他"', '"没有"'), "groups", 3, "不在 groups 里"),
    "group in two sections": (GOOD + SECTIONS.replace('["其他"]', '["其他", "基本"]'), "groups", 3, "两个小节"),
    "group in no section": (GOOD + SECTIONS.replace('["其他"]', "[]"), "groups", 3, "不在任何小节里"),
    "section without title": (GOOD + SECTIONS.replace('title = "一"\n', ""), "[[summary_section]]", 1, "title 缺少"),
    "fields as text": (HEAD + 'field = ["a"]\n', "field =", 1, "[[field]]"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_file_names_line_and_reason(what: str) -> None:
    source, start, nth, reason = BROKEN[what]
    assert source != GOOD
    with pytest.raises(FormError) as caught:
        parse_form(source, "broken.toml")
    message = str(caught.value)
    assert f"broken.toml 第 {line_of(start, source, nth)} 行" in message
    assert reason in message
    assert caught.value.remedy


def test_several_lines_of_a_list_do_not_hide_the_key_behind_it() -> None:
    source = GOOD.replace("values = []\n", 'values = [\n  "甲",\n  "乙",\n]\n').replace(
        'description = "名字"', "description = 3"
    )
    with pytest.raises(FormError, match=f"第 {line_of('description', source)} 行"):
        parse_form(source, "broken.toml")


def test_cut_off_file_names_the_last_line() -> None:
    with pytest.raises(FormError, match=r"第 2 行"):
        parse_form('name = "a"\ngroups = ["b",', "broken.toml")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FormError, match=r"找不到表单文件 none\.toml"):
        load_form(tmp_path / "none.toml")


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(FormError, match="无法读取"):
        load_form(tmp_path)


def test_foreign_encoding_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gbk.toml"
    path.write_bytes(b'name = "a"\ntitle = "' + "小表".encode("gbk") + b'"\n')
    with pytest.raises(FormError, match="第 2 行不是 UTF-8"):
        load_form(path)


def test_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_bytes(GOOD.encode("utf-8-sig"))
    assert load_form(path).keys == ("姓名", "标签")
