"""评分: every run scored against one reference, beside the floor; points lost chat by chat and field by field."""

import streamlit as st

from core.ui import address, navigation
from core.ui.quality.board import computed_board
from core.ui.quality.fill_rates import draw_fill_rates
from core.ui.quality.leaderboard import draw_headline, draw_leaderboard, draw_scoring_note
from core.ui.quality.reference_picker import choose_benchmark
from core.ui.quality.reliability import draw_reliability
from core.ui.quality.run_pickers import draw_no_runs
from core.ui.quality.run_scores import choose_scored_run, draw_distribution, draw_field_scores, draw_lowest_chats

VIEWS = ("排行", "字段", "填写率", "把握", "分布", "失分最多的群聊")


picked = choose_benchmark("评分")
if picked is not None:
    benchmark, beside = picked
    board = computed_board(benchmark)
    if board is not None and not board.rows:
        draw_no_runs(benchmark.dataset)
    elif board is not None:
        address.translate("view", {"最费分的群聊": VIEWS[-1]})
        view = address.segments(beside, "查看", VIEWS, key="view", what="视图", label_visibility="collapsed")
        if view == VIEWS[0]:
            draw_headline(board)
            draw_scoring_note(board)
            draw_leaderboard(board)
        else:
            chosen = choose_scored_run(board)
            draw_scoring_note(board)
            if view == "字段":
                draw_field_scores(benchmark, chosen.score)
            elif view == "填写率":
                draw_fill_rates(benchmark, chosen.run)
            elif view == "把握":
                draw_reliability(benchmark, chosen.run)
            elif view == "分布":
                draw_distribution(benchmark, board, chosen.score)
            else:
                draw_lowest_chats(benchmark, chosen.score)
        st.page_link(
            navigation.CHANGES,
            label="两个抽取任务之间修好了什么、改坏了什么",
            icon=":material/arrow_forward:",
            query_params={"dataset": str(benchmark.dataset.id)},
        )
