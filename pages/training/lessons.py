"""经验: repeated corrections, to be turned into prompt rules or bulk corrections and tried on their chats."""

from core.ui.heading import datasets_or_empty_state
from core.ui.notices import show_errors
from core.ui.training.lessons import draw_lessons

available = datasets_or_empty_state("经验", "还没有群聊", "先导入群聊并审阅；反复出现的修改会在这里变成规则。")
if available:
    with show_errors():
        draw_lessons(available)
