"""Made-up values: nothing real is left, the same stays the same, and answers are turned back however written."""

import random
import re

import pytest

from bench.masking_habits import habits
from core.domain.entities.folding import fold
from core.domain.form import Form
from core.domain.personal_data import PersonalKind, Pseudonyms, plain_letters

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


WORDS = str.maketrans("零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖两", "0011234567891234567892")


def letters_and_digits(text: str) -> str:
    return re.sub(r"[\W_]", "", plain_letters(text)).translate(WORDS)


def test_every_spelling_is_made_up_and_comes_back() -> None:
    source = random.Random(5)
    pool = [sample for kind in PersonalKind if kind is not PersonalKind.NAME for sample in habits(kind)]
    for _ in range(60):
        chosen = source.sample(pool, 6)
        chat = "".join(f"客户{number}：{sample.text}\n" for number, sample in enumerate(chosen))
        pseudonyms = Pseudonyms(chat)
        hidden = pseudonyms.hide(chat)
        values = [letters_and_digits(sample.value) for sample in chosen]
        assert not [value for value in values if len(value) > 3 and value in letters_and_digits(hidden)]
        back = letters_and_digits(pseudonyms.restore(hidden))
        # The country's code may go: the number is the same.
        assert not [value for value in values if value not in back and re.sub("^(00)?86", "", value) not in back]


SURNAMES = "赵 钱 李 陈 邱 刘 欧阳 司马".split()
GIVEN = "明远 明 远 雨婷 婷 强 建国 国 青岚 墨 霁".split()
NICKNAMES = (
    "小鱼儿 小鱼 鱼儿 Amy Amy2 Lily LilyChen 蜗牛 奔跑的蜗牛 晴天 晴天娃娃 "
    "榆屿 榆屿甲 青岚 上官 user101 云栖 大白兔 大白"
).split()


def test_no_two_people_of_a_chat_are_called_the_same() -> None:
    source = random.Random(7)
    for _ in range(60):
        names = {
            source.choice((
                source.choice(SURNAMES) + source.choice((*GIVEN, "总", "女士", "老师")),
                source.choice(NICKNAMES),
                f"小{source.choice(SURNAMES)}",
                f"{source.choice(NICKNAMES)}-{source.choice(SURNAMES)}总",
            ))
            + source.choice(("", "", "2"))
            for _ in range(12)
        }  # fmt: skip
        people = sorted({fold(name): name for name in names}.values())
        lines = (f"{name}：找{source.choice(people)}，谢谢{source.choice(people)}青岚\n{name}：好\n" for name in people)
        chat = "".join(lines)
        pseudonyms = Pseudonyms(chat)
        hidden = pseudonyms.hide(chat)
        made_up = [line.split("：")[0] for line in hidden.split("\n")[:-1:2]]
        assert len(set(made_up)) == len(people), dict(zip(people, made_up, strict=True))
        assert pseudonyms.restore(hidden) == chat
        assert [pseudonyms.restore(one) for one in made_up] == people


@pytest.mark.parametrize("seed", range(20))
def test_who_is_only_spoken_of_is_one_person_all_over_the_chat(seed: int) -> None:
    source = random.Random(seed)
    surname, given = source.choice("张王李赵陈邱"), source.choice(("建国", "雨婷", "明远", "思琪"))
    name = surname + given
    introduction = source.choice(("收件人：{}", "我叫{}", "联系人 {}", "预约人{}", "帮我找一下{}", "昨天{}打的电话"))
    later = [f"{name}说可以", f"是{name}吗", f"给{name}开发票", f"{name}"]
    is_introduced = not introduction.startswith(("帮", "昨"))
    if is_introduced:
        later += [
            f"{surname}女士在吗",
            f"找{surname}总",
            f"小{surname}，您好",
            f"{given}的快递",
            f"{surname}哥回我一下",
        ]
    source.shuffle(later)
    lines = [f"客户1：{introduction.format(name)}", *(f"客服2：{line}" for line in later)]
    chat = "\n".join(lines) + "\n"
    pseudonyms = Pseudonyms(chat)
    hidden = pseudonyms.hide(chat)
    assert given not in hidden and surname not in hidden, hidden
    assert pseudonyms.restore(hidden) == chat
