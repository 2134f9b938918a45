"""Notes on a run's chats: text left out by cleaning, windows of long chats, values not taken."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.adapters.store import ExtractionView
from core.domain.form import Form, cell_text
from core.services.export import index_ranges
from core.services.extraction.pipeline import latest_notes
from core.ui.markdown import escape_markdown

_BY = {"vote": "投票", "windows": "分段合并", "merge": "合并"}


def draw_run_notes(extractions: Sequence[ExtractionView], form: Form) -> None:
    """Expander with the notes of each chat; nothing where there are none."""
    noted = [(one, notes) for one in extractions if notes_summary(notes := latest_notes(one.replies))]
    if not noted:
        return
    with st.expander(f"最新的 {len(extractions):,} 条群聊里，{len(noted):,} 条清理、分段或取舍过"):
        for one, notes in noted:
            names = [form.name_of(values) for values in one.forms or ()]
            st.markdown(f"**第 {one.index:d} 条**：{escape_markdown(notes_summary(notes))}")
            st.markdown("\n".join(f"- {escape_markdown(line)}" for line in note_lines(notes, form, names)))


def notes_summary(notes: dict[str, list[dict[str, Any]]]) -> str:
    """Summary of a chat's notes in one line; ``""`` where there are none."""
    parts = []
    if left := sum(int(step["characters"]) for step in notes["left_out"]):
        parts.append(f"清理时省去 {left:,} 字")
    if len(notes["windows"]) > 1:
        parts.append(f"太长，分成 {len(notes['windows'])} 段")
    if notes["alternatives"]:
        parts.append(f"{len(notes['alternatives']):,} 格另有说法")
    return " · ".join(parts)


def note_lines(notes: dict[str, list[dict[str, Any]]], form: Form, names: Sequence[str] = ()) -> list[str]:
    """One sentence per step, window and cell.

    Args:
        notes: of one chat.
        form: the dataset's form.
        names: of the customers of its answer, for cells that say only which customer they are of.
    """
    sentences = [
        f"{step['why']}：省去 {step['characters']:,} 字"
        + (f"，在第 {index_ranges(step['messages'])} 条消息" if step["messages"] else "")
        for step in notes["left_out"]
    ]
    for window in notes["windows"] if len(notes["windows"]) > 1 else ():
        first, last = window["messages"][0], window["messages"][-1]
        sentences.append(f"第 {window['number']} 段：第 {first} 到第 {last} 条消息，{window['characters']:,} 字")
    for cell in notes["alternatives"]:
        label = form.field(cell["field"]).label if cell["field"] in form else cell["field"]
        others = "、".join(_taken_text(other) for other in cell["others"])
        by = _BY.get(cell["from"], cell["from"])
        name = cell.get("name") or next(iter(names[cell["customer"] : cell["customer"] + 1]), "")
        sentences.append(
            f"{name or '（未填姓名）'} · {label}：取「{_taken_text(cell['taken'])}」，{by}时没有取「{others}」"
        )
    return sentences


def _taken_text(value: Any) -> str:
    return cell_text(value.get("value", "") if isinstance(value, dict) else value)
