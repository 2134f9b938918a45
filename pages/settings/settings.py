"""设置: reviewer, API keys, database with backups and health check, form, versions."""

import streamlit as st

from core.ui.settings.sections import draw_database, draw_form, draw_keys, draw_reviewer, draw_software_versions

st.title("设置")
left, right = st.columns(2, gap="large")
with left:
    draw_reviewer()
    draw_database()
    draw_form()
with right:
    draw_keys()
    draw_software_versions()
