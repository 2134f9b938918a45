"""回调 on 设置: other programs that are told of decided records, what waits for them, and a new one."""

import streamlit as st

from core.domain.permissions import Permission
from core.services.webhooks import (
    WebhookMessageView,
    WebhookView,
    add_webhook,
    delete_webhook,
    send_again,
    set_webhook_disabled,
    webhook_messages,
    webhooks,
)
from core.services.webhooks.addresses import LONGEST_NAME, LONGEST_URL, SHORTEST_SECRET, USUAL_SECRET
from core.ui import state
from core.ui.kept_text import empty_form, form_key
from core.ui.markdown import escape_markdown
from core.ui.notices import announce_and_rerun, show_errors
from core.ui.tables import draw_table

_ALL = "所有数据集"
_SHOWN = 20
"""Messages to one program that are listed, the newest."""


def draw_webhooks() -> None:
    """Every address with its switch and its last messages, and a form for another one; nothing for who may not."""
    if not state.may(Permission.WEBHOOKS):
        return
    st.subheader("回调")
    st.caption("一条记录有了结论（已确认、待讨论、已跳过）时通知别的程序；带签名，没送到会重试两天。")
    listing = st.container()
    with show_errors():
        _draw_new()
    with listing, show_errors():
        listed = webhooks(state.store())
        if not listed:
            st.caption("还没有回调。")
        for one in listed:
            _draw_one(one)


def _draw_one(view: WebhookView) -> None:
    what, switch, remove = st.columns([4, 1, 1], vertical_alignment="center")
    name = escape_markdown(view.name)
    scope = f"数据集「{escape_markdown(view.dataset)}」" if view.dataset else _ALL
    counts = f"等待 {view.waiting:,d} 条" + (f" · 已放弃 {view.given_up:,d} 条" if view.given_up else "")
    what.markdown(f"**{name}**{' · 已停用' if view.disabled else ''} · {scope} · {counts}")
    what.caption(escape_markdown(view.url))
    turned = "启用" if view.disabled else "停用"
    if switch.button(turned, key=f"webhook-switch-{view.id}", type="tertiary", help="停用时在等的消息留着"):
        set_webhook_disabled(state.store(), view.name, not view.disabled)
        announce_and_rerun(f"回调「{name}」已{turned}")
    with remove.popover("删除", type="tertiary"):
        st.markdown(f"连同给它的消息一起删除，{view.waiting:,d} 条还没有送达，不能恢复。")
        if st.button("删除回调", key=f"webhook-delete-{view.id}"):
            delete_webhook(state.store(), view.name)
            announce_and_rerun(f"回调「{name}」已删除")
    if view.given_up and st.button("重新发送已放弃的", key=f"webhook-again-{view.id}"):
        count = send_again(state.store(), view.name)
        announce_and_rerun(f"「{name}」有 {count:,d} 条会重新发送")
    with st.expander("最近的消息"):
        messages = webhook_messages(state.store(), view.name, limit=_SHOWN)
        if not messages:
            st.caption("还没有消息：下一条有了结论的记录是第一条。")
            return
        rows = [
            {
                "群聊": _told_of(one),
                "状态": one.state,
                "试过": one.attempts,
                "没送到的原因": one.problem,
            }
            for one in messages
        ]
        draw_table(rows, name=f"消息-{view.name}", key=f"webhook-messages-{view.id}")


def _told_of(message: WebhookMessageView) -> str:
    data = message.payload.get("data")
    told = data if isinstance(data, dict) else {}
    return f"{told.get('dataset', '')} 第 {told.get('chat', '')} 条"


def _draw_new() -> None:
    with st.expander("新建回调"), st.form(form_key("webhook-new"), border=False):
        name = st.text_input("通知谁", max_chars=LONGEST_NAME, placeholder="例如 客户系统")
        url = st.text_input("地址", max_chars=LONGEST_URL, placeholder="https://")
        names = [_ALL, *(one.name for one in state.available_datasets())]
        scope = st.selectbox("通知哪些记录", range(len(names)), format_func=names.__getitem__)
        variable = st.text_input(
            "签名密钥的变量",
            USUAL_SECRET,
            max_chars=100,
            help=f"先在环境变量或密钥文件里给它写至少 {SHORTEST_SECRET} 个随机字符；这里只写它的名称",
        )
        if not st.form_submit_button("新建回调"):
            return
        made = add_webhook(
            state.store(), name, url, dataset=names[scope] if scope else None, secret_env=variable.strip()
        )
        empty_form("webhook-new")
        announce_and_rerun(f"回调「{escape_markdown(made.name)}」建好了，从下一条有了结论的记录起通知它")
