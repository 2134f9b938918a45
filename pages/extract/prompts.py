"""提示词: read and compare prompts, see one rendered on a chat, try it with a model, make a new version."""

import streamlit as st

from core.domain.prompts import STAGE_TITLES
from core.services.extraction import prompt_library
from core.services.extraction.prompt_library import Entry
from core.ui import navigation, state
from core.ui.extraction.prompt_on_chat import draw_rendering, draw_trial
from core.ui.extraction.prompt_versions import draw_comparison, draw_new_version
from core.ui.notices import empty_state, reported

READ, COMPARE, RENDER, TRY, NEW = "阅读", "比较", "渲染", "试用", "新版本"
VIEWS = [READ, COMPARE, RENDER, TRY, NEW]


def go(prompt: str) -> None:
    """Show a prompt; the address says which. The view stays as it is."""
    if prompt:
        st.query_params["prompt"] = prompt
    else:
        st.query_params.pop("prompt", None)
    st.rerun()


def source_of(entry: Entry) -> str:
    """Where a prompt is kept."""
    return "文件" if entry.draft_id is None else f"数据库 · {entry.created_by or '未署名'}"


def draw_list(entries: list[Entry], chosen: Entry) -> None:
    """All prompts; a click shows one."""
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
            "用过": st.column_config.NumberColumn(width=42, help="用过它的抽取任务数"),
        },
    )
    selected = [ids[row] for row in picked.selection.rows if row < len(ids)]
    if selected and selected[0] != chosen.prompt.id:
        go(selected[0])


def draw_text(entry: Entry) -> None:
    """The whole text, and who used it."""
    used = f"用在 {len(entry.runs)} 个抽取任务：{'、'.join(entry.runs[:6])}" if entry.runs else "还没有抽取任务用过"
    st.caption(f"{source_of(entry)} · {used}", help=f"sha256 {entry.prompt.sha256}")
    st.code(entry.prompt.source, language=None, wrap_lines=True)


def draw_view(entry: Entry, entries: list[Entry], view: str) -> None:
    """One view of the prompt in hand."""
    if view == READ:
        draw_text(entry)
    elif view == COMPARE:
        draw_comparison(entry, entries)
    elif view == NEW:
        draw_new_version(entry, go)
    elif not available:
        empty_state(
            "还没有群聊",
            "导入群聊后，可以看提示词渲染成什么样，也可以试一试。",
            page=navigation.IMPORT,
            label="导入群聊",
        )
    else:
        (draw_rendering if view == RENDER else draw_trial)(entry, available)


st.title("提示词")
available = state.datasets()
with reported():
    with state.store().read() as session:
        known = prompt_library.listed(session)
    wanted = st.query_params.get("prompt", "")
    in_hand = next((entry for entry in known if wanted in (entry.prompt.id, entry.prompt.name)), known[0])
    listed, detail = st.columns([4, 9], gap="medium")
    with listed:
        draw_list(known, in_hand)
        st.caption("已发布的版本和用过的版本都不再改变；改动另存为新版本。")
    with detail:
        st.markdown(f"#### {in_hand.prompt.title} &nbsp; :gray[{in_hand.prompt.id}]")
        st.caption(in_hand.prompt.purpose)
        shown = st.segmented_control(
            "视图", VIEWS, default=READ, required=True, label_visibility="collapsed", key="view", bind="query-params"
        )
        draw_view(in_hand, known, shown or READ)
