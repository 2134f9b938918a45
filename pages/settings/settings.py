"""设置: one's name or account, API keys, database with backups and health check, form, versions."""

import streamlit as st

from core.domain.permissions import Permission
from core.ui import state
from core.ui.settings.access_token_list import draw_access_tokens
from core.ui.settings.own_account import draw_own_account
from core.ui.settings.personal_data import draw_personal_data
from core.ui.settings.sections import draw_database, draw_form, draw_keys, draw_reviewer, draw_software_versions
from core.ui.settings.webhook_list import draw_webhooks

st.title("设置")
left, right = st.columns(2, gap="large")
person, sees_all = state.page_person(), state.may(Permission.SETTINGS)
with left:
    if person is None:
        draw_reviewer()
    else:
        draw_own_account(person)
    draw_access_tokens()
    draw_webhooks()
    if sees_all:
        draw_database()
    draw_form()
with right:
    if sees_all:
        draw_keys()
    if state.may(Permission.PERSONAL_DATA):
        draw_personal_data()
    draw_software_versions()
