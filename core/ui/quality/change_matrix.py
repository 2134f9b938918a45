"""From run A to run B: the verdict in one sentence and the matrix of fixed and broken cells."""

from collections.abc import Mapping

import streamlit as st

from core.adapters.store import RunView
from core.domain.scoring import Comparison, CorrectnessChange
from core.domain.scoring.bootstrap import FEWEST
from core.services.quality import Benchmark
from core.ui.markdown import escape_markdown
from core.ui.quality.cell_values import interval_text
from core.ui.tables import count_column, draw_csv_button, table_height

CELLS_VIEW = "这些群聊"
"""The view that a click on a number opens."""
CHANGE_TITLES = {
    CorrectnessChange.FIXED: "修好",
    CorrectnessChange.BROKEN: "改坏",
    CorrectnessChange.BOTH_RIGHT: "都对",
    CorrectnessChange.BOTH_WRONG: "都错",
}
CHANGE_MEANINGS = {
    CorrectnessChange.FIXED: "错 → 对",
    CorrectnessChange.BROKEN: "对 → 错",
    CorrectnessChange.BOTH_RIGHT: "对 → 对",
    CorrectnessChange.BOTH_WRONG: "错 → 错",
}


def draw_verdict(comparison: Comparison, a: RunView, b: RunView, caveats: Mapping[int, str]) -> None:
    """The score difference between two runs in one sentence, with its interval.

    Args:
        comparison: of both.
        a: the first run.
        b: the second.
        caveats: why a run's score is not to be compared, by its id; then there are figures, and no verdict.
    """
    low, high = comparison.interval
    fixed = sum(change.counts[CorrectnessChange.FIXED] for change in comparison.fields.values())
    broken = sum(change.counts[CorrectnessChange.BROKEN] for change in comparison.fields.values())
    chats = len(comparison.a.chats)
    figures = (
        f"A「{escape_markdown(a.name)}」{comparison.a.score:.4f} → "
        f"B「{escape_markdown(b.name)}」{comparison.b.score:.4f}，"
        f"**{comparison.delta:+.4f}**（95% 区间 {low:+.2f} ~ {high:+.2f}，{chats:,} 条群聊），"
        f"修好 {fixed:,d} 格，改坏 {broken:,d} 格。"
    )
    flattered = [
        f"{side}「{escape_markdown(run.name)}」{escape_markdown(caveats[run.id])}"
        for side, run in (("A", a), ("B", b))
        if caveats.get(run.id)
    ]
    if flattered:
        st.warning(f"**不作结论**：{'；'.join(flattered)}。{figures}", icon=":material/balance:")
    elif not fixed and not broken and comparison.delta == 0:
        st.info(f"**没有差别**：两个抽取任务的对错完全一样。{figures}", icon=":material/equal:")
    elif not comparison.distinguishable:
        why = "群聊不到 6 条，什么都说明不了。" if chats < FEWEST else "换一批群聊，结果可能反过来。"
        st.warning(f"**不能区分** A 和 B 谁更好：{figures}{why}", icon=":material/balance:")
    elif comparison.delta > 0:
        st.success(f"**B 更好**：{figures}", icon=":material/trending_up:")
    else:
        st.error(f"**B 更差**：{figures}", icon=":material/trending_down:")
    lacking = [
        f"{side}「{escape_markdown(run.name)}」{escape_markdown(score.missing_clause)}"
        for side, run, score in (("A", a, comparison.a), ("B", b, comparison.b))
        if score.missing
    ]
    if lacking:
        st.caption("；".join(lacking))
    if max(comparison.a.score, comparison.b.score) < comparison.a.floor:
        st.caption(f"两个抽取任务都低于下限 {comparison.a.floor:.2f}：交空表得分更高。")


def matrix_rows(benchmark: Benchmark, comparison: Comparison) -> list[dict[str, object]]:
    """The matrix as table rows, the fields that changed most first."""
    rows: list[dict[str, object]] = []
    for key, change in comparison.fields.items():
        row: dict[str, object] = {"字段": benchmark.form.field(key).label}
        row |= {word: change.counts[kind] for kind, word in CHANGE_TITLES.items()}
        row |= {"分差": change.delta, "95% 区间": interval_text(change.interval, signed=True), "key": key}
        rows.append(row)
    return sorted(
        rows, key=lambda row: (-(int(str(row["修好"])) + int(str(row["改坏"]))), -abs(float(str(row["分差"]))))
    )


def _pick_cell(rows: list[dict[str, object]], names: str) -> None:
    """Copy a clicked matrix cell into the boxes for field and change."""
    cells = st.session_state.get("changes-matrix-" + names, {}).get("selection", {}).get("cells", [])
    if cells and cells[0][1] in CHANGE_TITLES.values() and cells[0][0] < len(rows):
        st.session_state["field"] = rows[cells[0][0]]["字段"]
        st.session_state["change"] = cells[0][1]
        st.session_state["view"] = CELLS_VIEW


def draw_matrix(rows: list[dict[str, object]], names: str) -> None:
    """The matrix with CSV; a click chooses the cells listed beside it."""
    shown = [{name: value for name, value in row.items() if name != "key"} for row in rows]
    st.caption("点「修好」「改坏」「都对」「都错」下的数字，右边列出这些群聊。")
    st.dataframe(
        shown,
        hide_index=True,
        height=table_height(rows),
        key="changes-matrix-" + names,
        on_select=lambda: _pick_cell(rows, names),
        selection_mode="single-cell",
        column_config={
            "字段": st.column_config.TextColumn(width=84),
            **{word: count_column(width=42, help=CHANGE_MEANINGS[kind]) for kind, word in CHANGE_TITLES.items()},
            "分差": st.column_config.NumberColumn(format="%+.3f", width=58, help="平均每条群聊，B − A"),
            "95% 区间": st.column_config.TextColumn(
                width=98, help=f"逐字段看 {len(rows):,d} 个区间，平均约有 {len(rows) / 20:.1g} 个碰巧不含 0：只当线索"
            ),
        },
    )
    draw_csv_button(shown, name="修好与改坏", key="changes-matrix-csv")
