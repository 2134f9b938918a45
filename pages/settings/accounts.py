"""账号: who may sign in, and with which role."""

from core.ui.settings.account_list import draw_account_page

draw_account_page()
