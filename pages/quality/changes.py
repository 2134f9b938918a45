"""修好与改坏: cells fixed and broken from run A to run B, by field and by chat."""

import streamlit as st

from core.adapters.store import queries
from core.services.quality.leaderboard import run_caveats
from core.services.quality.score_jobs import comparison_parameters
from core.services.quality.scores import stored_comparison
from core.ui import address, charts, state
from core.ui.computed import computed
from core.ui.markdown import escape_markdown
from core.ui.quality.change_matrix import CELLS_VIEW, draw_matrix, draw_verdict, matrix_rows
from core.ui.quality.changed_cells import draw_changed_cells
from core.ui.quality.habit_correction import draw_done, draw_habit_correction
from core.ui.quality.reference_picker import (
    choose_benchmark,
    choose_similarity_threshold,
    reference_title,
    scoring_note,
)
from core.ui.quality.run_pickers import choose_two_runs

VIEWS = ("图", CELLS_VIEW)


picked = choose_benchmark("修好与改坏")
draw_done()
if picked is not None and (chosen := choose_two_runs(benchmark := picked[0])) is not None:
    a, b = chosen
    right_from = choose_similarity_threshold(picked[1], benchmark.measure)
    store = state.store()

    result = computed(
        "comparison",
        comparison_parameters(store, benchmark, a, b, right_from=right_from),
        answers=2 * benchmark.dataset.chats,
        inline=lambda: stored_comparison(store, benchmark, a, b, right_from=right_from),
    )
    if result is None:
        st.stop()
    compared = result.value
    with store.read() as session:
        caveats = run_caveats(session, benchmark, [a, b], queries.runs(session, benchmark.dataset.id))
    draw_verdict(compared, a, b, caveats)
    st.caption(
        f"下限 {compared.a.floor:.2f}，{len(compared.a.chats):,} 条群聊，"
        f"对照{escape_markdown(reference_title(benchmark.against))}。"
        f"{scoring_note(benchmark.measure, right_from=right_from)}"
        f" 多出来的{escape_markdown(benchmark.form.subject)}："
        f"A {compared.rights_a.invented:,d} 位，B {compared.rights_b.invented:,d} 位"
        "（不在下面的格里，但会拉低得分）。"
    )
    rows = matrix_rows(benchmark, compared)
    matrix_side, cell_side = st.columns([7, 8], gap="medium")  # all of the matrix at 1024 pixels
    with matrix_side:
        draw_matrix(rows, f"{a.id}-{b.id}-{benchmark.against}")
    with cell_side:
        # Whoever asked for certain cells sees them; else the picture says first what happened.
        first = int(any(address.text_parameter(name) for name in ("field", "change")))
        view = address.segments(
            st.container(), "查看", VIEWS, key="view", what="视图", first=first, label_visibility="collapsed"
        )
        if view == "图":
            charts.draw_chart(
                charts.changes_chart(rows), alt_text=f"改动最多的字段是{rows[0]['字段']}", key="changes-chart"
            )
        else:
            draw_changed_cells(benchmark, compared, a, b)
if picked is not None:
    draw_habit_correction(picked[0])
