"""Where one run loses its points: by field, by chat, and how the scores are distributed."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.domain.scoring import RunScore
from core.domain.scoring.run_score import Filled
from core.services.quality import Benchmark, Leaderboard, LeaderboardRow, named_run
from core.services.quality.scores import outdated_sentence
from core.services.training import training_overlap
from core.ui import address, charts, state
from core.ui.folded import draw_folded
from core.ui.links import all_runs, compare_address, compare_column, workbench_address, workbench_column
from core.ui.markdown import escape_markdown
from core.ui.tables import count_column, draw_table, percent_column, percent_value, table_height

_BINS, _LOWEST = 24, 30
_WIDTHS = (0.25, 0.5, 1.0, 2.0)
"""Of the histogram's bins, in points."""
_GOT = ("0 分", "部分", "满分")
_EPSILON = 1e-9


def choose_scored_run(board: Leaderboard) -> LeaderboardRow:
    """Select box for the run whose scores are shown in detail, with its totals beside it."""
    names = [row.run.name for row in board.rows]
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    link = all_runs(board.benchmark.dataset)
    name = address.select(left, "抽取任务", names, key="run", what="抽取任务", link=link)
    row = named_run(board, name or names[0])
    filled, macro = row.score.filled, row.score.macro
    flattered = f"（:orange[{escape_markdown(row.caveat)}]）" if row.caveat else ""
    right.caption(
        f"得分 **{row.score.score:.4f}**{flattered}，下限 {board.floor:.4f}，常数下限 {board.constants:.4f}；"
        f"填写的值：精确率 {filled.precision:.1%}、"
        f"召回率 {filled.recall:.1%}、F1 {filled.f1:.1%}（微平均），F1 {macro['f1']:.1%}（宏平均）。"
        + (f" 缺少 {len(row.score.missing):,} 条，按 0 分计。" if row.score.missing else "")
    )
    if row.run.outdated:
        st.caption(escape_markdown(outdated_sentence(row.run)))
    seen = training_overlap(state.store(), row.run)
    if seen is not None:
        st.warning(escape_markdown(seen.sentence), icon=":material/warning:")
    return row


def _filled_shares(filled: Filled) -> dict[str, float | None]:
    """F1, precision and recall in per cent; none where there was nothing to find, or nothing was given."""
    return {
        "F1": percent_value(filled.f1) if filled.support or filled.predicted else None,
        "精确率": percent_value(filled.precision) if filled.predicted else None,
        "召回率": percent_value(filled.recall) if filled.support else None,
    }


def draw_field_scores(benchmark: Benchmark, score: RunScore) -> None:
    """Points lost per field, as a chart beside a table; the costliest field first."""
    rows = [
        {
            "字段": benchmark.form.field(key).label,
            "失分": field.lost,
            "占失分": percent_value(score.share_lost(key)),
            "得分": field.points,
            "满分": field.max,
            **_filled_shares(field.filled),
            "有值": field.filled.support,
            "填写": field.filled.predicted,
        }
        for key, field in sorted(score.fields.items(), key=lambda item: -item[1].lost)
    ]
    charts.chart_with_table(
        charts.lost_points_chart(rows),
        rows,
        alt_text=f"失分最多的字段是{rows[0]['字段']}，占 {rows[0]['占失分']:.0f}%",
        name="字段",
        key="scores-fields",
        split=(4, 7),
        columns={
            "字段": st.column_config.TextColumn(width=110),
            "失分": st.column_config.NumberColumn(format="%.3f", width=64),
            "占失分": percent_column(),
            "得分": st.column_config.NumberColumn(format="%.3f", width=64),
            "满分": st.column_config.NumberColumn(format="%g", width=52),
            "F1": percent_column(),
            "精确率": percent_column(),
            "召回率": percent_column(),
            "有值": count_column(width=52, help="对照里填了值的格数"),
            "填写": count_column(width=52, help="抽取任务填了值的格数"),
        },
    )


def score_bins(scores: Sequence[float], floor: float, most: float) -> list[dict[str, float | int]]:
    """The bins of a histogram of chats by score: 从, 到, 群聊.

    They begin below the lowest score and the floor, so that no room is lost on scores that no chat has, are as wide as
    makes at most ``_BINS`` of them, and end at full marks.

    Args:
        scores: of the chats, at least one.
        floor: of the dataset.
        most: full marks.
    """
    lowest = min(*scores, floor)
    width = next((one for one in _WIDTHS if (most - lowest) / one <= _BINS), most / _BINS)
    count = max(1, int(np.ceil((most - lowest) / width)))
    edges = most - width * np.arange(count, -1, -1)
    counts, _ = np.histogram(np.clip(scores, edges[0], most), bins=edges)
    return [
        {"从": float(low), "到": float(high), "群聊": int(chats)}
        for low, high, chats in zip(edges, edges[1:], counts, strict=False)
    ]


def draw_distribution(benchmark: Benchmark, board: Leaderboard, score: RunScore) -> None:
    """Histogram of the chats' scores, and per field how many chats got its points; tables beside and below."""
    values = np.array([chat.score for chat in score.chats.values()])
    rows = score_bins(values.tolist(), board.floor, board.max)
    below = int((values < board.floor).sum())
    charts.chart_with_table(
        charts.distribution_chart(rows, floor=board.floor, mean=score.score),
        [row for row in rows if row["群聊"]],
        alt_text=f"{len(values):,} 条群聊的得分分布，{below:,} 条低于下限",
        name="分布",
        key="scores-spread",
        height=300,
        split=(3, 2),
        columns={name: st.column_config.NumberColumn(format="%g") for name in ("从", "到")},
    )
    st.caption(
        f"中位数 {np.median(values):.2f}，最低 {values.min():.2f}，最高 {values.max():.2f}；"
        f"{below:,} 条低于全数据集的下限 {board.floor:.2f}。"
    )
    _draw_field_points(benchmark, score)


def _draw_field_points(benchmark: Benchmark, score: RunScore) -> None:
    """Small multiples: per field, how many chats got none, a part or all of its points; the worst fields first."""
    counts: dict[str, list[int]] = {}
    for number, field in enumerate(benchmark.form.fields):
        shares = np.array([chat.points[number] / field.points for chat in score.chats.values()])
        none, full = int((shares < _EPSILON).sum()), int((shares > 1 - _EPSILON).sum())
        counts[field.label] = [none, len(shares) - none - full, full]
    ordered = sorted(counts, key=lambda label: (counts[label][2], -counts[label][0]))
    rows = [
        {"字段": label, "得了": got, "群聊": chats}
        for label in ordered
        for got, chats in zip(_GOT, counts[label], strict=True)
    ]
    st.markdown(
        "**逐字段：得满分、部分和 0 分的群聊**",
        help=f"一条群聊有几位{escape_markdown(benchmark.form.subject)}时取平均；满分最少的字段在前。",
    )
    charts.draw_small_multiples(
        charts.field_points_chart(rows),
        len(ordered),
        alt_text=f"满分最少的字段是{ordered[0]}，{counts[ordered[0]][2]:,} 条",
        key="scores-field-points",
    )
    table = [{"字段": label, **dict(zip(_GOT, counts[label], strict=True))} for label in ordered]
    draw_folded(
        "这些图的数字",
        lambda: draw_table(table, name="逐字段得分", key="scores-field-points-table"),
        key="scores-field-points-numbers",
    )


def draw_lowest_chats(benchmark: Benchmark, score: RunScore) -> None:
    """Table of the chats with the lowest scores, each with links to the workbench and to 对比."""
    ordered = sorted(score.chats.items(), key=lambda item: item[1].score)[:_LOWEST]
    weights = [field.points for field in benchmark.form.fields]
    labels = [field.label for field in benchmark.form.fields]
    rows = []
    for index, chat in ordered:
        lost = sorted(
            ((weight - points, label) for weight, points, label in zip(weights, chat.points, labels, strict=True)),
            reverse=True,
        )
        rows.append(
            {
                "群聊": index,
                "得分": chat.score,
                "失分": score.max - chat.score,
                "客户（抽取任务）": chat.preds,
                "客户（对照）": chat.golds,
                "失分最多的字段": "、".join(f"{label} {value:.1f}" for value, label in lost[:5] if value > 0.005),
                "打开": workbench_address(benchmark.dataset.id, index),
                "对比": compare_address(benchmark.dataset.id, index),
            }
        )
    who = escape_markdown(benchmark.form.subject)
    st.caption(f"得分最低的 {len(rows):,} 条。{who}的人数与对照不同，多半是没找全，或多找了。")
    draw_table(
        rows,
        name="失分最多的群聊",
        key="scores-costly",
        height=table_height(rows, most=560),
        columns={
            "群聊": st.column_config.NumberColumn(width=56),
            "得分": st.column_config.NumberColumn(format="%.2f", width=64),
            "失分": st.column_config.NumberColumn(format="%.2f", width=64),
            "客户（抽取任务）": st.column_config.NumberColumn(f"{benchmark.form.subject}（抽取任务）", width=92),
            "客户（对照）": st.column_config.NumberColumn(f"{benchmark.form.subject}（对照）", width=92),
            "失分最多的字段": st.column_config.TextColumn(width=520),
            "打开": workbench_column(),
            "对比": compare_column("逐字对比", 80),
        },
    )
