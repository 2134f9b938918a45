"""训练集: choose options, preview rows, build; find, compare and rebuild built sets."""

import streamlit as st

from core.adapters.store import DatasetView
from core.ui import navigation, state
from core.ui.notices import draw_empty_state, show_errors
from core.ui.training import built_sets, choices, set_preview, summaries

NEW, BUILT, SUMMARIES = "新建", "版本", "摘要"


def compose(datasets: list[DatasetView]) -> None:
    """Choices on the left; preflight, main button and the built set on the right."""
    left, right = st.columns([4, 7], gap="large")
    with left:
        options = choices.choose_options(datasets)
    with right, show_errors():
        if options is None:
            st.caption("先在左边选数据集。")
            return
        chosen = [dataset for dataset in datasets if dataset.id in options.datasets]
        report = set_preview.cached_preflight(options, sum(dataset.chats for dataset in chosen))
        if report is not None:
            set_preview.draw_build(report, options, [dataset.name for dataset in chosen])
            set_preview.draw_preflight(report, options)


st.title("训练集")
datasets = state.available_datasets()
if not datasets:
    draw_empty_state(
        "还没有可以训练的内容",
        "先导入带标注的群聊，或抽取并审阅；确认过的记录和标注在这里变成训练集。",
        page=navigation.IMPORT,
        label="去导入",
    )
else:
    with show_errors():
        view = st.segmented_control(
            "看什么",
            [NEW, BUILT, SUMMARIES],
            default=NEW,
            required=True,
            key="view",
            label_visibility="collapsed",
            bind="query-params",
        )
        if view == BUILT:
            built_sets.draw_set_versions()
        elif view == SUMMARIES:
            summaries.draw_summaries(datasets)
        else:
            compose(datasets)
