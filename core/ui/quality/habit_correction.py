"""按习惯校正: what people do with a run's cells again and again, what doing it everywhere would bring, the new run."""

import streamlit as st

from core.adapters.store import DatasetView, RunView
from core.adapters.store.models import RunKind
from core.domain.permissions import Permission
from core.services.learning.run_correction import STACKED, CorrectionPlan, correct_run, plan_correction
from core.services.quality import Benchmark
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for
from core.ui.quality.run_pickers import answered_runs
from core.ui.tables import count_column, table_height

_TITLES = {"keep": "保留", "blank": "清空", "replace": "换掉", "fill": "填上"}
_LEARNED_FROM = ("labels", "records")


def draw_habit_correction(benchmark: Benchmark) -> None:
    """Expander: choose a run, see what correcting it would bring, switch fields off, and make the corrected run."""
    runs = [run for run in answered_runs(benchmark.dataset) if run.kind != RunKind.LABELS]
    if not runs or benchmark.against not in _LEARNED_FROM:
        return
    with st.expander("按习惯校正：大家反复怎么改，就照着改好整个抽取任务", icon=":material/auto_fix_high:"):
        names = [run.name for run in runs]
        name = st.selectbox("校正哪个抽取任务", names, key=f"habits-run-{benchmark.dataset.id}")
        run = next(run for run in runs if run.name == name)
        key = f"habits-plan-{run.id}-{benchmark.against}"
        if st.button("看看会好多少", key=f"{key}-look", icon=":material/calculate:"):
            with show_errors(), st.spinner("正在交叉验证，群聊多时要半分钟…"):
                st.session_state[key] = _plan(benchmark, run)
        plan: CorrectionPlan | None = st.session_state.get(key)
        if plan is not None:
            _draw_plan(benchmark, run, plan, key)


def _plan(benchmark: Benchmark, run: RunView, keep: tuple[str, ...] = (), *, if_unsure: bool = False) -> CorrectionPlan:
    return plan_correction(
        state.store(),
        dataset=benchmark.dataset.id,
        run=run.id,
        against=benchmark.against,
        keep=keep,
        if_unsure=if_unsure,
    )


def _draw_plan(benchmark: Benchmark, run: RunView, plan: CorrectionPlan, key: str) -> None:
    estimate = plan.estimate
    low, high = estimate.interval
    st.markdown(
        f"{estimate.chats:,d} 条群聊交叉验证：{estimate.before:.2f} → {estimate.after:.2f}，"
        f"**{estimate.after - estimate.before:+.2f}**（95% 区间 {low:+.2f} 到 {high:+.2f}）。"
    )
    if not plan.effects:
        st.caption("区间含 0，不能确定校正会更好，原样保留。" if plan.unsure else "看不出校正会更好，原样保留。")
        if plan.unsure and st.button("仍然校正", key=f"{key}-unsure", help="也许只是碰巧；先看看每个字段会怎么改"):
            with show_errors(), st.spinner("正在交叉验证，群聊多时要半分钟…"):
                st.session_state[key] = _plan(benchmark, run, if_unsure=True)
                st.rerun()
        return
    if plan.unsure:
        st.caption("区间含 0：不能确定会更好，是您选了仍然校正。")
    st.caption(
        "逐格校正：学到的值明显更可能对的格子才改。"
        if plan.method == STACKED
        else "按字段校正：填了的和空着的分开看，怎么改得分最高就怎么改。"
    )
    st.caption(
        f"下面数的是格子，不是群聊：对照过的 {estimate.chats:,d} 条群聊里，每位客户的每个字段算一格。"
        f"「{escape_markdown(run.name)}」答过的 {len(plan.answers):,d} 条都照此校正。"
    )
    rows = [
        {"字段": plan.form.field(field).label, "校正": True, **{_TITLES[effect]: counts[effect] for effect in counts}}
        for field, counts in plan.effects.items()
    ]
    edited = st.data_editor(
        rows,
        hide_index=True,
        disabled=["字段", *_TITLES.values()],
        height=table_height(rows, most=360),
        key=f"{key}-fields-{'-'.join(plan.effects)}",
        column_config={"校正": st.column_config.CheckboxColumn(help="去掉勾选，这个字段就不改")}
        | {title: count_column(f"{title}（格）", width=90) for title in _TITLES.values()},
    )
    st.caption(
        f"对照过的 {len(plan.held_out):,d} 条由没有学过它们的校正来改，新抽取任务在这些群聊上的得分不会比估计好看。"
    )
    off = [field for field, row in zip(plan.effects, edited, strict=True) if not row["校正"]]
    with st.form(f"{key}-make", border=False):
        new_name = st.text_input("新抽取任务的名称", f"{run.name} 校正")
        if st.form_submit_button("生成校正后的抽取任务", type="primary", **only_for(Permission.RUNS)):
            with show_errors(), st.spinner("正在校正…"):
                final = _plan(benchmark, run, tuple(off), if_unsure=plan.unsure) if off else plan
                made = correct_run(state.store(), final, name=new_name, who=state.reviewer())
                st.session_state.pop(key, None)
                st.query_params.from_dict(_address(benchmark.dataset, benchmark.against, run.name, made.name))
                st.session_state["habits.done"] = made.name
                st.rerun()


def _address(dataset: DatasetView, against: str, before: str, after: str) -> dict[str, str]:
    return {"dataset": str(dataset.id), "against": against, "a": before, "b": after}


def draw_done() -> None:
    """Say which run was just made."""
    if done := st.session_state.pop("habits.done", ""):
        st.success(
            f"已存为抽取任务「{escape_markdown(done)}」，下面是它修好和改坏了什么。", icon=":material/check_circle:"
        )
