"""The page 账号: who may sign in, with which role."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.domain.permissions import AccountRole, Permission, permission_rows
from core.services.team import (
    AccountView,
    accounts,
    add_account,
    look_alikes,
    require,
    set_disabled,
    set_password,
    set_role,
    set_subject,
)
from core.ui import state
from core.ui.kept_text import empty_form, form_key
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import announce_and_rerun, guarded, show_errors
from core.ui.sign_in import ways

_ROLES = list(AccountRole)


@guarded
def draw_account_page() -> None:
    """All accounts; a picked one can be changed, a new one added."""
    st.title("账号")
    require(Permission.ACCOUNTS, only_looks=True)
    listed = accounts(state.store())
    if not ways.is_required():
        st.info(
            "现在不用登录：服务器只在本机上开放。要让别人也能打开，先在这里建立管理员账号，"
            "再以 SHIYAO_SIGN_IN=accounts 启动。",
            icon=":material/info:",
        )
    if alike := look_alikes(listed):
        st.warning(
            f"{escape_markdown('；'.join(alike))}。这些是以前建的账号，照常能登录；"
            "别人可能认错，请新建名字清楚的账号，再停用它们。",
            icon=":material/warning:",
        )
    table, editor = st.columns([8, 5], gap="large")
    with table:
        chosen = _draw_table(listed)
    with editor:
        if chosen is None:
            _draw_new(is_first=not listed)
        else:
            _draw_account(chosen)


def _draw_table(listed: list[AccountView]) -> AccountView | None:
    """The accounts; returns the one that is picked."""
    if not listed:
        st.caption("还没有账号：新建第一个，它应当是管理员。各角色能做什么：")
        _draw_permissions()
        return None
    picked = st.dataframe(
        [
            {
                "名字": account.name,
                "角色": str(account.role),
                "登录方式": "、".join(
                    filter(None, ("密码" if account.has_password else "", "统一登录" if account.subject else ""))
                ),
                "状态": "已停用" if account.disabled else "可登录",
                "最近活动": f"{account.seen_at.astimezone():%m-%d %H:%M}" if account.seen_at else "—",
                "建立": f"{account.created_at.astimezone():%Y-%m-%d}",
            }
            for account in listed
        ],
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="single-row",
        key=f"accounts-{'-'.join(str(account.id) for account in listed)}",
    )
    st.caption("点一行可以修改。停用不删除：记录上的名字不变。")
    with st.expander("各角色能做什么"):
        _draw_permissions()
    rows = picked.selection.rows
    return listed[rows[0]] if rows and rows[0] < len(listed) else None


def _draw_permissions() -> None:
    st.dataframe(
        permission_rows(),
        hide_index=True,
        height="content",
        column_config={str(role): st.column_config.TextColumn(width=60) for role in _ROLES},
    )


def _draw_new(*, is_first: bool) -> None:
    st.subheader("新建账号")
    with st.form(form_key("account-new")):
        name = st.text_input("名字", max_chars=40, placeholder="例如 林晓", help="写在这个人保存的每条记录上")
        role = st.selectbox("角色", _ROLES, index=_ROLES.index(AccountRole.ADMINISTRATOR) if is_first else 0)
        password = st.text_input("密码", type="password", autocomplete="new-password", max_chars=256)
        subject = st.text_input(
            "统一登录的标识",
            placeholder="签发者|sub，或核实过的邮件地址",
            help="用单位账号（OIDC）登录的人填，可以没有密码",
        )
        st.caption("密码至少 10 个字符，第一次登录后请本人修改。")
        if st.form_submit_button("建立账号", type="primary"):
            _do(
                f"已建立「{escape_markdown(name.strip())}」",
                lambda: add_account(state.store(), name, role, password=password, subject=subject),
                form="account-new",
            )


def _draw_account(account: AccountView) -> None:
    store, key = state.store(), account.id
    st.subheader(escape_markdown(account.name))
    role = st.selectbox("角色", _ROLES, index=_ROLES.index(account.role), key=f"account-role-{key}-{account.role}")
    with st.container(horizontal=True):
        if st.button("改为这个角色", disabled=role is account.role, key=f"account-set-role-{key}"):
            _do(
                f"「{escape_markdown(account.name)}」现在是{escape_markdown(role)}",
                lambda: set_role(store, account.name, role),
            )
        switch = "重新启用" if account.disabled else "停用"
        if st.button(switch, key=f"account-switch-{key}"):
            _do(
                f"「{escape_markdown(account.name)}」已{switch}",
                lambda: set_disabled(store, account.name, not account.disabled),
            )
    with st.form(form_key(f"account-password-{key}")):
        password = st.text_input("新密码", type="password", autocomplete="new-password", max_chars=256)
        if st.form_submit_button("重设密码"):
            _do(
                f"已重设「{escape_markdown(account.name)}」的密码",
                lambda: set_password(store, account.name, password),
                form=f"account-password-{key}",
            )
    with st.form(f"account-subject-{key}"):
        subject = st.text_input("统一登录的标识", account.subject, placeholder="签发者|sub，或核实过的邮件地址")
        if st.form_submit_button("保存标识"):
            _do(f"已保存「{escape_markdown(account.name)}」的标识", lambda: set_subject(store, account.name, subject))
    st.caption("停用、重设密码和改标识会结束这个账号现有的登录；改角色立刻生效。")


def _do(done: Markdown, change: Callable[[], Any], *, form: str = "") -> None:
    """Carry out a change and draw the page anew; a refusal is a sentence where it was asked for."""
    with show_errors():
        change()
        if form:
            empty_form(form)
        announce_and_rerun(done)
