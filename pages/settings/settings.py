"""设置: who reviews, which keys there are, where everything lies, a copy of it, and whether it is in order."""

import streamlit as st

from core.ui.settings.sections import draw_database, draw_form, draw_keys, draw_reviewer, draw_versions

st.title("设置")
left, right = st.columns(2, gap="large")
with left:
    draw_reviewer()
    draw_database()
    draw_form()
with right:
    draw_keys()
    draw_versions()
