"""How far two reviewers agree, field by field, and the pace of every reviewer."""

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import Pass
from core.domain.form import Form
from core.domain.scoring import LCS
from core.services.quality import PairwiseAgreement, ReviewPace
from core.services.review import blind_seen, blind_waiting
from core.ui import navigation, state
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state
from core.ui.tables import count_column, draw_table, percent_column, percent_value

_PASS_TITLES = {Pass.PRIMARY: "初审", Pass.SECOND: "复审", Pass.ADJUDICATED: "仲裁"}


def draw_no_second_review(dataset: DatasetView) -> None:
    """Empty state: no chat has been reviewed by two people yet."""
    draw_empty_state(
        f"数据集「{escape_markdown(dataset.name)}」还没有两个人审过的群聊",
        "先由一个人确认几条群聊，再由另一个人点「开始盲审」：看不到抽取的值和初审的值，独立填写同一条群聊；"
        "这里就会算出两人有多一致。",
        page=navigation.WORKBENCH,
        label="去审阅台",
    )


def draw_blind_review_link(dataset: DatasetView, form: Form) -> None:
    """Link to the blind second review, with the number of chats that wait for it."""
    waiting = blind_waiting(state.store(), dataset, form, state.reviewer())
    seen = blind_seen(state.store(), dataset, form, state.reviewer())
    others = f"；另有 {seen:,} 条您看过初审，要由别人盲审" if seen else ""
    st.page_link(
        navigation.WORKBENCH,
        label=f"开始盲审（{waiting:,d} 条）" if waiting else "没有可以盲审的群聊",
        icon=":material/visibility_off:",
        disabled=not waiting,
        help=f"别人已确认、还没有复审的群聊；看不到抽取的值和初审的值{others}",
        query_params={"dataset": str(dataset.id), "pass": "second"},
    )


def draw_field_agreement(agreements: PairwiseAgreement, form: Form) -> None:
    """Table of agreement per field, the worst first."""
    agreed = agreements.agreement
    who = "；".join(f"{one} 与 {other} {count:,} 条" for one, other, count in agreements.pairs)
    same = f"另有 {agreements.same_person:,d} 条两遍都算同一个人的，不在内。" if agreements.same_person else ""
    st.caption(
        f"{agreed.chats:,d} 条群聊、{agreed.customers:,d} 位{escape_markdown(form.subject)}（"
        f"{agreed.unmatched:,d} 位只有一人找到）。{escape_markdown(who)}。"
        f"单选看 Cohen's kappa（去掉碰巧一致的部分），列表看 F1，自由文本看{escape_markdown(LCS.title)}相似度，"
        "其余看有值的格里一致的比例；两人不分对错。"
        f"{escape_markdown(same)}"
    )
    rows = [
        {
            "字段": form.field(key).label,
            "指标": str(one.measure),
            "一致性": one.value,
            "相同的格": percent_value(one.equal_share),
            "不同": one.differing,
            "格": one.cells,
        }
        for key, one in agreed.fields.items()
    ]
    rows.sort(key=lambda row: (row["一致性"] is None, row["一致性"] if row["一致性"] is not None else 0.0))
    draw_table(
        rows,
        name="一致性",
        key="agreement-fields",
        columns={
            "字段": st.column_config.TextColumn(width=120),
            "指标": st.column_config.TextColumn(width=170),
            "一致性": st.column_config.NumberColumn(
                format="%.2f", width=84, help="— 表示没有可比的值，或两人始终填同一个值"
            ),
            "相同的格": percent_column(84, help="空的格也算"),
            "不同": count_column(width=60),
            "格": count_column(width=60),
        },
    )


def draw_reviewer_paces(paces: list[ReviewPace]) -> None:
    """Table of chats done, median time and share of changed cells per reviewer."""
    rows = [
        {
            "审阅人": one.reviewer,
            "审阅": _PASS_TITLES[Pass(one.review_pass)],
            "完成": one.chats,
            "跳过": one.skipped,
            "每条用时（秒，中位）": one.median_seconds,
            "每小时": one.per_hour,
            "改动率": percent_value(one.changed),
            "改动率（有值）": percent_value(one.changed_filled),
            "最近一次": f"{one.last.astimezone():%m-%d %H:%M}",
        }
        for one in paces
    ]
    draw_table(
        rows,
        name="审阅人",
        key="agreement-paces",
        columns={
            "每条用时（秒，中位）": st.column_config.NumberColumn(format="%.0f"),
            "每小时": st.column_config.NumberColumn(format="%.1f", help="按在审阅台上的用时折算"),
            "改动率": percent_column(84, help="与所改自的抽取任务不同的格的比例；盲审没有"),
            "改动率（有值）": percent_column(110, help="只看填了值、或改成了空的格"),
        },
    )
    st.caption("改动率低不一定是抽取得好，也可能是看得太快：和每条用时一起看。")
