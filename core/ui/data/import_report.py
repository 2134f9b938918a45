"""Report of the last import, kept until the next file is chosen."""

import streamlit as st

from core.services.datasets import FileKind, ImportReport
from core.ui import navigation
from core.ui.data.import_history import draw_undo, undone_imports
from core.ui.data.import_preview import draw_rejected_rows
from core.ui.data.review_next import draw_review_next
from core.ui.markdown import escape_markdown

# A finished import gets fresh widgets; its report stays until the next file.
_REPORT, _ROUND = "shiyao.import.report", "shiyao.import.round"


def finish_import(report: ImportReport) -> None:
    """Keep the report and start over with empty widgets."""
    st.session_state[_REPORT] = report
    st.session_state[_ROUND] = import_round() + 1
    st.rerun()


def last_report() -> ImportReport | None:
    """Report of the last import in this session; ``None`` before the first and after a new file was chosen."""
    report: ImportReport | None = st.session_state.get(_REPORT)
    return report


def forget_report() -> None:
    """Forget the report of the last import."""
    st.session_state.pop(_REPORT, None)


def import_round() -> int:
    """Number of imports finished in this session: widgets with it in their keys start empty after each."""
    return int(st.session_state.get(_ROUND, 0))


def draw_import_report(report: ImportReport) -> None:
    """Outcome of the last import, and links to what to do next."""
    what = f"抽取任务「{report.run}」" if report.kind is FileKind.SUBMISSION else f"数据集「{report.dataset}」"
    parts = [f"共 {report.total:,} 条", f"新增 {report.added:,}", f"已有 {report.skipped:,}"]
    if report.labels and report.kind is FileKind.CHATS:
        parts.append(f"标注 {report.labels:,}")
    if report.existing:
        parts.append(f"数据集现在共 {report.existing + report.added:,} 条群聊")
    if report.import_id in undone_imports():
        st.info(f"{escape_markdown(what)}：这次导入已撤销", icon=":material/undo:")
        st.divider()
        return
    st.success(f"{escape_markdown(what)}：{escape_markdown('，'.join(parts))}", icon=":material/check_circle:")
    draw_rejected_rows(report.rejected, accepted=report.added + report.skipped)
    for note in report.notes:
        st.caption(escape_markdown(note))
    draw_review_next(report.dataset_id)
    chosen = {"dataset": str(report.dataset_id)}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            navigation.RUNS, label="新建抽取任务", icon=":material/arrow_forward:", query_params=chosen | {"run": "new"}
        )
        st.page_link(navigation.DATASETS, label="查看数据集", icon=":material/arrow_forward:", query_params=chosen)
        if report.import_id:
            draw_undo(report.import_id, key=f"report-{report.import_id}")
    st.divider()
