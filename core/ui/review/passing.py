"""按把握放行: what would pass above a confidence, the button that lets it, and how the audits of rules stand."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.adapters.store import DatasetView, PassingRuleView
from core.adapters.store.models import PassingScope
from core.domain.permissions import Permission
from core.services.learning.confidence import FEWEST_APPROVED
from core.services.learning.copied_cells import copied_cells
from core.services.learning.run_confidence import count_approved, count_unreviewed, fitted_on
from core.services.review import base_run
from core.services.review.passing import PassingPlan, carry_out_rule, count_assessed, make_rule, plan_passing
from core.services.review.passing_audits import (
    PassingAudit,
    audit_passing,
    count_passing_kept,
    count_taken_back,
    passing_rules,
    stop_passing,
)
from core.services.review.passing_jobs import INLINE_CHATS, request_passing, request_taking_back
from core.services.review.queue import background_update
from core.services.review.records import bulk
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import fragment, show_errors
from core.ui.only_for import only_for
from core.ui.review.passing_progress import (
    announce_passed,
    announce_taken_back,
    draw_passing_job,
    watch_passing,
)
from core.ui.tables import count_column, draw_table, percent_column, percent_value, table_height

_LOOK_SECONDS = 2.0
"""How often the page looks whether a confidence is there."""
_PASSED = "shiyao.passing.passed"
"""In the session: that the question was answered, so that it closes."""
_TAKEN_BACK = "shiyao.passing.taken_back"
"""In the session likewise: that the question before taking back was answered."""
_REST_DRAWN = "shiyao.passing.rest"
"""In the session, by run: for how many chats without a confidence the page was drawn anew last."""
_SCOPES = {PassingScope.FORMS: "整条群聊", PassingScope.CELLS: "单个格子"}


def draw_passing(dataset: DatasetView) -> None:
    """What a lead may let pass without a look at each value, and what the audits of it say."""
    with state.store().read() as session:
        run = base_run(session, dataset.id)
        fitted = fitted_on(session, run.id if run else None)
        approved = count_approved(session, run.id) if run and not fitted else 0
    st.subheader("按把握放行")
    is_under_way = draw_passing_job(dataset.id)
    if not state.may(Permission.BULK):
        st.caption("由组长或管理员决定放行什么。")
    elif is_under_way:
        pass  # what could pass besides changes with every look
    elif run is None or (not fitted and approved < FEWEST_APPROVED):
        st.caption(
            f"默认任务答过的群聊确认满 {FEWEST_APPROVED:d} 条（现在 {approved:,d} / {FEWEST_APPROVED:d}），"
            "就知道它的每个值有多大把握；之后可以让把握很高的值不逐项审阅。"
        )
    elif not fitted:
        background_update.update_in_background(state.store(), state.form_of(dataset), dataset.id, run.id)
        fragment(_draw_wait, every=_LOOK_SECONDS)(dataset.id, run.id, approved)
    else:
        _draw_new_rule(dataset, run.id, run.name)
    _draw_rules(dataset, is_under_way=is_under_way)


def _draw_wait(dataset_id: int, run_id: int, approved: int) -> None:
    """Say that the confidence is being fitted, and draw the page once it is there."""
    store = state.store()
    with store.read() as session:
        fitted = fitted_on(session, run_id)
    if fitted:
        st.rerun()
    if background_update.is_updating(store, dataset_id, run_id):
        st.caption(f":material/progress_activity: 已确认 {approved:,d} 条，正在计算每个值的把握，算好就在这里放行。")
    else:
        st.caption(f"已确认 {approved:,d} 条，把握还没有算好：刷新这一页再算一次；仍然不行，请管理员看日志。")


def _draw_new_rule(dataset: DatasetView, run_id: int, run_name: str) -> None:
    form, store = state.form_of(dataset), state.store()
    st.caption(
        f"抽取任务「{escape_markdown(run_name)}」里把握在门槛以上的值算批量确认，来源不变，不算有人审过。"
        "规则一直有效，以后把握够了的也照此放行；抽中的群聊排在盲审最前面，错得比容许的多就自动停用。"
    )
    one, two, three, four = st.columns(4)
    scope = one.segmented_control(
        "放行什么", list(_SCOPES), default=PassingScope.FORMS, required=True, format_func=_SCOPES.__getitem__
    )
    threshold = two.number_input("把握的门槛（%）", 50.0, 99.9, 97.0, 0.5, "%.1f", key=f"pass-above-{dataset.id}")
    share = three.number_input("抽查（%）", 1.0, 100.0, 10.0, 1.0, "%.1f", key=f"pass-share-{dataset.id}")
    allowed = four.number_input("容许的错误率（%）", 0.0, 99.0, 3.0, 0.5, "%.1f", key=f"pass-allowed-{dataset.id}")
    plan = plan_passing(store, form, dataset.id, run_id, scope=str(scope), threshold=threshold / 100)
    with store.read() as session:
        unreviewed, taken_back = count_unreviewed(session, run_id), count_taken_back(session, run_id)
        copied = copied_cells(session, run_id).sentence
    open_chats = unreviewed + taken_back
    passes = f"{len(plan.chats):,d} 条可以放行，{plan.cells:,d} 格，{escape_markdown(plan.forecast)}"
    waiting = f"{taken_back:,d} 条的放行已经撤回，等人来审，不再放行" if taken_back else ""
    notes = [escape_markdown(note) for note in (waiting, copied) if note]
    told = (
        f"没人审过的 {open_chats:,d} 条里有 {passes}" if open_chats else "默认任务答过的群聊都有记录了，没有可以放行的"
    )
    st.caption("。".join([told, *notes]) + "。")
    if without := unreviewed - plan.undecided:
        background_update.update_in_background(store, form, dataset.id, run_id)
        fragment(_draw_rest, every=_LOOK_SECONDS)(dataset.id, run_id, without, unreviewed)
    off = only_for(Permission.BULK, disabled=not plan.chats and (bool(without) or not unreviewed))
    if st.button("放行…", icon=":material/done_all:", key=f"pass-{dataset.id}", **off):
        st.session_state.pop(_PASSED, None)
        _ask_before_passing(
            dataset,
            PassingChoice(run_id, run_name, str(scope), threshold / 100, share / 100, allowed / 100),
            plan,
            copied,
        )


def _draw_rest(dataset_id: int, run_id: int, without: int, unreviewed: int) -> None:
    """Say how far the computing of the rest's confidences is, and draw the page once that is done."""
    drawn_for = st.session_state.setdefault(_REST_DRAWN, {})
    if background_update.is_updating(state.store(), dataset_id, run_id):
        with state.store().read() as session:
            assessed = min(count_assessed(session, dataset_id, run_id), unreviewed)
        st.progress(
            assessed / unreviewed,
            f"正在后台计算把握：{assessed:,d} / {unreviewed:,d} 条，算好就算进上面的数里。可以离开本页，回来接着看。",
        )
    elif drawn_for.get(run_id) != without:
        drawn_for[run_id] = without  # once for each number: what cannot be computed is not waited for
        st.rerun()
    else:
        st.caption(f"还有 {without:,d} 条的把握没有算好：刷新这一页再算一次；仍然不行，请管理员看日志。")


@dataclass(frozen=True, slots=True)
class PassingChoice:
    """What a lead wants to let pass, shares 0 to 1."""

    run_id: int
    run_name: str
    scope: str
    threshold: float
    audit_share: float
    allowed_error: float


@st.dialog("放行这些值？")
def _ask_before_passing(dataset: DatasetView, choice: PassingChoice, plan: PassingPlan, copied: str) -> None:
    """Say once in numbers what passes without a look at each value, and let it pass.

    ``copied`` says how far the confidences were learned from answers that were approved as they came, ``""`` if not.
    """
    if st.session_state.pop(_PASSED, False):
        st.rerun()  # the whole page: the question is answered
    what = "整条" if choice.scope == PassingScope.FORMS else "每一格，群聊仍待审阅"
    if plan.leaves_cells(len(state.form_of(dataset).fields)):
        what = "部分格子，其余仍待审阅"
    st.markdown(
        f"「{escape_markdown(choice.run_name)}」把握 {choice.threshold * 100:g}% 以上：现在放行 "
        f"**{len(plan.chats):,d} 条**群聊（{what}）的 **{plan.cells:,d} 格**，{escape_markdown(plan.forecast)}，"
        "没有人逐项看过就算批量确认。"
    )
    beside = f"预计的错误率 {plan.expected_error:.1%}，容许的 {choice.allowed_error * 100:g}%"
    if plan.expected_error > choice.allowed_error:
        st.warning(
            f"{escape_markdown(beside)}：比容许的多，抽查多半会停用这条规则。可以把门槛提高，或者先多审几条。",
            icon=":material/warning:",
        )
    else:
        st.caption(f"{escape_markdown(beside)}。")
    if copied and plan.labelled is None:  # what labels say was not learned from what people approved
        st.warning(f"这个预计可能太乐观：{escape_markdown(copied)}。", icon=":material/warning:")
    st.caption(
        f"抽 {choice.audit_share * 100:g}% 盲审（至少 5 条），错误率超过 {choice.allowed_error * 100:g}% 自动停用。"
        "以后把握够了的也照此放行；随时可以停用，也可以撤回放行的记录。"
    )
    st.button(
        f"放行这 {len(plan.chats):,d} 条",
        type="primary",
        key="pass-confirmed",
        on_click=_pass,
        args=(dataset, choice, len(plan.chats)),
        **only_for(Permission.BULK),
    )


def _pass(dataset: DatasetView, choice: PassingChoice, chats: int) -> None:
    """Let pass what was asked about, many chats in the background; the button's callback."""
    with show_errors():
        store, form = state.store(), state.form_of(dataset)
        rule = make_rule(
            store,
            form,
            dataset.id,
            choice.run_id,
            scope=choice.scope,
            threshold=choice.threshold,
            audit_share=choice.audit_share,
            allowed_error=choice.allowed_error,
            who=state.reviewer(),
        )
        if chats > INLINE_CHATS:
            watch_passing(request_passing(store, rule))
        else:
            announce_passed(carry_out_rule(store, form, rule))
        st.session_state[_PASSED] = True


def _draw_rules(dataset: DatasetView, *, is_under_way: bool) -> None:
    store, form = state.store(), state.form_of(dataset)
    audits = {rule.id: audit_passing(store, form, rule) for rule in passing_rules(store, dataset.id)}
    if not audits:
        return
    rules = passing_rules(store, dataset.id)
    rows = [
        {
            "放行": _title(rule),
            "群聊": audits[rule.id].passed,
            "撤回": audits[rule.id].taken_back,
            "抽查": _drawn_text(audits[rule.id]),
            "错误率": percent_value(audits[rule.id].error) if audits[rule.id].error is not None else None,
            "95% 区间": _interval_text(audits[rule.id]),
            "容许": percent_value(rule.allowed_error),
            "状态": f"已停用：{rule.stopped_why}" if rule.stopped_at else "使用中",
            "谁": f"{rule.who} · {rule.created_at.astimezone():%m-%d %H:%M}",
        }
        for rule in rules
    ]
    draw_table(
        rows,
        name="按把握放行",
        key="passing-rules",
        height=table_height(rows, most=300),
        columns={
            "放行": st.column_config.TextColumn(width=170, pinned=True),
            "群聊": count_column(width=56, help="放行了、没有撤回的"),
            "撤回": count_column(width=56, help="放行后又撤回的"),
            "抽查": st.column_config.TextColumn(width=84, help="已经盲审的 / 抽中的；至少抽 5 条，不够 5 条就全抽"),
            "错误率": st.column_config.NumberColumn(format="%.1f%%", width=64, help="抽查到的格子里错的"),
            "95% 区间": st.column_config.TextColumn(width=110),
            "容许": percent_column(56),
            "状态": st.column_config.TextColumn(width=260),
            "谁": st.column_config.TextColumn(width=130),
        },
    )
    if state.may(Permission.BULK):
        _draw_rule_buttons(dataset, rules, is_under_way=is_under_way)


def _draw_rule_buttons(dataset: DatasetView, rules: Sequence[PassingRuleView], *, is_under_way: bool) -> None:
    """Switch a rule off, or take back what it let pass."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = {rule.id: f"{_title(rule)} · {rule.created_at.astimezone():%m-%d %H:%M}" for rule in rules}
        chosen = st.selectbox(
            "规则", list(names), format_func=names.__getitem__, key=f"pass-rule-{dataset.id}", width=360
        )
        rule = next(rule for rule in rules if rule.id == chosen)
        stopped = st.button("停用", disabled=rule.stopped_at is not None, help="不再放行；放行过的保持原样")
        with state.store().read() as session:
            kept = count_passing_kept(session, rule)
        taken_back = st.button(
            "撤回放行的记录…",
            disabled=is_under_way or not kept,
            help="正在后台放行或撤回，做完再来"
            if is_under_way
            else "没人改过的恢复为未审阅；改过的保持原样；先问一次"
            if kept
            else "没有可以撤回的：都撤回了，或者有人改过",
        )
    if stopped:
        with show_errors():
            stop_passing(state.store(), rule.id, who=state.reviewer())
            st.rerun()
    if taken_back:
        st.session_state.pop(_TAKEN_BACK, None)
        _ask_before_taking_back(dataset, rule, kept)


@st.dialog("撤回放行的记录？")
def _ask_before_taking_back(dataset: DatasetView, rule: PassingRuleView, kept: int) -> None:
    """Say once how many chats wait for people again, for good, and take them back."""
    if st.session_state.pop(_TAKEN_BACK, False):
        st.rerun()  # the whole page: the question is answered
    st.markdown(
        f"「{escape_markdown(_title(rule))}」放行、没有人改过的 **{kept:,d} 条**群聊恢复为未审阅，等人来审。"
        "这一步不能撤销：撤回的群聊不会再放行。"
    )
    is_on, stop = rule.stopped_at is None, False
    if is_on:
        stop = st.checkbox("同时停用这条规则", value=True, key=f"pass-stop-too-{rule.id}")
        if not stop:
            st.caption("规则还在用：别的群聊把握够了，以后照样放行。")
    st.button(
        f"撤回这 {kept:,d} 条",
        type="primary",
        key="pass-taken-back",
        on_click=_take_back,
        args=(dataset, rule, stop, kept),
        **only_for(Permission.BULK),
    )


def _take_back(dataset: DatasetView, rule: PassingRuleView, stop: bool, kept: int) -> None:
    """Take back what was asked about, many chats in the background; the button's callback."""
    with show_errors():
        if stop:  # first: nothing may pass meanwhile
            stop_passing(state.store(), rule.id, who=state.reviewer())
        if kept > INLINE_CHATS:
            watch_passing(request_taking_back(state.store(), rule, who=state.reviewer()))
        else:
            undone = bulk.undo(state.store(), state.form_of(dataset), dataset.id, rule.name, who=state.reviewer())
            announce_taken_back(len(undone.saved), len(undone.skipped))
        st.session_state[_TAKEN_BACK] = True


def _title(rule: PassingRuleView) -> str:
    return f"{_SCOPES[PassingScope(rule.scope)]}，{rule.threshold * 100:g}% 以上"


def _drawn_text(audit: PassingAudit) -> str:
    return f"{audit.asked:,} / {audit.drawn:,}" if audit.drawn else "还没有抽到"


def _interval_text(audit: PassingAudit) -> str:
    return "—" if audit.interval is None else f"{audit.interval.low:.1%} 到 {audit.interval.high:.1%}"
