"""The views of one prompt: its text, a comparison, rendered on a chat, tried with a model, a new version."""

from core.adapters.store import DatasetView
from core.services.extraction.prompt_library import PromptEntry
from core.ui import navigation
from core.ui.extraction.prompt_list import draw_prompt_text
from core.ui.extraction.prompt_on_chat import draw_rendering, draw_trial
from core.ui.extraction.prompt_versions import draw_comparison, draw_new_version
from core.ui.notices import draw_empty_state

READ, COMPARE, RENDER, TRY, NEW = "阅读", "比较", "渲染", "试用", "新版本"
VIEWS = [READ, COMPARE, RENDER, TRY, NEW]


def draw_prompt_view(entry: PromptEntry, entries: list[PromptEntry], datasets: list[DatasetView], view: str) -> None:
    """One view of a prompt."""
    if view == READ:
        draw_prompt_text(entry)
    elif view == COMPARE:
        draw_comparison(entry, entries)
    elif view == NEW:
        draw_new_version(entry)
    elif not datasets:
        draw_empty_state(
            "还没有群聊",
            "导入群聊后，可以看提示词渲染成什么样，也可以试一试。",
            page=navigation.IMPORT,
            label="导入群聊",
        )
    else:
        (draw_rendering if view == RENDER else draw_trial)(entry, datasets)
