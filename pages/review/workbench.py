"""审阅台: the chat beside the form. Reads the address, passes on the browser's saves, draws the workbench."""

from core.ui.review.workbench_page import draw_workbench_page

draw_workbench_page()
