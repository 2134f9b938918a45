"""The page 操作记录: the audit log with filters and a CSV."""

from datetime import datetime, time, timedelta

import streamlit as st

from core.domain.permissions import Permission
from core.services.team import AuditKind, audit_entries, audit_people, require
from core.ui import state
from core.ui.notices import draw_empty_state, guarded
from core.ui.tables import draw_table, table_height

_MOST = 5000
_NOBODY = "（没有登录）"


@guarded
def draw_audit_page() -> None:
    """The audit log, newest first."""
    require(Permission.AUDIT)
    st.title("操作记录")
    store = state.store()
    kinds_box, who_box, days_box = st.columns([5, 3, 3])
    kinds = kinds_box.multiselect("什么", list(AuditKind), placeholder="全部", key="audit-kinds")
    people = audit_people(store)
    who = who_box.selectbox(
        "谁", people, index=None, placeholder="所有人", format_func=lambda name: name or _NOBODY, key="audit-who"
    )
    days = days_box.date_input("日期", value=[], format="YYYY-MM-DD", key="audit-days")
    first, last = (days[0], days[-1]) if isinstance(days, tuple) and days else (None, None)
    entries = audit_entries(
        store,
        kinds=[str(kind) for kind in kinds],
        who=who,
        since=datetime.combine(first, time.min).astimezone() if first else None,
        until=datetime.combine(last + timedelta(days=1), time.min).astimezone() if last else None,
        limit=_MOST,
    )
    if not entries:
        draw_empty_state("没有操作记录", "登录、导出、删除、账号、模型和备份会记在这里；换个条件再看。")
        return
    rows = [
        {
            "时间": f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}",
            "谁": entry.who or _NOBODY,
            "角色": entry.role,
            "什么": entry.kind,
            "对象": entry.target,
            "详情": entry.detail,
            "从哪里": entry.address,
        }
        for entry in entries
    ]
    draw_table(rows, name="操作记录", key="audit", height=table_height(rows, most=640))
    cut = f"只列出最近 {_MOST:,} 条，缩小条件可以看更早的。" if len(entries) == _MOST else f"共 {len(entries):,} 条。"
    st.caption(f"{cut}数据库不允许修改或删除这些记录。")
