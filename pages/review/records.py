"""记录表: every chat of a dataset with its record, to find one and open it in the workbench."""

import pandas as pd
import streamlit as st

from core.review import record_rows, records_version
from core.ui import grid, pages, state
from core.ui.notices import empty_state

WIDTHS = {"序号": 80, "状态": 90, "审阅人": 90, "更新时间": 140, "姓名": 110, "手机号码": 130}


st.title("记录表")
available = state.datasets()
if not available:
    empty_state("还没有记录", "先导入群聊，审阅后这里会列出每一条记录。", page=pages.IMPORT, label="去导入")
else:
    dataset = state.choose_dataset(available)
    version = records_version(state.store(), dataset.id)
    table = pd.DataFrame(record_rows(state.store(), dataset, state.form_of(dataset)))
    left, right = st.columns([6, 2], vertical_alignment="bottom")
    left.caption("每位客户一行，还没审阅的群聊也在内。点一行，再打开审阅台。")
    row = grid.pick_row(table, key=f"records-{dataset.id}-{version}", widths=WIDTHS)
    with right:
        if row is None:
            st.button("在审阅台打开", disabled=True, help="先在表里点一行", width="stretch")
        elif st.button(f"在审阅台打开第 {row['序号']} 条", type="primary", width="stretch"):
            target = {"dataset": str(dataset.id), "chat": str(row["序号"]), "queue": "全部"}
            st.switch_page(pages.WORKBENCH, query_params=target)
