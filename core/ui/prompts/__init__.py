"""Parts of the page 提示词: a prompt on one chat, two versions compared, a new version."""

from core.ui.prompts.chat import draw_rendering, draw_trial
from core.ui.prompts.versions import draw_comparison, draw_new_version

__all__ = ["draw_comparison", "draw_new_version", "draw_rendering", "draw_trial"]
