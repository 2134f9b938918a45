"""一致性: two reviewers on the same chats, open adjudications, paces, one's own corrections, and a lead's checks."""

import streamlit as st

from core.domain.permissions import Permission
from core.services.quality import paces, pairwise_agreement
from core.ui import address, navigation, state
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.notices import draw_empty_state
from core.ui.quality.adjudication import draw_unsettled_chats
from core.ui.quality.agreement_table import (
    draw_blind_review_link,
    draw_field_agreement,
    draw_no_second_review,
    draw_reviewer_paces,
)
from core.ui.quality.own_corrections import draw_own_corrections
from core.ui.quality.review_checks import draw_review_checks

VIEWS = ("按字段", "待仲裁", "审阅人", "我的改正", "把关")

available = datasets_or_empty_state("一致性", "还没有数据集", "先导入群聊并审阅。")
if available:
    dataset, beside = draw_heading("一致性", available)
    views, start = beside.columns([3, 2], vertical_alignment="center")
    view = address.segments(views, "查看", VIEWS, key="view", what="视图", label_visibility="collapsed")
    form = state.form_of(dataset)
    with start.container(horizontal=True, horizontal_alignment="right"):
        draw_blind_review_link(dataset, form)
    if view == VIEWS[3]:
        draw_own_corrections(dataset, form)
    elif view == VIEWS[4]:
        if state.may(Permission.REVIEW_CHECKS):
            draw_review_checks(dataset, form)
        else:
            draw_empty_state("把关由组长或管理员查看", "盲审比例、预埋错误和每人的结果在这里，组长或管理员可以设定。")
    elif view == VIEWS[2]:
        if reviewer_paces := paces(state.store(), dataset, form):
            draw_reviewer_paces(reviewer_paces)
        else:
            draw_empty_state(
                "还没有审阅记录",
                "审阅几条之后，这里列出每位审阅人的速度和改动率。",
                page=navigation.WORKBENCH,
                label="去审阅台",
            )
    else:
        with st.spinner("正在计算…", show_time=False):
            both = pairwise_agreement(state.store(), dataset, form)
        if both is None:
            draw_no_second_review(dataset)
        elif view == VIEWS[1]:
            draw_unsettled_chats(both, dataset, form)
        else:
            draw_field_agreement(both, form)
