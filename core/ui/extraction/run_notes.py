"""What a run did to its chats besides filling forms: what was left out, how windows lay, what was not taken."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.adapters.store import ExtractionView
from core.domain.form import Form
from core.services.export import index_ranges
from core.services.extraction.pipeline import about

_BY = {"vote": "投票", "windows": "窗口合并"}


def draw_about(found: Sequence[ExtractionView], form: Form) -> None:
    """Folded away: per chat, what was left out or decided; nothing where nothing was."""
    kept = [(one.index, said) for one in found if headline(said := about(one.replies))]
    if not kept:
        return
    with st.expander(f"{len(kept)} 条群聊清理、分段或取舍过"):
        for index, said in kept:
            st.markdown(f"**第 {index} 条**：{headline(said)}")
            st.markdown("\n".join(f"- {line}" for line in lines(said, form)))


def headline(kept: dict[str, list[dict[str, Any]]]) -> str:
    """In one line; ``""`` where there is nothing to say."""
    parts = []
    if left := sum(int(step["characters"]) for step in kept["left_out"]):
        parts.append(f"清理时省去 {left:,} 字")
    if len(kept["windows"]) > 1:
        parts.append(f"太长，分成 {len(kept['windows'])} 段")
    if kept["alternatives"]:
        parts.append(f"{len(kept['alternatives'])} 格另有说法")
    return " · ".join(parts)


def lines(kept: dict[str, list[dict[str, Any]]], form: Form) -> list[str]:
    """One sentence per step, window and cell."""
    said = [
        f"{step['why']}：省去 {step['characters']:,} 字"
        + (f"，在第 {index_ranges(step['messages'])} 条消息" if step["messages"] else "")
        for step in kept["left_out"]
    ]
    for window in kept["windows"] if len(kept["windows"]) > 1 else ():
        first, last = window["messages"][0], window["messages"][-1]
        said.append(f"第 {window['number']} 段：第 {first}–{last} 条消息，{window['characters']:,} 字")
    for cell in kept["alternatives"]:
        label = form.field(cell["field"]).label if cell["field"] in form else cell["field"]
        others = "、".join(_shown(other) for other in cell["others"])
        by = _BY.get(cell["from"], cell["from"])
        said.append(
            f"{cell['name'] or '（未填姓名）'} · {label}：取「{_shown(cell['taken'])}」，{by}时没有取「{others}」"
        )
    return said


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("value", "")
    return ("、".join(map(str, value)) if isinstance(value, list) else str(value)) or "空"
