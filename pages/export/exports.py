"""导出: choose what to export, preview its coverage, write and download the file; list earlier exports."""

from core.services.export import export_log_entries
from core.ui import state
from core.ui.export.finished_exports import draw_export, draw_export_log
from core.ui.export.returned_table import draw_returned_table
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.notices import show_errors

datasets = datasets_or_empty_state(
    "导出", "还没有可以导出的内容", "先导入群聊，抽取并审阅；确认过的记录在这里变成提交文件和训练集。"
)
if datasets:
    with show_errors():
        dataset, _ = draw_heading("导出", datasets)
        draw_export(dataset)
        draw_returned_table(dataset)
    draw_export_log(export_log_entries(state.store()))
