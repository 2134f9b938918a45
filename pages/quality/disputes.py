"""标注争议: disputed labels, the decisions about them, and scores with and without them."""

import streamlit as st

from core.adapters.store.models import DisputeStatus
from core.services.quality import Benchmark, disputes
from core.ui import address, navigation, state
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state
from core.ui.quality.dispute_list import draw_disputes, draw_undisputed_scores

ALL = "全部"
FILTERS = (ALL, *DisputeStatus)

available = datasets_or_empty_state("标注争议", "还没有数据集", "先导入带标注的群聊。")
if available:
    dataset, right = draw_heading("标注争议", available)
    every = disputes(state.store(), dataset.id)
    status = ALL
    if every:
        status = address.segments(right, "状态", FILTERS, key="status", what="状态", label_visibility="collapsed")
    form = state.form_of(dataset)
    if not every:
        draw_empty_state(
            f"数据集「{escape_markdown(dataset.name)}」的标注还没有争议",
            "标注里有错很常见。在「对比」里把一个抽取任务和标注放在一起，看到哪一格标注不对，点「标注有误？」写下理由，就会列在这里；"
            "评分会同时给出计与不计这些格的得分。",
            page=navigation.COMPARE,
            label="去对比",
        )
    else:
        listed = [one for one in every if status in (ALL, one.status)]
        if listed:
            draw_disputes(listed, dataset, form)
        else:
            st.caption(f"没有「{escape_markdown(status)}」的争议。")
        draw_undisputed_scores(Benchmark(dataset, form))
