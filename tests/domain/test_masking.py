"""What is hidden, what stays, and that nothing moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.chat import parse_chat
from core.domain.form import Form, load_named_form
from core.domain.masking import NO_MASK, Mask, Masked, parse_mask
from core.errors import SettingsError

ALL = Mask(frozenset(Masked))
TEXT = "何苗2：电话 138 0013 8001，邮箱 he.miao@example.com\n何苗2：寄到青石路18号3栋\n"


def test_each_kind_keeps_enough_to_tell_customers_apart(form: Form) -> None:
    masked = ALL.text(TEXT, form)
    assert "138 **** 8001" in masked
    assert "h******@example.com" in masked
    assert "18号" not in masked and "青石" in masked
    assert "0013" not in masked and "he.miao" not in masked


def test_only_what_is_chosen(form: Form) -> None:
    masked = parse_mask(["email"]).text(TEXT, form)
    assert "138 0013 8001" in masked and "he.miao" not in masked
    assert NO_MASK.text(TEXT, form) == TEXT and not NO_MASK


def test_values_of_fields_and_of_free_texts(form: Form) -> None:
    values = form.empty() | {
        "基本信息-手机号码": "13800138001",
        "基本信息-详细地址": "滨湖世纪城徽昌苑",
        "下一步跟进计划-具体事项": "打 13800138001 约时间",
        "咨询类型": ["询价"],
    }
    masked = ALL.values(form, values)
    assert masked["基本信息-手机号码"] == "138****8001"
    assert masked["基本信息-详细地址"] == "滨湖******"
    assert masked["下一步跟进计划-具体事项"] == "打 138****8001 约时间"
    assert masked["咨询类型"] == ["询价"]
    # An address that no rule recognises is hidden in the text because the form says that it is one.
    assert "徽昌苑" not in ALL.text("住在滨湖世纪城徽昌苑", form, [values])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match="可以遮盖的"):
        parse_mask(["wechat"])


@given(st.text(st.sampled_from("0123456789 -@.abc路号大厦青石a\n：1"), max_size=60))
def test_lengths_stay(text: str) -> None:
    form = load_named_form()
    masked = ALL.text(text, form)
    assert len(masked) == len(text)
    assert [at for at, letter in enumerate(masked) if letter == "\n"] == [
        at for at, letter in enumerate(text) if letter == "\n"
    ]


@pytest.mark.parametrize(
    "written",
    [
        "１３８００００８８８８",
        "138_0000_8888",
        "138.0000.8888",
        "(138)00008888",
        "+86-138-0000-8888",
        "一三八零零零零八八八八",
        "1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣0️⃣8️⃣8️⃣8️⃣8️⃣",
        "138,0000,8888",
        "400-820-8820",
        "４００８２０８８２０",
        "11010519491231002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105491231002",
        "6222 0212 0000 0000 000",
        "wxid_ab12cd34ef56",
    ],
)
def test_a_number_is_masked_however_it_is_written(form: Form, written: str) -> None:
    lead = "卡号" if written.startswith("62") else ""
    masked = parse_mask(["phone"]).text(f"何苗2：您好{lead} {written} 谢谢", form)
    assert written not in masked and masked.count("*") >= 4


@pytest.mark.parametrize(
    "written",
    ["he.miao＠example.com", "he.miao at example.com", "ｈｅ@ｅｘａｍｐｌｅ.ｃｏｍ", "he_miao[at]example。com"],
)
def test_an_email_is_masked_however_it_is_written(form: Form, written: str) -> None:
    assert written not in parse_mask(["email"]).text(f"发到 {written} 谢谢", form)


@pytest.mark.parametrize(
    "written", ["青石路十八号", "徽昌苑3栋2单元501", "青山镇柳树村3组12号", "翠湖小区12-2-301", "青石路 １８ 号"]
)
def test_an_address_needs_no_province(form: Form, written: str) -> None:
    assert written not in parse_mask(["address"]).text(f"寄到{written}。", form)


def test_people_are_masked_wherever_they_are_named(form: Form) -> None:
    chat = (
        "陶然乡-邱总：在吗\n客服小陈1：您好邱总\n奔跑的蜗牛🌸：我也在\n客服小陈1：@奔跑的蜗牛 好的，"
        "邱 总也在，邱先生是他\n"
        "陶然乡-邱总：我叫邱明远\n奔跑的蜗牛🌸：王女士的总价和联系人：李思思\n"
    )
    masked = parse_mask(["name"]).text(chat, form)
    assert len(masked) == len(chat)
    assert not [
        name for name in ("邱总", "邱 总", "邱先生", "邱明远", "小陈", "蜗牛", "王女士", "李思思") if name in masked
    ]
    assert "客服小" in masked and "总价" in masked and "您好" in masked
    values = form.empty() | {
        "基本信息-姓名": "邱总",
        "下一步跟进计划-具体事项": "回访邱总",
        "下一步跟进计划-参与人": ["小陈1"],
    }
    hidden = parse_mask(["name"]).values(form, values)
    assert hidden["基本信息-姓名"] == "邱*" and hidden["下一步跟进计划-具体事项"] == "回访邱*"
    assert hidden["下一步跟进计划-参与人"] == ["小*1"]


@pytest.mark.parametrize(
    "pair", ["业主/房东", "乘客/接线员", "甲方/乙方", "患者/家属", "发言人1/发言人2", "user/assistant", "A/B"]
)
def test_words_for_parties_are_no_names(form: Form, pair: str) -> None:
    first, second = pair.split("/")
    chat = f"{first}：你好，{second}在吗\n{second}：您好，{first}请说，B栋的user吗\n{first}：是的\n"
    assert set(parse_chat(chat).speakers) == {first, second}
    assert parse_mask(["name"]).text(chat, form) == chat


def test_words_for_many_are_no_names(form: Form) -> None:
    chat = "客户1：在吗\n客服：您好\n老师：您好，订单总结\n客户1：周总结发我\n"
    assert parse_mask(["name"]).text(chat, form) == chat
