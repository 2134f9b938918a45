"""All prompts in a table, and the text of one."""

import streamlit as st

from core.domain.form import load_named_form
from core.domain.prompts import STAGE_TITLES, cache_order
from core.errors import ShiyaoError
from core.services.extraction.prompt_library import PromptEntry
from core.ui.markdown import escape_markdown
from core.ui.tables import count_column


def show_prompt(prompt: str) -> None:
    """Show a prompt (id); the address says which, the view stays."""
    if prompt:
        st.query_params["prompt"] = prompt
    else:
        st.query_params.pop("prompt", None)
    st.rerun()


def _origin_text(entry: PromptEntry) -> str:
    """Where a prompt is kept, and by whom."""
    return "文件" if entry.draft_id is None else f"数据库 · {entry.created_by or '未署名'}"


def draw_prompt_list(entries: list[PromptEntry], chosen: PromptEntry) -> None:
    """Table of all prompts; a click shows one."""
    ids = [entry.prompt.id for entry in entries]
    rows = [
        {
            "提示词": f"{entry.prompt.title} · {entry.prompt.id}",
            "阶段": STAGE_TITLES[entry.prompt.stage],
            "用过": len(entry.runs),
        }
        for entry in entries
    ]
    picked = st.dataframe(
        rows,
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [ids.index(chosen.prompt.id)]}},
        key=f"prompts-list-{len(ids)}-{chosen.prompt.id}",
        column_config={
            "提示词": st.column_config.TextColumn(width=206),
            "阶段": st.column_config.TextColumn(width=74),
            "用过": count_column(width=42, help="用过它的抽取任务数"),
        },
    )
    selected = [ids[row] for row in picked.selection.rows if row < len(ids)]
    if selected and selected[0] != chosen.prompt.id:
        show_prompt(selected[0])


def draw_prompt_text(entry: PromptEntry) -> None:
    """Full text of a prompt, and the runs that used it."""
    used = f"用在 {len(entry.runs):,} 个抽取任务：{'、'.join(entry.runs[:6])}" if entry.runs else "还没有抽取任务用过"
    st.caption(
        f"{escape_markdown(_origin_text(entry))} · {escape_markdown(used)}",
        help=f"sha256 {escape_markdown(entry.prompt.sha256)}",
    )
    if entry.problem:
        st.error(f"{escape_markdown(entry.problem)}。请在「新版本」里改好并保存。", icon=":material/error:")
    draw_cache_hint(entry)
    st.code(entry.prompt.source, language=None, wrap_lines=True)


def draw_cache_hint(entry: PromptEntry) -> None:
    """What to move so that services can keep more of a prompt; nothing where all is in order."""
    if entry.problem:
        return
    try:
        order = cache_order(entry.prompt, load_named_form())
    except ShiyaoError:
        return  # what is wrong with it is said where it is rendered
    if order.is_early:
        st.info(
            f"每次都变的「{escape_markdown(order.first)}」后面还有约 {order.behind:,} 个字不变的说明。"
            "服务方只缓存提问开头不变的部分，缓存过的更便宜：把不变的说明移到它前面，每次就少付这些字的钱。",
            icon=":material/savings:",
        )
