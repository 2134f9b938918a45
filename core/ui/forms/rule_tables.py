"""Groups of a form, values that exclude one another, fields filled together, parts of a summary: each in a table."""

from typing import Any

import pandas as pd
import streamlit as st

from core.services.forms.form_text import FROM, entries
from core.services.forms.renames import follow_groups
from core.ui.forms.edited_rows import Row, plain
from core.ui.forms.open_form import OpenForm, may_change, with_all, with_places

_LEVELS = {"hint": "提示", "warning": "警告"}


def draw_rules(opened: OpenForm) -> None:
    """The tables; what stands in them is kept as a draft."""
    tables = opened.shown_tables
    labels = {str(field.get("key")): str(field.get("label", "")) for field in entries(tables, "field")}
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown("**分组**")
        st.caption("审阅台上一组一段，按这里的顺序。改名时字段跟着改。")
        shown_groups = [str(group) for group in tables.get("groups") or ()]
        groups = _table(opened, "groups", [{"group": group} for group in shown_groups], {"group": "分组"})
    with right:
        st.markdown("**摘要小节**")
        st.caption("归纳群聊时一节写哪些分组；一行也没有，就一组一节。")
        sections = _table(
            opened,
            "sections",
            entries(tables, "summary_section"),
            {"title": "标题", "groups": "分组"},
            groups=st.column_config.ListColumn("分组", width=260),
        )
    st.markdown("**矛盾**")
    st.caption("一个字段是某个值时，另一个字段不该是另一个值。警告会拦住第一次确认，提示只显示。")
    field_box = st.column_config.SelectboxColumn
    named: dict[str, Any] = {"options": list(labels), "format_func": lambda key: labels.get(key) or key, "width": 170}
    contradictions = _table(
        opened,
        "contradictions",
        entries(tables, "contradiction"),
        {"key": "字段", "value": "是", "other": "另一字段", "other_value": "却是", "level": "程度"},
        key=field_box("字段", **named),
        other=field_box("另一字段", **named),
        level=field_box(
            "程度", options=list(_LEVELS), format_func=lambda one: _LEVELS.get(str(one), str(one)), width=80
        ),
    )
    st.markdown("**同填**")
    st.caption("填了一个字段，就该也填另一个。")
    companions = _table(
        opened,
        "companions",
        entries(tables, "companion"),
        {"key": "填了", "needs": "也要填"},
        key=field_box("填了", **named),
        needs=field_box("也要填", **named),
    )
    if may_change():
        renames = {
            shown_groups[row[FROM]]: row["group"]
            for row in groups
            if FROM in row and row["group"] and shown_groups[row[FROM]] != row["group"]
        }
        changed = follow_groups(with_places(opened), renames) | {"groups": [row["group"] for row in groups]}
        for row in contradictions:
            row["level"] = row.get("level") or "hint"
        for name, rows in (
            ("contradiction", contradictions),
            ("companion", companions),
            ("summary_section", _followed(sections, renames)),
        ):
            changed.pop(name, None)
            if rows:
                changed[name] = rows
        opened.change(with_all(opened, changed))


def _followed(sections: list[Row], renames: dict[str, str]) -> list[Row]:
    return [{**row, "groups": [renames.get(one, one) for one in row.get("groups") or ()]} for row in sections]


def _table(opened: OpenForm, part: str, rows: list[Row], titles: dict[str, str], **columns: Any) -> list[Row]:
    """A table that rows are typed into and deleted from; gives its rows now, those that were there with their place."""
    placed = [{**row, FROM: place} for place, row in enumerate(rows)]
    frame = pd.DataFrame(placed, columns=[*titles, FROM])
    if not rows:
        frame = frame.astype(dict.fromkeys(titles, "object") | {FROM: "float"})
    edited = st.data_editor(
        frame,
        key=opened.key(part),
        num_rows="dynamic",
        hide_index=True,
        disabled=not may_change(),
        column_order=list(titles),
        column_config={
            FROM: None,
            **{name: columns.get(name) or st.column_config.TextColumn(title) for name, title in titles.items()},
        },
    )
    return [row for one in edited.to_dict("records") if (row := _entry(one, titles))]


def _entry(cells: dict[Any, Any], titles: dict[str, str]) -> Row:
    """A row of a table as an entry of the form; empty where nothing was typed yet."""
    row: Row = {}
    for name in titles:
        value = cells.get(name)
        is_none = value is None or isinstance(value, float) and pd.isna(value)
        row[name] = plain(None if is_none else value, like=[] if name == "groups" else "")
    if not any(row.values()):
        return {}
    place = cells.get(FROM)
    if isinstance(place, int | float) and not pd.isna(place):
        row[FROM] = int(place)
    return row
