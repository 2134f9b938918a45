"""One plan per kind of export: its choices, and what the main button will write."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView
from core.domain.masking import Mask
from core.services.export import (
    AnswerSource,
    Coverage,
    DatasetLayout,
    ExportResult,
    TableFormat,
    TextKind,
    coverage_of,
    export_dataset,
    export_submission,
    export_table,
    file_name,
)
from core.services.export.file_names import MASKED_SUFFIX
from core.services.export.html_report import export_html_report
from core.services.training import InputKind, export_test_csv
from core.ui import state
from core.ui.export.export_choices import choose_chats, choose_input, choose_source, draw_coverage
from core.ui.markdown import escape_markdown
from core.ui.mask_picker import choose_mask

_TEXT_TITLES = {TextKind.RAW: "入库时的原文", TextKind.CLEAN: "去掉表格残留"}
_LAYOUT_TITLES = {DatasetLayout.FILE: "一个 JSON 文件", DatasetLayout.HF: "Hugging Face 文件夹"}


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """An export as chosen so far: what the main button will write.

    Attributes:
        choices: everything that was chosen; a finished file is shown only beside the choices that made it.
        name: file or folder name.
        make: writes it.
        ready: whether there is anything to make.
    """

    choices: tuple[object, ...]
    name: str
    make: Callable[[Path], ExportResult]
    ready: bool = True


def _file_name(kind: str, dataset: DatasetView, ending: str, mask: Mask) -> str:
    """Name of a file, or without an ending of a folder; what is masked is told from any other by it."""
    return f"{file_name(kind, dataset.name)}{MASKED_SUFFIX if mask else ''}{'.' if ending else ''}{ending}"


def _mask_and_coverage(dataset: DatasetView, facts: DeltaGenerator, source: AnswerSource) -> tuple[Mask, Coverage]:
    """Choose what is masked, and draw how many chats the source covers."""
    mask = choose_mask("mask")
    coverage = coverage_of(state.store(), dataset.id, source)
    draw_coverage(dataset, facts, coverage, source)
    return mask, coverage


def _plan_submission(dataset: DatasetView, facts: DeltaGenerator) -> ExportPlan:
    """Choices of a submission file."""
    source = choose_source(dataset, every_chat=True)
    mask, coverage = _mask_and_coverage(dataset, facts, source)
    fill = bool(coverage.missing) and facts.toggle(
        f"补空：为没有结果的 {len(coverage.missing):,} 条各写一张空表",
        key=f"fill-{dataset.id}",
    )
    if coverage.missing and not fill:
        from_run = "在「结果来源」里用抽取任务补，" if not source.run and state.runs_to_start_from(dataset) else ""
        facts.caption(f"提交文件要有每一条群聊：请先审阅或抽取缺的这些，{from_run}或打开补空。")
    return ExportPlan(
        ("submission", dataset.id, source, fill, mask),
        _file_name("submission", dataset, "json", mask),
        lambda out: export_submission(
            state.store(), dataset=dataset.id, source=source, out=out, fill_missing=fill, mask=mask
        ),
        ready=coverage.total > 0 and (fill or not coverage.missing),
    )


def _plan_dataset(dataset: DatasetView, facts: DeltaGenerator) -> ExportPlan:
    """Choices of the dataset itself: one file, or the ZIP of a folder with a card."""
    source = choose_source(dataset)
    layout = st.segmented_control(
        "文件格式",
        list(DatasetLayout),
        format_func=_LAYOUT_TITLES.__getitem__,
        default=DatasetLayout.FILE,
        required=True,
        key="layout",
        help="文件夹打成 ZIP：数据和一份卡片（README.md），写明条数、字段、表单和遮盖；许可留给数据的所有者填写。",
    )
    text = st.segmented_control(
        "群聊文本",
        list(TextKind),
        format_func=_TEXT_TITLES.__getitem__,
        default=TextKind.RAW,
        required=True,
        key="text",
    )
    mask, coverage = _mask_and_coverage(dataset, facts, source)
    is_folder = layout is DatasetLayout.HF
    return ExportPlan(
        ("dataset", dataset.id, source, text, layout, mask),
        _file_name("hf" if is_folder else "dataset", dataset, "" if is_folder else "json", mask),
        lambda out: export_dataset(
            state.store(), dataset=dataset.id, source=source, out=out, text=text, mask=mask, layout=layout
        ),
        ready=len(coverage.missing) < coverage.total,
    )


def _plan_table(dataset: DatasetView, facts: DeltaGenerator) -> ExportPlan:
    """Choices of a spreadsheet."""
    source = choose_source(dataset)
    table = st.segmented_control(
        "文件格式",
        list(TableFormat),
        format_func=lambda kind: escape_markdown(kind.upper()),
        default=TableFormat.XLSX,
        required=True,
        key="table",
    )
    seen = st.checkbox(
        "附上确认状态", key="confirmations", help="每个字段多一列：未看、逐项确认或批量确认；确认为空与没看过由此分开"
    )
    talks = st.checkbox("附上讨论", value=True, key="talks", help="多一列：谁、何时、说了什么，有没有解决")
    mask, coverage = _mask_and_coverage(dataset, facts, source)
    return ExportPlan(
        ("table", dataset.id, source, table, seen, talks, mask),
        _file_name("customers", dataset, table, mask),
        lambda out: export_table(
            state.store(),
            dataset=dataset.id,
            source=source,
            out=out,
            table=table,
            confirmations=seen,
            discussions=talks,
            mask=mask,
        ),
        ready=len(coverage.missing) < coverage.total,
    )


def _plan_report(dataset: DatasetView, facts: DeltaGenerator) -> ExportPlan:
    """Choices of an offline report."""
    source = choose_source(dataset)
    chats = choose_chats(dataset)
    mask, coverage = _mask_and_coverage(dataset, facts, source)
    return ExportPlan(
        ("report", dataset.id, source, chats, mask),
        _file_name("report", dataset, "html", mask),
        lambda out: export_html_report(
            state.store(), dataset=dataset.id, source=source, out=out, chats=chats, mask=mask
        ),
        ready=len(coverage.missing) < coverage.total,
    )


def _plan_test_csv(dataset: DatasetView, facts: DeltaGenerator) -> ExportPlan:
    """Choices of a CSV of questions for the platform's batch test."""
    text = choose_input()
    mask = choose_mask("mask")
    facts.metric("提问", f"{dataset.chats:,}")
    prompt = "由摘要填表" if text is InputKind.SUMMARY else "基线"
    facts.caption(f"每条群聊一个提问，用的是「{prompt}」提示词，和抽取时一字不差。")
    return ExportPlan(
        ("test-csv", dataset.id, text, mask),
        _file_name("test", dataset, "csv", mask),
        lambda out: export_test_csv(state.store(), dataset=dataset.id, out=out, text=text, mask=mask),
        ready=dataset.chats > 0,
    )


def plan_export(kind: str, dataset: DatasetView, facts: DeltaGenerator) -> ExportPlan:
    """Draw the choices of one kind of export.

    Args:
        kind: one of ``PURPOSES``.
        dataset: whose chats.
        facts: place for what the choices come to.
    """
    plans = {
        "submission": _plan_submission,
        "test-csv": _plan_test_csv,
        "dataset": _plan_dataset,
        "table": _plan_table,
        "report": _plan_report,
    }
    return plans[kind](dataset, facts)
