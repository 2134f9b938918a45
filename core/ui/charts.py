"""Charts of the quality pages: drawn by Altair in the theme's colours, each with its numbers beside it.

Marks that are not data (floor, zero line) are grey in both themes. A difference is never told by colour alone: signs,
positions and the table beside the chart say the same.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils.schemapi import disable_debug_mode

from core.services.quality.cache import cached
from core.ui.tables import Rows, draw_table

# A chart is checked as a whole when it is drawn; each of its parts as well, as it was made, took half of its time.
disable_debug_mode()

_QUIET = "#8b9096"
_BETTER, _WORSE = "#3b8f79", "#c27a2c"
"""Readable on both backgrounds, and told apart by the colour-blind."""
_ROW = 26
_SMALL = 190
"""Height in pixels of charts that stand side by side."""
_FROM_ZERO = alt.Scale(zero=True, nice=4)
"""From 0 to a round number, so that the highest mark lies below the topmost line."""
_SIZE = 50
"""Scored chats whose room a chart takes in memory."""
_PANEL, _PANEL_ROW, _PANELS_A_LINE = (104, 54), 84, 7
"""Width and height of one of many small charts, what a line of them takes with titles, how many stand in it."""


P = ParamSpec("P")


def _made_once(make: Callable[P, Any]) -> Callable[P, Any]:
    """Decorator: a chart of the same numbers is made once for everybody; making one takes longer than drawing it."""

    @wraps(make)
    def chart(*args: P.args, **kwargs: P.kwargs) -> Any:
        numbers = json.dumps([args, kwargs], sort_keys=True, ensure_ascii=False, default=repr)
        return cached(("chart", make.__name__, numbers), lambda: make(*args, **kwargs), chats=_SIZE)

    return chart


def chart_with_table(
    chart: Any,
    rows: Rows,
    *,
    alt_text: str,
    name: str,
    key: str,
    columns: Mapping[str, Any] | None = None,
    height: Any = "auto",
    split: Sequence[float] = (1, 1),
) -> None:
    """Draw a chart with the table of its numbers and their CSV beside it.

    Args:
        chart: from this module.
        rows: its numbers.
        alt_text: what the chart says, for those who cannot see it.
        name: of the CSV, without its ending.
        key: of the widgets.
        columns: Streamlit's column configuration for the table.
        height: of the table.
        split: widths of chart and table.
    """
    left, right = st.columns(split, gap="medium")
    with left:
        draw_chart(chart, alt_text=alt_text, key=f"{key}-chart")
    with right:
        draw_table(rows, name=name, key=key, columns=columns, height=height)


def draw_chart(chart: Any, *, alt_text: str, key: str) -> None:
    """Draw a chart whose room is kept before it is drawn, so that nothing below moves.

    Args:
        chart: from this module, which gives each its height.
        alt_text: what the chart says, for those who cannot see it.
        key: of the widget.
    """
    st.altair_chart(chart, height=int(chart.height), alt=alt_text, key=key)


def draw_small_multiples(chart: Any, count: int, *, alt_text: str, key: str) -> None:
    """Draw many small charts in lines, in room that is kept for them.

    Args:
        chart: from this module.
        count: how many panels it has.
        alt_text: what they say, for those who cannot see them.
        key: of the widget.
    """
    lines = -(-count // _PANELS_A_LINE)
    with st.container(height=_PANEL_ROW * lines + 60, border=False):
        st.altair_chart(chart, alt=alt_text, key=key)


def _small_multiples(panel: Any, fields: Sequence[str]) -> Any:
    width, height = _PANEL
    header = alt.Header(title=None, labelFontSize=11, labelPadding=3, labelLimit=width + 20)
    facet = alt.Facet("字段:N", sort=list(fields), header=header)
    return panel.properties(width=width, height=height).facet(
        facet=facet, columns=_PANELS_A_LINE, spacing={"row": 12, "column": 14}
    )


@_made_once
def field_points_chart(rows: Rows) -> Any:
    """Small multiples: per field, on how many chats nothing, a part, or all of its points were got.

    Args:
        rows: 字段, 得了 (0 分, 部分, 满分), 群聊; the fields in order.
    """
    colour = alt.Color(
        "得了:N",
        legend=None,
        scale=alt.Scale(domain=["0 分", "部分", "满分"], range=[_WORSE, _QUIET, _BETTER]),
    )
    panel = (
        alt.Chart(pd.DataFrame(list(rows)))
        .mark_bar(size=22)
        .encode(
            x=alt.X("得了:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, ticks=False)),
            y=alt.Y("群聊:Q", title=None, axis=alt.Axis(tickCount=2, tickMinStep=1, format="d")),
            color=colour,
            tooltip=["字段:N", "得了:N", "群聊:Q"],
        )
    )
    return _small_multiples(panel, list(dict.fromkeys(str(row["字段"]) for row in rows)))


@_made_once
def field_changes_chart(rows: Rows) -> Any:
    """Small multiples: per field, the share of values that people changed, a point a week, all on one scale.

    Args:
        rows: 字段, 周一 (ISO), 改动 (per cent), 改过, 有值的格; the fields in order.
    """
    panel = (
        alt.Chart(pd.DataFrame(list(rows)))
        .mark_line(point=alt.OverlayMarkDef(size=22))
        .encode(
            x=alt.X(
                "周一:O",
                title=None,
                axis=alt.Axis(labelExpr="slice(datum.label, 5)", labelAngle=0, labelOverlap=True, ticks=False),
            ),
            y=alt.Y("改动:Q", title=None, scale=_FROM_ZERO, axis=alt.Axis(tickCount=2)),
            tooltip=["字段:N", "周一:O", alt.Tooltip("改动:Q", format=".1f"), "改过:Q", "有值的格:Q"],
        )
    )
    return _small_multiples(panel, list(dict.fromkeys(str(row["字段"]) for row in rows)))


@_made_once
def ranking_chart(rows: Rows, *, floor: float, constants: float, most: float) -> Any:
    """Chart of scores with intervals, one line per run, and both floors as rules.

    Args:
        rows: 抽取任务, 得分, 区间下端, 区间上端; the best first.
        floor: of the dataset, what empty forms get.
        constants: what the most frequent values get.
        most: full marks.
    """
    frame = pd.DataFrame(list(rows))
    low = min(frame["区间下端"].min(), floor, constants)
    scale = alt.Scale(domain=[max(0.0, low - 1.5), most], nice=False)
    y = alt.Y("抽取任务:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, labelOverlap=False))
    tooltip = [
        alt.Tooltip("抽取任务:N"),
        alt.Tooltip("得分:Q", format=".4f"),
        alt.Tooltip("区间下端:Q", title="95% 区间下端", format=".2f"),
        alt.Tooltip("区间上端:Q", title="95% 区间上端", format=".2f"),
    ]
    base = alt.Chart(frame).encode(y=y, tooltip=tooltip)
    x = alt.X("区间下端:Q", scale=scale, title=f"得分（满分 {most:g}）", axis=alt.Axis(tickCount=12))
    bars = base.mark_bar(height=3).encode(x=x, x2="区间上端:Q")
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x=alt.X("得分:Q", scale=scale))
    # Above the runs, one to the left of its line and one to the right: no words over a run, or over one another.
    lower, higher = sorted([(floor, "下限"), (constants, "常数下限")])
    rules = _floor_rule(*lower, scale, above=True) + _floor_rule(*higher, scale, above=True, is_right=True)
    return (rules + bars + points).properties(height=max(120, 34 * len(frame) + 68), padding={"top": 18})


@_made_once
def lost_points_chart(rows: Rows) -> Any:
    """Bar chart of points lost per field, in the rows' order.

    Args:
        rows: 字段, 失分, 占失分 (per cent).
    """
    frame = pd.DataFrame(list(rows))
    return (
        alt.Chart(frame)
        .mark_bar(height=13)
        .encode(
            x=alt.X("失分:Q", title="平均每条群聊失分"),
            y=alt.Y("字段:N", sort=None, title=None, axis=alt.Axis(labelLimit=170, labelOverlap=False)),
            tooltip=[
                "字段:N",
                alt.Tooltip("失分:Q", format=".3f"),
                alt.Tooltip("占失分:Q", format=".1f", title="占失分 %"),
            ],
        )
        .properties(height=_ROW * len(frame) + 40)
    )


@_made_once
def distribution_chart(rows: Rows, *, floor: float, mean: float) -> Any:
    """Histogram of chats by score, with floor and mean as rules.

    Args:
        rows: 从, 到, 群聊; from the lowest score or the floor on.
        floor: of the dataset.
        mean: the score.
    """
    frame = pd.DataFrame(list(rows))
    ends = [float(frame["从"].min()), float(frame["到"].max())]
    x = alt.X("从:Q", title="单条群聊的得分", scale=alt.Scale(domain=ends, nice=False))
    # Room above the highest bar: the rules' labels stand there.
    room = alt.Scale(domain=[0, max(1, int(frame["群聊"].max())) * 1.15], nice=False)
    y = alt.Y("群聊:Q", title="群聊数", scale=room, axis=alt.Axis(tickMinStep=1, format="d"))
    bars = alt.Chart(frame).mark_bar().encode(x=x, x2="到:Q", y=y, y2=alt.datum(0), tooltip=["从:Q", "到:Q", "群聊:Q"])
    marked = pd.DataFrame([{"x": mean, "什么": f"得分 {mean:.2f}"}])
    line = alt.Chart(marked).mark_rule(strokeWidth=2, color=_QUIET).encode(x="x:Q", tooltip="什么:N")
    label = alt.Chart(marked).mark_text(align="left", dx=5, y=8, color=_QUIET).encode(x="x:Q", text="什么:N")
    is_left = floor - ends[0] < (ends[1] - ends[0]) / 4
    return (bars + _floor_rule(floor, "下限", None, is_right=is_left) + line + label).properties(height=300)


@_made_once
def changes_chart(rows: Rows) -> Any:
    """Bar chart of cells fixed (right of zero) and broken (left of zero) per field.

    Args:
        rows: 字段, 修好, 改坏.
    """
    frame = pd.DataFrame(
        [
            {"字段": row["字段"], "变化": kind, "格数": sign * row[kind], "显示": row[kind]}
            for row in rows
            for kind, sign in (("修好", 1), ("改坏", -1))
        ]
    )
    most = max(1, int(frame["显示"].max()))
    colour = alt.Color(
        "变化:N",
        legend=alt.Legend(title=None, orient="top"),
        scale=alt.Scale(domain=["修好", "改坏"], range=[_BETTER, _WORSE]),
    )
    bars = (
        alt.Chart(frame)
        .mark_bar(height=13)
        .encode(
            x=alt.X(
                "格数:Q",
                title="← 改坏　　修好 →",
                scale=alt.Scale(domain=[-most * 1.05, most * 1.05], nice=False),
                axis=alt.Axis(labelExpr="abs(datum.value)", tickMinStep=1, format="d"),
            ),
            y=alt.Y("字段:N", sort=None, title=None, axis=alt.Axis(labelLimit=170, labelOverlap=False)),
            color=colour,
            tooltip=["字段:N", "变化:N", alt.Tooltip("显示:Q", title="格数")],
        )
    )
    zero = alt.Chart(pd.DataFrame([{"x": 0}])).mark_rule(color=_QUIET).encode(x="x:Q")
    return (bars + zero).properties(height=_ROW * len(rows) + 60)


@_made_once
def reliability_chart(rows: Rows) -> Any:
    """Chart of confidence against the share of right cells; perfect confidences lie on the diagonal.

    Args:
        rows: 把握, 实际对, 格, in percent, for each bin that has cells.
    """
    scale, ticks = alt.Scale(domain=[0, 100], nice=False), alt.Axis(values=list(range(0, 101, 20)))
    diagonal = alt.Chart(pd.DataFrame({"x": [0, 100], "y": [0, 100]})).mark_line(color=_QUIET, strokeDash=[4, 4])
    base = alt.Chart(pd.DataFrame(list(rows))).encode(
        x=alt.X("把握:Q", scale=scale, axis=ticks, title="说有多大把握（%）"),
        y=alt.Y("实际对:Q", scale=scale, axis=ticks, title="实际对了多少（%）"),
        tooltip=[alt.Tooltip("把握:Q", format=".1f"), alt.Tooltip("实际对:Q", format=".1f"), alt.Tooltip("格:Q")],
    )
    points = base.mark_point(filled=True, opacity=1).encode(size=alt.Size("格:Q", legend=None))
    return (diagonal.encode(x="x:Q", y="y:Q") + base.mark_line() + points).properties(height=320)


@_made_once
def remaining_chart(rows: Rows) -> Any:
    """Line of the chats that are left, a point a day: a step holds until the next one.

    Args:
        rows: 日期 (ISO), 还剩.
    """
    return (
        alt.Chart(pd.DataFrame(list(rows)))
        .mark_line(interpolate="step-after", point=True)
        .encode(x=_days(), y=_count("还剩", "还剩（条）"), tooltip=["日期:T", "还剩:Q"])
        .properties(height=_SMALL)
    )


@_made_once
def daily_work_chart(rows: Rows) -> Any:
    """Stacked bars of the chats decided on each day, by reviewer.

    Args:
        rows: 日期 (ISO), 审阅人, 审完.
    """
    return (
        alt.Chart(pd.DataFrame(list(rows)))
        .mark_bar(size=14)
        .encode(
            x=_days(),
            y=_count("审完", "审完（条）"),
            # At the side: above, it would take height that the charts beside this one have.
            color=alt.Color("审阅人:N", legend=alt.Legend(title=None, orient="right", symbolLimit=8, labelLimit=72)),
            tooltip=["日期:T", "审阅人:N", "审完:Q"],
        )
        .properties(height=_SMALL)
    )


@_made_once
def changed_share_chart(rows: Rows) -> Any:
    """Line of the share of values that people changed, a point a week.

    Args:
        rows: 周一 (ISO), 改动 (per cent), 群聊, 有值的格, 改过.
    """
    return (
        alt.Chart(pd.DataFrame(list(rows)))
        .mark_line(point=True)
        .encode(
            x=alt.X("周一:O", title=None, axis=alt.Axis(labelExpr="slice(datum.label, 5) + ' 起'", labelAngle=0)),
            y=alt.Y(
                "改动:Q",
                title="改过（%）",
                scale=_FROM_ZERO,
                axis=alt.Axis(tickCount=4, tickMinStep=1, format="d"),
            ),
            tooltip=["周一:O", alt.Tooltip("改动:Q", format=".1f"), "群聊:Q", "改过:Q", "有值的格:Q"],
        )
        .properties(height=_SMALL)
    )


def _days() -> Any:
    axis = alt.Axis(format="%m-%d", tickCount={"interval": "day", "step": 1}, labelOverlap=True, title=None)
    return alt.X("日期:T", axis=axis)


def _count(name: str, title: str) -> Any:
    return alt.Y(f"{name}:Q", title=title, axis=alt.Axis(tickMinStep=1, format="d"), scale=_FROM_ZERO)


def _floor_rule(floor: float, name: str, scale: Any, *, above: bool = False, is_right: bool = False) -> Any:
    marked = pd.DataFrame([{"x": floor, "什么": f"{name} {floor:.2f}"}])
    x = alt.X("x:Q", scale=scale) if scale is not None else alt.X("x:Q")
    line = alt.Chart(marked).mark_rule(strokeDash=[5, 4], color=_QUIET).encode(x=x, tooltip="什么:N")
    side: dict[str, Any] = {"align": "left", "dx": 5} if is_right else {"align": "right", "dx": -5}
    label = alt.Chart(marked).mark_text(y=-8 if above else 8, color=_QUIET, **side).encode(x=x, text="什么:N")
    return line + label
