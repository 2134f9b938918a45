"""A form in use is changed: the mapping as a table, what it would do, the change itself, and the way back."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from core.adapters.store.models import JobStatus
from core.domain.form import Form, form_label, load_named_form
from core.domain.form.mapping import FormChange, FormMapping, propose_mapping, read_mapping
from core.domain.json_text import json_error
from core.domain.permissions import Permission
from core.errors import FormError
from core.services.forms.change_jobs import (
    is_preview_of,
    newest_preview,
    request_form_change,
    request_preview,
    request_undo,
)
from core.services.forms.change_plan import FormChangePlan, plan_form_change, rows_of_form
from core.services.forms.change_writing import CHANGE_JOB, UNDO_JOB
from core.services.forms.changing import AppliedChange, apply_form_change, form_changes, undo_form_change
from core.services.forms.library import KnownForm, form_versions
from core.services.jobs import INLINE_ANSWERS
from core.ui import state
from core.ui.forms.change_progress import DONE, draw_change_job, draw_failure, draw_job_progress, watch_change
from core.ui.forms.mapping_table import NEW, OLD, SEPARATOR, VALUES, WAY, WAYS, mapping_of_rows, proposed_rows
from core.ui.markdown import escape_markdown
from core.ui.metrics import fact_table
from core.ui.notices import announce_and_rerun, show_error, show_errors
from core.ui.only_for import only_for

_PLAN = "form-change-plan"
_ASKED = "form-change-asked"
"""In the session: which change was looked through at which click, so that what it does comes into view."""
_RENAMES_SHOWN = 10


def draw_form_in_use(name: str) -> None:
    """Draw how datasets go from one version of a form to another, and the changes that were made.

    Args:
        name: of the form, without a version.
    """
    with state.store().read() as session:
        versions = form_versions(session, name)
        done = form_changes(session, name)
    used = [one for one in versions if one.datasets]
    under_way = draw_change_job(name, after=done[0].at if done else "")
    if under_way:
        pass
    elif not used or len(versions) < 2:
        st.info(
            "没有数据集在用旧的一版。存了新的一版以后，在这里把数据集连同记录、标注和抽取结果一起改过去，随时可以撤销。",
            icon=":material/swap_horiz:",
        )
    elif [one.reference for one in used] == [versions[0].reference]:
        st.info(
            f"数据集用的已经是最新的一版（{escape_markdown(used[0].label)}）。存了新的一版以后，在这里改过去。",
            icon=":material/check_circle:",
        )
        with st.expander("改到更早的一版"):
            _draw_new_change(versions, used)
    else:
        _draw_new_change(versions, used)
    _draw_done(done, name, under_way)


def _draw_new_change(versions: list[KnownForm], used: list[KnownForm]) -> None:
    labels = {one.reference: one.label for one in versions}
    left, right, which = st.columns([3, 3, 4])
    newest = versions[0].reference
    # The way forward is proposed, also after some datasets have gone it.
    sources = sorted((one.reference for one in used), key=lambda reference: reference == newest)
    old = left.selectbox("从", sources, format_func=labels.__getitem__, key="form-change-old")
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
            plan = _look_through(change, chosen)
            st.session_state[_PLAN] = (signature, plan)
            number = st.session_state.get(_ASKED, ("", 0))[1] + 1
            st.session_state[_ASKED] = (signature, number)
        kept = st.session_state.get(_PLAN)
        plan = kept[1] if kept is not None and kept[0] == signature else None
        if plan is None and chosen:
            plan = _looked_through(change, chosen)
        if plan is not None:
            about, number = st.session_state.get(_ASKED, ("", 0))
            key = f"comes-into-view-{number}" if about == signature else "form-change-plan-kept"
            with st.container(key=key):
                _draw_plan(plan)


def _look_through(change: FormChange, datasets: Sequence[str]) -> FormChangePlan | None:
    """What a change would do; ``None`` where that is looked through in the background."""
    store = state.store()
    with store.read() as session:
        rows = rows_of_form(session, change, datasets)
    if rows > INLINE_ANSWERS:
        request_preview(store, change, datasets=datasets, who=state.reviewer())
        return None
    with st.spinner("正在看所有记录、标注和抽取结果…"):
        return plan_form_change(store, change, datasets=datasets)


def _looked_through(change: FormChange, datasets: Sequence[str]) -> FormChangePlan | None:
    """What was looked through in the background of this very change; its progress while it goes on."""
    newest = newest_preview(state.store(), change.old.name, state.reviewer())
    if newest is None or not is_preview_of(newest[0], change, datasets):
        return None
    job, plan = newest
    if plan is not None:
        st.caption(f":material/history: {job.created_at.astimezone():%m-%d %H:%M} 看的；之后有改动，就再预览一次。")
    elif job.status == JobStatus.RUNNING:
        draw_job_progress(job)
    else:
        draw_failure(job)
    return plan


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
    except RecursionError as error:
        raise FormError("字段的对应嵌套太深", "请检查括号") from error
    except ValueError as error:
        raise FormError(f"字段的对应{json_error(error)}", "请改正后重试") from error


def _draw_plan(plan: FormChangePlan) -> None:
    facts = {"数据集": "、".join(plan.datasets), "会变的值": f"{plan.cells:,} 个"}
    if renamed := plan.renamed:
        named = "、".join(f"{old} → {new}" for old, new in renamed[:_RENAMES_SHOWN])
        facts["改名的字段"] = f"{len(renamed):,} 个：{named}" + ("…" if len(renamed) > _RENAMES_SHOWN else "")
    if left := plan.guidelines_left:
        named = "、".join(left[:_RENAMES_SHOWN]) + ("…" if len(left) > _RENAMES_SHOWN else "")
        facts["不再有的规范"] = f"{len(left):,} 条：{named}"
    facts |= {title: f"{count:,} 条" for title, count in plan.rows.items()}
    fact_table(facts | {"会丢掉的值": f"{plan.lost_cells:,} 处"})
    if plan.examples:
        st.caption("会变的值，每个旧字段举几个例子：")
        st.dataframe(
            [{"数据集": one.dataset, "群聊": one.chat, "原来": one.before, "改成": one.after} for one in plan.examples],
            hide_index=True,
            height="auto" if len(plan.examples) < 8 else 280,
            key="form-change-examples",
        )
    accepted = True
    if plan.lost_cells:
        back = "撤销时全部回来"
        if plan.history_days is not None:
            back = f"{plan.history_days:,d} 天内撤销才全部回来（历史的保留期限）"
        st.warning(
            f"有 {plan.lost_cells:,d} 处的值在新的表单里没有地方放：改了以后哪里也看不到，{back}。",
            icon=":material/warning:",
        )
        st.dataframe(
            [{"字段": one.label, "会丢掉的值": one.value, "处": one.count} for one in plan.lost],
            hide_index=True,
            height="auto" if len(plan.lost) < 8 else 280,
            key="form-change-lost",
        )
        if more := _not_listed(plan):
            st.caption(escape_markdown(more))
        accepted = st.checkbox("看过了，可以丢掉", key="form-change-accepted")
    if plan.problem:
        st.error(escape_markdown(f"{plan.problem}，请等它完成或先暂停"), icon=":material/error:")
    off = only_for(Permission.FORMS, disabled=not accepted or bool(plan.problem))
    if st.button("全部改过去", type="primary", icon=":material/swap_horiz:", key="form-change-apply", **off):
        _apply(plan)


def _not_listed(plan: FormChangePlan) -> str:
    """What of the lost values the table does not show; ``""`` where it shows all."""
    more = (
        [f"另有 {plan.lost_kinds - len(plan.lost):,d} 种少见的值没有列出"] if plan.lost_kinds > len(plan.lost) else []
    )
    more += [f"另有 {plan.lost_hidden:,d} 处在您现在看不到的审阅里，不列出"] if plan.lost_hidden else []
    return "；".join(more) + "。" if more else ""


def _apply(plan: FormChangePlan) -> None:
    store, who = state.store(), state.reviewer()
    if sum(plan.rows.values()) > INLINE_ANSWERS:
        watch_change(request_form_change(store, plan, who=who))
        st.session_state.pop(_PLAN, None)
        st.rerun()
    with st.spinner("正在改…"):  # nothing is drawn meanwhile, so that a page that is closed does not stop it
        apply_form_change(store, plan, who=who)
    st.session_state.pop(_PLAN, None)
    announce_and_rerun(DONE[CHANGE_JOB])


def _draw_done(done: list[AppliedChange], name: str, under_way: bool) -> None:
    if not done:
        return
    st.subheader("改过的")
    for place, one in enumerate(done):
        with st.container(border=True, horizontal=True, vertical_alignment="center"), show_errors():
            lost = f"，丢掉 {one.lost:,d} 处" if one.lost else ""
            names = escape_markdown("、".join(one.datasets))
            when = datetime.fromisoformat(one.at).astimezone()
            st.markdown(
                f"**{escape_markdown(form_label(one.old))} → {escape_markdown(form_label(one.new))}**　{names}  \n"
                f":gray[{escape_markdown(one.who or '命令行')} {when:%Y-%m-%d %H:%M} · "
                f"{one.cells:,d} 个值{lost}]",
                width="stretch",
            )
            if one.undone_by:
                st.caption(f"{escape_markdown(one.undone_by)} 已撤销", width="content")
                continue
            hint = "没有再改过的值和改动之前完全一样"
            if one.forgotten:
                hint = "改回原来的表单；改动时丢掉的值不会回来"
                gone = escape_markdown("、".join(one.forgotten))
                st.caption(f"{gone}：改动之前的样子已过保留期限，丢掉的值撤销也回不来")
            off = only_for(Permission.FORMS, disabled=under_way, hint=hint)
            if st.button("撤销", icon=":material/undo:", key=f"form-change-undo-{one.id}-{place}", **off):
                _undo(one, name)


def _undo(change: AppliedChange, name: str) -> None:
    store, who = state.store(), state.reviewer()
    if change.rows > INLINE_ANSWERS:
        watch_change(request_undo(store, change.id, name=name, who=who))
        st.rerun()
    with st.spinner("正在撤销…"):
        undo_form_change(store, change.id, who=who)
    announce_and_rerun(DONE[UNDO_JOB])
