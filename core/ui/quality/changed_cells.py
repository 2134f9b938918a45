"""The cells behind one number of the change matrix, each with its values and links."""

import streamlit as st

from core.adapters.store import RunView
from core.domain.scoring import Comparison, CorrectnessChange
from core.services.quality import Benchmark
from core.ui import address
from core.ui.links import compare_address, compare_column, workbench_address, workbench_column
from core.ui.quality.cell_values import MAX_CELLS, cell_texts
from core.ui.quality.change_matrix import CHANGE_MEANINGS, CHANGE_TITLES
from core.ui.quality.difference_filters import choose_one_field
from core.ui.tables import draw_table, table_height

ALL_FIELDS = "全部字段"


def draw_changed_cells(benchmark: Benchmark, comparison: Comparison, a: RunView, b: RunView) -> None:
    """Cells of one field with one kind of change (fixed, broken, …), as chosen in the boxes above them."""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    field = choose_one_field(left, benchmark.form, every=ALL_FIELDS)
    titles = list(CHANGE_TITLES.values())
    usual = titles.index(CHANGE_TITLES[CorrectnessChange.BROKEN])
    word = address.segments(right, "变化", titles, key="change", what="变化", first=usual)
    kind = next((kind for kind, name in CHANGE_TITLES.items() if name == word), CorrectnessChange.BROKEN)
    keys = [field] if field else list(benchmark.form.keys)
    cells = sorted(
        (cell for key in keys for cell in comparison.cells(key, kind)), key=lambda cell: (cell.chat, cell.customer)
    )
    if not cells:
        st.caption(f"没有「{CHANGE_TITLES[kind]}」（{CHANGE_MEANINGS[kind]}）的格。")
        return
    values = cell_texts(benchmark, [a, b], cells[:MAX_CELLS])
    rows = [
        {
            "群聊": cell.chat,
            "客户": cell.customer + 1,
            "字段": benchmark.form.field(cell.key).label,
            "A": texts[0] or None,
            "对照": gold or None,
            "B": texts[1] or None,
            "打开": workbench_address(benchmark.dataset.id, cell.chat),
            "对比": compare_address(
                benchmark.dataset.id, cell.chat, reference=benchmark.against, runs=(a.name, b.name)
            ),
        }
        for cell, (gold, texts) in zip(cells, values, strict=False)
    ]
    st.caption(
        f"{CHANGE_TITLES[kind]}（{CHANGE_MEANINGS[kind]}）{len(cells):,} 格"
        + (f"，只列前 {MAX_CELLS} 格" if len(cells) > MAX_CELLS else "")
        + "。"
    )
    draw_table(
        rows,
        name=f"{CHANGE_TITLES[kind]}",
        key="changes-cells",
        dataset=benchmark.dataset,
        height=table_height(rows, most=560),
        columns={
            "群聊": st.column_config.NumberColumn(width=48),
            "客户": st.column_config.NumberColumn(benchmark.form.subject, width=44),
            "字段": st.column_config.TextColumn(width=80),
            "A": st.column_config.TextColumn(f"A · {a.name}", width=112),
            "对照": st.column_config.TextColumn(width=112),
            "B": st.column_config.TextColumn(f"B · {b.name}", width=112),
            "打开": workbench_column(),
            "对比": compare_column("对比", 56),
        },
    )
