"""A form in use is changed: the mapping as a table, what it would do, the change itself, and the way back."""

import json
from datetime import datetime
from typing import Any

import streamlit as st

from core.domain.form import Form, load_named_form
from core.domain.form.mapping import FormChange, FormMapping, propose_mapping, read_mapping
from core.domain.permissions import Permission
from core.errors import FormError
from core.services.forms.changing import (
    AppliedChange,
    FormChangePlan,
    apply_form_change,
    form_changes,
    plan_form_change,
    undo_form_change,
)
from core.services.forms.library import KnownForm, form_versions
from core.ui import state
from core.ui.forms.mapping_table import NEW, OLD, SEPARATOR, VALUES, WAY, WAYS, mapping_of_rows, proposed_rows
from core.ui.markdown import escape_markdown
from core.ui.metrics import fact_table
from core.ui.notices import announce_and_rerun, show_error, show_errors
from core.ui.only_for import only_for

_PLAN = "form-change-plan"
_MOST_SHOWN = 200


def draw_form_in_use(name: str) -> None:
    """Draw how datasets go from one version of a form to another, and the changes that were made.

    Args:
        name: of the form, without a version.
    """
    with state.store().read() as session:
        versions = form_versions(session, name)
        done = form_changes(session, name)
    used = [one for one in versions if one.datasets]
    if not used or len(versions) < 2:
        st.info(
            "没有数据集在用旧的一版。存了新的一版以后，在这里把数据集连同记录、标注和抽取结果一起改过去，随时可以撤销。",
            icon=":material/swap_horiz:",
        )
    else:
        _draw_new_change(versions, used)
    _draw_done(done)


def _draw_new_change(versions: list[KnownForm], used: list[KnownForm]) -> None:
    labels = {one.reference: f"{one.label}（{one.reference}）" for one in versions}
    left, right, which = st.columns([3, 3, 4])
    old = left.selectbox("从", [one.reference for one in used], format_func=labels.__getitem__, key="form-change-old")
    others = [one.reference for one in versions if one.reference != old and not one.problem]
    new = right.selectbox("改到", others, format_func=labels.__getitem__, key="form-change-new")
    if old is None or new is None:
        return
    names = next(one.datasets for one in used if one.reference == old)
    chosen = which.multiselect("数据集", names, default=names, key=f"form-change-datasets-{old}")
    with show_errors():
        before, after = load_named_form(old), load_named_form(new)
        change = _change_of(before, after)
        if change is None:
            return
        signature = json.dumps([old, new, change.mapping.model_dump(mode="json"), chosen], ensure_ascii=False)
        off = only_for(Permission.FORMS, disabled=not chosen)
        if st.button("预览会改什么", icon=":material/preview:", key="form-change-preview", **off):
            with st.spinner("正在看所有记录、标注和抽取结果…"):
                plan = plan_form_change(state.store(), change, datasets=chosen)
            st.session_state[_PLAN] = (signature, plan)
        kept = st.session_state.get(_PLAN)
        if kept is not None and kept[0] == signature:
            _draw_plan(kept[1])


def _edited_rows(old: Form, new: Form) -> list[dict[str, Any]]:
    st.caption(
        "每个旧字段去哪里：同名的不变；几个字段改到同一个新字段就是合并。值的对应写「旧值→新值」，几条用「；」隔开，"
        "新值留空就是去掉；按值拆时写「值→新字段」，「其余→新字段」收下别的值。"
    )
    edited = st.data_editor(
        proposed_rows(old, new),
        hide_index=True,
        num_rows="fixed",
        key=f"form-change-rows-{old.reference}-{new.reference}",
        column_config={
            OLD: st.column_config.TextColumn(width=180, disabled=True),
            WAY: st.column_config.SelectboxColumn(options=list(WAYS), width=120, required=True),
            NEW: st.column_config.MultiselectColumn(options=list(new.keys), width=240, accept_new_options=False),
            VALUES: st.column_config.TextColumn(width=320, max_chars=2000),
            SEPARATOR: st.column_config.TextColumn(width=80, max_chars=20),
        },
    )
    return [dict(row) for row in edited]


def _change_of(old: Form, new: Form) -> FormChange | None:
    """The change that the table or the JSON says; ``None``, and its mistakes in sentences, where it is of no use."""
    key = f"form-change-json-{old.reference}-{new.reference}"
    as_text = st.toggle("写成 JSON", key="form-change-as-text", help="和命令行 form migrate --mapping 读的一样")
    try:
        if as_text:
            if key not in st.session_state:
                st.session_state[key] = _as_text(propose_mapping(old, new))
            mapping = _from_text(st.text_area("字段的对应", key=key, height=320))
        else:
            mapping = mapping_of_rows(_edited_rows(old, new), new)
    except FormError as error:
        show_error(error)
        return None
    change = FormChange(old, new, mapping)
    problems = change.problems()
    for problem in problems[:5]:
        st.error(escape_markdown(problem), icon=":material/error:")
    return None if problems else change


def _as_text(mapping: FormMapping) -> str:
    return json.dumps(mapping.model_dump(mode="json"), ensure_ascii=False, indent=2)


def _from_text(text: str) -> FormMapping:
    try:
        return read_mapping(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise FormError("字段的对应不是合法的 JSON", "请检查括号、引号和逗号") from error


def _draw_plan(plan: FormChangePlan) -> None:
    facts = {"数据集": "、".join(plan.datasets), "会变的值": f"{plan.cells:,} 个"}
    facts |= {title: f"{count:,} 条" for title, count in plan.rows.items()}
    fact_table(facts | {"会丢掉的值": f"{plan.lost_cells:,} 处"})
    accepted = True
    if plan.lost:
        st.warning(
            f"有 {plan.lost_cells:,d} 处的值在新的表单里没有地方放。撤销能全部找回来；不撤销，就只在撤销之前留着。",
            icon=":material/warning:",
        )
        st.dataframe(
            [{"字段": one.label, "会丢掉的值": one.value, "处": one.count} for one in plan.lost[:_MOST_SHOWN]],
            hide_index=True,
            height="auto" if len(plan.lost) < 8 else 280,
            key="form-change-lost",
        )
        accepted = st.checkbox("看过了，可以丢掉", key="form-change-accepted")
    if plan.problem:
        st.error(escape_markdown(f"{plan.problem}，请等它完成或先暂停"), icon=":material/error:")
    off = only_for(Permission.FORMS, disabled=not accepted or bool(plan.problem))
    if st.button("全部改过去", type="primary", icon=":material/swap_horiz:", key="form-change-apply", **off):
        done = _with_progress(
            lambda on_rows: apply_form_change(state.store(), plan, who=state.reviewer(), on_rows=on_rows)
        )
        st.session_state.pop(_PLAN, None)
        announce_and_rerun(f"已改过去：{done.cells:,d} 个值。要回到原来的样子，在下面撤销。")


def _draw_done(done: list[AppliedChange]) -> None:
    if not done:
        return
    st.subheader("改过的")
    for place, one in enumerate(done):
        with st.container(border=True, horizontal=True, vertical_alignment="center"), show_errors():
            lost = f"，丢掉 {one.lost:,d} 处" if one.lost else ""
            names = escape_markdown("、".join(one.datasets))
            when = datetime.fromisoformat(one.at).astimezone()
            st.markdown(
                f"**{escape_markdown(one.old)} → {escape_markdown(one.new)}**　{names}  \n"
                f":gray[{escape_markdown(one.who or '命令行')} {when:%Y-%m-%d %H:%M} · "
                f"{one.cells:,d} 个值{lost}]",
                width="stretch",
            )
            if one.undone_by:
                st.caption(f"{escape_markdown(one.undone_by)} 已撤销", width="content")
                continue
            off = only_for(Permission.FORMS, hint="没有再改过的值和改动之前完全一样")
            if st.button("撤销", icon=":material/undo:", key=f"form-change-undo-{one.id}-{place}", **off):
                _undo(one.id)


def _undo(change_id: int) -> None:
    _with_progress(lambda on_rows: undo_form_change(state.store(), change_id, who=state.reviewer(), on_rows=on_rows))
    announce_and_rerun("已撤销，数据集又用原来的表单。")


def _with_progress(work: Any) -> AppliedChange:
    bar = st.progress(0.0, text="正在改…")
    done: AppliedChange = work(
        lambda now, total: bar.progress(min(1.0, now / max(total, 1)), text=f"{now:,d} / {total:,d}")
    )
    bar.empty()
    return done
