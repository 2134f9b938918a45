"""批次: assigns chats to reviewers and shows the progress of each."""

from core.ui.heading import datasets_or_empty_state
from core.ui.review.batch_list import draw_batch_page

available = datasets_or_empty_state("批次", "还没有群聊可以分派", "先导入群聊。")
if available:
    draw_batch_page(available)
