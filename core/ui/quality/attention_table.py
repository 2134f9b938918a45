"""留意: per reviewer, planted errors that went through and approvals faster than their texts can be read."""

from datetime import datetime

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.scoring.interval import Interval
from core.services.quality.attention import FEWEST_CASES, Attention, ReviewerAttention, ShareOfCases, attention
from core.services.quality.fast_approvals import LOOK_BACK
from core.ui import state
from core.ui.links import workbench_address, workbench_column
from core.ui.markdown import Markdown
from core.ui.tables import draw_table, percent_column, percent_value, table_height

_MOST_EXAMPLES = 200


def draw_attention(dataset: DatasetView) -> None:
    """What the checks say of each reviewer, by name, with the number of cases and intervals; for 组长 and 管理员."""
    checks = attention(state.store(), dataset)
    st.markdown("**每人的结果**")
    if not checks.reviewers:
        st.caption(f"还没有可以说的：{_planted_text(checks)}审阅台上确认几条之后，这里列出每人的结果。")
        return
    draw_table(
        [_row(person) for person in checks.reviewers],
        name="把关",
        key=f"attention-{dataset.id}",
        columns={
            "审阅人": st.column_config.TextColumn(width=90, pinned=True),
            "没看出": st.column_config.TextColumn(width=84, help="没看出的 / 确认过的、放过预埋错误的群聊"),
            "没看出的占比": percent_column(104, help=f"满 {FEWEST_CASES} 条才算"),
            "没看出的区间": st.column_config.TextColumn(width=110, help="95%，Wilson"),
            "过快确认": st.column_config.TextColumn(
                width=84, help="过快的 / 能判断的。用时和前几条之间的间隔都不够读完正文才算；以前看过的、批量的不算"
            ),
            "过快的占比": percent_column(94, help=f"满 {FEWEST_CASES} 条才算"),
            "过快的区间": st.column_config.TextColumn(width=110, help="95%，Wilson"),
        },
    )
    st.caption(
        f"{_planted_text(checks)}按名字排列，不是名次：难的群聊、小的样本都会让比例高些，区间重叠的人分不出高下。"
        f"不满 {FEWEST_CASES} 条的不算比例。过快确认只数能判断的，所以比确认过的少：每人最先的 {LOOK_BACK} 条"
        "（之前在做什么不知道）、以前看过或已有人确认的、批量的都不数。过快也可能是读过别处的同一段，先问问本人。"
    )
    examples = [example for person in checks.reviewers for example in person.examples]
    if examples:
        examples.sort(key=lambda example: example.at, reverse=True)
        with st.expander(f"过快确认的 {len(examples):,d} 条", expanded=True):
            st.caption(
                "这里不用做决定：点「打开」看看，要改就在审阅台改。总览只数这个数据集最近保存的 300 条，"
                "之后不再过快，那里的数就会变小。"
            )
            rows = [
                {
                    "群聊": example.chat,
                    "审阅人": example.reviewer,
                    "用时（秒）": example.seconds,
                    "读完要（秒）": example.needed,
                    "正文（字）": example.characters,
                    "时间": _time_text(example.at),
                    "打开": workbench_address(dataset.id, example.chat),
                }
                for example in examples[:_MOST_EXAMPLES]
            ]
            draw_table(
                rows,
                name="过快确认",
                key=f"fast-{dataset.id}",
                height=table_height(rows, most=320),
                columns={
                    "用时（秒）": st.column_config.NumberColumn(format="%.0f"),
                    "读完要（秒）": st.column_config.NumberColumn(format="%.0f"),
                    "打开": workbench_column(None),
                },
            )


def _planted_text(checks: Attention) -> Markdown:
    if not checks.waiting and not checks.withdrawn:
        return ""
    withdrawn = f"，{checks.withdrawn:,d} 处不算（群聊转去讨论、跳过或由别人确认）" if checks.withdrawn else ""
    return f"还有 {checks.waiting:,d} 处预埋错误没有审到{withdrawn}。"


def _row(person: ReviewerAttention) -> dict[str, object]:
    return {
        "审阅人": person.reviewer,
        "没看出": _cases_text(person.missed),
        "没看出的占比": _share(person.missed),
        "没看出的区间": _interval_text(person.missed.interval),
        "过快确认": _cases_text(person.fast),
        "过快的占比": _share(person.fast),
        "过快的区间": _interval_text(person.fast.interval),
    }


def _cases_text(cases: ShareOfCases) -> str:
    return f"{cases.count:,d} / {cases.cases:,d}"


def _share(cases: ShareOfCases) -> float | None:
    return percent_value(cases.share) if cases.share is not None else None


def _interval_text(interval: Interval | None) -> str:
    return "还不够" if interval is None else f"{interval.low:.0%} ~ {interval.high:.0%}"


def _time_text(at: datetime) -> str:
    return f"{at.astimezone():%m-%d %H:%M}"
