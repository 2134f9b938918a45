"""The latest results of a run, one row per customer."""

from typing import Any

import streamlit as st

from core.adapters.store import ExtractionView, RunView
from core.adapters.store.models import ExtractionStatus, RunStatus
from core.domain.form import Form, text_of
from core.services.extraction import runs as run_service
from core.ui import state
from core.ui.extraction.run_notes import draw_run_notes
from core.ui.links import workbench_address, workbench_column

_RESULT_TITLES = {ExtractionStatus.OK: "完成", ExtractionStatus.REPAIRED: "修复后完成", ExtractionStatus.FAILED: "失败"}
_MOST_CHATS = 12


def draw_latest_results(run: RunView, form: Form) -> None:
    """Table of the latest results of a run, and what was cleaned or split in them."""
    latest = run_service.latest(state.store(), run.id, _MOST_CHATS)
    if not latest:
        st.caption("还没有结果。" if run.status == RunStatus.RUNNING else "还没有开始。")
        return
    rows = [
        row | {"打开": workbench_address(run.dataset_id, one.index, queue="")}
        for one in latest
        for row in result_rows(one, form, retried=_is_retried(run, one))
    ]
    # Answers of a file or of rules cost nothing: a column of noughts says less than none.
    unsaid = {title for title in ("秒", "token") if not any(round(row[title], 1) for row in rows)}
    st.dataframe(
        rows,
        column_order=[title for title in rows[0] if title not in unsaid],
        hide_index=True,
        height="content",
        key=f"runs-latest-{run.id}",
        column_config={
            "群聊": st.column_config.NumberColumn(width=50),
            "结果": st.column_config.TextColumn(width=84),
            "客户": st.column_config.TextColumn(form.subject, width=90),
            "已填": st.column_config.TextColumn(width=50, help="填了几个字段"),
            "内容": st.column_config.TextColumn(width=300),
            "秒": st.column_config.NumberColumn(width=46, format="%.1f"),
            "token": st.column_config.NumberColumn(width=60, format="localized"),
            "打开": workbench_column(60),
        },
    )
    draw_run_notes(latest, form)


def _is_retried(run: RunView, one: ExtractionView) -> bool:
    """Whether a failure is about to be tried again: the run counts it as pending."""
    return (
        one.status == ExtractionStatus.FAILED and run.parameters.get("retry", {}).get(str(one.chat_id)) == one.attempts
    )


def result_rows(one: ExtractionView, form: Form, *, retried: bool = False) -> list[dict[str, Any]]:
    """An extraction as table rows, one per customer; a failure is one row with its reason, ``retried`` or not."""
    result = "等待重试" if retried else _RESULT_TITLES.get(ExtractionStatus(one.status), one.status)
    if one.replies and one.replies[-1].get("reused"):
        result += " · 沿用"  # an earlier reply to the same question: it cost nothing
    head = {"群聊": one.index, "结果": result}
    tail = {"秒": one.seconds, "token": one.tokens_in + one.tokens_out}
    if not one.forms:
        why = one.error if one.forms is None else f"没有{form.subject}"
        return [head | {"客户": "", "已填": "", "内容": why} | tail]
    first, *others = form.fields
    rows = []
    for values in one.forms:
        filled = [field for field in form.fields if values.get(field.key)]
        parts = [f"{field.label}：{text_of(values[field.key])}" for field in others if values.get(field.key)]
        name = text_of(values.get(first.key), empty="（未填）")
        rows.append(
            head | {"客户": name, "已填": f"{len(filled)}/{len(form.fields)}", "内容": " · ".join(parts)} | tail
        )
    return rows
