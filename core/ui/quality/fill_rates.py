"""How often a run fills each field, beside the reference, and what a prompt could say about it."""

import streamlit as st

from core.adapters.store import RunView
from core.domain.permissions import Permission
from core.services.extraction.prompt_library import run_prompt
from core.services.quality import Benchmark
from core.services.quality.fill_rates import FillRate, run_fill_rates
from core.services.quality.score_jobs import run_parameters
from core.services.training.corrections.prompt_rules import save_prompt_with_rules, version_with_rules
from core.ui import state
from core.ui.computed import computed
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for
from core.ui.tables import draw_table, percent_column, percent_value, table_height

_SAVED = "fill_rates.saved"


def draw_fill_rates(benchmark: Benchmark, run: RunView) -> None:
    """Table of fill rates, the most different first, with the sentences that follow and the button that keeps them."""
    store = state.store()
    computed_rates = computed(
        "fill_rates",
        run_parameters(store, benchmark, run),
        answers=2 * benchmark.dataset.chats,
        inline=lambda: run_fill_rates(store, benchmark, run),
    )
    if computed_rates is None:
        return
    rates = computed_rates.value
    rows = [
        {
            "字段": rate.label,
            "对照": percent_value(rate.reference),
            "这个抽取任务": percent_value(rate.run),
            "相差": percent_value(rate.run - rate.reference),
            "提示词可以写明": rate.advice,
        }
        for rate in rates
    ]
    st.caption("多少张表填了这个字段。填得比对照多，多出来的几乎都是错的；填得少，空格白白丢分。")
    draw_table(
        rows,
        name="填写率",
        key="scores-fill",
        height=table_height(rows, most=560),
        columns={
            "字段": st.column_config.TextColumn(width=130, pinned=True),
            "对照": percent_column(64),
            "这个抽取任务": percent_column(72),
            "相差": st.column_config.NumberColumn(format="%+.0f", width=56, help="百分点"),
            "提示词可以写明": st.column_config.TextColumn(width=420),
        },
    )
    advised = [rate for rate in rates if rate.advice]
    if not advised:
        st.caption("每个字段的填写率都和对照差不多，提示词不用为它改。")
    else:
        _draw_new_version(run, advised)


def _draw_new_version(run: RunView, advised: list[FillRate]) -> None:
    """The sentences, to be edited, and the button that puts them into a new version of the run's prompt."""
    for rate in advised[:3]:
        st.markdown(f"- {escape_markdown(rate.sentence)}")
    store = state.store()
    with show_errors():
        with store.read() as session:
            prompt = run_prompt(session, run)
        if prompt is None:
            st.caption("这个抽取任务没有用提示词，没有可以另存的版本。")
            return
        text = st.text_area(
            "写进提示词的话（一行一条，可以改）",
            "\n".join(rate.advice for rate in advised),
            height=130,
            key=f"scores-fill-text-{run.id}",
        )
        st.caption(
            f"在这个抽取任务用的「{escape_markdown(prompt.title)}」（{escape_markdown(prompt.id)}）之后另存为新版本。"
        )
        with store.read() as session:
            same = version_with_rules(session, prompt, text.splitlines())
        off = only_for(Permission.PROMPTS, disabled=bool(same))
        if same and st.session_state.get(_SAVED) != same:
            st.caption(f"同样的话已经存成 {escape_markdown(same)}。")
        if st.button("另存为提示词的新版本", type="primary", icon=":material/edit_note:", **off):
            entry = save_prompt_with_rules(store, prompt, text.splitlines(), who=state.reviewer())
            st.session_state[_SAVED] = entry.prompt.id
            st.rerun()
        if saved := st.session_state.pop(_SAVED, ""):
            st.success(f"已存为 {escape_markdown(saved)}，可以用它再抽取一次，再来对比。", icon=":material/check:")
