"""评分: every run by the same yardstick, beside the floor; where the points go, chat by chat and field by field."""

import numpy as np
import streamlit as st

from core.domain.scoring import RunScore
from core.services.quality import (
    Benchmark,
    Leaderboard,
    LeaderboardRow,
    add_external_score,
    leaderboard,
    named_run,
    remove_external_score,
)
from core.services.training import training_overlap
from core.ui import charts, navigation, state
from core.ui.notices import guarded
from core.ui.quality import common
from core.ui.tables import NOTHING, download, height_of, percent, share, table

VIEWS = ("排行", "字段", "分布", "最费分的群聊")
BINS, COSTLY = 18, 30


def headline(found: Leaderboard) -> None:
    """What every number on this page is to be held against."""
    best = found.rows[0]
    filled = best.score.filled
    one, two, three, four = st.columns(4)
    one.metric("最高得分", f"{best.score.score:.2f} / {found.max:g}", border=True, help=f"任务「{best.run.name}」")
    two.metric(
        "下限：全空表单",
        f"{found.floor:.2f}",
        border=True,
        help="每条群聊交一张空表能得的分。空格太多，所以得分要和它比着看。",
    )
    three.metric(
        "高出下限",
        f"{best.score.score - found.floor:+.2f}",
        border=True,
        help="为负说明还不如交空表。",
    )
    four.metric(
        "F1（只看填写的值）",
        f"{filled.f1:.1%}",
        border=True,
        help=f"精确率 {filled.precision:.1%}，召回率 {filled.recall:.1%}；空对空不算找到。",
    )


def measured(found: Leaderboard) -> None:
    """By what the numbers were measured."""
    said = f"{found.chats} 条群聊，对照{common.called(found.by.against)}。{common.measured_by(found.by.measure)}"
    if found.disputed:
        said += f" 有 {found.disputed} 格标注存在争议，「不计争议」一列没有计入它们。"
    st.caption(said)


def ranked(found: Leaderboard) -> list[dict[str, object]]:
    """The leaderboard as rows."""
    rows: list[dict[str, object]] = []
    for place, row in enumerate(found.rows, 1):
        run, score = row.run, row.score
        shown: dict[str, object] = {
            "名次": place,
            "任务": run.name,
            "得分": score.score,
            "95% 区间": common.span(row.interval),
            "高出下限": score.score - found.floor,
        }
        if found.disputed and row.undisputed is not None:
            shown["不计争议"] = row.undisputed.score
        shown |= {
            "与第一名": "—" if row.to_best is None else "不能区分" if row.indistinguishable_from_best else "更低",
            "F1": share(score.filled.f1),
            "精确率": share(score.filled.precision),
            "召回率": share(score.filled.recall),
            "宏平均 F1": share(score.macro["f1"]),
            "线上得分": row.outside[0].score if row.outside else None,
            "缺少": len(score.missing),
            "模型": run.model or run.provider or "—",
            "提示词": f"{run.prompt_name}.v{run.prompt_version}" if run.prompt_name else "—",
            "token": run.tokens_in + run.tokens_out,
            "用时（秒）": run.seconds,
            "费用（元）": row.cost,
        }
        rows.append(shown)
    return rows


def draw_ranking(found: Leaderboard) -> None:
    """The leaderboard and its chart."""
    rows = ranked(found)
    st.dataframe(
        rows,
        hide_index=True,
        height=height_of(rows, most=420),
        placeholder=NOTHING,
        column_config={
            "名次": st.column_config.NumberColumn(width=44),
            "任务": st.column_config.TextColumn(width=108, pinned=True),
            "得分": st.column_config.NumberColumn(format="%.4f", width=70),
            "95% 区间": st.column_config.TextColumn(width=104, help="对群聊做 2,000 次自助抽样"),
            "高出下限": st.column_config.NumberColumn(format="%+.2f", width=70),
            "不计争议": st.column_config.NumberColumn(format="%.4f", width=76),
            "与第一名": st.column_config.TextColumn(
                width=76, help="成对自助抽样的 95% 区间含 0，就是不能区分；群聊少于 6 条一律不能区分"
            ),
            "F1": percent(58),
            "精确率": percent(62),
            "召回率": percent(62),
            "宏平均 F1": percent(80, help="各字段 F1 的平均"),
            "线上得分": st.column_config.NumberColumn(
                format="%.2f", width=76, help="平台在另一批群聊上的得分，由人登记"
            ),
            "缺少": st.column_config.NumberColumn(width=46, help="没有结果的群聊，按 0 分计"),
            "模型": st.column_config.TextColumn(width=72),
            "提示词": st.column_config.TextColumn(width=86),
            "token": st.column_config.NumberColumn(format="localized", width=64),
            "用时（秒）": st.column_config.NumberColumn(format="%.0f", width=76),
            "费用（元）": st.column_config.NumberColumn(
                format="%.2f", width=76, help="按模型登记的单价；没有单价就空着"
            ),
        },
        key="scores-board",
    )
    download(rows, name="排行", key="scores-board-csv")
    points = [
        {"任务": row.run.name, "得分": row.score.score, "low": row.interval.low, "high": row.interval.high}
        for row in found.rows
    ]
    st.altair_chart(
        charts.ranking(points, floor=found.floor, most=found.max),
        alt=f"各任务的得分与 95% 区间，最高 {found.rows[0].score.score:.2f}，下限 {found.floor:.2f}",
        key="scores-ranking",
    )


@guarded
def outside_entry(found: Leaderboard) -> None:
    """Enter a score that is known from outside."""
    with st.popover("登记线上得分", icon=":material/cloud_upload:"):
        names = {row.run.name: row for row in found.rows}
        with st.form("outside", border=False, enter_to_submit=False, clear_on_submit=True):
            name = st.selectbox("任务", list(names))
            value = st.number_input("得分", min_value=0.0, max_value=found.max, value=None, step=0.01, format="%.2f")
            source = st.text_input("来源", value="平台线上")
            note = st.text_input("备注", placeholder="例如：8 月 3 日第二次提交")
            if st.form_submit_button("登记", type="primary"):
                if value is None:
                    st.error("请先填写得分。")
                else:
                    run = names[name].run
                    add_external_score(state.store(), run.id, value, source=source, note=note, who=state.reviewer())
                    st.rerun()
        for row in found.rows:
            for one in row.outside:
                line, button = st.columns([5, 1], vertical_alignment="center")
                line.caption(f"{row.run.name}：{one.score:g}（{one.source}{'，' + one.note if one.note else ''}）")
                if button.button(
                    "", icon=":material/delete:", key=f"outside-{one.id}", type="tertiary", help="撤销登记"
                ):
                    remove_external_score(state.store(), one.id)
                    st.rerun()


def choose_run(found: Leaderboard) -> LeaderboardRow:
    """Which run the details are about."""
    names = [row.run.name for row in found.rows]
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    name = left.selectbox("任务", names, key="run", bind="query-params")
    row = named_run(found, name or names[0])
    filled, macro = row.score.filled, row.score.macro
    right.caption(
        f"得分 **{row.score.score:.4f}**，下限 {found.floor:.4f}；填写的值：精确率 {filled.precision:.1%}、"
        f"召回率 {filled.recall:.1%}、F1 {filled.f1:.1%}（微平均），F1 {macro['f1']:.1%}（宏平均）。"
        + (f" 缺少 {len(row.score.missing)} 条，按 0 分计。" if row.score.missing else "")
    )
    seen = training_overlap(state.store(), row.run)
    if seen is not None:
        st.warning(seen.sentence, icon=":material/warning:")
    return row


def draw_fields(by: Benchmark, score: RunScore) -> None:
    """Which fields cost the points."""
    rows = [
        {
            "字段": by.form.field(key).label,
            "失分": field.lost,
            "占失分": share(score.share_lost(key)),
            "得分": field.points,
            "满分": field.max,
            "F1": share(field.filled.f1),
            "精确率": share(field.filled.precision),
            "召回率": share(field.filled.recall),
            "有值": field.filled.support,
            "填写": field.filled.predicted,
        }
        for key, field in sorted(score.fields.items(), key=lambda item: -item[1].lost)
    ]
    charts.beside(
        charts.lost_points(rows),
        rows,
        alt_text=f"失分最多的字段是{rows[0]['字段']}，占 {rows[0]['占失分']:.0f}%",
        name="字段",
        key="scores-fields",
        split=(4, 7),
        columns={
            "字段": st.column_config.TextColumn(width=110),
            "失分": st.column_config.NumberColumn(format="%.3f", width=64),
            "占失分": percent(),
            "得分": st.column_config.NumberColumn(format="%.3f", width=64),
            "满分": st.column_config.NumberColumn(format="%g", width=52),
            "F1": percent(),
            "精确率": percent(),
            "召回率": percent(),
            "有值": st.column_config.NumberColumn(width=52, help="对照里填了值的格数"),
            "填写": st.column_config.NumberColumn(width=52, help="任务填了值的格数"),
        },
    )


def draw_distribution(found: Leaderboard, score: RunScore) -> None:
    """How the score spreads over chats."""
    values = np.array([chat.score for chat in score.chats.values()])
    counts, edges = np.histogram(values, bins=BINS, range=(0, found.max))
    rows = [
        {"从": float(low), "到": float(high), "群聊": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    below = int((values < found.floor).sum())
    charts.beside(
        charts.distribution(rows, floor=found.floor, mean=score.score),
        rows,
        alt_text=f"{len(values)} 条群聊的得分分布，{below} 条低于下限",
        name="分布",
        key="scores-spread",
        height=300,
        split=(3, 2),
        columns={name: st.column_config.NumberColumn(format="%.0f") for name in ("从", "到")},
    )
    st.caption(
        f"中位数 {np.median(values):.2f}，最低 {values.min():.2f}，最高 {values.max():.2f}；"
        f"{below} 条低于全数据集的下限 {found.floor:.2f}。"
    )


def draw_costly(by: Benchmark, score: RunScore) -> None:
    """The chats that cost most, each one click from the desk."""
    ordered = sorted(score.chats.items(), key=lambda item: item[1].score)[:COSTLY]
    weights = [field.points for field in by.form.fields]
    labels = [field.label for field in by.form.fields]
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
                "客户（任务）": chat.preds,
                "客户（对照）": chat.golds,
                "失分最多的字段": "、".join(f"{label} {value:.1f}" for value, label in lost[:5] if value > 0.005),
                "打开": common.workbench_link(by.dataset, index),
                "对比": f"/compare?dataset={by.dataset.id}&chat={index}",
            }
        )
    st.caption(f"得分最低的 {len(rows)} 条。客户数与对照不同，多半是没找全，或多找了客户。")
    table(
        rows,
        name="最费分的群聊",
        key="scores-costly",
        height=height_of(rows, most=560),
        columns={
            "群聊": st.column_config.NumberColumn(width=56),
            "得分": st.column_config.NumberColumn(format="%.2f", width=64),
            "失分": st.column_config.NumberColumn(format="%.2f", width=64),
            "客户（任务）": st.column_config.NumberColumn(width=92),
            "客户（对照）": st.column_config.NumberColumn(width=92),
            "失分最多的字段": st.column_config.TextColumn(width=520),
            "打开": common.open_column(),
            "对比": st.column_config.LinkColumn("对比", display_text="逐字对比", width=80),
        },
    )


chosen_by = common.choose("评分")
if chosen_by is not None:
    by, beside = chosen_by
    found = leaderboard(state.store(), by)
    if not found.rows:
        common.no_runs(by.dataset)
    else:
        with beside.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
            view = st.segmented_control(
                "查看", VIEWS, default=VIEWS[0], key="view", bind="query-params", label_visibility="collapsed"
            )
            outside_entry(found)
        if view in (None, VIEWS[0]):
            headline(found)
            measured(found)
            draw_ranking(found)
        else:
            chosen = choose_run(found)
            measured(found)
            if view == "字段":
                draw_fields(by, chosen.score)
            elif view == "分布":
                draw_distribution(found, chosen.score)
            else:
                draw_costly(by, chosen.score)
        st.page_link(
            navigation.CHANGES,
            label="两个任务之间修好了什么、改坏了什么",
            icon=":material/arrow_forward:",
            query_params={"dataset": str(by.dataset.id)},
        )
