"""导出: say what goes in, see what will be in it before it is made, make it, take it, and find earlier ones."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView
from core.services.export import (
    AnswerSource,
    Coverage,
    Download,
    ExportResult,
    TableFormat,
    TextKind,
    coverage_of,
    download,
    export_dataset,
    export_log_entries,
    export_submission,
    export_table,
    file_name,
    index_ranges,
    parse_source,
)
from core.services.export.html_report import export_html_report
from core.services.training import InputKind, export_test_csv
from core.ui import navigation, state
from core.ui.heading import heading
from core.ui.mask_picker import choose_mask
from core.ui.notices import empty_state, reported

KINDS = {
    "submission": "提交文件",
    "training": "训练集",
    "test-csv": "测试 CSV",
    "dataset": "数据集",
    "table": "表格",
    "report": "离线报告",
}
PURPOSES = {
    "submission": "交给比赛平台的 JSON：每条群聊都在，格式一字不差。",
    "test-csv": "平台批量测试用的 CSV：input 是提问，target 一律为 -。",
    "dataset": "群聊和审阅后的表单，格式与 train.json 相同；没有结果的群聊不写入。",
    "table": "给同事看的表格，一位客户一行。",
    "report": "一个 HTML 文件：群聊、表单和依据并排，不需要服务器，也能打印。",
}
BASES = {"records": "已确认的记录", "both": "记录，缺的用抽取任务", "run": "只用抽取任务"}
TEXTS = {TextKind.RAW: "入库时的原文", TextKind.CLEAN: "去掉表格残留"}
INPUTS = {InputKind.RAW: "对话原文", InputKind.CLEAN: "去掉占位消息", InputKind.SUMMARY: "摘要"}
SHORT = 12
"""Places of a sha256 that people are shown."""
FINISHED = "shiyao.export.finished"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the main button will do.

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


def choose_source(dataset: DatasetView) -> AnswerSource:
    """Records, a run, or records with a run behind them."""
    runs = state.run_names(dataset)
    options = list(BASES) if runs else ["records"]
    base = st.segmented_control(
        "结果来源", options, format_func=BASES.__getitem__, default=options[0], required=True, key=f"base-{dataset.id}"
    )
    if base == "records":
        return AnswerSource(records=True)
    run = st.selectbox("抽取任务", runs, key=f"run-{dataset.id}")
    return AnswerSource(records=base == "both", run=run)


def choose_chats(dataset: DatasetView) -> tuple[int, ...] | None:
    """Which chats go into a report; ``None`` for all."""
    typed = st.text_input("只要第几条（空着是全部）", key=f"chats-{dataset.id}", placeholder="例如 3、8、12")
    numbers = tuple(int(number) for number in re.findall(r"\d+", typed))
    return numbers or None


def show_coverage(facts: DeltaGenerator, found: Coverage, source: AnswerSource) -> None:
    """How many chats come from where, and which have nothing."""
    numbers = [("群聊", found.total)]
    if source.records:
        numbers.append(("来自已确认的记录", len(found.records)))
    if source.run or source.labels:
        numbers.append((f"来自「{source.run or '标注'}」", len(found.fallback)))
    numbers.append(("没有结果", len(found.missing)))
    for column, (label, number) in zip(facts.columns(len(numbers)), numbers, strict=True):
        column.metric(label, f"{number:,}")
    if found.missing:
        rejected = f"，其中第 {index_ranges(found.rejected)} 条在导入时被拒绝" if found.rejected else ""
        facts.caption(f"没有结果的：第 {index_ranges(found.missing)} 条{rejected}。")


def plan_submission(dataset: DatasetView, facts: DeltaGenerator) -> Plan:
    """提交文件."""
    source = choose_source(dataset)
    mask = choose_mask("mask")
    found = coverage_of(state.store(), dataset.id, source)
    show_coverage(facts, found, source)
    fill = bool(found.missing) and facts.toggle(
        f"补空：为没有结果的 {len(found.missing)} 条各写一张空表",
        key=f"fill-{dataset.id}",
    )
    if found.missing and not fill:
        facts.caption("提交文件要有每一条群聊：请先审阅或抽取缺的这些，或打开补空。")
    return Plan(
        ("submission", dataset.id, source, fill, mask),
        file_name("submission", dataset.name) + ".json",
        lambda out: export_submission(
            state.store(), dataset=dataset.id, source=source, out=out, fill_missing=fill, mask=mask
        ),
        ready=found.total > 0 and (fill or not found.missing),
    )


def plan_dataset(dataset: DatasetView, facts: DeltaGenerator) -> Plan:
    """数据集."""
    source = choose_source(dataset)
    text = st.segmented_control(
        "群聊文本", list(TextKind), format_func=TEXTS.__getitem__, default=TextKind.RAW, required=True, key="text"
    )
    mask = choose_mask("mask")
    found = coverage_of(state.store(), dataset.id, source)
    show_coverage(facts, found, source)
    return Plan(
        ("dataset", dataset.id, source, text, mask),
        file_name("dataset", dataset.name) + ".json",
        lambda out: export_dataset(state.store(), dataset=dataset.id, source=source, out=out, text=text, mask=mask),
        ready=len(found.missing) < found.total,
    )


def plan_table(dataset: DatasetView, facts: DeltaGenerator) -> Plan:
    """表格."""
    source = choose_source(dataset)
    table = st.segmented_control(
        "文件格式",
        list(TableFormat),
        format_func=lambda kind: kind.upper(),
        default=TableFormat.XLSX,
        required=True,
        key="table",
    )
    seen = st.checkbox(
        "附上确认状态", key="confirmations", help="每个字段多一列：未看、逐项确认或批量确认；确认为空与没看过由此分开"
    )
    mask = choose_mask("mask")
    found = coverage_of(state.store(), dataset.id, source)
    show_coverage(facts, found, source)
    return Plan(
        ("table", dataset.id, source, table, seen, mask),
        f"{file_name('customers', dataset.name)}.{table}",
        lambda out: export_table(
            state.store(), dataset=dataset.id, source=source, out=out, table=table, confirmations=seen, mask=mask
        ),
        ready=len(found.missing) < found.total,
    )


def plan_report(dataset: DatasetView, facts: DeltaGenerator) -> Plan:
    """离线报告."""
    source = choose_source(dataset)
    chats = choose_chats(dataset)
    mask = choose_mask("mask")
    found = coverage_of(state.store(), dataset.id, source)
    show_coverage(facts, found, source)
    return Plan(
        ("report", dataset.id, source, chats, mask),
        file_name("report", dataset.name) + ".html",
        lambda out: export_html_report(
            state.store(), dataset=dataset.id, source=source, out=out, chats=chats, mask=mask
        ),
        ready=len(found.missing) < found.total,
    )


def plan_test_csv(dataset: DatasetView, facts: DeltaGenerator) -> Plan:
    """测试 CSV."""
    text = choose_input()
    mask = choose_mask("mask")
    facts.metric("提问", f"{dataset.chats:,}")
    prompt = "由归纳填表" if text is InputKind.SUMMARY else "基线"
    facts.caption(f"每条群聊一个提问，用的是「{prompt}」提示词，和抽取时一字不差。")
    return Plan(
        ("test-csv", dataset.id, text, mask),
        file_name("test", dataset.name) + ".csv",
        lambda out: export_test_csv(state.store(), dataset=dataset.id, out=out, text=text, mask=mask),
        ready=dataset.chats > 0,
    )


def choose_input() -> InputKind:
    """Which text of a chat goes into a question."""
    return st.segmented_control(
        "群聊文本",
        list(INPUTS),
        format_func=INPUTS.__getitem__,
        default=InputKind.RAW,
        required=True,
        key="input",
        help="在线表格留下的残留不会写入，无论选哪一种。",
    )


def plan_for(kind: str, dataset: DatasetView, facts: DeltaGenerator) -> Plan:
    """The choices of one kind of export; what they come to goes into ``facts``."""
    plans = {
        "submission": plan_submission,
        "test-csv": plan_test_csv,
        "dataset": plan_dataset,
        "table": plan_table,
        "report": plan_report,
    }
    return plans[kind](dataset, facts)


def show_finished(finished: Download) -> None:
    """A finished, checked file, ready to be taken."""
    report = finished.report
    st.success(f"{finished.name} 已读回核对，与应有的内容一致。", icon=":material/check:")
    st.download_button(
        "下载",
        finished.data,
        file_name=finished.name,
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(
        f"{report.counts['rows']:,} 行 · {len(finished.data):,} 字节 · 校验和 {report.sha256[:SHORT]}",
        help=f"sha256 {report.sha256}",
    )
    for note in report.notes:
        st.caption(note)


def draw(dataset: DatasetView) -> None:
    """Choices on the left; what they come to, the main button and what it made on the right."""
    choices, outcome = st.columns([4, 5], gap="large")
    facts = outcome.container()
    with choices:
        kind = st.segmented_control(
            "导出什么", list(PURPOSES), format_func=KINDS.__getitem__, default="submission", required=True, key="kind"
        )
        st.caption(PURPOSES[kind])
        st.page_link(
            navigation.TRAINING_SETS, label="训练集在「训练集」页里预检和生成", icon=":material/arrow_forward:"
        )
        plan = plan_for(kind, dataset, facts)
    with outcome:
        if st.button(f"生成{KINDS[kind]}", type="primary", disabled=not plan.ready, icon=":material/output:"):
            with st.spinner("正在生成并读回核对…"):
                st.session_state[FINISHED] = (plan.choices, download(plan.name, plan.make))
        made_of, finished = st.session_state.get(FINISHED, (None, None))
        if finished is not None and made_of == plan.choices:
            show_finished(finished)


def source_words(written: str | None) -> str:
    """A source of the ledger in the words of this page."""
    if not written:
        return "—"
    source = parse_source(written)
    if source.labels:
        return "标注和记录" if source.records else "标注"
    if source.run:
        return f"记录，缺的用「{source.run}」" if source.records else f"「{source.run}」"
    return BASES["records"]


def show_earlier() -> None:
    """What left the house before."""
    earlier = export_log_entries(state.store())
    if not earlier:
        return
    st.subheader("导出记录")
    st.dataframe(
        [
            {
                "时间": f"{entry.created_at.astimezone():%Y-%m-%d %H:%M}",
                "种类": KINDS.get(entry.kind, entry.kind),
                "文件": entry.name,
                "数据集": entry.dataset,
                "来源": source_words(entry.parameters.get("source")),
                "行数": entry.counts.get("rows"),
                "校验和": entry.sha256[:SHORT],
            }
            for entry in earlier
        ],
        hide_index=True,
        width="stretch",
        column_config={
            "行数": st.column_config.NumberColumn(format="localized", width=80),
            "校验和": st.column_config.TextColumn(width=110, help="sha256 的前 12 位：两个文件相同，它就相同"),
        },
    )


datasets = state.datasets()
if not datasets:
    st.title("导出")
    empty_state(
        "还没有可以导出的内容",
        "先导入群聊，抽取并审阅；确认过的记录在这里变成提交文件和训练集。",
        page=navigation.IMPORT,
        label="去导入",
    )
else:
    with reported():
        dataset, _ = heading("导出", datasets)
        draw(dataset)
    show_earlier()
