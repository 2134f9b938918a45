"""What the quality pages share: dataset, reference and measure above, the words for numbers, cached reads."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView, RunView, queries
from core.adapters.store.models import RunKind
from core.domain.scoring import Cell, Interval, Measure, measure_named, usable
from core.services.quality import LABELS, RECORDS, Benchmark, align, references, text_of
from core.ui import navigation, state
from core.ui.heading import heading
from core.ui.notices import empty_state

NO_REFERENCE = "不对照"
CORRECT_FROM = 0.8
"""Similarity from which a free text is right, unless the reader says otherwise."""
_NAMES = {LABELS: "标注", RECORDS: "已确认的记录"}


def called(against: str) -> str:
    """A reference in the words of the page."""
    return _NAMES.get(against) or (f"抽取任务「{against.removeprefix('run:')}」" if against else NO_REFERENCE)


def choose(title: str, *, optional: bool = False) -> tuple[Benchmark, DeltaGenerator] | None:
    """Title and dataset, reference and measure; draws the empty state and returns ``None`` where something lacks.

    Args:
        title: of the page.
        optional: whether one may go on without a reference (``Benchmark.against`` is then ``""``).

    Returns:
        By what one measures, and the place at the right of the boxes.
    """
    available = state.datasets()
    if not available:
        st.title(title)
        empty_state(
            "还没有数据集", "先导入群聊和标注，再抽取一次，这里就能评分和对比。", page=navigation.IMPORT, label="去导入"
        )
        return None
    dataset, _ = heading(title, available)
    found = references(state.store(), dataset)
    if optional:
        found = [*found, ""]
    if not found:
        no_reference(dataset)
        return None
    left, right, beside = st.columns([3, 3, 5], vertical_alignment="bottom")
    # A run is a poor reference where one may go without: two runs side by side say more.
    usual = len(found) - 1 if optional and found[0].startswith("run:") else 0
    against = left.selectbox("对照", found, index=usual, format_func=called, key="against", bind="query-params")
    measures = [measure.name for measure in usable()]
    measure = right.selectbox(
        "自由文本的相似度",
        measures,
        format_func=lambda name: measure_named(name).title,
        key="measure",
        bind="query-params",
        help="只影响「预算明细」和「具体事项」两个自由文本字段；其余字段完全一致才得分，列表按集合比较。",
    )
    by = Benchmark(dataset, state.form_of(dataset), against or "", measure_named(measure or measures[0]))
    return by, beside


def choose_threshold(place: DeltaGenerator, measure: Measure) -> float:
    """The similarity from which a free text counts as right; in the address, and the same on 对比 and 修好与改坏."""
    narrow, _ = place.columns([2, 3])
    return float(
        narrow.number_input(
            "自由文本算对的相似度",
            min_value=0.1,
            max_value=1.0,
            value=CORRECT_FROM,
            step=0.05,
            key="right",
            bind="query-params",
            disabled=not measure.threshold,
            help="只影响这里的对错，不影响得分",
        )
    )


def no_reference(dataset: DatasetView) -> None:
    """Nothing to measure against yet."""
    empty_state(
        f"数据集「{dataset.name}」还没有可以对照的内容",
        "评分需要对照：导入带标注的文件，或先审阅并确认几条群聊；再有一个抽取任务，就能看到得分。",
        page=navigation.IMPORT,
        label="导入标注或提交文件",
    )


def no_runs(dataset: DatasetView) -> None:
    """Nothing to measure yet."""
    empty_state(
        f"数据集「{dataset.name}」还没有可以评分的抽取任务",
        "新建一个抽取任务（「本地规则」不需要密钥），或把提交文件导入为任务。",
        page=navigation.RUNS,
        label="新建抽取任务",
    )


def runs_of(dataset: DatasetView) -> list[RunView]:
    """Runs with answers, newest first, labels last."""
    with state.store().read() as session:
        found = [run for run in queries.runs(session, dataset.id) if run.done]
    return sorted(found, key=lambda run: run.kind == RunKind.LABELS)


def measured_by(measure: Measure, *, right_from: float | None = None) -> str:
    """How the numbers on a page came about, in one line."""
    said = f"自由文本按「{measure.title}」计（主办方的算法没有公开），其余字段完全一致才得分，列表按集合比较。"
    if right_from is not None:
        said += f"自由文本从相似度 {right_from:g} 起算对。" if measure.threshold else "自由文本完全一致才算对。"
    return said + (f" **{measure.caveat}**" if measure.caveat else "")


def span(interval: Interval | None, *, signed: bool = False) -> str:
    """An interval for a table."""
    if interval is None:
        return "—"
    shape = "+.2f" if signed else ".2f"
    return f"{interval.low:{shape}} ~ {interval.high:{shape}}"


def percent(value: float | None) -> str:
    """A share for a sentence."""
    return "—" if value is None else f"{value:.1%}"


def workbench_link(dataset: DatasetView, chat: int) -> str:
    """Address of a chat on the desk."""
    return f"/workbench?dataset={dataset.id}&chat={chat}&queue=全部"


def open_column(label: str = "审阅台") -> Any:
    """Column configuration of a column of addresses."""
    return st.column_config.LinkColumn("打开", display_text=label, width=70)


MOST_CELLS = 300
"""Rows of cells that a page lists; the CSV of 对比 has all of them."""


def compare_link(by: Benchmark, runs: Sequence[RunView], chat: int) -> str:
    """Address of a chat on the page 对比."""
    wanted = {"dataset": str(by.dataset.id), "chat": str(chat), "against": called(by.against)}
    return "/compare?" + urlencode([*wanted.items(), *(("runs", run.name) for run in runs)])


def cell_values(by: Benchmark, runs: Sequence[RunView], cells: Sequence[Cell]) -> list[tuple[str, list[str]]]:
    """Per cell, the reference's value and each run's, as texts; customers matched as the score matches them."""
    found = align(state.store(), by, [run.name for run in runs], against=by.against)
    out: list[tuple[str, list[str]]] = []
    for cell in cells:
        customer = next(c for c in found.chats[cell.chat] if c.gold == cell.customer)
        said = [
            text_of(values.get(cell.key)) if values is not None else "（没有这位客户）" for values in customer.forms
        ]
        out.append((text_of((customer.reference or {}).get(cell.key)), said))
    return out
