"""对比: up to four runs beside the chat, customers matched; step through differences and pick values."""

import streamlit as st

from core.services.quality import align
from core.services.quality.score_jobs import alignment_parameters
from core.ui import state
from core.ui.computed import computed
from core.ui.markdown import escape_markdown
from core.ui.quality.difference_filters import choose_differences, draw_differences_csv, draw_prompt_differences
from core.ui.quality.difference_walk import draw_difference_walk
from core.ui.quality.reference_picker import choose_benchmark, choose_similarity_threshold, scoring_note
from core.ui.quality.run_pickers import choose_runs_to_compare

picked = choose_benchmark("对比", optional=True)
if picked is not None and (chosen := choose_runs_to_compare(benchmark := picked[0])) is not None:
    right_from = choose_similarity_threshold(picked[1], benchmark.measure)
    names, beside = chosen
    store = state.store()
    aligned = computed(
        "alignment",
        alignment_parameters(store, benchmark, names),
        answers=benchmark.dataset.chats * len(names),
        inline=lambda: align(store, benchmark, names, against=benchmark.against),
    )
    if aligned is None:
        st.stop()
    alignment = aligned.value
    places, mode, key = choose_differences(alignment, beside)
    draw_prompt_differences(alignment)
    draw_difference_walk(benchmark.dataset, alignment, places, mode, key, right_from)
    draw_differences_csv(alignment, places, benchmark.dataset)
    st.caption(
        f"{escape_markdown(alignment.form.subject)}按最高得分匹配，不按位置。"
        f"{scoring_note(benchmark.measure, right_from=right_from)}"
        " 划线是对照有、抽取任务没有的，下划线是抽取任务多出来的。点一行就到那一处；J / K 下一处 / 上一处，数字键挑选。"
    )
