"""How far a run's confidences can be believed: of the cells called 80 % sure, are four in five right?"""

from typing import Final

import streamlit as st

from core.adapters.store import RunView
from core.services.learning.confidence import FEWEST_APPROVED
from core.services.learning.copied_cells import copied_cells
from core.services.learning.run_confidence import MOST_CHATS, count_approved, run_reliability
from core.services.quality import LABELS, RECORDS, Benchmark
from core.services.quality.score_jobs import run_parameters
from core.ui import charts, state
from core.ui.computed import computed
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state
from core.ui.tables import count_column, percent_column, percent_value, table_height

_WEIGHT: Final = 40
"""Answers that could be scored while one chat is cross-validated: 15 ms."""


def draw_reliability(benchmark: Benchmark, run: RunView) -> None:
    """Reliability diagram of a run with the table of its bins and the calibration error."""
    store = state.store()
    measured = computed(
        "reliability",
        run_parameters(store, benchmark, run),
        answers=_WEIGHT * min(benchmark.dataset.chats, MOST_CHATS) if benchmark.against == LABELS else 0,
        inline=lambda: run_reliability(store, benchmark, run),
    )
    if measured is None:
        return
    reliability = measured.value
    with store.read() as session:
        copied = copied_cells(session, run.id).sentence if benchmark.against == RECORDS else ""
        approved = count_approved(session, run.id)
    if reliability is None:
        draw_empty_state(
            "还说不出把握",
            f"对照标注，或确认满 {FEWEST_APPROVED:d} 条这个抽取任务答过的群聊"
            f"（现在 {approved:,d} / {FEWEST_APPROVED:d}）、打开审阅台，这里就画出："
            "说有八成把握的格子，是不是真有八成对。",
        )
        return
    st.caption(
        f"校准误差 {reliability.ece:.3f}（0 最好，0.03 以内可以放心用），{reliability.cells:,d} 格，"
        f"{reliability.chats:,d} 条群聊，交叉验证：每条群聊的把握都由没见过它的拟合给出。"
        "审阅台里「这样的值 97 % 对」就是这个把握。"
    )
    if copied:
        st.caption(f":material/info: {escape_markdown(copied)}。")
    rows = [
        {
            "范围": f"{one.low:.0%}–{one.high:.0%}",
            "把握": percent_value(one.confidence),
            "实际对": percent_value(one.right),
            "格": one.cells,
        }
        for one in reliability.bins
        if one.cells
    ]
    charts.chart_with_table(
        charts.reliability_chart(rows),
        rows,
        alt_text=f"可靠性图：说的把握与实际对的比例，校准误差 {reliability.ece:.3f}",
        name="把握",
        key="scores-reliability",
        height=table_height(rows, most=420),
        columns={
            "范围": st.column_config.TextColumn(width=84, help="说的把握在这个范围里的格子"),
            "把握": percent_column(64),
            "实际对": percent_column(64),
            "格": count_column(width=64),
        },
    )
