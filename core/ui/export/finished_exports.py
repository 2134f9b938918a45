"""Making an export, the finished file, and the log of earlier ones."""

from collections.abc import Sequence

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import form_label
from core.domain.permissions import Permission
from core.services.export import Download, download
from core.services.export.export_log import ExportLogEntry
from core.ui import navigation
from core.ui.export.export_labels import KIND_TITLES, PURPOSES, SHORT_SHA256, source_title
from core.ui.export.export_plans import plan_export
from core.ui.markdown import escape_markdown
from core.ui.metrics import fact_table
from core.ui.only_for import only_for

_FINISHED = "shiyao.export.finished"


def _draw_finished(finished: Download) -> None:
    """A finished, verified file with its download button."""
    report = finished.report
    st.success(f"{escape_markdown(finished.name)} 已读回核对，与应有的内容一致。", icon=":material/check:")
    st.download_button(
        "下载",
        finished.data,
        file_name=finished.name,
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(
        f"{report.counts['rows']:,} 行 · {len(finished.data):,} 字节 · 校验和 "
        f"{escape_markdown(report.sha256[:SHORT_SHA256])}",
        help=f"sha256 {escape_markdown(report.sha256)}",
    )
    for note in report.notes:
        st.caption(escape_markdown(note))


def draw_export(dataset: DatasetView) -> None:
    """Choices of an export on the left; coverage, main button and the finished file on the right."""
    choices, outcome = st.columns([4, 5], gap="large")
    facts = outcome.container()
    with choices:
        kind = st.segmented_control(
            "导出什么",
            list(PURPOSES),
            format_func=KIND_TITLES.__getitem__,
            default="submission",
            required=True,
            key="kind",
        )
        st.caption(PURPOSES[kind])
        st.page_link(
            navigation.TRAINING_SETS, label="训练集在「训练集」页里预检和生成", icon=":material/arrow_forward:"
        )
        plan = plan_export(kind, dataset, facts)
    with outcome:
        off = only_for(Permission.EXPORT, disabled=not plan.ready)
        if st.button(f"生成{KIND_TITLES[kind]}", type="primary", icon=":material/output:", **off):
            with st.spinner("正在生成并读回核对…"):
                st.session_state[_FINISHED] = (plan.choices, download(plan.name, plan.make))
        made_of, finished = st.session_state.get(_FINISHED, (None, None))
        if finished is not None and made_of == plan.choices:
            _draw_finished(finished)


def draw_export_log(entries: Sequence[ExportLogEntry]) -> None:
    """Table of earlier exports; where there are none, what each kind of file is for."""
    if not entries:
        st.subheader("各种文件给谁用")
        fact_table({KIND_TITLES[kind]: purpose for kind, purpose in PURPOSES.items()})
        st.caption("生成过的文件会列在这里，带来源、行数和校验和。")
        return
    st.subheader("导出记录")
    st.dataframe(
        [
            {
                "时间": f"{entry.created_at.astimezone():%Y-%m-%d %H:%M}",
                "种类": KIND_TITLES.get(entry.kind, entry.kind),
                "文件": entry.name,
                "数据集": entry.dataset,
                "表单": form_label(str(entry.parameters.get("form") or "")),
                "来源": source_title(entry.parameters.get("source"))
                + ("（已遮盖）" if entry.parameters.get("mask") else ""),
                "行数": entry.counts.get("rows"),
                "校验和": entry.sha256[:SHORT_SHA256],
            }
            for entry in entries
        ],
        hide_index=True,
        width="stretch",
        column_config={
            "行数": st.column_config.NumberColumn(format="localized", width=80),
            "校验和": st.column_config.TextColumn(width=110, help="sha256 的前 12 位：两个文件相同，它就相同"),
        },
    )
