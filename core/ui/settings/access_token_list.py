"""One's own access tokens on 设置: made, shown once, revoked."""

import streamlit as st

from core.services.team import AccessTokenView, access_tokens, create_token, revoke_token
from core.ui import state
from core.ui.kept_text import empty_form, form_key
from core.ui.markdown import escape_markdown
from core.ui.notices import announce_and_rerun, show_errors

REFERENCE = "/api/v1/reference"
"""Address of the page that describes the HTTP API."""
_DAYS = {30: "30 天", 90: "90 天", 180: "180 天", 365: "一年"}


def draw_access_tokens() -> None:
    """The tokens of who looks, a form for another one, and the new one itself, once."""
    st.subheader("访问令牌")
    st.caption("脚本和定时运行的程序凭它使用网络接口，能做的和您一样；操作记录里写着是哪个令牌。")
    listing = st.container()
    owner = state.reviewer()
    with show_errors():
        if not owner:
            st.caption("先写上名字，再建令牌。")
        else:
            _draw_new(owner)
        with listing:
            _draw_list([token for token in access_tokens(state.store()) if token.owner == owner])
    st.link_button("接口说明", REFERENCE, icon=":material/api:")


def _draw_new(owner: str) -> None:
    with st.expander("新建令牌"), st.form(form_key("token-new"), border=False):
        name = st.text_input("给什么程序用", max_chars=60, placeholder="例如 每晚导入")
        days = st.selectbox("用多久", list(_DAYS), index=1, format_func=_DAYS.__getitem__)
        if not st.form_submit_button("新建令牌"):
            return
        made, secret = create_token(state.store(), name, days=days, owner=owner)
        empty_form("token-new")
        st.success(
            f"「{escape_markdown(made.name)}」建好了。令牌只显示这一次，请现在复制，存到程序读密钥的地方：",
            icon=":material/key:",
        )
        st.code(secret, language=None)


def _draw_list(listed: list[AccessTokenView]) -> None:
    good = [token for token in listed if token.state == "有效"]
    if not good:
        st.caption("还没有有效的令牌。")
    for token in good:
        what, revoke = st.columns([4, 1], vertical_alignment="center")
        used = f"{token.used_at.astimezone():%m-%d %H:%M} 用过" if token.used_at else "还没有用过"
        what.markdown(f"**{escape_markdown(token.name)}** · {token.ends_at.astimezone():%Y-%m-%d} 到期 · {used}")
        if revoke.button("作废", key=f"token-revoke-{token.id}", type="tertiary", help="立刻失效，不能恢复"):
            revoke_token(state.store(), token.id)
            announce_and_rerun(f"令牌「{escape_markdown(token.name)}」已作废", icon=":material/check_circle:")
