"""The page 操作记录: the audit log with filters and a CSV."""

from datetime import datetime, time, timedelta
from typing import Any

import streamlit as st

from core.domain.permissions import Permission
from core.services.team import AuditKind, AuditView, audit_entries, audit_people, require
from core.ui import state
from core.ui.notices import draw_empty_state, guarded
from core.ui.tables import draw_table, table_height

_MOST = 1000
_HEIGHT = 520
"""Pixels of the table: the button below it is in sight on a small screen."""
_COLUMNS = {
    "时间": st.column_config.TextColumn(width=150),
    "谁": st.column_config.TextColumn(width=110),
    "角色": st.column_config.TextColumn(width=70),
    "什么": st.column_config.TextColumn(width=90),
    "对象": st.column_config.TextColumn(width=220),
    "详情": st.column_config.TextColumn(width=400),
    "从哪里": st.column_config.TextColumn(width=110),
}
_NOBODY = "（没有登录）"


@guarded
def draw_audit_page() -> None:
    """The audit log, newest first."""
    st.title("操作记录")
    require(Permission.AUDIT)
    store = state.store()
    kinds_box, who_box, days_box = st.columns([5, 3, 3])
    kinds = kinds_box.multiselect("什么", list(AuditKind), placeholder="全部", key="audit-kinds")
    people = audit_people(store)
    who = who_box.selectbox(
        "谁", people, index=None, placeholder="所有人", format_func=lambda name: name or _NOBODY, key="audit-who"
    )
    days = days_box.date_input("日期", value=[], format="YYYY-MM-DD", key="audit-days")
    first, last = (days[0], days[-1]) if isinstance(days, tuple) and days else (None, None)
    chosen: dict[str, Any] = {
        "kinds": [str(kind) for kind in kinds],
        "who": who,
        "since": datetime.combine(first, time.min).astimezone() if first else None,
        "until": datetime.combine(last + timedelta(days=1), time.min).astimezone() if last else None,
    }
    entries = audit_entries(store, limit=_MOST + 1, **chosen)
    if not entries:
        draw_empty_state("没有操作记录", "登录、导出、删除、账号、模型和备份会记在这里；换个条件再看。")
        return
    rows = _rows(entries[:_MOST])
    draw_table(
        rows,
        name="操作记录",
        key="audit",
        columns=_COLUMNS,
        height=table_height(rows, most=_HEIGHT),
        all_rows=lambda: _rows(audit_entries(store, limit=None, **chosen)),
    )
    is_cut = len(entries) > _MOST
    cut = f"只列出最近 {_MOST:,} 条，下载的 CSV 有全部。" if is_cut else f"共 {len(entries):,} 条。"
    st.caption(f"{cut}数据库不允许修改或删除这些记录。")


def _rows(entries: list[AuditView]) -> list[dict[str, str]]:
    return [
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
