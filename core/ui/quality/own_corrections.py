"""我的改正: what a second pass changed in the reviewer's own first reviews, each a click from the desk."""

from collections import Counter

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form
from core.services.quality.corrections_of_mine import SecondPass, corrections_of_mine
from core.ui import state
from core.ui.links import workbench_address, workbench_column
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state
from core.ui.tables import draw_table, table_height


def draw_own_corrections(dataset: DatasetView, form: Form) -> None:
    """Table of the cells, and the fields that were changed most often."""
    reviewer = state.reviewer()
    if not reviewer:
        draw_empty_state("还不知道您是谁", "在审阅台或设置里填上名字，这里就列出第二遍审阅改了您填的什么。")
        return
    cells = corrections_of_mine(state.store(), dataset, form, reviewer=reviewer)
    if not cells:
        draw_empty_state(
            "还没有改正",
            "您确认的群聊由别人盲审或仲裁之后，与您填的不同的格列在这里；没看出的预埋错误也在。没有，就是都一致或还没有人复审。",
        )
        return
    often = Counter(cell.field for cell in cells if cell.field).most_common(3)
    fields = "、".join(f"{label} {count:,} 处" for label, count in often)
    undecided = sum(cell.source is SecondPass.BLIND for cell in cells)
    st.caption(
        f"{len({cell.chat for cell in cells}):,d} 条群聊里 {len(cells):,d} 处与第二遍不同"
        + (f"，最多的是{escape_markdown(fields)}" if fields else "")
        + (f"。其中 {undecided:,d} 处只有盲审说不同，还没有人裁定谁对" if undecided else "")
        + "。只有您自己看得到这一页。"
    )
    rows = [
        {
            "群聊": cell.chat,
            "客户": cell.customer,
            "字段": cell.field or f"（{form.subject}）",
            "我的": cell.mine,
            "第二遍": cell.theirs,
            "由来": cell.source.value,
            "谁": cell.who,
            "时间": f"{cell.at.astimezone():%m-%d %H:%M}",
            "打开": workbench_address(dataset.id, cell.chat),
        }
        for cell in cells
    ]
    draw_table(
        rows,
        name="我的改正",
        key=f"own-corrections-{dataset.id}",
        height=table_height(rows, most=560),
        columns={
            "群聊": st.column_config.NumberColumn(width=56),
            "客户": st.column_config.TextColumn(form.subject, width=90),
            "字段": st.column_config.TextColumn(width=110),
            "我的": st.column_config.TextColumn(width=190),
            "第二遍": st.column_config.TextColumn(width=190),
            "由来": st.column_config.TextColumn(width=130),
            "谁": st.column_config.TextColumn(width=80),
            "时间": st.column_config.TextColumn(width=92),
            "打开": workbench_column(None),
        },
    )
