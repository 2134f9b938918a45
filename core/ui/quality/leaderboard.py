"""The leaderboard of a dataset: headline metrics, ranked runs, and scores from outside."""

from typing import Any

import streamlit as st

from core.adapters.llm import is_remote
from core.adapters.store import RunView
from core.adapters.store.models import RunKind
from core.domain.permissions import Permission
from core.services.quality import Leaderboard, LeaderboardRow, add_external_score, remove_external_score
from core.ui import charts, state
from core.ui.kept_text import empty_form, form_key
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import guarded, show_errors
from core.ui.only_for import only_for
from core.ui.quality.cell_values import interval_text
from core.ui.quality.reference_picker import reference_title, scoring_note
from core.ui.tables import (
    PLACEHOLDER,
    draw_csv_button,
    draw_table,
    percent_column,
    percent_value,
    table_height,
    text_width,
)

_NAMED_RUNS = 3
_COSTS = ("模型", "提示词", "token", "用时（秒）", "费用（元）", "每个对的值（元）")
"""Columns of a table of their own: beside the others the last ones would be out of sight at 1366 pixels."""
_MAY_BE_BARE = ("线上得分", "缺少")
_WIDTHS = {
    "名次": 44,
    "得分": 66,
    "提醒": 142,
    "95% 区间": 102,
    "高出下限": 66,
    "高出常数": 66,
    "不计争议": 70,
    "与第一名": 70,
    "F1": 56,
    "精确率": 60,
    "召回率": 60,
    "宏平均 F1": 76,
    "线上得分": 70,
    "缺少": 44,
    "续写前": 56,
}
"""Least widths of the columns, in pixels; what room is left they share."""
_LEAST_NAME = 108
_NARROWEST = 920
"""Pixels that a table has on a screen of 1024."""


def draw_headline(board: Leaderboard) -> None:
    """Five metrics: best score that can be compared, both floors, points above the higher floor, and F1."""
    best = board.rows[0]
    beside = sum(not row.is_ranked for row in board.rows)
    filled = best.score.filled
    one, two, second, three, four = st.columns(5)
    one.metric(
        ("可比的最高得分" if beside else "最高得分") if best.is_ranked else "得分（不能比）",
        f"{best.score.score:.2f} / {board.max:g}",
        border=True,
        help=f"{run_title(best)}{f'；带提醒的 {beside:,} 个不排名次，列在后面' if beside and best.is_ranked else ''}",
        delta=escape_markdown(best.caveat) or None,
        delta_color="off",
    )
    two.metric(
        "下限：全空表单",
        f"{board.floor:.2f}",
        border=True,
        help="每条群聊交一张空表能得的分。空格太多，所以得分要和它比着看。",
    )
    second.metric(
        "常数下限",
        f"{board.constants:.2f}",
        border=True,
        help="不看群聊、每个字段总填最常见的值能得的分。每条群聊的常数只从别的群聊里选。",
    )
    highest, name = max((board.floor, "全空表单"), (board.constants, "常数"))
    three.metric(
        f"高出{escape_markdown(name)}",
        f"{best.score.score - highest:+.2f}",
        border=True,
        help="高出两个下限里较高的一个；为负说明还不如它："
        f"比全空表单 {best.score.score - board.floor:+.2f}，比常数 {best.score.score - board.constants:+.2f}。",
    )
    four.metric(
        "F1（只看填写的值）",
        f"{filled.f1:.1%}",
        border=True,
        help=f"精确率 {filled.precision:.1%}，召回率 {filled.recall:.1%}；空对空不算找到。",
    )


def run_title(row: LeaderboardRow) -> Markdown:
    """A run as sentences name it: labels are no run of a model."""
    return f"{'标注' if row.run.kind == RunKind.LABELS else '抽取任务'}「{escape_markdown(row.run.name)}」"


def draw_scoring_note(board: Leaderboard) -> None:
    """Caption: chats, reference and text similarity behind the numbers."""
    reference = escape_markdown(reference_title(board.benchmark.against))
    note = f"{board.chats:,d} 条群聊，对照{reference}。{scoring_note(board.benchmark.measure)}"
    if beside := sum(not row.is_ranked for row in board.rows):
        note += f" 带提醒的 {beside:,} 个不能和别的比，没有名次，列在后面。"
    if outdated := [row.run for row in board.rows if row.run.outdated]:
        runs = "、".join(f"「{escape_markdown(run.name)}」{run.outdated:,d} 条" for run in outdated[:_NAMED_RUNS])
        more = f"等 {len(outdated):,d} 个" if len(outdated) > _NAMED_RUNS else ""
        note += f" 群聊后来续写过，结果是续写前得出的：{runs}{more}，得分里照算。"
    if board.disputed:
        note += f" 有 {board.disputed:,d} 格标注存在争议，「不计争议」一列没有计入它们。"
    st.caption(note)


def reads_prompt(run: RunView) -> bool:
    """Whether a run's provider reads a prompt: rules and learned models do not."""
    return bool(run.provider) and is_remote(run.provider)


def leaderboard_rows(board: Leaderboard) -> list[dict[str, object]]:
    """The leaderboard as table rows, best run first."""
    rows: list[dict[str, object]] = []
    for place, row in enumerate(board.rows, 1):
        run, score = row.run, row.score
        shown: dict[str, object] = {
            "名次": place if row.is_ranked else None,
            "抽取任务": run.name,
            "得分": score.score,
            **({"提醒": row.caveat or None} if any(one.caveat for one in board.rows) else {}),
            "95% 区间": interval_text(row.interval),
            "高出下限": score.score - board.floor,
            "高出常数": score.score - board.constants,
        }
        if board.disputed and row.undisputed is not None:
            shown["不计争议"] = row.undisputed.score
        shown |= {
            "与第一名": "—"
            if row.to_best is None or not row.is_ranked
            else "不能区分"
            if row.indistinguishable_from_best
            else "更低",
            "F1": percent_value(score.filled.f1),
            "精确率": percent_value(score.filled.precision),
            "召回率": percent_value(score.filled.recall),
            "宏平均 F1": percent_value(score.macro["f1"]),
            "线上得分": row.external_scores[0].score if row.external_scores else None,
            "缺少": len(score.missing),
            **({"续写前": run.outdated} if any(one.run.outdated for one in board.rows) else {}),
            "模型": run.model or run.provider or "—",
            "提示词": f"{run.prompt_name}.v{run.prompt_version}" if run.prompt_name and reads_prompt(run) else "—",
            "token": run.tokens_in + run.tokens_out,
            "用时（秒）": run.seconds,
            "费用（元）": row.cost,
            "每个对的值（元）": row.yuan_per_right_value,
        }
        rows.append(shown)
    return rows


def shown_columns(rows: list[dict[str, object]]) -> list[str]:
    """Columns of the leaderboard in which something stands: scores from outside and lacking chats mostly have none."""
    return [
        name
        for name in rows[0]
        if name not in _COSTS and (name not in _MAY_BE_BARE or any(row.get(name) for row in rows))
    ]


def _name_column(rows: list[dict[str, object]], columns: list[str]) -> Any:
    """The column of the runs' names: as wide as these are, so far as all columns stay in sight at 1024 pixels.

    Where they cannot, it stays in sight when the others are moved.
    """
    room = _NARROWEST - sum(_WIDTHS[name] for name in columns if name in _WIDTHS)
    longest = max(text_width(str(row["抽取任务"])) for row in rows)
    return st.column_config.TextColumn(width=max(_LEAST_NAME, min(longest, room)), pinned=room < _LEAST_NAME)


def draw_leaderboard(board: Leaderboard) -> None:
    """The leaderboard as a table with CSV and scores from outside, and a chart of scores with intervals."""
    rows = leaderboard_rows(board)
    columns = shown_columns(rows)
    number, width = st.column_config.NumberColumn, _WIDTHS
    st.dataframe(
        rows,
        column_order=columns,
        hide_index=True,
        height=table_height(rows, most=420),
        placeholder=PLACEHOLDER,
        column_config={
            "名次": number(width=width["名次"]),
            "抽取任务": _name_column(rows, columns),
            "得分": number(format="%.4f", width=width["得分"]),
            "提醒": st.column_config.TextColumn(
                width=width["提醒"], help="这些记录是从这个抽取任务的值改出来的，没改的都算对；排在不偏的抽取任务之后"
            ),
            "95% 区间": st.column_config.TextColumn(width=width["95% 区间"], help="对群聊做 2,000 次自助抽样"),
            "高出下限": number(format="%+.2f", width=width["高出下限"]),
            "高出常数": number(
                format="%+.2f", width=width["高出常数"], help="高出常数下限：每个字段总填最常见的值能得的分"
            ),
            "不计争议": number(format="%.4f", width=width["不计争议"]),
            "与第一名": st.column_config.TextColumn(
                width=width["与第一名"], help="成对自助抽样的 95% 区间含 0，就是不能区分；群聊少于 6 条一律不能区分"
            ),
            "F1": percent_column(width["F1"]),
            "精确率": percent_column(width["精确率"]),
            "召回率": percent_column(width["召回率"]),
            "宏平均 F1": percent_column(width["宏平均 F1"], help="各字段 F1 的平均"),
            "线上得分": number(format="%.2f", width=width["线上得分"], help="平台在另一批群聊上的得分，由人登记"),
            "缺少": number(width=width["缺少"], help="没有结果的群聊，按 0 分计"),
            "续写前": number(width=width["续写前"], help="群聊后来续写过、结果是续写前得出的；得分里照算"),
        },
        key="scores-board",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_csv_button(rows, name="排行", key="scores-board-csv")
        draw_external_scores(board)
    points = [
        {
            "抽取任务": row.run.name if row.is_ranked else f"{row.run.name}（不排名）",
            "得分": row.score.score,
            "区间下端": row.interval.low,
            "区间上端": row.interval.high,
        }
        for row in board.rows
    ]
    charts.draw_chart(
        charts.ranking_chart(points, floor=board.floor, constants=board.constants, most=board.max),
        alt_text=f"各抽取任务的得分与 95% 区间，第一名 {board.rows[0].score.score:.2f}，下限 {board.floor:.2f}，"
        f"常数下限 {board.constants:.2f}",
        key="scores-ranking",
    )
    st.markdown("**用了什么，花了多少**")
    draw_table(
        [{"抽取任务": row["抽取任务"], **{name: row[name] for name in _COSTS}} for row in rows],
        name="模型与花费",
        key="scores-costs",
        columns={
            "token": st.column_config.NumberColumn(format="localized"),
            "用时（秒）": st.column_config.NumberColumn(format="%.0f"),
            "费用（元）": st.column_config.NumberColumn(format="%.2f", help="按模型登记的单价；没有单价就空着"),
        },
    )


@guarded
def draw_external_scores(board: Leaderboard) -> None:
    """Popover that lists, adds and removes scores measured elsewhere."""
    with st.popover("登记线上得分", icon=":material/cloud_upload:", **only_for(Permission.SCORES)):
        names = {row.run.name: row for row in board.rows}
        with st.form(form_key("outside"), border=False, enter_to_submit=False):
            name = st.selectbox("抽取任务", list(names))
            value = st.number_input("得分", min_value=0.0, max_value=board.max, value=None, step=0.01, format="%.2f")
            source = st.text_input("来源", value="平台线上")
            note = st.text_input("备注", placeholder="例如：8 月 3 日第二次提交")
            if st.form_submit_button("登记", type="primary", **only_for(Permission.SCORES)):
                if value is None:
                    st.error("请先填写得分。")
                else:
                    run = names[name].run
                    add_external_score(state.store(), run.id, value, source=source, note=note, who=state.reviewer())
                    empty_form("outside")
                    st.rerun()
        for row in board.rows:
            for one in row.external_scores:
                line, button = st.columns([5, 1], vertical_alignment="center")
                line.caption(
                    f"{escape_markdown(row.run.name)}：{one.score:g}（{escape_markdown(one.source)}"
                    f"{escape_markdown('，' + one.note) if one.note else ''}）"
                )
                button.button(
                    "",
                    icon=":material/delete:",
                    key=f"outside-{one.id}",
                    type="tertiary",
                    **only_for(Permission.SCORES, hint="撤销登记"),
                    on_click=_remove,
                    args=(one.id,),
                )


def _remove(score_id: int) -> None:
    """Remove the score that stood on screen."""
    with show_errors():
        remove_external_score(state.store(), score_id)
