"""Made-up values: nothing real is left, the same stays the same, and answers are turned back however written."""

import pytest

from core.domain.form import Form
from core.domain.personal_data import Pseudonyms

CHAT = (
    "陶然乡-邱明远：您好，我电话 138 0013 8001，邮箱 qiu.my＠example.cn\n客服小陈1：邱总好，我加您微信 qiumy_2020\n"
    "奔跑的蜗牛🌸：身份证11010519491231002X，卡号6222 0212 3456 7890 125，QQ 123456789\n"
    "客服小陈1：@奔跑的蜗牛 收到，寄到青石路18号3栋502？\n"
    "陶然乡-邱明远：对，合肥市蜀山区青石路18号3栋502，13800138001 打不通就打 0551-65551234\n"
    "客服小陈1：好的，标准版3000元，明远哥放心\n"
)
REAL = (
    *(
        "邱",
        "明远",
        "陶然乡",
        "13800138001",
        "138 0013 8001",
        "qiu.my",
        "小陈",
        "qiumy",
        "蜗牛",
        "1101051949",
        "6222",
        "123456789",
    ),
    *("青石路", "3栋", "65551234"),
)


def test_nothing_real_is_left_and_all_comes_back() -> None:
    pseudonyms = Pseudonyms(CHAT)
    hidden = pseudonyms.hide(CHAT)
    assert not [word for word in REAL if word in hidden]
    assert "标准版3000元" in hidden and "客服小" in hidden
    assert hidden == Pseudonyms(CHAT).hide(CHAT) == pseudonyms.hide(CHAT)
    restored = pseudonyms.restore(hidden)
    assert [word for word in REAL if word not in restored] == []


@pytest.mark.parametrize(
    ("real", "written"),
    [
        ("13800138001", lambda made_up: " ".join((made_up[:3], made_up[3:7], made_up[7:]))),
        ("13800138001", lambda made_up: f"+86 {made_up}"),
        ("13800138001", lambda made_up: made_up.translate({48 + n: 0xFF10 + n for n in range(10)})),
        ("邱总", lambda made_up: f"{made_up[0]} {made_up[1:]}"),
        ("邱女士", lambda made_up: made_up),
        ("明远", lambda made_up: made_up),
        ("奔跑的蜗牛", lambda made_up: f"@{made_up}"),
        ("qiumy_2020", str.upper),
        ("123456789", lambda made_up: f"{made_up[:3]} {made_up[3:]}"),
    ],
)
def test_an_answer_is_turned_back_however_it_is_written(real: str, written: "object") -> None:
    pseudonyms = Pseudonyms(CHAT)
    lead = {"123456789": "QQ ", "qiumy_2020": "微信 "}.get(real, "")
    made_up = pseudonyms.hide(lead + real).removeprefix(lead)
    assert made_up != real
    answer = pseudonyms.restore(f"是{written(made_up)}，")  # type: ignore[operator]
    assert real in answer.replace(" ", "").replace("+86", "")


def test_values_of_forms_are_replaced_whole(form: Form) -> None:
    values = form.empty() | {
        "基本信息-姓名": "从没说过的名字",
        "基本信息-详细地址": "滨湖世纪城徽昌苑",
        "下一步跟进计划-参与人": ["小陈1"],
        "下一步跟进计划-具体事项": "回访邱总",
        "咨询类型": ["询价"],
    }
    pseudonyms = Pseudonyms(CHAT)
    hidden = pseudonyms.hide_values(form, values)
    assert not [word for word in ("没说过", "徽昌苑", "小陈", "邱") if word in str(hidden)]
    assert hidden["咨询类型"] == ["询价"]
    assert pseudonyms.restore_values(hidden) == values


def test_made_up_values_are_no_values_of_the_chat() -> None:
    chat = "上官青岚：在吗\n客服：您好\n上官青岚：电话19907654321，云栖路1001号\n客服：好的\n"
    pseudonyms = Pseudonyms(chat)
    assert not [one for one in pseudonyms.made_up if one in chat]
    assert pseudonyms.restore(pseudonyms.hide(chat)) == chat


def test_many_people_have_one_each() -> None:
    names = [
        f"{surname}{given}"
        for surname in "赵钱孙李周吴郑王"
        for given in ("明远", "雨桐", "建国", "思琪", "海波", "静怡", "文博", "志强")
    ]
    names += [f"昵称{chr(0x4E00 + 97 * number)}{chr(0x5000 + 31 * number)}" for number in range(150)]
    chat = "".join(f"{name}：您好，在吗\n{name}：谢谢\n" for name in names)
    pseudonyms = Pseudonyms(chat)
    assert pseudonyms.restore(pseudonyms.hide(chat)) == chat


@pytest.mark.parametrize(
    "number", ["138*1234*5678", "138/1234/5678", "138，1234，5678", "138…1234…5678", "１３８＊1234＊5678"]
)
def test_a_number_with_odd_separators_comes_back_as_a_real_one(number: str) -> None:
    pseudonyms = Pseudonyms(f"林舟3：我的电话 {number}\n客服小陈1：好")
    hidden = pseudonyms.hide(number)
    assert "1234" not in hidden
    assert pseudonyms.restore(hidden) in (number, "13812345678")
