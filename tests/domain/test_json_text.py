"""JSON that a person types: an object, or a sentence."""

import pytest

from core.domain.json_text import parse_json_object
from core.errors import SettingsError

REFUSED = {
    "[" * 9_000: "嵌套太深",
    '{"a":' * 3_000: "嵌套太深",
    '{"a":' * 25 + "1" + "}" * 25: "嵌套太深",
    '{"a": ' + "9" * 5_000 + "}": "数字",
    '{"a": 9223372036854775808}': "数字太大",
    '{"a": [1e999]}': "数字太大",
    '{"a": NaN}': "数字",
    '{"a": -Infinity}': "数字",
    '{"a": "\\u0000"}': "无法保存",
    '{"\\ud800": 1}': "无法保存",
    "{" + " " * 30_000 + "}": "太长",
    "[1]": "不是 JSON 对象",
    "12": "不是 JSON 对象",
    '{"a" 1}': "第 1 行",
    "{\n'a': 1}": "第 2 行",
    "\ufeff{}": "第 1 行",
}


@pytest.mark.parametrize("text", REFUSED, ids=[text[:12] for text in REFUSED])
def test_what_is_wrong_is_said(text: str) -> None:
    with pytest.raises(SettingsError, match=REFUSED[text]) as error:
        parse_json_object(text, "附加参数")
    assert error.value.remedy and len(str(error.value)) < 200


def test_an_object_is_read() -> None:
    assert parse_json_object(' {"temperature": 0.1, "a": [true, null, "字"]} ', "附加参数")["a"] == [True, None, "字"]
    assert parse_json_object(" \n", "附加参数") == {}
