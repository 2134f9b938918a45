"""操作记录: who did what of consequence, and when."""

from core.ui.settings.audit_list import draw_audit_page

draw_audit_page()
