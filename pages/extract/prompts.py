"""提示词: read and compare prompts, see one rendered on a chat, try it with a model, make a new version."""

import streamlit as st

from core.services.extraction import prompt_library
from core.ui import address, state
from core.ui.extraction.prompt_list import draw_prompt_list
from core.ui.extraction.prompt_views import VIEWS, draw_prompt_view
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state, show_errors

st.title("提示词")
with show_errors():
    with state.store().read() as session:
        entries = prompt_library.list_entries(session)
    for sentence in prompt_library.unusable_files():
        st.warning(f"{escape_markdown(sentence)}。这个文件没有列出。", icon=":material/warning:")
    if not entries:
        draw_empty_state("还没有提示词", "请把提示词文件放到 prompts 目录，再重启。")
        st.stop()
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
        view = address.segments(
            st.container(), "视图", VIEWS, key="view", what="视图", required=True, label_visibility="collapsed"
        )
        draw_prompt_view(chosen, entries, state.available_datasets(), view)
