"""The page 表单: the forms that there are, a new one, and one that is open."""

from collections.abc import Callable, Collection
from typing import Final

import streamlit as st

from core.domain.form.loading import stored_version
from core.errors import NotFoundError
from core.services.forms import known_forms
from core.services.forms.drafts import DraftView, drafts_of
from core.services.forms.library import KnownForm, form_versions
from core.ui import address, navigation, state
from core.ui.forms.field_table import draw_fields
from core.ui.forms.form_in_use import draw_form_in_use
from core.ui.forms.form_preview import draw_preview
from core.ui.forms.guideline_boxes import draw_guideline_boxes
from core.ui.forms.new_form import draw_new_form
from core.ui.forms.open_form import OpenForm, do_what_was_clicked, form_of_other_view, open_form, tables_of
from core.ui.forms.rule_tables import draw_rules
from core.ui.forms.save_bar import draw_save_bar
from core.ui.forms.source_view import draw_source
from core.ui.forms.versions import draw_versions
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors

NEW: Final = "新建"
IN_USE: Final = "在用的数据"
_VIEWS: Final[dict[str, Callable[[OpenForm], None] | None]] = {
    "字段": draw_fields,
    "分组与规则": draw_rules,
    "规范": draw_guideline_boxes,
    "预览": draw_preview,
    "版本": None,
    IN_USE: None,
    "TOML 原文": draw_source,
}


def draw_forms() -> None:
    """The whole page."""
    with state.store().read() as session:
        known = known_forms(session)
        drafts = drafts_of(session, state.reviewer()) if state.reviewer() else []
    head, pick, rest = st.columns([2, 4, 5], vertical_alignment="center")
    head.title("表单")
    titles = {one.name: one.label for one in known}
    for draft in drafts:
        own = str(tables_of(draft.texts.form).get("title") or draft.name)
        titles[draft.name] = f"{titles.get(draft.name, own)} · 草稿"
    _read_version(titles)
    chosen = address.select(
        pick,
        "表单",
        ["", *titles],
        key="form",
        what="表单",
        value_of=str,
        format_func=lambda name: titles.get(name, "全部表单"),
        label_visibility="collapsed",
    )
    newest = next((one.reference for one in known if one.name == chosen), "")
    rest.page_link(
        navigation.IMPORT,
        label="用表单导入群聊",
        icon=":material/upload_file:",
        query_params={"form": newest} if newest else None,
    )
    if chosen:
        with show_errors():
            _draw_open(chosen)
        return
    _draw_list(known, drafts)
    st.subheader("新建表单")
    draw_new_form()


def _read_version(titles: Collection[str]) -> None:
    """Let an address that names a version of a form lead to the form, its versions on screen."""
    named = stored_version(address.text_parameter("form"))
    if named is not None and named[0] in titles and address.text_parameter("form") not in titles:
        st.query_params["form"] = named[0]
        if not address.text_parameter("view"):
            st.query_params["view"] = "版本"


def _draw_open(name: str) -> None:
    with state.store().read() as session:
        try:
            versions = form_versions(session, name)
        except NotFoundError:  # nothing but a draft
            versions = []
    place = st.container()
    names = [view for view in _VIEWS if view != IN_USE or versions]
    view = address.segments(
        place, "看什么", names, key="view", what="视图", required=True, label_visibility="collapsed"
    )
    left = form_of_other_view(name, view)
    if left is not None and (draw_left := _VIEWS.get(left.view)) is not None:
        behind = st.empty()
        with behind.container():  # takes what was typed there just before the click that led here
            draw_left(left)
        behind.empty()
        left.redraw()
        left.view = view
    if view == IN_USE:
        draw_form_in_use(name)
        return
    opened = open_form(name, view)
    bar = st.container()
    draw = _VIEWS[view]
    if draw is None:
        draw_versions(opened, versions)
    else:
        draw(opened)
    do_what_was_clicked(opened)
    with bar:  # drawn last: it tells what the boxes hold now
        draw_save_bar(opened, versions)


def _draw_list(known: list[KnownForm], drafts: list[DraftView]) -> None:
    """All forms in a table; a row leads to its form."""
    mine = {draft.name for draft in drafts}
    rows: list[dict[str, object]] = [
        {
            "标题": one.title,
            "名字": one.name,
            "版本": one.version,
            "字段": one.fields,
            "满分": one.points,
            "数据集": one.used_by or "—",
            "草稿": "有" if one.name in mine else "",
            "打开": f"?form={one.name}",
        }
        for one in known
    ]
    new = {draft.name: draft for draft in drafts if draft.name not in {one.name for one in known}}
    rows += [
        {
            "标题": tables_of(draft.texts.form).get("title", name),
            "名字": name,
            "版本": None,
            "字段": None,
            "满分": None,
            "数据集": "—",
            "草稿": "有",
            "打开": f"?form={name}",
        }
        for name, draft in new.items()
    ]
    picked = st.dataframe(
        [{name: value for name, value in row.items() if name != "打开"} for row in rows],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="form-list",
        column_config={
            "标题": st.column_config.TextColumn(width=220),
            "名字": st.column_config.TextColumn(width=180),
            "版本": st.column_config.NumberColumn(width=60),
            "字段": st.column_config.NumberColumn(width=60),
            "满分": st.column_config.NumberColumn(width=60, format="%g"),
            "数据集": st.column_config.TextColumn(width=270),
            "草稿": st.column_config.TextColumn(width=60),
        },
    )
    for one in known:
        if one.problem:
            st.error(escape_markdown(one.problem), icon=":material/error:")
    selected = picked.selection.rows
    if selected and selected[0] < len(rows):
        st.query_params.from_dict({"form": str(rows[selected[0]]["名字"])})
        st.rerun()
    st.caption("点一行打开。每一版保存以后不再变；数据集用的是哪一版，一直是那一版。")
