"""What is hidden, what stays, and that nothing moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
