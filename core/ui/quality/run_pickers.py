"""Choosing the runs that a quality page scores or compares."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView, RunView, queries
from core.adapters.store.models import RunKind
from core.services.quality import Benchmark
from core.ui import address, navigation, state
from core.ui.links import all_runs
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state
from core.ui.quality.reference_picker import reference_title


def draw_no_runs(dataset: DatasetView) -> None:
    """Empty state: no run to score yet."""
    draw_empty_state(
        f"数据集「{escape_markdown(dataset.name)}」还没有可以评分的抽取任务",
        "新建一个抽取任务（「本地规则」不需要密钥），或把提交文件导入为抽取任务。",
        page=navigation.RUNS,
        label="新建抽取任务",
    )


def answered_runs(dataset: DatasetView) -> list[RunView]:
    """Runs with answers, newest first, labels last."""
    with state.store().read() as session:
        answered = [run for run in queries.runs(session, dataset.id) if run.done]
    return sorted(answered, key=lambda run: run.kind == RunKind.LABELS)


def choose_two_runs(benchmark: Benchmark) -> tuple[RunView, RunView] | None:
    """Two select boxes for runs A and B; ``None`` (and a notice) without two different ones."""
    runs = [
        run
        for run in answered_runs(benchmark.dataset)
        if benchmark.against != f"run:{run.name}" and run.kind != "labels"
    ]
    if len(runs) < 2:
        taken = f"（{reference_title(benchmark.against)}正作为对照）" if benchmark.against.startswith("run:") else ""
        draw_empty_state(
            f"还差一个抽取任务{escape_markdown(taken)}",
            "修好与改坏要比较两个抽取任务：换一个提示词或模型再抽取一次，或把另一份提交文件导入为抽取任务。",
            page=navigation.RUNS,
            label="新建抽取任务",
        )
        return None
    names = [run.name for run in runs]
    left, right, _ = st.columns([3, 3, 5], vertical_alignment="bottom")
    link = all_runs(benchmark.dataset)
    a = address.select(left, "从 A", names, key="a", what="抽取任务 A", first=1, link=link) or names[1]
    b = address.select(right, "到 B", names, key="b", what="抽取任务 B", link=link) or names[0]
    by_name = {run.name: run for run in runs}
    if a == b:
        st.info("A 和 B 是同一个抽取任务，请选两个不同的。", icon=":material/info:")
        return None
    return by_name[a], by_name[b]


MAX_RUNS = 4
"""Most runs that are compared side by side."""


def choose_runs_to_compare(benchmark: Benchmark) -> tuple[list[str], DeltaGenerator] | None:
    """Multi-select for the runs to compare; names and the place beside the box, ``None`` where there are too few.

    Beside a reference one run is enough: what labels say is looked at, and disputed, as soon as there is anything to
    hold against them.
    """
    names = [run.name for run in answered_runs(benchmark.dataset) if benchmark.against != f"run:{run.name}"]
    if benchmark.against == "labels":
        names = [run.name for run in answered_runs(benchmark.dataset) if run.kind != "labels"]
    least = 1 if benchmark.against else 2
    if len(names) < least:
        beside = f"与{reference_title(benchmark.against)}对比" if benchmark.against else "对比"
        draw_empty_state(
            "还差一个抽取任务",
            f"{escape_markdown(beside)}需要至少{'一' if least == 1 else '两'}个抽取任务："
            "换一个提示词或模型抽取一次，或把另一份提交文件导入为抽取任务。",
            page=navigation.RUNS,
            label="新建抽取任务",
        )
        return None
    left, right = st.columns([4, 7], vertical_alignment="bottom")
    for requested in st.query_params.get_all("runs"):
        if requested not in names:
            address.note_unknown("抽取任务", requested, "", all_runs(benchmark.dataset))
    chosen = left.multiselect(
        f"抽取任务（{least} 到 {MAX_RUNS} 个，第一个是 A）",
        names,
        default=names[:2][::-1],
        max_selections=MAX_RUNS,
        key="runs",
        bind="query-params",
    )
    if len(chosen) < least:
        st.info("请再选一个抽取任务。" if chosen else "请选抽取任务。", icon=":material/info:")
        return None
    return chosen, right
