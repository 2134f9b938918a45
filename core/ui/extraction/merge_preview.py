"""Merging runs: the choices, what to expect, and the cells on which the runs differ."""

import itertools
from collections.abc import Collection, Sequence

import streamlit as st

from core.adapters.store import DatasetView, RunView, queries
from core.adapters.store.models import RunKind
from core.domain.form import Form, cell_text
from core.domain.merge import Method
from core.domain.permissions import Permission
from core.services.extraction.merging import METHOD_TITLES, MergePlan, merge_runs, plan_merge
from core.services.quality import default_run
from core.ui import navigation, state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for
from core.ui.tables import table_height

_EXPLANATIONS = {
    Method.PRIORITY: "每一格取第一个填了它的抽取任务；顺序就是上面选择的顺序。",
    Method.MAJORITY: "每一格由多数决定，空也算一票；平票时取排在前面的抽取任务。",
    Method.BEST: "每个字段取在标注上得分最高的抽取任务。用哪些标注选的，就不能再用它们评分：这里给出交叉验证的估计。",
}
_MERGED_NAME = "shiyao.merge.made"
"""In the session, by dataset: the run that was merged last."""
_CHOSEN = "shiyao.merge.chosen"
"""In the session, by dataset: the runs that were chosen, for the list that a new run has changed."""


def mergeable_runs(dataset: DatasetView) -> list[RunView]:
    """Runs with answers, without labels: the default run first, for the first one chosen is the one that is believed.

    The others newest first.
    """
    with state.store().read() as session:
        runs = [run for run in queries.runs(session, dataset.id) if run.done and run.kind != RunKind.LABELS]
        default = default_run(session, dataset.id)
    return sorted(runs, key=lambda run: default is None or run.id != default.id)


def runs_to_merge(runs: Sequence[RunView], chosen: Sequence[str]) -> list[str]:
    """Names of the runs that are chosen at first: as they were, else the first two that are no merge themselves."""
    names = [run.name for run in runs]
    unmerged = [run.name for run in runs if run.kind != RunKind.MERGE]
    still = [name for name in chosen if name in names]
    return still if len(still) > 1 else (unmerged if len(unmerged) > 1 else names)[:2]


def merged_name(method: str, count: int, taken: Collection[str]) -> str:
    """A name for the merged run that no run has yet."""
    stem = f"{METHOD_TITLES[Method(method)]} {count} 个抽取任务"
    numbered = (f"{stem}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([stem], numbered) if name not in taken)


def _draw_estimate(plan: MergePlan) -> None:
    """Cross-validated estimate of the merged score, beside the optimistic one."""
    estimate = plan.estimate
    if plan.method is not Method.BEST:
        return
    if estimate is None:
        st.caption("有标注的群聊不到两条，无法交叉验证。")
        return
    one, two, three = st.columns(3)
    one.metric(
        "交叉验证的估计",
        f"{estimate.score:.2f}",
        border=True,
        help=f"{estimate.chats:,d} 条有标注的群聊分成 {estimate.folds:,d} 份，每一份都用别的份来选",
    )
    two.metric("只取最好的一个抽取任务", f"{estimate.best_single:.2f}", border=True, help="同样交叉验证")
    three.metric("同一批标注又选又评", f"{estimate.flattered:.2f}", border=True, help="会偏高，只作参考")


def _draw_differences(plan: MergePlan, form: Form) -> None:
    """Table of cells on which the runs differ: the value taken, and each run's."""
    rows = []
    for cell in plan.differences:
        texts = "；".join(
            f"{'、'.join(plan.runs[run].name for run in choice.ballots)}：{cell_text(choice.value)}"
            for choice in cell.choices
        )
        label = form.field(cell.key).label
        place = {"群聊": cell.chat, "客户": cell.customer + 1, "字段": label}
        rows.append(place | {"取": cell_text(cell.taken), "各抽取任务": texts})
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            height=table_height(rows, most=520),
            column_config={
                "群聊": st.column_config.NumberColumn(width=60),
                "客户": st.column_config.NumberColumn(form.subject, width=60),
                "字段": st.column_config.TextColumn(width=90),
                "取": st.column_config.TextColumn(width=180),
                "各抽取任务": st.column_config.TextColumn(width=440),
            },
        )
        if plan.differing > len(rows):
            st.caption(f"共 {plan.differing:,} 格不同，这里列出前 {len(rows):,} 格；没有取的值都留在合并任务里。")


def draw_merge(dataset: DatasetView, form: Form, runs: list[RunView]) -> None:
    """Choices on the left; differences and the main button on the right."""
    names = [run.name for run in runs]
    kept, made_key = f"{_CHOSEN}.{dataset.id}", f"{_MERGED_NAME}.{dataset.id}"
    left, right = st.columns([4, 7], gap="large")
    with left:
        chosen = st.multiselect(
            "抽取任务（先选的排在前面）",
            names,
            default=runs_to_merge(runs, st.session_state.get(kept, ())),
            key=f"merge-runs-{dataset.id}",
            placeholder="至少两个",
        )
        method = st.radio("怎么合并", list(METHOD_TITLES), format_func=METHOD_TITLES.__getitem__, key="merge-method")
        st.caption(_EXPLANATIONS[Method(method)])
        st.session_state[kept] = chosen
        with state.store().read() as session:
            free = merged_name(method, len(chosen), {run.name for run in queries.runs(session, dataset.id)})
        name = st.text_input("新的抽取任务的名称", free, key=f"merge-name-{dataset.id}-{free}")
    with right, show_errors():
        if len(chosen) < 2:
            st.caption("先选至少两个抽取任务。")
            return
        plan = plan_merge(state.store(), dataset=dataset.id, runs=chosen, method=method)
        st.markdown(f"**{plan.chats:,d} 条群聊，{plan.differing:,} 格说法不同**")
        _draw_estimate(plan)
        if st.button("合并", type="primary", icon=":material/merge:", **only_for(Permission.RUNS)):
            with show_errors():  # the preview stays where the name is taken
                st.session_state[made_key] = merge_runs(state.store(), plan, name=name, who=state.reviewer()).name
                st.rerun()  # the list and the name offered know the new run
        if (made := st.session_state.get(made_key)) in names:
            _draw_ways_on(dataset, made, chosen)
        _draw_differences(plan, form)


def _draw_ways_on(dataset: DatasetView, made: str, chosen: Sequence[str]) -> None:
    """What was made, and what one does with it next."""
    st.success(f"已存为抽取任务「{escape_markdown(made)}」。", icon=":material/check:")
    here, arrow = {"dataset": str(dataset.id)}, ":material/arrow_forward:"
    beside = next((name for name in chosen if name != made), "")
    ways: list[tuple[str, str, dict[str, str | list[str]]]] = [
        (navigation.SCORES, "去评分", {**here}),
        (navigation.COMPARE, "和原来的对比", here | {"runs": [beside, made]}),
        (navigation.RUNS, "看这个抽取任务，或设为默认任务", {**here, "run": made}),
        (navigation.WORKBENCH, "从它开始审阅", {**here, "run": made}),
    ]
    with st.container(horizontal=True, gap="small"):
        for page, label, query in ways:
            st.page_link(page, label=escape_markdown(label), icon=arrow, query_params=query, width="content")
