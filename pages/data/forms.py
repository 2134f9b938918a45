"""表单: which fields are filled for each customer; made, tried, changed and saved as versions."""

from core.ui.forms.form_page import draw_forms

draw_forms()
