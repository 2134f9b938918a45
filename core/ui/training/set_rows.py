"""Rows of a training set before it is written: all of them in a table, one as it will be written."""

from collections.abc import Iterator
from typing import Any

import streamlit as st

from core.errors import ShiyaoError
from core.services.training import Preflight, Row, SpooledRow, TrainingOptions, preview_row, source_of
from core.ui import state
from core.ui.markdown import code_span, escape_markdown
from core.ui.notices import show_error
from core.ui.training.labels import INPUTS, TASKS

_ANSWER_KEYS = frozenset(
    {"output", "target", "chosen", "rejected", "preferred_output", "non_preferred_output", "kto_tag"}
)


def draw_rows(report: Preflight, options: TrainingOptions) -> None:
    """Table of all rows, and the selected one as it will be written."""
    if not report.rows:
        st.caption("没有一行。")
        return
    tasks = len(options.tasks) > 1 or options.tasks != ("form",)
    labels = {field.key: field.label for field in report.form.fields}
    table = [_table_row(row, report, labels, with_task=tasks) for row in report.rows]
    chosen = st.dataframe(
        table,
        hide_index=True,
        height=286,
        on_select="rerun",
        selection_mode="single-row",
        key=f"training-rows-{hash((options, len(report.rows)))}",
        column_config={
            "字数": st.column_config.NumberColumn(format="localized", width="small"),
            "约 token": st.column_config.NumberColumn(format="localized", width="small"),
            "有值": st.column_config.NumberColumn(help="答案里有值的字段数", width="small"),
            "去向": st.column_config.TextColumn(width="small"),
        },
    )
    picked = chosen["selection"]["rows"]
    number = picked[0] if picked and picked[0] < len(report.rows) else 0
    row = report.rows[number]
    st.caption(f"{escape_markdown(row.place)} 写出来的样子" + ("" if picked else "（在上面选一行，看别的）"))
    try:
        _draw_written_row(preview_row(state.store(), options, row.provenance))
    except ShiyaoError as error:
        show_error(error)


def _table_row(row: SpooledRow, report: Preflight, labels: dict[str, str], *, with_task: bool) -> dict[str, Any]:
    facts = row.provenance
    window = facts.get("window")
    task = facts.get("task", "form")
    shown = INPUTS[facts["input"]] + (f"，第 {window[0]}/{window[1]} 段" if window else "")
    held, dropped = row.start in report.validation_starts, row.start in report.dropped_starts
    return {
        "群聊": f"{facts['dataset']} · {facts['index']}",
        "答案": source_of(facts),
        "输入": shown,
        **({"训练任务": TASKS.get(task) or labels.get(task, task)} if with_task else {}),
        "字数": row.size.characters,
        "约 token": row.size.tokens,
        "有值": len(row.filled),
        "去向": "去重" if dropped else "验证" if held else "训练",
    }


def _draw_written_row(row: Row) -> None:
    parts = list(_parts(row))
    has_answer_key = any(label.partition(" · ")[0] in _ANSWER_KEYS for label, _ in parts)
    question, answer = st.columns([5, 4])
    for number, (label, text) in enumerate(parts):
        # What is answered stands beside what is asked; the answer is what ``target_of`` reads.
        is_last_turn = not has_answer_key and number == len(parts) - 1 and "·" in label
        is_answer = label.partition(" · ")[0] in _ANSWER_KEYS or is_last_turn
        with answer if is_answer else question:
            st.markdown(f"{code_span(label)} :gray[{len(text):,} 字]")
            with st.container(height=300 if is_answer else 160, border=True):
                st.text(text or "（空）")


def _parts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Title and text of each part of a row, turns with their speaker."""
    if isinstance(value, dict) and (speaker := value.get("role") or value.get("from")):
        yield f"{key} · {speaker}", value.get("content") or value.get("value") or ""
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _parts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _parts(part, key)
    else:
        yield key, value if isinstance(value, str) else str(value).lower()
