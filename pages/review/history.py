"""记录历史: every version of one record with its changes and reason; any can be restored."""

from core.ui.heading import datasets_or_empty_state
from core.ui.review.history_page import draw_history

available = datasets_or_empty_state("记录历史", "还没有记录", "先导入群聊并审阅。")
if available:
    draw_history(available)
