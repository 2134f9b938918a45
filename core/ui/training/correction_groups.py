"""Groups of repeated corrections: which run, which groups, and their cases."""

import streamlit as st

from core.adapters.store import DatasetView, RunView
from core.domain.form import Form, cell_text
from core.services.training.corrections import CorrectionGroup, corrected_runs, correction_groups
from core.ui import address, navigation, state
from core.ui.held_choice import held_choice
from core.ui.links import workbench_address, workbench_column
from core.ui.notices import draw_empty_state
from core.ui.tables import PLACEHOLDER, count_column, table_height

"""What stands for a value without content."""


def choose_run(dataset: DatasetView, form: Form) -> tuple[RunView, list[CorrectionGroup]] | None:
    """Boxes for the run and the least number of chats; the run with its groups, ``None`` without corrections."""
    counted_runs = corrected_runs(state.store(), dataset.id)
    if not counted_runs:
        draw_empty_state(
            "还没有可以总结的修改",
            "在审阅台确认一些群聊后，这里会列出反复出现的修改：哪个字段、怎么改的、在哪些群聊里。",
            page=navigation.WORKBENCH,
            label="去审阅",
        )
        return None
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    runs = {run.id: (run, count) for run, count in counted_runs}
    chosen = left.selectbox(
        "从哪个抽取任务改起",
        list(runs),
        format_func=lambda number: f"{runs[number][0].name} · {runs[number][1]:,} 条已确认",
        key=held_choice(f"lessons-run-{dataset.id}", list(runs)),
    )
    least = address.index_input(right, "至少在几条群聊里出现", key="least", first=1, last=50, value=2)
    run = runs[chosen][0]
    return run, correction_groups(state.store(), form, run, least=least)


def choose_groups(form: Form, groups: list[CorrectionGroup]) -> list[CorrectionGroup]:
    """Table of correction groups; the selected ones."""
    rows = [
        {
            "字段": form.field(one.key).label,
            "怎么改的": one.how.value,
            "抽取": one.before or None,
            "审阅后": one.after or None,
            "群聊": len(one.chats),
            "涉及分值": len(one.chats) * form.field(one.key).points,
            "例子": f"第 {one.chats[0]} 条：{cell_text(one.cases[0].before)} → {cell_text(one.cases[0].after)}",
        }
        for one in groups
    ]
    picked = st.dataframe(
        rows,
        hide_index=True,
        height=table_height(rows, most=344),
        placeholder=PLACEHOLDER,
        on_select="rerun",
        selection_mode="multi-row",
        key="lessons-table-" + str(hash(tuple(one.id for one in groups))),
        column_config={
            "群聊": count_column(width=70),
            "涉及分值": count_column(width=90, help="群聊数 × 字段分值"),
            "例子": st.column_config.TextColumn(width=420),
        },
    )
    return [groups[at] for at in picked.selection.rows if at < len(groups)]


def draw_cases(dataset: DatasetView, form: Form, chosen: list[CorrectionGroup]) -> None:
    """Expander with every correction of the selected groups, each with its workbench link."""
    cases = [(one, case) for one in chosen for case in one.cases]
    with st.expander(f"这些修改：{len(cases):,} 处", expanded=False):
        st.dataframe(
            [
                {
                    "群聊": case.chat,
                    "字段": form.field(one.key).label,
                    "抽取": cell_text(case.before),
                    "审阅后": cell_text(case.after),
                    "打开": workbench_address(dataset.id, case.chat),
                }
                for one, case in cases
            ],
            hide_index=True,
            column_config={"打开": workbench_column()},
        )
