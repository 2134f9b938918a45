"""The parts of the page 抽取任务: a new run with its estimate, the run in hand, its failures."""

from core.ui.runs.new import new_run
from core.ui.runs.panel import STATUSES, run_panel

__all__ = ["STATUSES", "new_run", "run_panel"]
