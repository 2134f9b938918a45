"""Choosing which personal data is masked in an exported file."""

import streamlit as st

from core.domain.masking import Mask, Masked

KINDS = {Masked.PHONE: "手机号码", Masked.EMAIL: "邮箱", Masked.ADDRESS: "地址", Masked.NAME: "人名"}


def choose_mask(key: str) -> Mask:
    """Pills for what is masked in an exported file.

    Args:
        key: of the widget.
    """
    chosen = st.pills(
        "遮盖",
        list(KINDS),
        format_func=KINDS.__getitem__,
        selection_mode="multi",
        key=key,
        help="表单和群聊文本里都用 * 代替；手机号码一项也遮盖座机、400 电话、身份证、银行卡、微信号和 QQ 号，"
        "人名一项遮盖群聊里的发言人、昵称和称呼。"
        "要交给平台的提交文件和训练数据不要遮盖。",
    )
    return Mask(frozenset(chosen))
