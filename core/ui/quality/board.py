"""The leaderboard of a benchmark on a page, computed in the background where there is much to score."""

from core.services.quality import Benchmark, Leaderboard
from core.services.quality.leaderboard import board_of, board_scores, count_scored
from core.services.quality.score_jobs import score_parameters
from core.ui import state
from core.ui.computed import computed


def computed_board(benchmark: Benchmark) -> Leaderboard | None:
    """The leaderboard, of the newest scores or of those before; ``None`` where there are none yet, which is drawn."""
    store = state.store()
    scores = computed(
        "scores",
        score_parameters(store, benchmark),
        answers=count_scored(store, benchmark) * benchmark.dataset.chats,
        inline=lambda: board_scores(store, benchmark),
    )
    return board_of(store, benchmark, scores.value) if scores is not None else None
