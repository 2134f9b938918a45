"""提示词: read and compare prompts, see one rendered on a chat, try it with a model, make a new version."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.extraction import prompt_library
from core.services.extraction.prompt_library import PromptEntry
from core.ui import address, navigation, state
from core.ui.extraction.prompt_list import draw_prompt_list, draw_prompt_text, show_prompt
from core.ui.extraction.prompt_on_chat import draw_rendering, draw_trial
from core.ui.extraction.prompt_versions import draw_comparison, draw_new_version
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state, show_errors

READ, COMPARE, RENDER, TRY, NEW = "阅读", "比较", "渲染", "试用", "新版本"
VIEWS = [READ, COMPARE, RENDER, TRY, NEW]


def draw_view(entry: PromptEntry, entries: list[PromptEntry], datasets: list[DatasetView], view: str) -> None:
    """One view of a prompt."""
    if view == READ:
        draw_prompt_text(entry)
    elif view == COMPARE:
        draw_comparison(entry, entries)
    elif view == NEW:
        draw_new_version(entry, show_prompt)
    elif not datasets:
        draw_empty_state(
            "还没有群聊",
            "导入群聊后，可以看提示词渲染成什么样，也可以试一试。",
            page=navigation.IMPORT,
            label="导入群聊",
        )
    else:
        (draw_rendering if view == RENDER else draw_trial)(entry, datasets)


st.title("提示词")
with show_errors():
    with state.store().read() as session:
        entries = prompt_library.list_entries(session)
    requested = address.text_parameter("prompt")
    named = address.find_named(requested, entries, lambda entry: (entry.prompt.id, entry.prompt.name))
    chosen = named or entries[0]
    if requested and named is None:
        address.draw_unknown("提示词", requested, chosen.prompt.title)
    listed, detail = st.columns([4, 9], gap="medium")
    with listed:
        draw_prompt_list(entries, chosen)
        st.caption("已发布的版本和用过的版本都不再改变；改动另存为新版本。")
    with detail:
        st.markdown(f"#### {escape_markdown(chosen.prompt.title)} &nbsp; :gray[{escape_markdown(chosen.prompt.id)}]")
        st.caption(escape_markdown(chosen.prompt.purpose))
        view = st.segmented_control(
            "视图", VIEWS, default=READ, required=True, label_visibility="collapsed", key="view", bind="query-params"
        )
        draw_view(chosen, entries, state.available_datasets(), view or READ)
