"""Mistakes of a form as the page 表单 tells them: the place in the page's words, the reason without naming it again."""

import pytest

from core.domain.form.loading import FormTexts
from core.services.forms.checking import check_form_texts
from core.services.forms.form_text import Tables
from core.ui.forms.field_table import names_left
from core.ui.forms.labels import problem_sentence, problems_by_field
from core.ui.forms.open_form import tables_of
from tests.domain.form.test_loading import GOOD


@pytest.mark.parametrize(
    ("before", "now", "sentence", "beside"),
    [
        ("points = 1", "points = 0", "第 1 行字段「姓名」的分值：必须是大于 0 的数", "分值：必须是大于 0 的数"),
        (
            'key = "姓名"',
            'key = " 姓名"',
            "第 1 行字段「姓名」的字段：不能为空，前后不能有空格",
            "字段：不能为空，前后不能有空格",
        ),
        ('key = "姓名"', 'key = "*"', "第 1 行字段「姓名」的字段：「*」是程序保留的名字，请换一个", ""),
        ("version = 1", 'version = 1\nstaff = " "', "填表的一方：不能是空的，前后不能有空格", ""),
        ('title = "小表"', "title = 3", "标题：应为文本", ""),
        ("version = 1", 'version = "1"', "版本：应为 1 到 999,999,999 的整数", ""),
        ("version = 1", "version = true", "版本：应为 1 到 999,999,999 的整数", ""),
        (
            "values = []",
            'values = ["甲", "甲"]',
            "第 1 行字段「姓名」的建议值：有重复的值",
            "建议值：有重复的值",
        ),
        (
            "values = []",
            'values = ["甲", " 甲"]',
            "第 1 行字段「姓名」的建议值：不能是空的，前后不能有空格，也不能换行或超过 200 字",
            "",
        ),
    ],
)
def test_a_mistake_is_told_once_in_the_words_of_the_page(before: str, now: str, sentence: str, beside: str) -> None:
    source = GOOD.replace(before, now, 1)
    tables: Tables = tables_of(source)
    problems = check_form_texts(FormTexts(source))
    assert sentence in [problem_sentence(one, tables) for one in problems]
    if beside:
        assert problems_by_field(problems)[0] == beside


def test_a_name_that_stays_behind_its_key_is_told() -> None:
    shown = [
        {"key": key, "label": label} for key, label in (("门店", "门店"), ("信息-电话", "电话"), ("事项", "什么事"))
    ]
    typed = [{**field, "key": f"{field['key']}名称"} for field in shown]
    assert names_left(shown, typed) == ["门店名称", "信息-电话名称"], "a name of its own stays what it is"
    assert names_left(shown, [{**field, "label": "新"} for field in typed]) == names_left(shown, shown) == []
