"""把关: what a lead has checked of reviews, and what the checks say."""

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form
from core.domain.permissions import Permission
from core.services.quality.blind_estimate import blind_estimate
from core.services.quality.review_checks import MOST_PLANTED, SPEEDS, review_checks, set_review_checks
from core.services.review.records.planted_errors import plant_errors
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import announce_and_rerun, show_errors
from core.ui.only_for import only_for
from core.ui.quality.attention_table import draw_attention
from core.ui.quality.blind_estimate import blind_estimate_text


def draw_review_checks(dataset: DatasetView, form: Form) -> None:
    """The shares of a dataset's checks, for who may set them, and what they have shown."""
    settings, results = st.columns([3, 7], gap="large")
    with settings:
        _draw_settings(dataset)
    with results:
        st.markdown("**盲审估计**")
        estimate = blind_estimate(state.store(), dataset, form)
        st.caption(
            escape_markdown(blind_estimate_text(estimate))
            if estimate is not None
            else "盲审比例是 0：没有抽取群聊，也就没有估计。"
        )
        draw_attention(dataset)


def _draw_settings(dataset: DatasetView) -> None:
    with state.store().read() as session:
        checks = review_checks(session, dataset.id)
    st.markdown("**设定**")
    with st.form(f"review-checks-{dataset.id}", border=False):
        blind = st.number_input(
            "盲审比例（%）",
            0.0,
            100.0,
            checks.blind_share * 100,
            5.0,
            "%.0f",
            help="已确认的群聊里由抽签定下的一部分，排在别人的盲审最前面；谁也看不出抽中了哪几条。0 为关闭。",
        )
        planted = st.number_input(
            "预埋错误（%）",
            0.0,
            MOST_PLANTED * 100,
            checks.planted_share * 100,
            1.0,
            "%.0f",
            help="有标注、还没有审的群聊里抽出一部分，审阅台上把一个选项换成错的，看会不会改回来。错的值从不存进记录、导出、"
            "训练集和得分；确认之后马上告诉审阅员。0 为关闭。",
        )
        speed = st.number_input(
            "阅读速度（字 / 分）",
            *SPEEDS,
            checks.characters_per_minute,
            100,
            help="确认得比这个速度读完正文还快，算「过快确认」。默认 1500，是成人默读中文（每分钟约 580 字）的 2.6 倍，"
            "略读也够。",
        )
        may = only_for(Permission.REVIEW_CHECKS)
        saved = st.form_submit_button("保存设定", type="primary", **may)
    if checks.who:
        st.caption(
            f"{escape_markdown(checks.who)} 设于 {checks.at.astimezone():%m-%d %H:%M}。"
            "审阅员知道有把关，不知道是哪几条。"
        )
    if saved:
        with show_errors():
            set_review_checks(
                state.store(),
                dataset.id,
                blind_share=blind / 100,
                planted_share=planted / 100,
                characters_per_minute=int(speed),
                who=state.reviewer(),
            )
            plant_errors(state.store(), state.form_of(dataset), dataset.id)
            announce_and_rerun("已保存设定")
