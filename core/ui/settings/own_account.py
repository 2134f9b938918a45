"""One's own account: who is signed in, the password, signing out."""

import streamlit as st

from core.errors import InputError
from core.services.team import Actor, change_own_password, sign_out
from core.ui import state
from core.ui.kept_text import empty_form, form_key
from core.ui.markdown import escape_markdown
from core.ui.metrics import fact_table
from core.ui.notices import announce_and_rerun, show_errors
from core.ui.sign_in import identity, ways
from core.ui.sign_in.connection import PATH
from core.ui.sign_in.person import leave_for, own_token


def draw_own_account(person: Actor) -> None:
    """Name and role, a form for another password, and the button for signing out."""
    st.subheader("我的账号")
    fact_table({"名字": person.name, "角色": str(person.role)})
    st.caption("名字写进每次保存，由管理员在账号里决定；需要改动请找管理员。")
    if st.button("退出登录", icon=":material/logout:", key="sign-out"):
        _sign_out()
    with st.expander("修改密码"), st.form(form_key("own-password"), border=False):
        old = st.text_input("现在的密码", type="password", autocomplete="current-password", max_chars=256)
        new = st.text_input("新密码", type="password", autocomplete="new-password", max_chars=256)
        again = st.text_input("再输一次新密码", type="password", autocomplete="new-password", max_chars=256)
        st.caption("至少 10 个字符；修改后，其他浏览器里的登录会结束。")
        if st.form_submit_button("修改密码"):
            with show_errors():
                if new != again:
                    raise InputError("两次输入的新密码不一样，没有修改", "请重新输入")
                change_own_password(state.store(), old=old, new=new, keep_token=own_token())
                empty_form("own-password")
                announce_and_rerun(f"「{escape_markdown(person.name)}」的密码已修改", icon=":material/check_circle:")


def _sign_out() -> None:
    """End the sign-in in all windows of this browser, and leave for the page where one signs in."""
    with show_errors():
        sign_out(state.store(), own_token())
        leave_for(identity.LOGOUT if ways.OIDC in ways.sign_in_ways() else PATH)
